package terminal_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/method/push"
	"countersign/internal/terminal"
	"countersign/internal/terminal/terminaltest"
)

func TestADeviceIsPairedAndDecides(t *testing.T) {
	s := terminaltest.New(t)
	d := paired(t, s)
	if d.ID == "" || d.Workspace != "Acme" || d.Name != "build host" || d.Issuer != s.URL() {
		t.Errorf("it calls itself %+v", d.Identity)
	}
	display := map[string]string{"app": "Payroll", "ip": "203.0.113.7", "browser": "Firefox", "system": "Linux", "time": "2026-11-21T20:15:00Z", "new": "yes", "later": "x"}
	rows := []struct {
		sentence string
		decision terminal.Decision
		number   string
		want     string
	}{
		{"the number that is shown", terminal.Approve, "47", "approved"},
		{"another number", terminal.Approve, "48", "mismatch"},
		{"no number", terminal.Approve, "", "mismatch"},
		{"a denial", terminal.Deny, "", "denied"},
		{"a denial, whatever was typed", terminal.Deny, "47", "denied"},
		{"a report", terminal.Report, "", "reported"},
	}
	for _, row := range rows {
		id := s.Ask("signin", display)
		r := waiting(t, d)
		shown, err := r.Shown()
		if err != nil || r.ID != id || r.Kind != "signin" || r.Number != (terminal.Number{Mode: push.Type, Digits: 2}) {
			t.Errorf("asked %+v, %v", r, err)
		}
		want := terminal.Shown{App: "Payroll", IP: "203.0.113.7", Browser: "Firefox", System: "Linux", Time: "2026-11-21T20:15:00Z", New: "yes"}
		if diff := cmp.Diff(want, shown); diff != "" {
			t.Error(diff)
		}
		state, err := d.Decide(t.Context(), r, row.decision, row.number)
		if err != nil || state != row.want || s.State(id) != row.want {
			t.Errorf("%s: %s, %v, want %s; the server has %s", row.sentence, state, err, row.want, s.State(id))
		}
		_, err = d.Decide(t.Context(), r, row.decision, row.number)
		wantCode(t, "once more", err, terminal.RequestOver)
	}
}

func TestTheRestOfTheCalls(t *testing.T) {
	s := terminaltest.New(t)
	d := paired(t, s)
	h, err := d.Hello(t.Context())
	if err != nil || h.State != "active" || h.Device != d.ID || !h.Code {
		t.Errorf("hello: %+v, %v", h, err)
	}
	secret, err := d.Code(t.Context())
	if err != nil || len(secret.Secret) != 20 || secret.Digits != 6 || secret.Period != 30 {
		t.Errorf("code: %+v, %v", secret, err)
	}
	s.Counted = true
	_, err = d.Code(t.Context())
	wantCode(t, "when a code counted", err, terminal.CodeGiven)
	id, err := d.Test(t.Context())
	if err != nil || waiting(t, d).ID != id {
		t.Errorf("test: %s, %v", id, err)
	}
	if _, err = d.Decide(t.Context(), waiting(t, d), terminal.Approve, "47"); err != nil {
		t.Error(err)
	}
	past, err := d.History(t.Context())
	if err != nil || len(past) != 2 || !past[1].Here || past[1].State != "approved" {
		t.Errorf("history: %+v, %v", past, err)
	}
	err = d.SignOut(t.Context())
	if err != nil {
		t.Error(err)
	}
	_, err = d.Requests(t.Context(), "", 0)
	wantCode(t, "signed out", err, terminal.DeviceSignedOut)
	err = d.SignIn(t.Context())
	if err != nil {
		t.Errorf("sign in: %v", err)
	}
	err = d.Remove(t.Context())
	if err != nil {
		t.Error(err)
	}
	_, err = d.Hello(t.Context())
	wantCode(t, "removed", err, terminal.DeviceUnknown)
}

// A clock that is wrong is put right by the server's, once, and for the calls after.
func TestAWrongClock(t *testing.T) {
	for _, ahead := range []time.Duration{-48 * time.Hour, 400 * 24 * time.Hour} {
		s := terminaltest.New(t)
		s.Ahead = ahead
		paired(t, s)
		clocks := 0
		for _, call := range s.Calls() {
			if call == "GET /device/v1/requests "+terminal.DeviceClock {
				clocks++
			}
		}
		if clocks != 1 {
			t.Errorf("%v ahead: %q", ahead, s.Calls())
		}
	}
	// The time inside of a sign-in is the server's too, though its first call finds out.
	s := terminaltest.New(t)
	d := paired(t, s)
	err := d.SignOut(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.Ahead = time.Hour
	err = d.SignIn(t.Context())
	if err != nil || !slices.Contains(s.Calls(), "POST /device/v1/sign-in "+terminal.DeviceClock) {
		t.Errorf("%v, %q", err, s.Calls())
	}
}

func TestWaitingForARequest(t *testing.T) {
	s := terminaltest.New(t)
	d := paired(t, s)
	w, err := d.Requests(t.Context(), "", 0)
	if err != nil || len(w.Requests) != 0 {
		t.Fatalf("%+v, %v", w, err)
	}
	came := make(chan terminal.Waiting)
	go func() {
		w, err := d.Requests(t.Context(), w.Cursor, terminal.LongestWait)
		if err != nil {
			t.Error(err)
		}
		came <- w
	}()
	id := s.Ask("signin", map[string]string{"app": "Payroll"})
	if w := <-came; len(w.Requests) != 1 || w.Requests[0].ID != id {
		t.Errorf("%+v", w)
	}
}

func TestAnApprovalNeedsTheVerifyingKey(t *testing.T) {
	s := terminaltest.New(t)
	d := paired(t, s)
	folder := terminal.Folder{Path: t.TempDir()}
	if err := folder.Save(d); !errors.Is(err, terminal.ErrLocked) {
		t.Errorf("saved without a PIN: %v", err)
	}
	for _, pin := range []string{"", "12345", "ÄÖÜäö"} {
		if err := d.Lock(pin); !errors.Is(err, terminal.ErrShortPIN) {
			t.Errorf("the PIN %q: %v", pin, err)
		}
	}
	err := errors.Join(d.Lock("491625"), folder.Save(d))
	if err != nil {
		t.Fatal(err)
	}
	d, err = folder.Open(d.ID, options())
	if err != nil {
		t.Fatal(err)
	}
	s.Ask("signin", map[string]string{"app": "Payroll"})
	r := waiting(t, d)
	_, err = d.Decide(t.Context(), r, terminal.Approve, "47")
	if !errors.Is(err, terminal.ErrLocked) {
		t.Errorf("approved without the PIN: %v", err)
	}
	before := len(s.Calls())
	if err = d.Unlock("491626"); !errors.Is(err, terminal.ErrPIN) || len(s.Calls()) != before {
		t.Errorf("another PIN: %v", err)
	}
	err = d.Unlock("491625")
	if err != nil {
		t.Fatal(err)
	}
	state, err := d.Decide(t.Context(), r, terminal.Approve, "47")
	if err != nil || state != "approved" {
		t.Errorf("%s, %v", state, err)
	}
	s.Ask("signin", map[string]string{"app": "Payroll"})
	locked, err := folder.Open(d.ID, options())
	if err != nil {
		t.Fatal(err)
	}
	state, err = locked.Decide(t.Context(), waiting(t, locked), terminal.Deny, "")
	if err != nil || state != "denied" {
		t.Errorf("a denial without the PIN: %s, %v", state, err)
	}
}
