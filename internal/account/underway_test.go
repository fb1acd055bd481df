package account

import (
	"context"
	"errors"
	"testing"

	"countersign/internal/password"
)

// Tries that are held by answers under way are told from those that were wrong: of
// each network alone, however often a transaction runs, and while there are any.
func TestWhoHoldsATryOfTheNetwork(t *testing.T) {
	u := &underway{}
	in := make([]*PasswordAnswer, mostUnderway())
	for i := range in {
		in[i] = &PasswordAnswer{}
		err := u.enter(t.Context(), "192.0.2.1")
		if err != nil {
			t.Fatal(err)
		}
		u.took("192.0.2.1", in[i])
		u.took("192.0.2.1", in[i])
	}
	err := u.enter(t.Context(), "192.0.2.2")
	if err != nil || u.full("192.0.2.2") || !u.full("192.0.2.1") {
		t.Errorf("another network: %v, full %v, and the first %v", err, u.full("192.0.2.2"), u.full("192.0.2.1"))
	}
	u.leave("192.0.2.2", &PasswordAnswer{}) // that took nothing
	for _, a := range in {
		if !u.full("192.0.2.1") {
			t.Error("no try is held though an answer is under way")
		}
		u.leave("192.0.2.1", a)
	}
	if u.full("192.0.2.1") || len(u.taken) != 0 || u.lines.Len() != 0 {
		t.Errorf("something is kept though nobody is there: %v, %d lines", u.taken, u.lines.Len())
	}
}

// No more of a network are judged at a time than leave tries to other processes.
func TestOneNetworkGoesInAFewAtATime(t *testing.T) {
	u := &underway{}
	for range mostUnderway() {
		err := u.enter(t.Context(), "192.0.2.1")
		if err != nil {
			t.Fatal(err)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	err := u.enter(gone, "192.0.2.1")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("one more of the network: %v, want to wait for the others", err)
	}
	waited := make(chan error, password.MaxWaiting+1)
	for range password.MaxWaiting + 1 {
		go func() { waited <- u.enter(t.Context(), "192.0.2.1") }()
	}
	err = <-waited // of all who wait, the one for whom there is no place is answered
	if !errors.Is(err, password.ErrBusy) {
		t.Errorf("with a full line: %v, want to be told to come back", err)
	}
	for range mostUnderway() + password.MaxWaiting {
		u.leave("192.0.2.1", &PasswordAnswer{})
	}
	for range password.MaxWaiting {
		if err := <-waited; err != nil {
			t.Error(err)
		}
	}
}
