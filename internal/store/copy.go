package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"countersign/internal/store/rows"
)

// tables lists every table, each after those that it refers to. A test compares
// it with the migrations, and Copy with the databases that it is given.
func tables() []string {
	return []string{
		"workspaces", "logos", "pools", "pool_days", "users", "person_words", "credentials", "spent_proofs", "guesses", "rates", "browsers", "attempts",
		"sessions", "links", "mailed_codes", "passkeys", "devices", "pairings", "requests", "nonces", "texts", "text_caps", "text_totals",
		"pool_rules", "reset_requests", "help_codes", "campaigns", "campaign_people", "messages",
		// When a workspace is removed, its seals go after its events: a sealer that has these is waited for.
		"seals", "seal_heads", "events", "leases", "installation",
	}
}

// Copy writes everything that is in from into to, between SQLite and PostgreSQL
// in any direction, and returns how many rows of each table it wrote. It reads
// one moment of from; what is written there afterwards is not in the copy, so
// an installation that moves is stopped first.
//
// to must be as [Open] makes it: nothing in it but the default workspace and
// pool, which are replaced. All of it arrives in one transaction, after the
// counts have been compared: to is complete, or as it was before.
func Copy(ctx context.Context, from, to *Store) (map[string]int64, error) {
	source, err := from.snapshot(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the database: %w", classify(err))
	}
	defer func() { _ = source.Rollback() }() // it only reads
	var counts map[string]int64
	err = to.bulk(ctx, func(_ *Tx, target rows.DBTX) error {
		err := empty(ctx, target)
		if err != nil {
			return err
		}
		err = complete(ctx, source, from.lite, target, to.lite)
		if err != nil {
			return err
		}
		for _, statement := range []string{"DELETE FROM pools", "DELETE FROM workspaces"} {
			_, err = target.ExecContext(ctx, statement)
			if err != nil {
				return fmt.Errorf("replace the default rows: %w", err)
			}
		}
		counts = map[string]int64{}
		for _, table := range tables() {
			counts[table], err = copyTable(ctx, source, target, table)
			if err != nil {
				return fmt.Errorf("copy the table %s: %w", table, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, classify(err)
	}
	return counts, nil
}

// snapshot begins a transaction that sees one moment of the database.
func (s *Store) snapshot(ctx context.Context) (*sql.Tx, error) {
	options := &sql.TxOptions{ReadOnly: true}
	if !s.lite {
		options.Isolation = sql.LevelRepeatableRead
	}
	return s.db.BeginTx(ctx, options)
}

// bulk runs act in one writing transaction that may last long, past the queries
// and the limits of Write.
func (s *Store) bulk(ctx context.Context, act func(*Tx, rows.DBTX) error) error {
	if w, ok := s.writer.(*groupWriter); ok {
		return w.write(ctx, func(tx *Tx) error { return act(tx, w.conn) })
	}
	begun, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	tx := &Tx{Queries: rows.New(begun), Ctx: ctx, Now: s.now(), on: begun}
	err = act(tx, begun)
	if err != nil {
		return errors.Join(err, begun.Rollback())
	}
	err = begun.Commit()
	if err == nil {
		tx.committed()
	}
	return err
}

// empty refuses a target that anything was written to.
func empty(ctx context.Context, target rows.DBTX) error {
	for _, table := range tables() {
		condition := ""
		switch table {
		case "workspaces":
			condition = " WHERE id <> 'wsp_default'"
		case "pools":
			condition = " WHERE id <> 'pool_default'"
		}
		n, err := countRows(ctx, target, table+condition)
		if err != nil {
			return fmt.Errorf("look into the target: %w", err)
		}
		if n > 0 {
			return fmt.Errorf("the target is not empty: its table %s holds %d rows; nothing was copied", table, n)
		}
	}
	return nil
}

// complete refuses databases with tables that this program does not know: a
// newer one has been there, and a copy would leave something out.
func complete(ctx context.Context, source rows.DBTX, sourceLite bool, target rows.DBTX, targetLite bool) error {
	for _, side := range []struct {
		name string
		db   rows.DBTX
		lite bool
	}{{"source", source, sourceLite}, {"target", target, targetLite}} {
		found, err := listTables(ctx, side.db, side.lite)
		if err != nil {
			return fmt.Errorf("list the tables of the %s: %w", side.name, err)
		}
		known := tables()
		slices.Sort(known)
		if !slices.Equal(found, known) {
			return fmt.Errorf("the %s has other tables than this version of the program: %s", side.name, strings.Join(found, ", "))
		}
	}
	return nil
}

// listTables names the tables of a database in order, without those of the
// migrations and of SQLite itself.
func listTables(ctx context.Context, db rows.DBTX, lite bool) ([]string, error) {
	query := `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_name <> 'goose_db_version'`
	if lite {
		query = `SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'goose_db_version' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'`
	}
	found, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { _ = found.Close() }()
	var names []string
	for found.Next() {
		var name string
		err = found.Scan(&name)
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names, found.Err()
}
