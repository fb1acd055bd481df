package terminaltest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/go-webauthn/webauthn/protocol"

	"countersign/internal/method"
	"countersign/internal/method/push"
	"countersign/internal/seal"
)

func (s *Server) hello(d *device, _ *http.Request, body []byte) (any, error) {
	var in struct {
		Version       string `json:"version"`
		Notifications string `json:"notifications"`
	}
	err := json.Unmarshal(body, &in)
	if err != nil || in.Version == "" || in.Notifications == "" {
		return nil, errors.Join(err, errors.New("hello says nothing of the device"))
	}
	return answer{
		"device": d.id, "name": d.name, "state": d.state, "trouble": "", "issuer": s.Issuer, "workspace": "Acme", "account": "ada@example.com",
		"vapid": "", "version": "", "now": s.now().Unix(), "code": !s.Counted, "pushes": false,
	}, nil
}

// listed are the requests that wait for a device, newest first.
func (s *Server) listed(d *device) []answer {
	all := []answer{}
	digits := len(s.Number.Shown)
	for i := len(s.requests) - 1; i >= 0; i-- {
		r := s.requests[i]
		if r.state != "waiting" || !s.now().Before(r.Expires) || !r.isFor(d) {
			continue
		}
		all = append(all, answer{
			"id": r.ID, "kind": r.kind, "nonce": b64(r.Nonce), "expires_at": r.Expires.Unix(), "display": b64(r.Display),
			"number": answer{"mode": s.Number.Mode, "digits": digits},
		})
	}
	return all
}

// isFor tells whether a device may answer: before it is active, its own alone.
func (r *request) isFor(d *device) bool {
	return r.device == d || r.device == nil && d.state == "active"
}

func cursorOf(all []answer) string {
	sum := sha256.New()
	for _, r := range all {
		id, _ := r["id"].(string)
		_, _ = sum.Write([]byte(id))
	}
	return base64.RawURLEncoding.EncodeToString(sum.Sum(nil))
}

func (s *Server) list(d *device, r *http.Request, _ []byte) (any, error) {
	all := s.listed(d)
	cursor := r.URL.Query().Get("cursor")
	seconds, _ := strconv.Atoi(r.URL.Query().Get("wait"))
	s.wait(r, seconds, func() bool {
		all = s.listed(d)
		return cursorOf(all) != cursor
	})
	return answer{"requests": all, "cursor": cursorOf(all), "now": s.now().Unix()}, nil
}

func (s *Server) decide(d *device, r *http.Request, body []byte) (any, error) {
	var asked *request
	for _, q := range s.requests {
		if q.ID == r.PathValue("id") && q.isFor(d) {
			asked = q
		}
	}
	if asked == nil {
		return nil, refuse(http.StatusNotFound, "no_such_request", "There is no such request.")
	}
	if asked.state != "waiting" {
		over := refusal{Status: http.StatusConflict, Title: "Conflict", Code: "request_over", Detail: "It is over.", State: asked.state}
		return nil, over
	}
	var in struct {
		Decision  push.Decision   `json:"decision"`
		Number    string          `json:"number"`
		Signature b64             `json:"signature"`
		Assertion json.RawMessage `json:"assertion"`
	}
	err := json.Unmarshal(body, &in)
	if err != nil {
		return nil, err
	}
	question := asked.Request
	question.Device = d.id
	verdict, err := push.Judge(question, s.Number, d.Device, push.Site{RPID: s.RPID, Origin: s.origin},
		push.Answer{Decision: in.Decision, Number: in.Number, Signature: in.Signature, Assertion: in.Assertion})
	if errors.Is(err, method.ErrWrong) || errors.Is(err, method.ErrMalformed) {
		return nil, refuse(http.StatusUnprocessableEntity, "decision_refused", err.Error())
	}
	if err != nil {
		return nil, err
	}
	asked.state, asked.decidedBy, d.Counter = string(verdict.Outcome), d.id, verdict.Counter
	if asked.state == "approved" && d.state == "confirmed" {
		s.activate(d)
	}
	s.wake()
	return answer{"state": asked.state}, nil
}

func (s *Server) activate(d *device) {
	d.state = "active"
	for _, p := range s.pairings {
		if p.device == d {
			p.state = "active"
		}
	}
}

func (s *Server) history(d *device, _ *http.Request, _ []byte) (any, error) {
	all := []answer{}
	for _, r := range s.requests {
		if r.state != "waiting" {
			all = append(all, answer{
				"id": r.ID, "kind": r.kind, "state": r.state, "display": b64(r.Display), "created_at": r.created.Unix(), "decided_at": s.now().Unix(),
				"here": r.decidedBy == d.id,
			})
		}
	}
	return answer{"requests": all}, nil
}

func (s *Server) test(d *device, _ *http.Request, _ []byte) (any, error) {
	return answer{"request": s.ask("test", map[string]string{"app": "Acme", "act": "Try it out"}, d)}, nil
}

func (s *Server) code(_ *device, _ *http.Request, _ []byte) (any, error) {
	if s.Counted {
		return nil, refuse(http.StatusConflict, "code_given", "One of its codes has counted.")
	}
	return answer{"secret": b64(seal.Bytes(20)), "digits": 6, "period": 30}, nil
}

func (*Server) signOut(d *device, _ *http.Request, _ []byte) (any, error) {
	d.state = "signed_out"
	return answer{"state": d.state}, nil
}

func (s *Server) signIn(d *device, _ *http.Request, body []byte) (any, error) {
	var in struct {
		Time      int64           `json:"time"`
		Assertion json.RawMessage `json:"assertion"`
	}
	err := json.Unmarshal(body, &in)
	if err != nil {
		return nil, err
	}
	text := []byte("countersign-signin-v1\x00")
	for _, field := range []string{s.Issuer, d.id} {
		text = append(binary.BigEndian.AppendUint16(text, uint16(len(field))), field...) //nolint:gosec // short
	}
	challenge := sha256.Sum256(binary.BigEndian.AppendUint64(text, uint64(in.Time))) //nolint:gosec // the same bits
	parsed, err := protocol.ParseCredentialRequestResponseBytes(in.Assertion)
	if err == nil {
		err = parsed.Verify(base64.RawURLEncoding.EncodeToString(challenge[:]), s.RPID, "", []string{s.origin}, nil, nil,
			protocol.TopOriginExplicitVerificationMode, false, true, true, d.PublicKey, protocol.SignaturePolicy{})
	}
	if away := s.now().Sub(time.Unix(in.Time, 0)); err != nil || away.Abs() > time.Minute || parsed.Response.AuthenticatorData.Counter <= d.Counter {
		return nil, refuse(http.StatusUnprocessableEntity, "sign_in_refused", "It does not hold.")
	}
	d.state, d.Counter = "active", parsed.Response.AuthenticatorData.Counter
	return answer{"state": d.state}, nil
}

func (*Server) remove(d *device, _ *http.Request, _ []byte) (any, error) {
	d.state = "revoked"
	return answer{"state": d.state}, nil
}
