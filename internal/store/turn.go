package store

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

const (
	// inTurn is how many transactions of a process may want one row: while the
	// first commits, the next has done all but that.
	inTurn = 2
	// maxInLine is how many wait for their turn at one row, as many as may wait for
	// the writer of SQLite.
	maxInLine = 1024
)

var errRowWanted = errors.New("too many want to write one row")

// turns lets the transactions that want one row go to the database a few at a time.
type turns struct {
	mu sync.Mutex
	of map[string]*line
}

// line is that of one row; it lasts while anybody is in it.
type line struct {
	in      int
	waiting []chan struct{} // closed when it is somebody's turn
}

// WriteInTurn is Write for a transaction that changes a row which many may want at
// once: the count of a network, from which one address can send as much as it likes.
// On PostgreSQL each of them would hold a connection while it waits for the row, until
// there was none left for anybody else; here all but two wait without. The row is any
// name for it that the callers agree on.
//
// Errors: those of Write, Unavailable also when too many want the row.
func (s *Store) WriteInTurn(ctx context.Context, row string, act func(*Tx) error) error {
	if s.lite {
		return s.Write(ctx, act) // there is one writer, and who waits for it has no connection
	}
	err := s.turns.enter(ctx, row)
	if err != nil {
		return busy(err)
	}
	defer s.turns.leave(row)
	return s.Write(ctx, act)
}

// enter waits for a turn. On nil the caller has one, and must leave.
func (t *turns) enter(ctx context.Context, row string) error {
	turn, err := t.join(row)
	if turn == nil {
		return err
	}
	timer := time.NewTimer(maxWait)
	defer timer.Stop()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-timer.C:
		err = errRowWanted
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.of[row]
	if l != nil {
		i := slices.Index(l.waiting, turn)
		if i >= 0 {
			l.waiting = slices.Delete(l.waiting, i, i+1)
			return err
		}
	}
	return nil // its turn came in the same instant, and is its own to use
}

// join takes a turn (nil and nil), or a place in the line.
func (t *turns) join(row string) (chan struct{}, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.of[row]
	if l == nil {
		l = &line{}
		if t.of == nil {
			t.of = map[string]*line{}
		}
		t.of[row] = l
	}
	switch {
	case l.in < inTurn:
		l.in++
		return nil, nil //nolint:nilnil // no turn to wait for: it has come
	case len(l.waiting) >= maxInLine:
		return nil, errRowWanted
	}
	turn := make(chan struct{})
	l.waiting = append(l.waiting, turn)
	return turn, nil
}

// leave gives the turn to who waits longest.
func (t *turns) leave(row string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.of[row]
	if len(l.waiting) > 0 {
		close(l.waiting[0])
		l.waiting = l.waiting[1:]
		return
	}
	l.in--
	if l.in == 0 {
		delete(t.of, row)
	}
}
