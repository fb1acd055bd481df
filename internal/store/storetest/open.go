package storetest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"countersign/internal/store"
)

// Open opens a database for a test and closes it when tb ends. An empty name is
// a new SQLite file in a temporary folder; anything else is what
// [store.Options] takes: a file's path, or a URL from [Postgres].
func Open(tb testing.TB, database string) *store.Store {
	tb.Helper()
	if database == "" {
		database = File(tb)
	}
	s, err := store.Open(context.Background(), store.Options{Database: database, Now: time.Now})
	if err != nil {
		tb.Fatalf("open the test's database: %v", err)
	}
	tb.Cleanup(func() {
		err := s.Close()
		if err != nil {
			tb.Errorf("close the test's database: %v", err)
		}
	})
	return s
}

// File is a new SQLite file of tb with the newest schema in it. It is a copy of one that
// each process makes once: a test waits for no dozen of migrations.
func File(tb testing.TB) string {
	tb.Helper()
	content, err := migratedFile()
	if err != nil {
		tb.Fatalf("make a database to copy: %v", err)
	}
	file := filepath.Join(tb.TempDir(), "countersign.db")
	err = os.WriteFile(file, content, 0o600)
	if err != nil {
		tb.Fatalf("copy the database: %v", err)
	}
	return file
}

// migratedFile is the content of a new installation's file.
var migratedFile = sync.OnceValues(func() ([]byte, error) {
	folder, err := os.MkdirTemp("", "countersign")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	file := filepath.Join(folder, "countersign.db")
	s, err := store.Open(context.Background(), store.Options{Database: file, Now: time.Now})
	if err != nil {
		return nil, err
	}
	err = s.Close()
	if err != nil {
		return nil, err
	}
	return os.ReadFile(file) // #nosec G304 -- our own, of a moment ago
})

// Migrated is [Postgres] with the newest schema in it, which is quicker than
// migrating each time.
func Migrated(tb testing.TB) string {
	tb.Helper()
	return PostgresFrom(tb, "migrated", func(url string) error {
		s, err := store.Open(context.Background(), store.Options{Database: url, Now: time.Now})
		if err != nil {
			return err
		}
		return s.Close()
	})
}

// Both runs the test twice, as "sqlite" and as "postgres", each time with a new
// database that holds the schema and its two default rows.
func Both(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, Open(t, "")) })
	t.Run("postgres", func(t *testing.T) { test(t, Open(t, Migrated(t))) })
}
