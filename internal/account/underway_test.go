package account

import (
	"context"
	"errors"
	"sync"
	"testing"

	"countersign/internal/password"
)

// enterAll goes in as often as it can be done without waiting.
func enterAll(t *testing.T, u *underway, network string) []*PasswordAnswer {
	t.Helper()
	in := make([]*PasswordAnswer, mostUnderway())
	for i := range in {
		in[i] = &PasswordAnswer{}
		err := u.enter(t.Context(), network)
		if err != nil {
			t.Fatal(err)
		}
		u.took(network, in[i])
	}
	return in
}

func TestWhoWaitsForTheNetworkGoesInInTurn(t *testing.T) {
	u := &underway{}
	in := enterAll(t, u, "192.0.2.1")
	err := u.enter(t.Context(), "192.0.2.2")
	if err != nil || u.full("192.0.2.2") || !u.full("192.0.2.1") {
		t.Errorf("another network: %v", err)
	}
	u.leave("192.0.2.2", &PasswordAnswer{})
	turns := make([]chan struct{}, 3)
	for i := range turns {
		turns[i], err = u.join("192.0.2.1")
		if turns[i] == nil || err != nil {
			t.Fatalf("%d went in beside the rest, %v", i, err)
		}
	}
	for i, turn := range turns {
		u.leave("192.0.2.1", in[i])
		<-turn
	}
	for i := range mostUnderway() {
		u.leave("192.0.2.1", in[i])
	}
	if len(u.of) != 0 {
		t.Errorf("%d networks are kept though nobody is there", len(u.of))
	}
}

func TestWhoGivesUpWaitingTakesNobodysTurn(t *testing.T) {
	u := &underway{}
	in := enterAll(t, u, "192.0.2.1")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	err := u.enter(gone, "192.0.2.1")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	turn, err := u.join("192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	u.leave("192.0.2.1", in[0])
	<-turn
}

func TestAFloodOfOneNetworkDoesNotWaitWithoutLimit(t *testing.T) {
	u := &underway{}
	enterAll(t, u, "192.0.2.1")
	for range password.MaxWaiting {
		_, err := u.join("192.0.2.1")
		if err != nil {
			t.Fatal(err)
		}
	}
	err := u.enter(t.Context(), "192.0.2.1")
	if !errors.Is(err, password.ErrBusy) {
		t.Errorf("got %v, want to be told to come back", err)
	}
}

// Whoever gives up in the instant in which the turn comes must use it or pass it on.
func TestNoTurnOfANetworkIsLost(t *testing.T) {
	u := &underway{}
	var wait sync.WaitGroup
	for i := range 40 * mostUnderway() {
		wait.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if i%2 == 0 {
				go cancel()
			}
			if u.enter(ctx, "192.0.2.1") == nil {
				a := &PasswordAnswer{}
				u.took("192.0.2.1", a)
				u.leave("192.0.2.1", a)
			}
		})
	}
	wait.Wait()
	if len(u.of) != 0 {
		t.Errorf("%d turns were lost", u.of["192.0.2.1"].in)
	}
}
