package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"countersign/internal/store"
	"countersign/internal/store/storetest"
)

// writers shares b.N writes among n goroutines and reports writes per second.
func writers(b *testing.B, n int, write func(i int) error) {
	b.Helper()
	next := make(chan int)
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for i := range next {
				err := write(i)
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	b.ResetTimer()
	for i := range b.N {
		next <- i
	}
	close(next)
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
}

// Each write is on the disk when it returns. "grouped" is the store; "single" is
// the same statement on SQLite with one connection and a commit for each.
func BenchmarkDurableWrites(b *testing.B) {
	for _, n := range []int{1, 32} {
		b.Run(fmt.Sprintf("sqlite grouped/%d writers", n), func(b *testing.B) { stored(b, storetest.Open(b, ""), n) })
		b.Run(fmt.Sprintf("sqlite single/%d writers", n), func(b *testing.B) {
			file := filepath.Join(b.TempDir(), "countersign.db")
			storetest.Open(b, file)
			db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(10000)&_pragma=synchronous(FULL)&_txlock=immediate")
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			db.SetMaxOpenConns(1)
			insert, err := db.PrepareContext(b.Context(), `INSERT INTO guesses VALUES ('wsp_default', $1, 'totp', 'known', 1, 1000, 0)`)
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = insert.Close() }()
			writers(b, n, func(i int) error {
				_, err := insert.ExecContext(context.Background(), fmt.Sprint("usr_", i))
				return err
			})
		})
		b.Run(fmt.Sprintf("postgres/%d writers", n), func(b *testing.B) { stored(b, storetest.Open(b, storetest.Migrated(b)), n) })
	}
}

func stored(b *testing.B, s *store.Store, n int) {
	writers(b, n, func(i int) error {
		return s.Write(context.Background(), func(tx *store.Tx) error {
			_, err := wrongCode(tx, fmt.Sprint("usr_", i))
			return err
		})
	})
}
