package store_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/store/storetest"
)

// wrongCode counts a wrong answer, the act that must never be lost.
func wrongCode(tx *store.Tx, subject string) (int64, error) {
	return tx.TakeTry(tx.Ctx, rows.TakeTryParams{
		WorkspaceID: workspace, Subject: subject, Sort: "totp", Counter: "known", Now: 1_000, Most: 1_000_000,
	})
}

func tries(t testing.TB, s *store.Store, subject string) int64 {
	t.Helper()
	g, err := s.Read().GetGuesses(context.Background(), rows.GetGuessesParams{WorkspaceID: workspace, Subject: subject, Sort: "totp", Counter: "known"})
	if store.NotFound(err) {
		return 0
	}
	if err != nil {
		t.Fatalf("read the tries of %s: %v", subject, err)
	}
	return g.Tries
}

// grouped runs the acts as members of one group, in their order, and returns
// their errors. A first write holds the writer until all of them wait.
func grouped(t *testing.T, s *store.Store, acts ...func(tx *store.Tx) error) []error {
	t.Helper()
	release := holdWriter(t, s)
	var wg sync.WaitGroup
	errs := make([]error, len(acts))
	for i, act := range acts {
		wg.Go(func() { errs[i] = s.Write(context.Background(), act) })
		for s.Queued() != i+1 {
			runtime.Gosched()
		}
	}
	release()
	wg.Wait()
	return errs
}

// holdWriter keeps the writer busy with one transaction until the function it returns
// is called, which waits for its end.
func holdWriter(t *testing.T, s *store.Store) func() {
	t.Helper()
	held, release := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		once := sync.OnceFunc(func() { close(held) })
		err := s.Write(context.Background(), func(*store.Tx) error {
			once()
			<-release
			return nil
		})
		if err != nil {
			t.Errorf("the write that holds the writer: %v", err)
		}
	})
	<-held
	return func() {
		close(release)
		wg.Wait()
	}
}

func TestMembersCommitTogether(t *testing.T) {
	s := storetest.Open(t, "")
	var mu sync.Mutex
	seen := map[int64]int{}
	var acts []func(tx *store.Tx) error
	for i := range 50 {
		acts = append(acts, func(tx *store.Tx) error {
			_, err := wrongCode(tx, fmt.Sprint("usr_", i))
			if err != nil {
				return err
			}
			// What another connection sees grows only when a commit returns.
			mu.Lock()
			defer mu.Unlock()
			seen[int64(count(t, s, "guesses"))]++
			return nil
		})
	}
	for i, err := range grouped(t, s, acts...) {
		if err != nil {
			t.Errorf("member %d: %v", i, err)
		}
	}
	if len(seen) != 1 || seen[0] != 50 {
		t.Errorf("members saw so many committed rows: %v; want none, fifty times", seen)
	}
	if n := count(t, s, "guesses"); n != 50 {
		t.Errorf("%d rows were committed; want 50", n)
	}
}

func TestNobodyIsAnsweredBeforeTheCommit(t *testing.T) {
	s := storetest.Open(t, "")
	var after []int
	member := func(tx *store.Tx) error {
		tx.After(func() { after = append(after, count(t, s, "guesses")) })
		_, err := wrongCode(tx, "usr_after")
		return err
	}
	errs := grouped(t, s, member, func(tx *store.Tx) error {
		tx.After(func() { t.Error("a member that was rolled back had its After run") })
		return errors.New("no")
	})
	if errs[0] != nil || errs[1] == nil || len(after) != 1 || after[0] != 1 {
		t.Errorf("errors %v, rows seen after the commit %v; want one", errs, after)
	}
}

func TestAMemberThatFailsRollsBackAlone(t *testing.T) {
	s := storetest.Open(t, "")
	refused := countersign.Refuse(countersign.Conflict, "test")
	runs := make([]int, 5)
	member := func(i int, then func(tx *store.Tx) error) func(tx *store.Tx) error {
		return func(tx *store.Tx) error {
			runs[i]++
			_, err := wrongCode(tx, fmt.Sprint("usr_", i))
			if err != nil {
				return err
			}
			return then(tx)
		}
	}
	fine := func(*store.Tx) error { return nil }
	errs := grouped(t, s,
		member(0, fine),
		member(1, func(*store.Tx) error { return refused }),
		member(2, func(tx *store.Tx) error {
			return tx.InsertCredential(tx.Ctx, credential("usr_nobody", "totp", "", "active"))
		}),
		member(3, func(*store.Tx) error { panic("a broken member") }),
		member(4, fine),
	)
	if errs[0] != nil || errs[4] != nil || !errors.Is(errs[1], refused) || errs[2] == nil {
		t.Errorf("errors: %v", errs)
	}
	if errs[3] == nil || !strings.Contains(errs[3].Error(), "a broken member") || countersign.KindOf(errs[3]) != countersign.Internal {
		t.Errorf("the panic came back as %v; want a fault that names it", errs[3])
	}
	for i, want := range []int64{1, 0, 0, 0, 1} {
		// The group ran up to the first that failed, and then again in savepoints.
		if got := tries(t, s, fmt.Sprint("usr_", i)); got != want || runs[i] < 1 || runs[i] > 2 {
			t.Errorf("member %d ran %d times and left %d; want once or twice and %d", i, runs[i], got, want)
		}
	}
}

