package bench_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the driver of the store, for one connection of our own

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/signin"
	"countersign/internal/store"
)

// codeChecks measures the engine in this process: each check judges a code that was
// never given before, at a sign-in whose password was right, and returns when that
// is on the disk.
func codeChecks(t *testing.T, all *table) {
	for _, database := range []string{site.SQLite, site.Postgres} {
		s := installation(t, database)
		s.Nodes[0].Kill9() // the engine alone, without a server beside it
		n := size(100, 4000)
		crowd := s.Crowd(t, "check", n)
		var rates, limits, ratios, slowest []float64
		for range *rounds {
			rate, _ := checks(t, s, crowd, 32)
			_, p99 := checks(t, s, crowd, 8)
			rates, slowest = append(rates, rate), append(slowest, p99.Seconds()*1000)
			if database == site.SQLite {
				limit := commits(t, filepath.Join(s.Data, "countersign.db"), n)
				limits, ratios = append(limits, limit), append(ratios, rate/limit)
				t.Logf("%.0f checks/s, one connection %.0f commits/s", rate, limit)
			}
		}
		what, figure, late := "code checks in process, durable and single-use, "+database, fmt.Sprintf("%.0f/s", median(rates)), fmt.Sprintf("%.1f ms", median(slowest))
		if database == site.Postgres {
			all.told(what+", 32 clients", figure, "", 0)
			all.told(what+", 8 clients, 99th percentile", late, "", 0)
			continue
		}
		all.atLeast(what+", 32 clients", figure, fmt.Sprintf("single-row commits on one connection: %.0f/s", median(limits)), median(ratios), 1)
		all.atMost(what+", 8 clients, 99th percentile", late, "", "at most 10 ms", median(slowest) <= 10)
	}
}

// checks begins a sign-in for everybody and answers its second step.
func checks(t *testing.T, s *site.Site, crowd []*site.Person, clients int) (float64, time.Duration) {
	t.Helper()
	visitor := signin.Visitor{Bind: "bench", Place: countersign.Place{IP: "127.0.0.1"}}
	attempts, codes := make([]countersign.AttemptID, len(crowd)), make([]string, len(crowd))
	s.Clock.Advance(time.Minute) // so that everybody has a new code
	const together = 200
	for from := 0; from < len(crowd); from += together {
		s.Write(t, func(tx *store.Tx) error {
			for i := from; i < min(from+together, len(crowd)); i++ {
				user, err := tx.GetUser(tx.Ctx, countersign.DefaultWorkspace, crowd[i].ID)
				if err != nil {
					return err
				}
				attempts[i], err = s.Engine.SignIn.StartFromLink(tx, user, policy.EntryForm, visitor)
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	at := make([]signin.Attempt, len(crowd))
	for i, p := range crowd {
		var err error
		at[i], err = s.Engine.SignIn.Load(t.Context(), countersign.DefaultWorkspace, attempts[i], visitor)
		must(t, err)
		codes[i] = p.Shown()
	}
	each := make([]time.Duration, len(crowd))
	took := shared(clients, len(crowd), func(i int) {
		start := time.Now()
		_, err := s.Engine.SignIn.Second(t.Context(), at[i], method.TOTP, codes[i], visitor)
		if err != nil {
			t.Error(err)
		}
		each[i] = time.Since(start)
	})
	slices.Sort(each)
	return perSecond(len(crowd), took), each[len(each)*99/100]
}

// commits is how many single-row transactions a second one connection commits on
// the same file, each on the disk when it returns.
func commits(t *testing.T, file string, n int) float64 {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(10000)&_pragma=synchronous(FULL)&_txlock=immediate")
	must(t, err)
	defer func() { must(t, db.Close()) }()
	db.SetMaxOpenConns(1)
	_, err = db.ExecContext(t.Context(), `CREATE TABLE IF NOT EXISTS bench (n INTEGER)`)
	must(t, err)
	insert, err := db.PrepareContext(t.Context(), `INSERT INTO bench VALUES ($1)`)
	must(t, err)
	defer func() { must(t, insert.Close()) }()
	start := time.Now()
	for i := range n {
		_, err := insert.ExecContext(t.Context(), i)
		must(t, err)
	}
	return perSecond(n, time.Since(start))
}
