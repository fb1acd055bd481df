package bench_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// sealing compares sign-ins while the audit log is sealed with the same while it is not,
// in turns: complete ones over HTTP, beside the server that seals, and, where the hash does
// not hide anything, codes that finish a sign-in in this process, which then seals itself.
// How many there are in a second depends on who else is on the machine; the processor time
// of the server and the database for each hardly does.
func sealing(t *testing.T, all *table) {
	s := installation(t, site.Postgres)
	n := size(10, 200)
	crowd := s.Crowd(t, "seal", n*(4*(*rounds)+1))
	rush(s, crowd[:n], 32) // the first ones find everything cold
	crowd = crowd[n:]
	settle(t, s)
	found := alternate(t, func(sealed bool) []float64 {
		allSealed(t, s)
		end := func() {}
		if !sealed {
			end = unsealed(t, s)
		}
		before, logged := costOf(t, s), walOf(t, s)
		rate, failed := rush(s, crowd[:n], 32)
		if sealed {
			allSealed(t, s)
		}
		cost := (costOf(t, s) - before).Seconds() * 1000 / float64(n)
		if failed > 0 {
			t.Errorf("%d of %d sign-ins failed", failed, n)
		}
		wal := (walOf(t, s) - logged) / 1024 / float64(n)
		crowd = crowd[n:]
		end()
		return []float64{rate, cost, wal}
	})
	rates, costs, wal := found[0], found[1], found[2]
	const what = "complete sign-ins (password and code) over HTTP while the log is sealed, PostgreSQL, 32 clients"
	all.atLeast(what, fmt.Sprintf("%.1f/s", rates.with), fmt.Sprintf("while it is not: %.1f/s", rates.without), rates.ratio, 0.95)
	all.within("processor time of the server and PostgreSQL for one of them", fmt.Sprintf("%.2f ms", costs.with), fmt.Sprintf("while it is not: %.2f ms", costs.without), costs.ratio, 1.05)
	all.told("what PostgreSQL writes into its log for one of them", fmt.Sprintf("%.1f KiB; %.1f KiB while it is not", wal.with, wal.without))
	s.Nodes[0].Kill9() // the engine alone
	crowd = s.Crowd(t, "engine", size(100, 4000))
	rates = alternate(t, func(sealed bool) []float64 {
		ctx, end := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			if sealed {
				s.Engine.Audit.Run(ctx, slog.New(slog.DiscardHandler))
			}
			close(ended)
		}()
		rate, _ := answers(t, s, crowd, 32, enter)
		end()
		<-ended
		return []float64{rate}
	})[0]
	all.told("codes that finish a sign-in, in process, PostgreSQL, 32 clients, while the log is sealed", fmt.Sprintf("%.0f/s; %.0f/s while it is not, %.2f", rates.with, rates.without, rates.ratio))
}

// beside is what was reached with something, what without it, and what part that is.
type beside struct{ with, without, ratio float64 }

// alternate measures figures with something and without it, in turns: each round with,
// without, without, with, or the other way round, so that what gets slower or faster
// meanwhile does so for both. The median of the rounds' ratios counts.
func alternate(t *testing.T, measure func(with bool) []float64) []beside {
	t.Helper()
	var with, without [][]float64 // by figure and round
	for round := range *rounds {
		first := round%2 == 0
		var sums [2][]float64
		for _, is := range []bool{first, !first, !first, first} {
			into := &sums[0]
			if !is {
				into = &sums[1]
			}
			for i, figure := range measure(is) {
				if i == len(*into) {
					*into = append(*into, 0)
				}
				(*into)[i] += figure / 2
			}
		}
		t.Logf("with %.2f, without %.2f", sums[0], sums[1])
		with, without = append(with, sums[0]), append(without, sums[1])
	}
	found := make([]beside, len(with[0]))
	for i := range found {
		var a, b, ratios []float64
		for round := range with {
			a, b, ratios = append(a, with[round][i]), append(b, without[round][i]), append(ratios, with[round][i]/without[round][i])
		}
		found[i] = beside{median(a), median(b), median(ratios)}
	}
	return found
}

// walOf is how many octets PostgreSQL has written into its log so far.
func walOf(t *testing.T, s *site.Site) float64 {
	t.Helper()
	db, err := sql.Open("pgx", s.DSN)
	must(t, err)
	defer func() { must(t, db.Close()) }()
	var at float64
	must(t, db.QueryRowContext(t.Context(), "SELECT pg_current_wal_insert_lsn() - '0/0'").Scan(&at))
	return at
}

// costOf is the processor time that the server has used so far, and PostgreSQL for it.
func costOf(t *testing.T, s *site.Site) time.Duration {
	t.Helper()
	db, err := sql.Open("pgx", s.DSN)
	must(t, err)
	defer func() { must(t, db.Close()) }()
	found, err := db.QueryContext(t.Context(), "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
	must(t, err)
	defer func() { _ = found.Close() }()
	used := cpuTime(t, s.Nodes[0].PID())
	for found.Next() {
		var pid int
		must(t, found.Scan(&pid))
		used += cpuTime(t, pid)
	}
	must(t, found.Err())
	return used
}

// unsealed keeps the servers from sealing until its result is called: it has the turn, as
// another node would.
func unsealed(t *testing.T, s *site.Site) func() {
	t.Helper()
	hold := func(ctx context.Context, d time.Duration) error {
		return s.Engine.Store.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.HoldLease(tx.Ctx, rows.HoldLeaseParams{
				Name: "seal", Holder: "bench", Until: countersign.Milli(tx.Now.Add(d).UnixMilli()), Now: countersign.Milli(tx.Now.Add(time.Hour).UnixMilli()), Latest: countersign.Milli(tx.NowMilli()),
			})
			return err
		})
	}
	must(t, hold(t.Context(), time.Minute))
	return func() { must(t, hold(t.Context(), -time.Hour)) }
}

// allSealed waits until the servers have sealed everything.
func allSealed(t *testing.T, s *site.Site) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		left, err := s.Engine.Store.Read().CountUnsealed(t.Context(), countersign.DefaultWorkspace)
		must(t, err)
		if left.Events == 0 {
			return
		}
	}
	t.Fatal("the servers do not seal what was written")
}
