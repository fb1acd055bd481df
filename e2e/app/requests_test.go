package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238 has it
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/go-webauthn/webauthn/protocol"

	"countersign/internal/method"
	"countersign/internal/method/push"
	"countersign/internal/notify"
	"countersign/internal/seal"
	"countersign/internal/webpush"
)

// Ask asks every active device.
func (d *double) Ask(kind string, display map[string]string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ask(kind, display, nil)
}

func (d *double) ask(kind string, display map[string]string, one *device) string {
	text, err := json.Marshal(display)
	if err != nil {
		d.tb.Error(err)
	}
	r := &request{kind: kind, state: "waiting", device: one, created: d.now(), Request: push.Request{
		Issuer: d.url, ID: seal.ID("req"), Nonce: seal.Bytes(push.NonceSize), Expires: d.now().Add(2 * time.Minute), Display: text,
	}}
	d.requests = append(d.requests, r)
	for _, to := range d.devices {
		if r.isFor(to) && to.push != nil && to.state == "active" && d.sender != nil {
			go d.push(*to.push, r.ID)
		}
	}
	d.wake()
	return r.ID
}

// push sends the hint.
func (d *double) push(to subscription, id string) {
	keys, err := webpush.ParseKeys(to.P256DH, to.Auth)
	if err != nil {
		d.tb.Error(err)
		return
	}
	body := `{"web_push":8030,"notification":{"title":"Sign-in waiting","body":"Open to review","navigate":"` + d.url + `/authenticator/#req=` + id + `","tag":"` + id + `"},"v":1,"r":"` + id + `"}`
	_ = d.sender.Send(context.WithoutCancel(d.tb.Context()), notify.Push{Endpoint: to.Endpoint, Keys: keys, Body: []byte(body), Life: time.Minute})
}

// End ends a request as something else than a decision does.
func (d *double) End(id, state string) {
	d.set(func() { d.find(id).state = state })
}

// State is how a request stands.
func (d *double) State(id string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.find(id).state
}

func (d *double) find(id string) *request {
	for _, r := range d.requests {
		if r.ID == id {
			return r
		}
	}
	return nil
}

// isFor tells whether a device may answer: before it is active, its own alone.
func (r *request) isFor(to *device) bool {
	return r.device == to || r.device == nil && to.state == "active"
}

func (d *double) hello(who *device, _ *http.Request, body []byte) (any, error) {
	var in struct {
		Version, Notifications string
		Push                   *subscription
	}
	err := json.Unmarshal(body, &in)
	if err != nil || in.Version == "" || in.Notifications == "" {
		return nil, errors.Join(err, errors.New("hello says nothing of the device"))
	}
	who.push = in.Push
	trouble := ""
	if d.Least != "" {
		trouble = "version"
	}
	return answer{
		"device": who.id, "name": who.name, "state": who.state, "trouble": trouble, "issuer": d.url, "workspace": "Acme", "account": "ada@example.com",
		"vapid": d.vapid, "version": d.Least, "now": d.now().Unix(), "code": true, "pushes": who.push != nil && who.push.Endpoint != d.Dead,
	}, nil
}

func (d *double) listed(who *device) ([]answer, string) {
	all := []answer{}
	sum := sha256.New()
	digits, _ := d.Number.Mode.Digits()
	for i := len(d.requests) - 1; i >= 0; i-- {
		r := d.requests[i]
		if r.state != "waiting" || !d.now().Before(r.Expires) || !r.isFor(who) {
			continue
		}
		_, _ = sum.Write([]byte(r.ID))
		all = append(all, answer{
			"id": r.ID, "kind": r.kind, "nonce": octets(r.Nonce), "expires_at": r.Expires.Unix(), "display": octets(r.Display),
			"number": answer{"mode": d.Number.Mode, "digits": digits},
		})
	}
	return all, base64.RawURLEncoding.EncodeToString(sum.Sum(nil))
}

func (d *double) list(who *device, r *http.Request, _ []byte) (any, error) {
	seen := r.URL.Query().Get("cursor")
	seconds, _ := strconv.Atoi(r.URL.Query().Get("wait"))
	d.wait(r, seconds, func() bool {
		_, cursor := d.listed(who)
		return cursor != seen
	})
	all, cursor := d.listed(who)
	return answer{"requests": all, "cursor": cursor, "now": d.now().Unix()}, nil
}

