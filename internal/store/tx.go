package store

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"countersign"
	"countersign/internal/store/rows"
)

// Tx is one transaction. Everything it writes commits together or not at all.
type Tx struct {
	*rows.Queries
	// Ctx is the context of the queries inside. It is never a request's: a
	// request that goes away must not undo what others wrote in the same commit.
	Ctx context.Context
	// Now is the moment of this act, the same for all its rows.
	Now time.Time

	on    rows.DBTX // what the queries run on, for one that is put together
	alone bool      // nobody else writes to the database until this is over
	after []func()
	given int // numbers that Next has given
}

// NowMilli is Now as rows keep it: unix milliseconds.
func (tx *Tx) NowMilli() int64 { return tx.Now.UnixMilli() }

// Next counts what this transaction writes, from 0: all of it has one moment, and its
// order tells what came of what.
func (tx *Tx) Next() int {
	tx.given++
	return tx.given - 1
}

// LockUser takes the user's row for this transaction: two enrolments at once then
// count the credentials one after the other. On SQLite the transaction has the
// whole database anyway, so reading is enough and spares the disk a page.
func (tx *Tx) LockUser(ctx context.Context, workspace countersign.WorkspaceID, user countersign.UserID) (rows.User, error) {
	if tx.alone {
		return tx.GetUser(ctx, workspace, user)
	}
	return tx.Queries.LockUser(ctx, workspace, user)
}

// LockResets takes, for a transaction that has the user's row, the resets that wait for a
// second administrator: those about the user, and those that the user asked for. Whoever
// decides one or withdraws some takes all of them first, in the order of their identifiers:
// two administrators who have asked about each other would else end each other's at once,
// and each wait for what the other has taken.
func (tx *Tx) LockResets(ctx context.Context, workspace countersign.WorkspaceID, user countersign.UserID) error {
	if tx.alone {
		return nil
	}
	ids, err := tx.ListResetsAround(ctx, workspace, tx.NowMilli(), user)
	if err != nil {
		return fmt.Errorf("list resets that wait: %w", err)
	}
	for _, id := range ids {
		_, err = tx.LockReset(ctx, workspace, id)
		if err != nil {
			return fmt.Errorf("lock a reset: %w", err)
		}
	}
	return nil
}

// After runs do once the transaction has committed, in the caller's goroutine.
func (tx *Tx) After(do func()) { tx.after = append(tx.after, do) }

// Write runs act in one transaction and returns when it is committed. An error
// of act rolls back and is returned as it is. act may run more than once, so
// it must set, not add to, what it leaves outside; it must not call Write, wait
// for anything, or send anything. After an error of a query it must return one:
// PostgreSQL then undoes the whole transaction, SQLite that statement alone.
//
// Errors: whatever act returned; an Unavailable [countersign.Error] when the
// database is gone, full or too busy.
func (s *Store) Write(ctx context.Context, act func(*Tx) error) error {
	return classify(s.writer.write(ctx, act))
}

// attempt runs act once and turns a panic into an error, so that one broken
// member cannot take down the writer that serves all.
func attempt(tx *Tx, act func(*Tx) error) error {
	var err error
	func() {
		defer func() {
			p := recover()
			if p != nil {
				err = fmt.Errorf("panic in a transaction: %v\n%s", p, debug.Stack())
			}
		}()
		err = act(tx)
	}()
	return err
}

func (tx *Tx) committed() {
	for _, do := range tx.after {
		do()
	}
}

func busy(err error) error {
	return &countersign.Error{Kind: countersign.Unavailable, Code: "busy", RetryAfter: 2 * time.Second, Err: err}
}
