package terminal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"countersign/internal/es256"
	"countersign/internal/method/push"
)

// Request is one that waits for the person.
type Request struct {
	ID string
	// Kind is "signin", "fresh_proof", "verification" or "test".
	Kind  string
	Nonce []byte
	// Expires ends it, by the server's clock.
	Expires time.Time
	// Display are the octets that are shown and signed.
	Display []byte
	Number  Number
}

// Number says what is typed for an approval.
type Number struct {
	// Mode is "type", "type6" or "tap".
	Mode push.Mode `json:"mode"`
	// Digits is how many; 0 for none.
	Digits int `json:"digits"`
}

// Shown is what a request tells the person, as text; what the server does not know is
// "". It was written by others: whoever prints it takes control characters out.
type Shown struct {
	App     string `json:"app,omitempty"`
	Account string `json:"account,omitempty"`
	// Act is what is approved, in words, where it is no sign-in.
	Act     string `json:"act,omitempty"`
	IP      string `json:"ip,omitempty"`
	Browser string `json:"browser,omitempty"`
	System  string `json:"system,omitempty"`
	// Time is when it began, in the form of RFC 3339.
	Time string `json:"time,omitempty"`
	// New is "yes" where this browser never signed in to the account before.
	New string `json:"new,omitempty"`
}

// Shown reads the display. Errors: octets that are no JSON object of texts; such a
// request cannot be shown, so it must not be approved.
func (r Request) Shown() (Shown, error) {
	var shown Shown
	err := json.Unmarshal(r.Display, &shown)
	if err != nil {
		return Shown{}, fmt.Errorf("read what the request shows: %w", err)
	}
	return shown, nil
}

// Waiting is the list of requests.
type Waiting struct {
	// Requests come newest first.
	Requests []Request
	// Cursor is for the next call, which waits for another list than this.
	Cursor string
	// Now is the server's time.
	Now time.Time
}

type listedRequest struct {
	ID      string `json:"id"`
	Kind    string `json:"kind"`
	Nonce   octets `json:"nonce"`
	Expires int64  `json:"expires_at"`
	Display octets `json:"display"`
	Number  Number `json:"number"`
}

// Requests lists what waits. With a cursor it answers when the list is another than the
// one that the cursor came with, or after the wait, of at most [LongestWait].
func (d *Device) Requests(ctx context.Context, cursor string, wait time.Duration) (Waiting, error) {
	query := url.Values{}
	if cursor != "" && wait >= time.Second {
		wait = min(wait, LongestWait)
		query.Set("wait", strconv.Itoa(int(wait/time.Second)))
		query.Set("cursor", cursor)
	}
	var answer struct {
		Requests []listedRequest `json:"requests"`
		Cursor   string          `json:"cursor"`
		Now      int64           `json:"now"`
	}
	err := d.client.do(ctx, call{method: http.MethodGet, path: "/device/v1/requests", query: query, by: d.by(), wait: wait}, &answer)
	if err != nil {
		return Waiting{}, err
	}
	w := Waiting{Cursor: answer.Cursor, Now: time.Unix(answer.Now, 0)}
	for _, r := range answer.Requests {
		w.Requests = append(w.Requests, Request{r.ID, r.Kind, r.Nonce, time.Unix(r.Expires, 0), r.Display, r.Number})
	}
	return w, nil
}

// Decision is what the person chose.
type Decision = push.Decision

// The decisions. Report is a denial that says: this was somebody else.
const (
	Approve = push.Approve
	Deny    = push.Deny
	Report  = push.Report
)

type decision struct {
	Decision  Decision    `json:"decision"`
	Number    string      `json:"number,omitempty"`
	Signature octets      `json:"signature"`
	Assertion *credential `json:"assertion,omitempty"`
}

// Decide answers a request. An approval has the number that was typed, "" where none is
// asked, and needs the verifying key unlocked; a denial needs neither. It returns
// "approved", "denied", "reported", or "mismatch" where the number was another.
//
// Errors: [ErrLocked]; [*Problem] with [NoSuchRequest], [RequestOver], [DecisionRefused],
// [DeviceSignedOut], [DeviceVersion], [DeviceBiometrics], [TooManyDecisions].
func (d *Device) Decide(ctx context.Context, r Request, what Decision, number string) (string, error) {
	if what != Approve {
		number = ""
	}
	challenge, err := push.Request{Issuer: d.Issuer, ID: r.ID, Device: d.ID, Nonce: r.Nonce, Expires: r.Expires, Display: r.Display}.Challenge(what, number)
	if err != nil {
		return "", err
	}
	signature, err := es256.Sign(d.key, challenge)
	if err != nil {
		return "", err
	}
	body := decision{Decision: what, Number: number, Signature: signature}
	if what == Approve {
		assertion, err := d.assert(challenge)
		if err != nil {
			return "", err
		}
		body.Assertion = &assertion
	}
	var answer struct {
		State string `json:"state"`
	}
	err = d.client.do(ctx, call{method: http.MethodPost, path: "/device/v1/requests/" + url.PathEscape(r.ID), body: body, by: d.by()}, &answer)
	if err == nil && answer.State == "" {
		err = errors.New("the server did not say what became of the request")
	}
	return answer.State, err
}

func (d *Device) assert(challenge []byte) (credential, error) {
	if d.verify.key == nil {
		return credential{}, ErrLocked
	}
	return d.verify.assert(challenge)
}
