package store_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"countersign"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/store/storetest"
)

func spend(tx *store.Tx, row string) error {
	_, err := tx.SpendRate(tx.Ctx, rows.SpendRateParams{WorkspaceID: workspace, Subject: row, Now: tx.NowMilli(), Interval: 1, Burst: 1 << 40})
	return err
}

// Many want a row that somebody else has. They leave the connections to the rest,
// and each gets its turn.
func TestWhoWantsOneRowLeavesTheConnectionsToOthers(t *testing.T) {
	s := storetest.Open(t, storetest.Migrated(t))
	const many = 100
	held, release := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		write(t, s, func(tx *store.Tx) error {
			err := spend(tx, "wanted")
			close(held)
			<-release
			return err
		})
	})
	<-held
	var came, served atomic.Int64
	for range many {
		all.Go(func() {
			came.Add(1)
			err := s.WriteInTurn(context.Background(), "wanted", func(tx *store.Tx) error { return spend(tx, "wanted") })
			if err != nil {
				t.Error(err)
			}
			served.Add(1)
		})
	}
	for came.Load() < many {
		time.Sleep(time.Millisecond)
	}
	for range 20 {
		write(t, s, func(tx *store.Tx) error { return spend(tx, "another") })
	}
	if used := s.DB().Stats(); used.InUse > 3 || used.WaitCount > 0 || served.Load() > 0 {
		t.Errorf("%d connections are in use while %d want one row, and %d had to wait for one", used.InUse, many, used.WaitCount)
	}
	close(release)
	all.Wait()
}

// The line has an end; whoever finds none of its places is asked to come back.
func TestALineForARowHasAnEnd(t *testing.T) {
	s := storetest.Open(t, storetest.Migrated(t))
	release := make(chan struct{})
	var all sync.WaitGroup
	var turned, refused atomic.Int64
	for range 2 + 1024 + 10 {
		all.Go(func() {
			err := s.WriteInTurn(context.Background(), "wanted", func(*store.Tx) error { <-release; return nil })
			switch {
			case err == nil:
				turned.Add(1)
			case countersign.KindOf(err) == countersign.Unavailable:
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	for refused.Load() < 10 {
		time.Sleep(time.Millisecond)
	}
	close(release)
	all.Wait()
	if n := s.InLine(); n != 0 {
		t.Errorf("the lines of %d rows are kept though nobody is there", n)
	}
	if turned.Load() != 2+1024 || refused.Load() != 10 {
		t.Errorf("%d had their turn and %d were sent away", turned.Load(), refused.Load())
	}
}
