package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"countersign/internal/store"
	"countersign/internal/store/storetest"
)

// The journal ends up in the data file beside the writer, without a close.
func TestTheJournalIsFoldedBesideTheWriter(t *testing.T) {
	file := filepath.Join(t.TempDir(), "countersign.db")
	s := storetest.Open(t, file)
	before := size(t, file)
	for n := 0; size(t, file) == before; n++ {
		err := s.Write(context.Background(), func(tx *store.Tx) error {
			_, err := wrongCode(tx, fmt.Sprint("usr_", n))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if n > 20_000 {
			t.Fatal("20,000 transactions are all in the journal still")
		}
		if n%500 == 499 {
			time.Sleep(10 * time.Millisecond) // the fold is beside us
		}
	}
}

func size(t *testing.T, file string) int64 {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
