package store_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"countersign/internal/store"
)

// Settings from before the audit log had a least time are read, and say that time.
func TestTooShortRetentionsAreRaised(t *testing.T) {
	file, err := os.ReadFile("migrations/00017_retention.sql")
	if err != nil {
		t.Fatal(err)
	}
	up, _, _ := strings.Cut(string(file), "-- +goose Down")
	for kind, open := range databases {
		t.Run(kind, func(t *testing.T) {
			database := open(t)
			s, err := store.Open(t.Context(), store.Options{Database: database, Now: time.Now})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			db := raw(t, database)
			for was, want := range map[string]string{
				`{"audit.retention_days":1}`:                  `{"audit.retention_days":30}`,
				`{"audit.retention_days":29,"totp.max":2}`:    `{"audit.retention_days":30,"totp.max":2}`,
				`{"a":"b","audit.retention_days":7,"x":"29"}`: `{"a":"b","audit.retention_days":30,"x":"29"}`,
				`{"audit.retention_days":30}`:                 `{"audit.retention_days":30}`,
				`{"audit.retention_days":100}`:                `{"audit.retention_days":100}`,
				`{"totp.max":2}`:                              `{"totp.max":2}`,
				`{}`:                                          `{}`,
			} {
				for _, statement := range []string{"UPDATE workspaces SET settings = '" + was + "'", up} {
					_, err := db.ExecContext(t.Context(), statement)
					if err != nil {
						t.Fatal(err)
					}
				}
				if is := lines(t, db, "SELECT settings FROM workspaces"); is[0] != want {
					t.Errorf("%s becomes %s, want %s", was, is[0], want)
				}
			}
		})
	}
}
