// Package turn lets those who want the same thing go at it a few at a time, in the
// order in which they came, while the rest wait in memory: for a bounded time, and
// in a line that has an end.
package turn

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// ErrCrowd tells that too many want the same thing: the line has no place, or the
// turn did not come in time.
var ErrCrowd = errors.New("too many wait for the same thing")

// Most bounds one line.
type Most struct {
	// In is how many have a turn at a time.
	In int
	// Waiting is how many wait for theirs.
	Waiting int
	// Wait is how long one of them does.
	Wait time.Duration
}

// Lines are the lines before any number of things, each named by its key. The zero
// value is ready; it is safe for concurrent use.
type Lines struct {
	mu sync.Mutex
	of map[string]*line
}

// line lasts while anybody is in it.
type line struct {
	in      int
	waiting []chan struct{} // closed when it is somebody's turn
}

// Enter waits for a turn. On nil the caller has one, and must [Lines.Leave]. Errors:
// ErrCrowd, and the context's.
func (l *Lines) Enter(ctx context.Context, key string, most Most) error {
	turn, err := l.join(key, most)
	if turn == nil {
		return err
	}
	timer := time.NewTimer(most.Wait)
	defer timer.Stop()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-timer.C:
		err = ErrCrowd
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.of[key]
	if i := slices.Index(one.waiting, turn); i >= 0 {
		one.waiting = slices.Delete(one.waiting, i, i+1)
		return err
	}
	return nil // its turn came in the same instant, and is its own to use
}

// join takes a turn (nil and nil), or a place among those who wait.
func (l *Lines) join(key string, most Most) (chan struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.of[key]
	if one == nil {
		one = &line{}
		if l.of == nil {
			l.of = map[string]*line{}
		}
		l.of[key] = one
	}
	switch {
	case one.in < most.In:
		one.in++
		return nil, nil //nolint:nilnil // no turn to wait for: it has come
	case len(one.waiting) >= most.Waiting:
		return nil, ErrCrowd
	}
	turn := make(chan struct{})
	one.waiting = append(one.waiting, turn)
	return turn, nil
}

// Leave gives the turn to who waits longest.
func (l *Lines) Leave(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	one := l.of[key]
	if len(one.waiting) > 0 {
		close(one.waiting[0])
		one.waiting = one.waiting[1:]
		return
	}
	one.in--
	if one.in == 0 {
		delete(l.of, key)
	}
}

// Len is how many things somebody wants at this moment.
func (l *Lines) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.of)
}
