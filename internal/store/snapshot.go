package store

import (
	"context"
	"fmt"

	"countersign/internal/store/rows"
)

// Snapshot runs read with queries that all see one moment of the database. It should be
// brief: on SQLite the journal cannot be folded into the data file meanwhile.
//
// Errors: that of read; else as of [Store.Write].
func (s *Store) Snapshot(ctx context.Context, read func(q *rows.Queries) error) error {
	tx, err := s.snapshot(ctx)
	if err != nil {
		return classify(fmt.Errorf("begin to read: %w", err))
	}
	defer func() { _ = tx.Rollback() }() // it only reads
	return classify(read(s.read.WithTx(tx)))
}
