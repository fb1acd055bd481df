package store_test

import (
	"path/filepath"
	"testing"

	"countersign/internal/store"
	"countersign/internal/store/storetest"
)

// The version changes with each commit of anybody, and with nothing else.
func TestTheVersionChangesWithEachCommit(t *testing.T) {
	file := filepath.Join(t.TempDir(), "countersign.db")
	s, beside := storetest.Open(t, file), storetest.Open(t, file)
	version := func() int64 {
		t.Helper()
		v, known := s.Version()
		if !known {
			t.Fatal("SQLite does not know its version")
		}
		return v
	}
	seen := map[int64]bool{version(): true}
	for n, writer := range []*store.Store{s, beside, s, s, beside} {
		addUser(t, writer, string(rune('a'+n))+"@example.org")
		v := version()
		if seen[v] {
			t.Errorf("after commit %d the version is %d again", n+1, v)
		}
		seen[v] = true
		_, err := s.Read().GetWorkspace(t.Context(), workspace)
		if err != nil {
			t.Fatal(err)
		}
		if again := version(); again != v {
			t.Errorf("without a commit the version turns from %d to %d", v, again)
		}
	}
}

func TestNobodyKnowsTheVersionOfPostgreSQL(t *testing.T) {
	s := storetest.Open(t, storetest.Postgres(t))
	if v, known := s.Version(); known {
		t.Errorf("it is said to be %d", v)
	}
}
