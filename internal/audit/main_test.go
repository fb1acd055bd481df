package audit_test

import (
	"bytes"
	"database/sql"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the drivers of the store, for a hand in the database
	_ "modernc.org/sqlite"

	"countersign"
	"countersign/internal/audit"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/storetest"
)

// logged is a database with a log, and a hand that changes it past the program.
type logged struct {
	*audit.Chain

	database string
	hand     *sql.DB
	said     *said
	mu       sync.Mutex
	now      time.Time
}

// said is what was written into the server's log.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// logs runs the test on both databases.
func logs(t *testing.T, test func(t *testing.T, l *logged)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, newLogged(t, storetest.File(t))) })
	t.Run("postgres", func(t *testing.T) { test(t, newLogged(t, storetest.Migrated(t))) })
}

func newLogged(t *testing.T, database string) *logged {
	t.Helper()
	l := &logged{database: database, said: &said{}, now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	l.Chain = &audit.Chain{Store: l.node(t), Key: seal.MACKey("0123456789abcdef0123456789abcdef"), Now: l.time}
	driver, name := "pgx", database
	if !store.IsPostgres(database) {
		driver, name = "sqlite", "file:"+database+"?_pragma=busy_timeout(10000)&_txlock=immediate"
	}
	hand, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = hand.Close() })
	l.hand = hand
	return l
}

// node opens the database once more, as another process does.
func (l *logged) node(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Database: l.database, Now: l.time})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func (l *logged) time() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

func (l *logged) advance(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = l.now.Add(d)
}

func (l *logged) sealer() *audit.Sealer {
	return audit.NewSealer(l.Chain, slog.New(slog.NewTextHandler(l.said, nil)))
}

// write writes so many events of one transaction, a second after the last ones.
func (l *logged) write(t *testing.T, w countersign.WorkspaceID, n int) {
	t.Helper()
	l.advance(time.Second)
	err := l.Store.Write(t.Context(), func(tx *store.Tx) error {
		for range n {
			err := audit.Write(tx, w, audit.Event{Kind: "signin.completed", User: "usr_1", Place: countersign.Place{IP: "192.0.2.1"}, Detail: map[string]string{"a": "b"}})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// look has a sealer look once.
func look(t *testing.T, s *audit.Sealer) {
	t.Helper()
	err := s.Look(t.Context())
	if err != nil {
		t.Fatal(err)
	}
}

// filled writes five batches of four events and seals each.
func (l *logged) filled(t *testing.T) *audit.Sealer {
	t.Helper()
	s := l.sealer()
	for range 5 {
		l.write(t, workspace, 4)
		look(t, s)
	}
	return s
}

// do changes the database by hand.
func (l *logged) do(t *testing.T, statement string, args ...any) {
	t.Helper()
	for _, one := range strings.Split(statement, ";") {
		_, err := l.hand.ExecContext(t.Context(), one, args...)
		if err != nil {
			t.Fatalf("%s: %v", one, err)
		}
	}
}

// list reads one column by hand.
func (l *logged) list(t *testing.T, query string, args ...any) []string {
	t.Helper()
	found, err := l.hand.QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = found.Close() }()
	var out []string
	for found.Next() {
		var one string
		err = found.Scan(&one)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, one)
	}
	err = found.Err()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// verify looks through the log; heads must be in it.
func (l *logged) verify(t *testing.T, heads ...audit.Head) audit.Report {
	t.Helper()
	r, err := l.Verify(t.Context(), workspace, heads...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
