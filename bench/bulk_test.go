package bench_test

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"countersign/e2e/site"
)

// bulk writes n rows into a table of the installation's database, past the engine: what a
// year has left behind is made in a minute.
func bulk(t *testing.T, s *site.Site, table string, columns []string, n int, row func(i int) []any) {
	t.Helper()
	if s.Database == site.Postgres {
		db, err := pgx.Connect(t.Context(), s.DSN)
		must(t, err)
		_, err = db.CopyFrom(t.Context(), pgx.Identifier{table}, columns, pgx.CopyFromSlice(n, func(i int) ([]any, error) { return row(i), nil }))
		must(t, errors.Join(err, db.Close(t.Context())))
		return
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.Data, "countersign.db")+"?_pragma=busy_timeout(60000)&_txlock=immediate")
	must(t, err)
	defer func() { must(t, db.Close()) }()
	places := strings.TrimSuffix(strings.Repeat("?, ", len(columns)), ", ")
	statement := fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table, strings.Join(columns, ", "), places)
	const together = 20_000 // the server waits for its turn to write meanwhile
	for from := 0; from < n; from += together {
		must(t, inOne(t, db, statement, from, min(from+together, n), row))
	}
}

func inOne(t *testing.T, db *sql.DB, statement string, from, to int, row func(i int) []any) error {
	t.Helper()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after the commit it does nothing
	insert, err := tx.PrepareContext(t.Context(), statement)
	if err != nil {
		return err
	}
	defer func() { _ = insert.Close() }()
	for i := from; i < to; i++ {
		_, err = insert.ExecContext(t.Context(), row(i)...)
		if err != nil {
			return err
		}
	}
	return tx.Commit()
}
