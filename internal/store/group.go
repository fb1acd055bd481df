package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"modernc.org/sqlite"

	"countersign/internal/store/rows"
)

// groupWriter is the one writer of SQLite. Transactions that wait while one
// commits go together in the next commit, so that one fsync serves many sign-ins.
//
// A member that fails must leave nothing. Most never do, and a savepoint for each
// copies every page that it shares with those before it; so a group runs without
// them, and when a member fails all is rolled back and the group runs again, each
// member in a savepoint of its own. The next groups do so from the start: whoever
// makes members fail on purpose costs nobody a second run.
//
// The trap: a write that is interrupted or finds the disk full rolls back the
// WHOLE transaction, and later members would then commit alone: counted wrong
// codes would vanish. SQLite tells when that happens; then nothing of the group is
// committed and every member runs again, one by one. Nobody is answered before
// COMMIT has returned.
type groupWriter struct {
	store   *Store
	db      *sql.DB
	conn    *sql.Conn
	queries *rows.Queries
	frame   map[string]*sql.Stmt // the statements around members, prepared
	jobs    chan *job
	done    chan struct{}
	folds   *checkpointer
	written int  // members since the journal was folded
	apart   int  // so many groups more run in savepoints
	lost    bool // the transaction was rolled back since it was last looked at

	mu     sync.RWMutex
	closed bool
}

// job is one caller's transaction and where its outcome goes.
type job struct {
	act  func(*Tx) error
	tx   *Tx
	err  error
	done chan struct{}
}

// maxGroup bounds a group, so that the first member is not kept waiting.
const maxGroup = 256

// apartFor is how many groups run in savepoints after one in which a member failed.
const apartFor = 100

const (
	// maxWait is how long a caller waits for a place in the queue.
	maxWait = 5 * time.Second
	// maxQueued is how many places it has.
	maxQueued = 1024
)

// The statements around members.
const (
	begin     = "BEGIN IMMEDIATE"
	savepoint = "SAVEPOINT member"
	release   = "RELEASE member"
	undo      = "ROLLBACK TO member"
	commit    = "COMMIT"
)

var (
	errClosed = errors.New("the database is closed")
	errEnded  = errors.New("a transaction of the group ended the goroutine that wrote")
)

func newGroupWriter(ctx context.Context, db *sql.DB, s *Store) (*groupWriter, error) {
	w := &groupWriter{store: s, db: db, jobs: make(chan *job, maxQueued), done: make(chan struct{})}
	err := w.connect(ctx)
	if err != nil {
		return nil, err
	}
	w.folds = newCheckpointer(s.db, s.log)
	go w.run()
	return w, nil
}

func (w *groupWriter) connect(ctx context.Context) error {
	conn, err := w.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("open the writing connection: %w", err)
	}
	queries, err := rows.Prepare(ctx, conn)
	if err != nil {
		_ = conn.Close()
		return fmt.Errorf("prepare the queries: %w", err)
	}
	frame := map[string]*sql.Stmt{}
	for _, statement := range []string{begin, savepoint, release, undo, commit} {
		frame[statement], err = conn.PrepareContext(ctx, statement) //nolint:sqlclosecheck // disconnect closes them
		if err != nil {
			_ = conn.Close()
			return fmt.Errorf("prepare %s: %w", statement, err)
		}
	}
	err = conn.Raw(func(driver any) error {
		hooks, ok := driver.(sqlite.HookRegisterer)
		if !ok {
			return fmt.Errorf("the driver %T tells no rollback", driver)
		}
		hooks.RegisterRollbackHook(func() { w.lost = true })
		return nil
	})
	if err != nil {
		_ = conn.Close()
		return fmt.Errorf("watch for rollbacks: %w", err)
	}
	w.conn, w.queries, w.frame = conn, queries, frame
	return nil
}

// disconnect closes the connection with its statements: database/sql leaves
// those of a Conn open, and SQLite keeps a connection alive that has any.
func (w *groupWriter) disconnect() error {
	err := w.queries.Close()
	for _, statement := range w.frame {
		err = errors.Join(err, statement.Close())
	}
	return errors.Join(err, w.conn.Close())
}

func (w *groupWriter) write(ctx context.Context, act func(*Tx) error) error {
	j := &job{act: act, done: make(chan struct{})}
	err := w.enqueue(ctx, j)
	if err != nil {
		return err
	}
	// Not ctx: what was queued will be committed, and the caller must know it.
	<-j.done
	if j.err == nil {
		j.tx.committed()
	}
	return j.err
}

func (w *groupWriter) enqueue(ctx context.Context, j *job) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return busy(errClosed)
	}
	// A caller that has gone before anything began need not be served.
	if ctx.Err() != nil {
		return busy(ctx.Err())
	}
	wait := time.NewTimer(maxWait)
	defer wait.Stop()
	select {
	case w.jobs <- j:
		return nil
	case <-ctx.Done():
		return busy(ctx.Err())
	case <-wait.C:
		return busy(errors.New("the writer's queue is full"))
	}
}

func (w *groupWriter) close() error {
	w.mu.Lock()
	already := w.closed
	w.closed = true
	w.mu.Unlock()
	if already {
		return nil
	}
	close(w.jobs)
	<-w.done
	w.folds.close()
	// The readers go first: the last connection to close folds the journal into
	// the data file, and one that may only read cannot.
	err := w.store.db.Close()
	if err != nil {
		return err
	}
	err = w.disconnect()
	if err != nil {
		return err
	}
	return w.db.Close()
}

