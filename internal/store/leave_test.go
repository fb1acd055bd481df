package store_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"countersign/internal/store"
	"countersign/internal/store/storetest"
)

// Whoever goes away while the writer is busy with others has been queued, and is
// committed with its group: a wrong code that was sent and hung up upon counts,
// and nobody else's is lost with it. Members that fail are among them.
func TestWhoLeavesTheQueueIsCommittedWithTheOthers(t *testing.T) {
	s := storetest.Open(t, "")
	release := holdWriter(t, s)
	var wg sync.WaitGroup
	no := errors.New("no")
	const members = 30
	errs := make([]error, members)
	var leave []context.CancelFunc
	for i := range members {
		ctx, cancel := context.WithCancel(t.Context())
		leave = append(leave, cancel)
		wg.Go(func() {
			errs[i] = s.Write(ctx, func(tx *store.Tx) error {
				_, err := wrongCode(tx, fmt.Sprint("usr_", i))
				if i%5 == 4 {
					return no
				}
				return err
			})
		})
		for s.Queued() != i+1 {
			runtime.Gosched()
		}
	}
	for i, cancel := range leave {
		defer cancel()
		if i%2 == 0 {
			cancel()
		}
	}
	release()
	wg.Wait()
	for i, err := range errs {
		want := int64(1)
		if i%5 == 4 {
			want = 0
		}
		if got := tries(t, s, fmt.Sprint("usr_", i)); got != want || (want == 1) != (err == nil) || (want == 0) != errors.Is(err, no) {
			t.Errorf("member %d: answered %v and left %d tries; want %d", i, err, got, want)
		}
	}
}
