// Package terminaltest is a small working double of the server's side of the device
// protocol, for the tests of devices. It keeps everything in memory and has no limits,
// but every signature is checked as the server checks it.
package terminaltest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/internal/method/push"
	"countersign/internal/seal"
)

// Server is the double. Its fields are set before it is used.
type Server struct {
	// Issuer is what it says that it is; its own address at first.
	Issuer string
	// RPID is the relying party of verifying keys.
	RPID string
	// Ahead is how far its clock is ahead.
	Ahead time.Duration
	// Number is shown beside every request.
	Number push.Number
	// Confirms are the ways to confirm a pairing.
	Confirms []string
	// Mailed is the code that is mailed.
	Mailed string
	// Counted tells that a code of the devices was used to sign in.
	Counted bool
	// Trusting confirms each pairing as soon as a device joined, as if its digits had
	// been typed.
	Trusting bool

	tb       testing.TB
	origin   string
	mu       sync.Mutex
	changed  chan struct{}
	pairings map[string]*pairing // by token
	codes    map[string]*pairing // by code and short code
	devices  map[string]*device
	requests []*request // oldest first
	nonces   map[string]bool
	calls    []string
}

type pairing struct {
	id, token, code, short, state, used, digits string

	challenge, user []byte
	device          *device
	wrong           int
}

type device struct {
	push.Device
	id, name, state string
}

type request struct {
	push.Request
	kind, state string
	device      *device // nil for all
	created     time.Time
	decidedBy   string
}

// New starts a double that ends with the test.
func New(tb testing.TB) *Server {
	tb.Helper()
	s := &Server{
		RPID: "localhost", Number: push.Number{Mode: push.Type, Shown: "47"}, Confirms: []string{"code"}, Mailed: "271828",
		tb: tb, changed: make(chan struct{}), pairings: map[string]*pairing{}, codes: map[string]*pairing{}, devices: map[string]*device{},
		nonces: map[string]bool{},
	}
	server := httptest.NewServer(s.routes())
	tb.Cleanup(server.Close)
	tb.Cleanup(s.change) // who still waits is answered
	s.origin = strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	s.Issuer = s.origin
	return s
}

// URL is where it listens.
func (s *Server) URL() string { return s.origin }

func (s *Server) now() time.Time { return time.Now().Add(s.Ahead) }

// change wakes whoever waits.
func (s *Server) change() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wake()
}

func (s *Server) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// wait waits until news tells that there is some, or so many seconds. The lock is held
// before and after.
func (s *Server) wait(r *http.Request, seconds int, news func() bool) {
	deadline := time.After(time.Duration(min(seconds, 25)) * time.Second)
	for !news() {
		changed := s.changed
		s.mu.Unlock()
		over := false
		select {
		case <-changed:
		case <-deadline:
			over = true
		case <-r.Context().Done():
			over = true
		}
		s.mu.Lock()
		if over {
			return
		}
	}
}

// Pairing makes a new one and returns the link of its QR code and its short code.
func (s *Server) Pairing() (string, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &pairing{id: seal.ID("par"), token: seal.NewToken(), code: seal.NewToken(), state: "waiting"}
	p.short = strings.ToUpper(strings.TrimPrefix(seal.ID("x"), "x_")[:8])
	s.codes[p.code], s.codes[p.short] = p, p
	return s.Issuer + "/authenticator/#pair=" + p.code, strings.ToLower(p.short[:4] + "-" + p.short[4:])
}

// Digits are those that the newest device must have shown; "" before one joined.
func (s *Server) Digits() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.pairings {
		if p.digits != "" && p.state != "active" {
			return p.digits
		}
	}
	return ""
}

// Type types digits on the page. Errors: they are those of no device.
func (s *Server) Type(digits string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.pairings {
		if p.state == "joined" && p.digits == digits {
			s.confirm(p)
			return nil
		}
	}
	return fmt.Errorf("the digits %s are those of no device", digits)
}

// confirm asks the first request; the lock is held.
func (s *Server) confirm(p *pairing) {
	p.state, p.device.state = "confirmed", "confirmed"
	s.ask("test", map[string]string{"app": "Acme", "account": "ada@example.com", "act": "Try it out"}, p.device)
}

// Ask asks every active device and returns the request's identifier.
func (s *Server) Ask(kind string, display map[string]string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ask(kind, display, nil)
}

func (s *Server) ask(kind string, display map[string]string, d *device) string {
	text, err := json.Marshal(display)
	if err != nil {
		s.tb.Error(err)
	}
	r := &request{kind: kind, state: "waiting", device: d, created: s.now(), Request: push.Request{
		Issuer: s.Issuer, ID: seal.ID("req"), Nonce: seal.Bytes(push.NonceSize), Expires: s.now().Add(2 * time.Minute), Display: text,
	}}
	s.requests = append(s.requests, r)
	s.wake()
	return r.ID
}

// End ends a request as something else than a decision does.
func (s *Server) End(id, state string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		if r.ID == id {
			r.state = state
		}
	}
	s.wake()
}

// State is that of a request.
func (s *Server) State(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		if r.ID == id {
			return r.state
		}
	}
	return ""
}

// Set changes the state of every device: "active", "signed_out", or "revoked".
func (s *Server) Set(state string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.devices {
		d.state = state
	}
}

// Calls are the paths that were called, with what came of each.
func (s *Server) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.calls...)
}
