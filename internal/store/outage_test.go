package store_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"countersign"
	"countersign/internal/store"
	"countersign/internal/store/storetest"
)

// A server that goes away and comes back: each caller is told to come back, none
// waits for long, nothing that was committed is lost, and no restart is needed.
func TestPostgreSQLGoesAndComesBack(t *testing.T) {
	s := storetest.Open(t, storetest.Migrated(t))
	count := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		return s.Write(ctx, func(tx *store.Tx) error {
			_, err := wrongCode(tx, "usr_1")
			return err
		})
	}
	var wg sync.WaitGroup
	for range 16 { // so that there are connections to lose
		wg.Go(func() {
			err := count()
			if err != nil {
				t.Errorf("before the outage: %v", err)
			}
		})
	}
	wg.Wait()
	storetest.StopPostgres(t)
	for range 16 {
		wg.Go(func() {
			began := time.Now()
			err := count()
			if countersign.KindOf(err) != countersign.Unavailable {
				t.Errorf("during the outage: %v; want unavailable", err)
			}
			_, err = s.Read().GetWorkspace(t.Context(), workspace)
			if countersign.KindOf(store.Classify(err)) != countersign.Unavailable {
				t.Errorf("reading during the outage: %v; want unavailable", err)
			}
			if took := time.Since(began); took > 12*time.Second {
				t.Errorf("a caller waited %v during the outage", took)
			}
		})
	}
	wg.Wait()
	if countersign.KindOf(s.Ping(t.Context())) != countersign.Unavailable {
		t.Error("a ping during the outage does not say unavailable")
	}
	storetest.StartPostgres(t)
	back := time.Now()
	var err error
	for time.Since(back) < 2*time.Second {
		err = count()
		if err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err != nil {
		t.Fatalf("two seconds after it came back: %v", err)
	}
	for range 16 {
		wg.Go(func() {
			err := count()
			if err != nil {
				t.Errorf("after the outage: %v", err)
			}
		})
	}
	wg.Wait()
	if n := tries(t, s, "usr_1"); n != 16+1+16 {
		t.Errorf("%d wrong codes are counted; want %d", n, 16+1+16)
	}
}

// An error inside a transaction spoils it on PostgreSQL; an act that goes on
// regardless must not be told that it was committed.
// After a failover the old server is a standby: who is connected to it can read, and
// write no more. Whoever comes next is connected anew.
func TestAConnectionThatTakesNoWritesIsLeft(t *testing.T) {
	dsn := storetest.Migrated(t)
	s := storetest.Open(t, dsn)
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	database := strings.TrimPrefix(u.Path, "/")
	count := func() error {
		return s.Write(t.Context(), func(tx *store.Tx) error {
			_, err := wrongCode(tx, "usr_1")
			return err
		})
	}
	storetest.AsSuperuser(t, "ALTER DATABASE "+database+" SET default_transaction_read_only = on")
	storetest.AsSuperuser(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"+database+"'")
	var refusal *pgconn.PgError
	for n := 0; refusal == nil || refusal.Code != "25006"; n++ { // what was cut comes first
		err = count()
		if countersign.KindOf(err) != countersign.Unavailable {
			t.Fatalf("on a standby: %v; want unavailable", err)
		}
		if n > 50 {
			t.Fatalf("a server that takes no writes says %v", err)
		}
		_ = errors.As(err, &refusal)
	}
	storetest.AsSuperuser(t, "ALTER DATABASE "+database+" RESET default_transaction_read_only")
	err = count()
	if err != nil {
		t.Errorf("with a server that writes: %v", err)
	}
}

func TestAnActThatHidesAFailureIsNotCommitted(t *testing.T) {
	s := storetest.Open(t, storetest.Migrated(t))
	addUser(t, s, "ada@example.org")
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		_, err := wrongCode(tx, "usr_1")
		if err != nil {
			return err
		}
		_ = tx.InsertUser(tx.Ctx, user("ada@example.org")) // taken, and hidden
		return nil
	})
	if err == nil || tries(t, s, "usr_1") != 0 {
		t.Errorf("answered %v with %d tries; want a failure", err, tries(t, s, "usr_1"))
	}
	if countersign.KindOf(err) != countersign.Internal {
		t.Errorf("kind %v (%v); want a fault, since coming back does not help", countersign.KindOf(err), err)
	}
}

func TestABrokenActOnPostgreSQL(t *testing.T) {
	s := storetest.Open(t, storetest.Migrated(t))
	err := s.Write(t.Context(), func(tx *store.Tx) error {
		_, err := wrongCode(tx, "usr_1")
		if err != nil {
			return err
		}
		tx.After(func() { t.Error("After ran though nothing was committed") })
		panic("a broken act")
	})
	if err == nil || countersign.KindOf(err) != countersign.Internal || tries(t, s, "usr_1") != 0 {
		t.Errorf("answered %v with %d tries; want a fault and none", err, tries(t, s, "usr_1"))
	}
	own := errors.New("no")
	err = s.Write(t.Context(), func(*store.Tx) error { return own })
	if !errors.Is(err, own) {
		t.Errorf("an act's own error came back as %v", err)
	}
}
