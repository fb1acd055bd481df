package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"countersign/internal/store/rows"
)

// plainWriter writes on PostgreSQL: one READ COMMITTED transaction a caller.
// The statements are guarded by themselves, so no stricter level is needed.
type plainWriter struct {
	store *Store
	db    *sql.DB
}

// writeLimit bounds a transaction, the wait for a connection included.
const writeLimit = 10 * time.Second

func (w *plainWriter) write(ctx context.Context, act func(*Tx) error) error {
	// A caller that has gone before anything began need not be served.
	if ctx.Err() != nil {
		return busy(ctx.Err())
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeLimit)
	defer cancel()
	for round := 0; ; round++ {
		tx, err := w.once(ctx, act)
		if err == nil {
			tx.committed()
			return nil
		}
		again := deadlocked(err) || (readOnly(err) && round == 0)
		if round == 4 || !again {
			return err
		}
	}
}

func (w *plainWriter) once(ctx context.Context, act func(*Tx) error) (*Tx, error) {
	conn, err := w.db.Conn(ctx)
	if err != nil {
		return nil, busy(fmt.Errorf("connect: %w", err))
	}
	tx, err := w.on(ctx, conn, act)
	if readOnly(err) {
		// The server turned into a standby, or was one when this connection began.
		// The next one may lead to a server that writes.
		err = errors.Join(err, conn.Raw(func(any) error { return driver.ErrBadConn }))
	}
	_ = conn.Close()
	return tx, err
}

func (w *plainWriter) on(ctx context.Context, conn *sql.Conn, act func(*Tx) error) (*Tx, error) {
	began, err := conn.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return nil, busy(fmt.Errorf("begin: %w", err))
	}
	tx := &Tx{Queries: rows.New(began), Ctx: ctx, Now: w.store.now(), on: began}
	err = attempt(tx, act)
	if err != nil {
		_ = began.Rollback()
		return nil, err
	}
	err = began.Commit()
	if errors.Is(err, pgx.ErrTxCommitRollback) {
		// A query had failed and act went on: a fault of ours, and coming back
		// later does not mend it.
		return nil, fmt.Errorf("commit: %w", err)
	}
	if err != nil {
		return nil, busy(fmt.Errorf("commit: %w", err))
	}
	return tx, nil
}

func (w *plainWriter) close() error { return nil }

// deadlocked tells a transaction that PostgreSQL chose as a victim: it may run
// again.
func deadlocked(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40P01" || pg.Code == "40001")
}

// readOnly tells that PostgreSQL takes no writes on a connection.
func readOnly(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "25006"
}
