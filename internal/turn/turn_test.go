package turn

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func bounds() Most { return Most{In: 3, Waiting: 20, Wait: time.Minute} }

// fill takes every turn at a thing.
func fill(t *testing.T, l *Lines, key string) {
	t.Helper()
	for range bounds().In {
		err := l.Enter(t.Context(), key, bounds())
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhoCameFirstGoesFirst(t *testing.T) {
	l := &Lines{}
	fill(t, l, "a")
	err := l.Enter(t.Context(), "b", bounds())
	if err != nil {
		t.Errorf("another thing: %v", err)
	}
	l.Leave("b")
	turns := make([]chan struct{}, 3)
	for i := range turns {
		turns[i], err = l.join("a", bounds())
		if turns[i] == nil || err != nil {
			t.Fatalf("%d went in beside the rest, %v", i, err)
		}
	}
	for i, turn := range turns {
		l.Leave("a")
		<-turn
		for _, later := range turns[i+1:] {
			select {
			case <-later:
				t.Errorf("somebody came before the %dth", i+2)
			default:
			}
		}
	}
	for range bounds().In {
		l.Leave("a")
	}
	if l.Len() != 0 {
		t.Errorf("%d lines are kept though nobody is there", l.Len())
	}
}

func TestWhoGivesUpTakesNobodysTurn(t *testing.T) {
	l := &Lines{}
	fill(t, l, "a")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	err := l.Enter(gone, "a", bounds())
	if !errors.Is(err, context.Canceled) {
		t.Errorf("who has gone: %v", err)
	}
	short := bounds()
	short.Wait = time.Nanosecond
	err = l.Enter(t.Context(), "a", short)
	if !errors.Is(err, ErrCrowd) {
		t.Errorf("whose time is over: %v", err)
	}
	turn, err := l.join("a", bounds())
	if err != nil {
		t.Fatal(err)
	}
	l.Leave("a")
	<-turn
}

func TestALineHasAnEnd(t *testing.T) {
	l := &Lines{}
	fill(t, l, "a")
	for range bounds().Waiting {
		_, err := l.join("a", bounds())
		if err != nil {
			t.Fatal(err)
		}
	}
	err := l.Enter(t.Context(), "a", bounds())
	if !errors.Is(err, ErrCrowd) {
		t.Errorf("at the end of the line: %v", err)
	}
}

// Whoever gives up in the instant in which the turn comes must use it or pass it on;
// and never have more than their number a turn.
func TestNoTurnIsLostOrDoubled(t *testing.T) {
	l := &Lines{}
	var all sync.WaitGroup
	var in atomic.Int64
	many := bounds()
	many.Waiting = 2000
	for i := range 2000 {
		all.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if i%2 == 0 {
				go cancel()
			}
			err := l.Enter(ctx, "a", many)
			if err != nil {
				return
			}
			if n := in.Add(1); n > int64(many.In) {
				t.Errorf("%d have a turn at once", n)
			}
			in.Add(-1)
			l.Leave("a")
		})
	}
	all.Wait()
	if l.Len() != 0 {
		t.Error("a turn was lost")
	}
}
