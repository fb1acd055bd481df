package store_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"countersign"
	"countersign/internal/store"
	"countersign/internal/store/storetest"
)

// patience is for what has to come at once, on a slow machine too.
const patience = 20 * time.Second

// A disk that says nothing holds as many as there are connections; whoever comes
// then is sent away at the end of its time, and does not pile up behind them.
func TestWhoReadsBehindASilentDiskIsSentAway(t *testing.T) {
	s := storetest.Open(t, filepath.Join(t.TempDir(), "countersign.db"))
	for s.DB().Stats().InUse < s.DB().Stats().MaxOpenConnections {
		conn, err := s.DB().Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	told := make(chan error, 1)
	go func() {
		_, err := s.Read().GetWorkspace(s.Brief(ctx), workspace)
		told <- store.Classify(err)
	}()
	select {
	case err := <-told:
		if countersign.KindOf(err) != countersign.Unavailable {
			t.Errorf("told %v; want unavailable", err)
		}
	case <-time.After(patience):
		t.Error("a reader waits for ever")
	}
}

// The same of those who ask whether anything was committed.
func TestWhoAsksBehindASilentDiskIsSentAway(t *testing.T) {
	const more = 100
	s := storetest.Open(t, filepath.Join(t.TempDir(), "countersign.db"))
	speak := s.Silence()
	told := make(chan bool, store.MostAsking+more)
	for range store.MostAsking + more {
		go func() {
			_, known := s.Version()
			told <- known
		}()
	}
	heard := func(n int, want bool) {
		t.Helper()
		late := time.After(patience)
		for i := range n {
			select {
			case known := <-told:
				if known != want {
					t.Errorf("the version is known: %v, want %v", known, want)
				}
			case <-late:
				t.Errorf("%d of %d are still waiting", n-i, n)
				return
			}
		}
	}
	heard(more, false)
	speak()
	heard(store.MostAsking, true)
}