func (w *groupWriter) run() {
	for first := range w.jobs {
		w.serve(w.gather(first))
	}
	close(w.done)
}

// serve runs a group and answers each of its members once its outcome is known.
func (w *groupWriter) serve(group []*job) {
	defer func() {
		// Left are only members of an act that ended this goroutine (t.FailNow
		// in a test does so). Everybody else must still find a writer.
		if len(group) > 0 {
			w.rollback()
			answer(group, errEnded)
			go w.run()
		}
	}()
	if len(group) > 1 {
		done, err := w.together(group)
		if done {
			answer(group, err)
			w.fold(len(group))
			group = nil
		}
	}
	for len(group) > 0 {
		// One that cannot begin means that nobody can: each would wait as long.
		err := w.begin()
		if err != nil {
			answer(group, err)
			group = nil
			return
		}
		group[0].err = w.alone(group[0])
		answer(group[:1], nil)
		w.fold(1)
		group = group[1:]
	}
}

// fold has the journal folded after so many members.
func (w *groupWriter) fold(members int) {
	w.written += members
	if w.written >= checkpointEvery {
		w.written = 0
		w.folds.ring()
	}
}

// answer tells members their outcome, or err where that befell them all.
func answer(group []*job, err error) {
	for _, j := range group {
		if err != nil {
			j.err = err
		}
		close(j.done)
	}
}

// gather takes what has queued up by now, and waits for nothing.
func (w *groupWriter) gather(first *job) []*job {
	group := []*job{first}
	for len(group) < maxGroup {
		select {
		case j, open := <-w.jobs:
			if !open {
				return group
			}
			group = append(group, j)
		default:
			return group
		}
	}
	return group
}

// begin waits for the lock that another process may hold, for as long as
// busy_timeout says.
func (w *groupWriter) begin() error {
	err := w.exec(begin)
	if err != nil && w.reconnect() {
		err = w.exec(begin)
	}
	if err != nil {
		return busy(fmt.Errorf("begin: %w", err))
	}
	return nil
}

// together runs the group in one transaction. It reports false, with nothing
// committed, when the members have to run again one by one, and an error when
// nobody can begin.
func (w *groupWriter) together(group []*job) (bool, error) {
	apart := w.apart > 0
	if apart {
		w.apart--
	}
	for {
		err := w.begin()
		if err != nil {
			return true, err
		}
		outcome := w.pass(group, apart)
		if outcome != failed {
			return outcome == committed, nil
		}
		apart, w.apart = true, apartFor
	}
}

// outcome is how the run of a group ended.
type outcome int

const (
	committed outcome = iota
	failed            // a member did, and what it wrote could not be told apart
	broken            // the transaction is lost
)

// pass runs each member in the transaction that was begun, apart in savepoints or
// not, and commits. Unless it committed, nothing is left.
func (w *groupWriter) pass(group []*job, apart bool) outcome {
	w.lost = false
	for _, j := range group {
		end := w.one(j, apart)
		if end != committed {
			w.rollback()
			return end
		}
	}
	if w.exec(commit) != nil {
		w.rollback()
		return broken
	}
	return committed
}

// one runs a member of a group; committed means that the group may go on.
func (w *groupWriter) one(j *job, apart bool) outcome {
	if apart && w.exec(savepoint) != nil {
		return broken
	}
	w.member(j)
	switch {
	case w.lost:
		return broken
	case !apart && j.err != nil:
		return failed
	case !apart:
		return committed
	case j.err != nil && w.exec(undo) != nil:
		return broken
	case w.exec(release) != nil: // it finds the savepoint only while the transaction is open
		return broken
	}
	return committed
}

// alone runs one member in the transaction that was begun.
func (w *groupWriter) alone(j *job) error {
	w.member(j)
	if j.err != nil {
		w.rollback()
		return j.err
	}
	err := w.exec(commit)
	if err != nil {
		w.rollback()
		return busy(fmt.Errorf("commit: %w", err))
	}
	return nil
}

func (w *groupWriter) member(j *job) {
	j.tx = &Tx{Queries: w.queries, Ctx: context.Background(), Now: w.store.now(), on: w.conn, alone: true}
	j.err = attempt(j.tx, j.act)
}

func (w *groupWriter) exec(statement string) error {
	prepared, found := w.frame[statement]
	if found {
		_, err := prepared.ExecContext(context.Background())
		return err
	}
	_, err := w.conn.ExecContext(context.Background(), statement)
	return err
}

// rollback also answers "no transaction is active" when SQLite has rolled back
// by itself, which is what we want.
func (w *groupWriter) rollback() { _ = w.exec("ROLLBACK") }

// reconnect replaces a connection that can no longer begin, and tells whether
// it did. One that works, and only did not get the lock, stays.
func (w *groupWriter) reconnect() bool {
	w.rollback()
	if w.exec("SELECT 1") == nil {
		return false
	}
	_ = w.disconnect() // it is broken already
	err := w.connect(context.Background())
	if err != nil {
		w.store.log.Error("the writing connection cannot be opened", "err", err)
		return false
	}
	return true
}
