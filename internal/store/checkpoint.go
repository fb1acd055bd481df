package store

import (
	"context"
	"database/sql"
	"log/slog"
)

// checkpointEvery is after how many transactions the journal is folded into the
// data file; they write about eight pages each.
const checkpointEvery = 128

// checkpointer folds SQLite's journal into the data file on a connection of its
// own. The writer would do it at a commit and keep everybody waiting for some ten
// milliseconds; it still does when the journal reaches 16,000 pages (64 MiB), and
// finds it nearly folded then. (Only a writer that pauses lets the journal begin anew.)
type checkpointer struct {
	db   *sql.DB
	log  *slog.Logger
	due  chan struct{}
	done chan struct{}
}

func newCheckpointer(db *sql.DB, log *slog.Logger) *checkpointer {
	c := &checkpointer{db: db, log: log, due: make(chan struct{}, 1), done: make(chan struct{})}
	go c.run()
	return c
}

// ring asks for a fold and waits for nothing.
func (c *checkpointer) ring() {
	select {
	case c.due <- struct{}{}:
	default: // it has been asked already
	}
}

func (c *checkpointer) run() {
	defer close(c.done)
	for range c.due {
		_, err := c.db.ExecContext(context.Background(), "PRAGMA wal_checkpoint(PASSIVE)")
		if err != nil {
			c.log.Warn("the journal could not be folded into the data file; the writer will", "err", err)
		}
	}
}

// close waits for a fold under way. Nobody may ring any more.
func (c *checkpointer) close() {
	close(c.due)
	<-c.done
}
