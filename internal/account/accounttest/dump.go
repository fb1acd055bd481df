package accounttest

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"
	"testing"

	"countersign/internal/store"
)

// Dump returns everything that the database holds, as bytes to search in: the
// files of SQLite as they lie there, or the text of every row of PostgreSQL.
func (e *Engine) Dump(tb testing.TB) string {
	tb.Helper()
	var out strings.Builder
	if !store.IsPostgres(e.database) {
		for _, suffix := range []string{"", "-wal"} {
			text, err := os.ReadFile(e.database + suffix) //nolint:gosec // the test's own file
			must(tb, err)
			out.Write(text)
		}
		return out.String()
	}
	db, err := sql.Open("pgx", e.database)
	must(tb, err)
	defer func() { must(tb, db.Close()) }()
	tables := column(tb, db, `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'`)
	for _, table := range tables {
		// A bytea reads as hex; convert_from would refuse what is no text.
		for _, line := range column(tb, db, fmt.Sprintf(`SELECT t::text FROM %q t`, table)) {
			out.WriteString(line + "\n")
		}
	}
	return out.String()
}

func column(tb testing.TB, db *sql.DB, query string) []string {
	tb.Helper()
	found, err := db.QueryContext(context.Background(), query)
	must(tb, err)
	defer func() { must(tb, found.Close()) }()
	var out []string
	for found.Next() {
		var line string
		must(tb, found.Scan(&line))
		out = append(out, line)
	}
	must(tb, found.Err())
	return out
}

// Exec runs statements past the store.
func (e *Engine) Exec(tb testing.TB, statements string) {
	tb.Helper()
	driver := "sqlite"
	if store.IsPostgres(e.database) {
		driver = "pgx"
	}
	db, err := sql.Open(driver, e.database)
	must(tb, err)
	defer func() { must(tb, db.Close()) }()
	_, err = db.ExecContext(context.Background(), statements)
	must(tb, err)
}
