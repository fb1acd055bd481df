//go:build unix

package store_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"countersign"
	"countersign/internal/store"
	"countersign/internal/store/storetest"
)

// fullDiskVariable makes this test binary play the process whose disk is full.
const fullDiskVariable = "STORE_FULL_DISK"

// The kernel lets no file of the child grow past a limit, so that SQLite's own
// writes fail, at COMMIT too. Whoever was told "done" must be found afterwards
// and nobody else, and once there is room again the same process goes on.
func TestAFullDiskLosesNothingThatWasAnswered(t *testing.T) {
	if file := os.Getenv(fullDiskVariable); file != "" {
		fullDisk(t, file)
		return
	}
	file := filepath.Join(t.TempDir(), "countersign.db")
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.run=^TestAFullDiskLosesNothingThatWasAnswered$") // #nosec G204 -- this test binary itself
	child.Env = append(os.Environ(), fullDiskVariable+"="+file)
	out, err := child.CombinedOutput()
	if err != nil {
		t.Fatalf("the child: %v\n%s", err, out)
	}
	var done, refused, after int
	at := strings.Index(string(out), "answered ")
	if at < 0 {
		t.Fatalf("the child says nothing:\n%s", out)
	}
	_, err = fmt.Sscanf(string(out)[at:], "answered %d refused %d after %d", &done, &refused, &after)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s := storetest.Open(t, file)
	rows, counted := count(t, s, "messages"), tries(t, s, "usr_1")
	if rows != done+after || counted != int64(done+after) || refused == 0 || done == 0 || after == 0 {
		t.Errorf("answered %d, refused %d, and %d when there was room again; found %d messages and %d counted codes", done, refused, after, rows, counted)
	}
}

// fullDisk writes until the disk is full, beyond, and again with room.
func fullDisk(t *testing.T, file string) {
	signal.Ignore(syscall.SIGXFSZ) // the write then fails as on a full disk
	s := storetest.Open(t, file)
	attempt := func(writers, each int) (int, int) {
		var done, refused atomic.Int64
		var wg sync.WaitGroup
		for range writers {
			wg.Go(func() {
				for range each {
					err := s.Write(context.Background(), func(tx *store.Tx) error {
						_, err := wrongCode(tx, "usr_1")
						if err != nil {
							return err
						}
						return tx.InsertMessage(tx.Ctx, message(make([]byte, 3_000)))
					})
					switch {
					case err == nil:
						done.Add(1)
					case countersign.KindOf(err) == countersign.Unavailable:
						refused.Add(1)
					default:
						t.Errorf("on a full disk: %v; want unavailable", err)
					}
				}
			})
		}
		wg.Wait()
		return int(done.Load()), int(refused.Load())
	}
	var limit syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit)
	if err != nil {
		t.Fatal(err)
	}
	full := limit
	full.Cur = 1 << 20
	err = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &full)
	if err != nil {
		t.Fatal(err)
	}
	done, refused := attempt(16, 30)
	err = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit)
	if err != nil {
		t.Fatal(err)
	}
	after, again := attempt(16, 2)
	if again != 0 {
		t.Errorf("%d writes were refused though there was room again", again)
	}
	_, _ = fmt.Fprintf(os.Stdout, "answered %d refused %d after %d\n", done, refused, after)
}
