package accounttest

import (
	"database/sql"
	"strings"
	"sync"
	"testing"

	"countersign/internal/store/storetest"
)

// shared is the PostgreSQL database of this test process. Making a database
// takes longer than most tests, so it is emptied for each test instead; tests of
// one package run one after the other.
var shared struct {
	mu  sync.Mutex
	url string
}

// lasting is a test that never ends: what it opens lasts as long as the process.
type lasting struct{ testing.TB }

// Cleanup does nothing; the server and its databases go with the process.
func (lasting) Cleanup(func()) {}

// postgres returns the shared database, as new.
func postgres(tb testing.TB) string {
	tb.Helper()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.url == "" {
		shared.url = storetest.Migrated(lasting{tb})
		return shared.url
	}
	db, err := sql.Open("pgx", shared.url)
	must(tb, err)
	defer func() { must(tb, db.Close()) }()
	// What references users goes with them; the two default rows stay.
	tables := column(tb, db, `SELECT table_name FROM information_schema.tables
		WHERE table_schema = 'public' AND table_name NOT IN ('goose_db_version', 'workspaces', 'pools')`)
	statements := `UPDATE workspaces SET name = 'Countersign', language = '', accent = '', sender = '', logo = '', settings = '{}', settings_version = 1; UPDATE pools SET settings = '{}', name = 'Everybody';`
	for _, table := range tables {
		statements += ` DELETE FROM "` + strings.ReplaceAll(table, `"`, `""`) + `";` //nolint:gosec // G202: a table's own name, quoted
	}
	statements += ` DELETE FROM pools WHERE id <> 'pool_default' OR workspace_id <> 'wsp_default'; DELETE FROM workspaces WHERE id <> 'wsp_default';`
	_, err = db.ExecContext(tb.Context(), statements)
	must(tb, err)
	return shared.url
}
