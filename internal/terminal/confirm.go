package terminal

import (
	"context"
	"crypto/sha256"
	"net/http"
	"time"
)

// The states of a pairing.
const (
	Claimed   = "claimed"
	Joined    = "joined"
	Confirmed = "confirmed"
	Active    = "active"
	Over      = "over"
)

type pairingCall struct {
	Token  string `json:"token"`
	Method string `json:"method,omitempty"`
	Code   string `json:"code,omitempty"`
	Seen   string `json:"seen,omitempty"`
	Wait   int    `json:"wait,omitempty"`
}

func (p *Pairing) post(ctx context.Context, path string, body pairingCall, wait time.Duration, result any) error {
	body.Token = p.token
	return p.client.do(ctx, call{method: http.MethodPost, path: "/device/v1/pairings/" + path, body: body, wait: wait}, result)
}

// SendCode has a code sent by e-mail and tells where to, with most of it hidden. Errors:
// [*Problem] with [PairingOver].
func (p *Pairing) SendCode(ctx context.Context) (string, error) {
	var answer struct {
		To string `json:"sent_to"`
	}
	err := p.post(ctx, "send", pairingCall{Method: "email"}, 0, &answer)
	return answer.To, err
}

// ConfirmCode confirms with the code that was mailed. Where no answer comes the call is
// made again: a code that has confirmed is answered the same once more. Errors:
// [*Problem] with [ConfirmWrong], and [PairingOver] after the third wrong one; a server
// that cannot be reached for a while.
func (p *Pairing) ConfirmCode(ctx context.Context, code string) error {
	for failed := 0; ; failed++ {
		err := p.post(ctx, "confirm", pairingCall{Code: code}, 0, nil)
		wait, again := Again(err)
		if !again || failed == mostFailed {
			return err
		}
		err = Pause(ctx, wait)
		if err != nil {
			return err
		}
	}
}

// State answers when the state is another than the one that was seen, or after the wait,
// of at most [LongestWait].
func (p *Pairing) State(ctx context.Context, seen string, wait time.Duration) (string, error) {
	var answer struct {
		State string `json:"state"`
	}
	wait = min(wait, LongestWait)
	err := p.post(ctx, "state", pairingCall{Seen: seen, Wait: int(wait / time.Second)}, wait, &answer)
	return answer.State, err
}

// Await waits until the pairing is in a state, or past it. Errors: [*Problem] with
// [PairingOver] when it ended; that of the context; a server that cannot be reached for
// a while.
func (p *Pairing) Await(ctx context.Context, want string) error {
	seen, failed := "", 0
	for {
		began := p.client.Now()
		state, err := p.State(ctx, seen, LongestWait)
		wait, again := Again(err)
		switch {
		case again && failed < mostFailed:
			failed++
			err = Pause(ctx, wait)
			if err != nil {
				return err
			}
			continue
		case err != nil:
			return err
		case state == Over:
			return &Problem{Status: http.StatusGone, Code: PairingOver}
		case state == want || state == Active:
			return nil
		case state == seen:
			err = p.client.rest(ctx, began)
			if err != nil {
				return err
			}
		}
		seen, failed = state, 0
	}
}

// mostFailed is how many calls in a row may fail while something is waited for.
const mostFailed = 5

// thumbprint is that of a public key (RFC 7638), which comes as an uncompressed point.
func thumbprint(point []byte) []byte {
	x, y := octets(point[1:33]).String(), octets(point[33:]).String()
	sum := sha256.Sum256([]byte(`{"crv":"P-256","kty":"EC","x":"` + x + `","y":"` + y + `"}`))
	return sum[:]
}