func (d *double) decide(who *device, r *http.Request, body []byte) (any, error) {
	asked := d.find(r.PathValue("id"))
	if asked == nil || !asked.isFor(who) {
		return nil, refuse(http.StatusNotFound, "no_such_request")
	}
	if asked.late != "" {
		asked.state = asked.late
	}
	if asked.state != "waiting" {
		return nil, refusal{Status: http.StatusConflict, Title: "Conflict", Code: "request_over", Detail: "It is over.", State: asked.state}
	}
	var in struct {
		Decision  push.Decision
		Number    string
		Signature octets
		Assertion json.RawMessage
	}
	err := json.Unmarshal(body, &in)
	if err != nil {
		return nil, err
	}
	question := asked.Request
	question.Device = who.id
	verdict, err := push.Judge(question, d.Number, who.Device, push.Site{RPID: "localhost", Origin: d.url},
		push.Answer{Decision: in.Decision, Number: in.Number, Signature: in.Signature, Assertion: in.Assertion})
	if errors.Is(err, method.ErrWrong) || errors.Is(err, method.ErrMalformed) {
		d.tb.Errorf("a decision is refused: %v", err)
		return nil, refuse(http.StatusUnprocessableEntity, "decision_refused")
	}
	if err != nil {
		return nil, err
	}
	asked.state, asked.by, who.Counter = string(verdict.Outcome), who.id, verdict.Counter
	if asked.state == "approved" && who.state == "confirmed" {
		who.state = "active"
	}
	d.wake()
	return answer{"state": asked.state}, nil
}

func (d *double) history(who *device, _ *http.Request, _ []byte) (any, error) {
	all := []answer{}
	for i := len(d.requests) - 1; i >= 0; i-- {
		r := d.requests[i]
		if r.state != "waiting" {
			all = append(all, answer{"id": r.ID, "kind": r.kind, "state": r.state, "display": octets(r.Display), "created_at": r.created.Unix(), "decided_at": d.now().Unix(), "here": r.by == who.id})
		}
	}
	return answer{"requests": all}, nil
}

func (d *double) test(who *device, _ *http.Request, _ []byte) (any, error) {
	return answer{"request": d.ask("test", map[string]string{"app": "Acme"}, who)}, nil
}

// code gives another secret each time: none of its codes is ever used here.
func (*double) code(who *device, _ *http.Request, _ []byte) (any, error) {
	who.secret = seal.Bytes(20)
	return answer{"secret": octets(who.secret), "digits": 6, "period": 30}, nil
}

func (*double) signOut(who *device, _ *http.Request, _ []byte) (any, error) {
	who.state = "signed_out"
	return answer{"state": who.state}, nil
}

func (d *double) signIn(who *device, _ *http.Request, body []byte) (any, error) {
	var in struct {
		Time      int64
		Assertion json.RawMessage
	}
	err := json.Unmarshal(body, &in)
	if err != nil {
		return nil, err
	}
	text := []byte("countersign-signin-v1\x00")
	for _, field := range []string{d.url, who.id} {
		text = append(binary.BigEndian.AppendUint16(text, uint16(len(field))), field...) //nolint:gosec // short
	}
	challenge := sha256.Sum256(binary.BigEndian.AppendUint64(text, uint64(in.Time))) //nolint:gosec // the same bits
	parsed, err := protocol.ParseCredentialRequestResponseBytes(in.Assertion)
	if err == nil {
		err = parsed.Verify(base64.RawURLEncoding.EncodeToString(challenge[:]), "localhost", "", []string{d.url}, nil, nil,
			protocol.TopOriginExplicitVerificationMode, false, true, true, who.PublicKey, protocol.SignaturePolicy{})
	}
	if away := d.now().Sub(time.Unix(in.Time, 0)); err != nil || away.Abs() > time.Minute {
		return nil, refuse(http.StatusUnprocessableEntity, "sign_in_refused")
	}
	who.state = "active"
	return answer{"state": who.state}, nil
}

func (d *double) remove(who *device, _ *http.Request, _ []byte) (any, error) {
	if d.Last {
		return nil, refuse(http.StatusConflict, "last_second_factor")
	}
	who.state = "revoked"
	return answer{"state": who.state}, nil
}

// codes are those that the device's own secret makes now and makes next.
func (d *double) codes(tb testing.TB) []string {
	tb.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []string
	for _, one := range d.devices {
		for _, at := range []time.Time{time.Now().Add(-5 * time.Second), time.Now()} {
			mac := hmac.New(sha1.New, one.secret)
			_, _ = mac.Write(binary.BigEndian.AppendUint64(nil, uint64(at.Unix()/30))) //nolint:gosec // after 1970
			sum := mac.Sum(nil)
			from := sum[len(sum)-1] & 15
			out = append(out, fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[from:])&0x7fffffff%1_000_000))
		}
	}
	return out
}
