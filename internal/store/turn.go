package store

import (
	"context"

	"countersign/internal/turn"
)

// inTurn is how many transactions of a process may want one row: while the first
// commits, the next has done all but that.
const inTurn = 2

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
	err := s.turns.Enter(ctx, row, turn.Most{In: inTurn, Waiting: maxQueued, Wait: maxWait})
	if err != nil {
		return busy(err)
	}
	defer s.turns.Leave(row)
	return s.Write(ctx, act)
}