// A statement that SQLite interrupts, or that finds the database full, takes the
// whole transaction with it. None of these may cost anybody a counted wrong code.
func TestALostTransactionLosesNobody(t *testing.T) {
	for _, row := range []struct {
		name  string
		spoil func(s *store.Store) error
		mend  func(s *store.Store) error
	}{
		{"an interrupted statement", func(s *store.Store) error {
			ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
			defer cancel()
			return s.Writer(ctx, `INSERT INTO installation (name, value)
				WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT 'n' || i, x'00' FROM n`)
		}, nil},
		{"a full database", func(s *store.Store) error {
			err := s.Writer(context.Background(), `PRAGMA max_page_count = 1`) // SQLite takes the present size
			if err != nil {
				return err
			}
			return s.Writer(context.Background(), `INSERT INTO installation (name, value) VALUES ('big', zeroblob(1000000))`)
		}, func(s *store.Store) error {
			return s.Writer(context.Background(), `PRAGMA max_page_count = 1073741823`)
		}},
		{"a connection that breaks", func(s *store.Store) error {
			return errors.Join(s.Writer(context.Background(), `ROLLBACK`), s.BreakWriter(), driver.ErrBadConn)
		}, nil},
		{"a member that hides the failure", func(s *store.Store) error {
			return s.Writer(context.Background(), `ROLLBACK`)
		}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := storetest.Open(t, "")
			runs := make([]int, 5)
			counts := func(i int) func(tx *store.Tx) error {
				return func(tx *store.Tx) error {
					runs[i]++
					_, err := wrongCode(tx, fmt.Sprint("usr_", i))
					return err
				}
			}
			errs := grouped(t, s, counts(0), counts(1), func(tx *store.Tx) error {
				runs[2]++
				_, err := wrongCode(tx, "usr_2")
				if err != nil {
					return err
				}
				err = row.spoil(s)
				if row.mend != nil {
					err = errors.Join(err, row.mend(s))
				}
				return err
			}, counts(3), counts(4))
			for i := range errs {
				want := int64(1)
				if i == 2 {
					want = 0
				}
				if got := tries(t, s, fmt.Sprint("usr_", i)); got != want || (errs[i] == nil) != (want == 1) {
					t.Errorf("member %d: answered %v and left %d tries; want %d", i, errs[i], got, want)
				}
			}
			if kind := countersign.KindOf(errs[2]); kind != countersign.Unavailable {
				t.Errorf("the broken member was answered with kind %v (%v); want unavailable", kind, errs[2])
			}
			if runs[0] != 2 || runs[2] != 2 {
				t.Errorf("runs of each member: %v; want that the first and the broken one ran twice", runs)
			}
			if n := count(t, s, "installation"); n != 0 {
				t.Errorf("the broken member left %d rows", n)
			}
		})
	}
}

