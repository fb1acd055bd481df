package attack_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"countersign/e2e/site"
)

// books is the database of an installation, read past the store: what is written
// about a person, all of it.
type books struct{ db *sql.DB }

func openBooks(t *testing.T, s *site.Site) *books {
	t.Helper()
	driver, address := "sqlite", "file:"+filepath.Join(s.Data, "countersign.db")+"?mode=ro&_pragma=busy_timeout(10000)"
	if s.Database == site.Postgres {
		driver, address = "pgx", s.DSN
	}
	db, err := sql.Open(driver, address)
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	return &books{db}
}

// about is every row of a person, but for when they were seen last and how far a
// mail to them has come.
func (b *books) about(t *testing.T, who *site.Person) []string {
	t.Helper()
	lines := make([]string, 0, 20)
	for table, query := range map[string]string{
		"users":        "SELECT * FROM users WHERE id = $1",
		"credentials":  "SELECT * FROM credentials WHERE user_id = $1",
		"spent proofs": "SELECT * FROM spent_proofs WHERE credential_id IN (SELECT id FROM credentials WHERE user_id = $1)",
		"browsers":     "SELECT id, token_hash, known_since, trusted_at, trusted_until, trust_asked_at, reminded_at FROM browsers WHERE user_id = $1",
		"sessions": "SELECT id, token_hash, browser_id, entry, first, first_at, second, second_at, mailed_at, known_since, created_at, expires_at" +
			" FROM sessions WHERE user_id = $1",
		"attempts": "SELECT id, browser_hash, state, first, second, effect FROM attempts WHERE user_id = $1",
		"links":    "SELECT * FROM links WHERE user_id = $1",
		"codes":    "SELECT * FROM mailed_codes WHERE user_id = $1",
		"mails":    "SELECT id, kind, recipient FROM messages WHERE user_id = $1",
		"texts":    "SELECT id, credential_id, holder, tries, spent_at, expires_at FROM texts WHERE user_id = $1",
		"pairings": "SELECT * FROM pairings WHERE user_id = $1",
		"requests": "SELECT * FROM requests WHERE user_id = $1",
		"devices": "SELECT id, credential_id, name, state, version, device_key, verify_key, biometrics, notifications, subscription, delivery, code_given" +
			" FROM devices WHERE user_id = $1",
	} {
		lines = append(lines, b.lines(t, table, query, string(who.ID))...)
	}
	slices.Sort(lines)
	return lines
}

func (b *books) lines(t *testing.T, table, query, id string) []string {
	t.Helper()
	found, err := b.db.QueryContext(t.Context(), query, id)
	must(t, err)
	defer func() { must(t, found.Close()) }()
	columns, err := found.Columns()
	must(t, err)
	var lines []string
	for found.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		must(t, found.Scan(into...))
		var line strings.Builder
		line.WriteString(table)
		for i, column := range columns {
			if bytes, ok := values[i].([]byte); ok {
				values[i] = fmt.Sprintf("%x", bytes)
			}
			fmt.Fprintf(&line, " %s=%v", column, values[i])
		}
		lines = append(lines, line.String())
	}
	must(t, found.Err())
	return lines
}

// altered are the lines that only one of the two has.
func altered(before, after []string) string {
	var out []string
	for _, line := range before {
		if !slices.Contains(after, line) {
			out = append(out, "- "+line)
		}
	}
	for _, line := range after {
		if !slices.Contains(before, line) {
			out = append(out, "+ "+line)
		}
	}
	return strings.Join(out, "\n")
}