func TestWriteAfterCloseIsRefused(t *testing.T) {
	s, err := store.Open(t.Context(), store.Options{Database: filepath.Join(t.TempDir(), "c.db"), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var committed int
	for i := range 40 {
		wg.Go(func() {
			err := s.Write(context.Background(), func(tx *store.Tx) error {
				_, err := wrongCode(tx, fmt.Sprint("usr_", i))
				return err
			})
			if err == nil {
				mu.Lock()
				committed++
				mu.Unlock()
			} else if countersign.KindOf(err) != countersign.Unavailable {
				t.Errorf("a write while closing: %v; want unavailable", err)
			}
		})
	}
	err = s.Close()
	if err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	err = s.Write(context.Background(), func(*store.Tx) error { return nil })
	if countersign.KindOf(err) != countersign.Unavailable {
		t.Errorf("a write after the end: %v; want unavailable", err)
	}
	err = s.Close()
	if err != nil {
		t.Errorf("closing again: %v", err)
	}
}

func TestAClosedDataFileIsWhole(t *testing.T) {
	file := filepath.Join(t.TempDir(), "countersign.db")
	s, err := store.Open(t.Context(), store.Options{Database: file, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	ada := addUser(t, s, "ada@example.org")
	_, err = s.Read().GetUser(t.Context(), workspace, ada)
	if err != nil {
		t.Fatal(err)
	}
	wantMode(t, file, file+"-wal", file+"-shm")
	err = s.Close()
	if err != nil {
		t.Fatal(err)
	}
	wantPrivate(t, file) // no journal beside it that a copy would miss
}

// wantMode checks that files are for their owner only.
func wantMode(t *testing.T, files ...string) {
	t.Helper()
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v; want 0600", file, info, err)
		}
	}
}

func TestWhoHasLeftStillLearnsTheOutcome(t *testing.T) {
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		ctx, cancel := context.WithCancel(t.Context())
		err := s.Write(ctx, func(tx *store.Tx) error {
			cancel() // the browser goes away while its write is under way
			_, err := wrongCode(tx, "usr_1")
			return err
		})
		if err != nil || tries(t, s, "usr_1") != 1 {
			t.Errorf("answered %v with %d tries; want that it was committed", err, tries(t, s, "usr_1"))
		}
		err = s.Write(ctx, func(*store.Tx) error {
			t.Error("a write whose caller had gone was begun")
			return nil
		})
		if countersign.KindOf(err) != countersign.Unavailable {
			t.Errorf("a write after the caller had gone: %v; want unavailable", err)
		}
	})
}

func TestAnotherProcessMayHoldTheLockForASecond(t *testing.T) {
	file := filepath.Join(t.TempDir(), "countersign.db")
	s := storetest.Open(t, file)
	other, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	conn := lock(t, other)
	released := time.AfterFunc(time.Second, func() { _, _ = conn.ExecContext(context.Background(), "ROLLBACK") })
	defer released.Stop()
	won := race(t, s, 40, func(tx *store.Tx, _ int) (bool, error) {
		_, err := wrongCode(tx, "usr_1")
		return true, err
	})
	if won != 40 || tries(t, s, "usr_1") != 40 {
		t.Errorf("%d writes returned and %d tries were counted; want 40", won, tries(t, s, "usr_1"))
	}
}

// lock takes the database's one write lock, as another process would.
func lock(t *testing.T, db *sql.DB) *sql.Conn {
	t.Helper()
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_, err = conn.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestALockThatIsHeldTooLongIsWaitedForOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "countersign.db")
	s := storetest.Open(t, file)
	var acts []func(tx *store.Tx) error
	for range 20 {
		acts = append(acts, func(*store.Tx) error { return nil })
	}
	other, err := sql.Open("sqlite", "file:"+file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	// A short patience instead of ten seconds; the lock is held for good.
	write(t, s, func(*store.Tx) error { return s.Writer(context.Background(), "PRAGMA busy_timeout = 500") })
	conn := lock(t, other)
	began := time.Now()
	errs := make([]error, len(acts))
	var wg sync.WaitGroup
	for i, act := range acts {
		wg.Go(func() { errs[i] = s.Write(context.Background(), act) })
	}
	wg.Wait()
	for i, err := range errs {
		if countersign.KindOf(err) != countersign.Unavailable {
			t.Errorf("write %d: %v; want unavailable", i, err)
		}
	}
	if took := time.Since(began); took > 6*time.Second {
		t.Errorf("twenty writes waited %v for a lock with a patience of 0.5 s", took)
	}
	_, err = conn.ExecContext(t.Context(), "ROLLBACK")
	if err != nil {
		t.Fatal(err)
	}
	write(t, s, acts[0])
}

// t.FailNow inside an act ends the goroutine that runs it. On SQLite that is the
// writer of all.
func TestTheWriterOutlivesAGoroutineThatEnds(t *testing.T) {
	s := storetest.Open(t, "")
	errs := grouped(t, s,
		func(tx *store.Tx) error { _, err := wrongCode(tx, "usr_1"); return err },
		func(*store.Tx) error { runtime.Goexit(); return nil },
	)
	if errs[1] == nil {
		t.Errorf("errors: %v; want one for the member that ended", errs)
	}
	write(t, s, func(tx *store.Tx) error { _, err := wrongCode(tx, "usr_2"); return err })
	if n := tries(t, s, "usr_2"); n != 1 {
		t.Errorf("afterwards %d tries were counted; want one", n)
	}
}
