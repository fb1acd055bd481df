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
	n := size(20, 400)
	crowd := s.Crowd(t, "seal", n*(2*(*rounds)+1))
	rush(s, crowd[:n], 32) // the first ones find everything cold
	crowd = crowd[n:]
	settle(t, s)
	rates, costs := alternate(t, func(sealed bool) (float64, float64) {
		allSealed(t, s)
		end := func() {}
		if !sealed {
			end = unsealed(t, s)
		}
		before := costOf(t, s)
		rate, failed := rush(s, crowd[:n], 32)
		if sealed {
			allSealed(t, s)
		}
		cost := (costOf(t, s) - before).Seconds() * 1000 / float64(n)
		if failed > 0 {
			t.Errorf("%d of %d sign-ins failed", failed, n)
		}
		crowd = crowd[n:]
		end()
		return rate, cost
	})
	const what = "complete sign-ins (password and code) over HTTP while the log is sealed, PostgreSQL, 32 clients"
	all.atLeast(what, fmt.Sprintf("%.1f/s", rates.with), fmt.Sprintf("while it is not: %.1f/s", rates.without), rates.ratio, 0.95)
	all.within("processor time of the server and PostgreSQL for one of them", fmt.Sprintf("%.2f ms", costs.with), fmt.Sprintf("while it is not: %.2f ms", costs.without), costs.ratio, 1.05)
	s.Nodes[0].Kill9() // the engine alone
	crowd = s.Crowd(t, "engine", size(100, 4000))
	rates, _ = alternate(t, func(sealed bool) (float64, float64) {
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
		return rate, 1
	})
	all.told("codes that finish a sign-in, in process, PostgreSQL, 32 clients, while the log is sealed", fmt.Sprintf("%.0f/s; %.0f/s while it is not, %.2f", rates.with, rates.without, rates.ratio))
}

// beside is what was reached with something, what without it, and what part that is.
type beside struct{ with, without, ratio float64 }

// alternate measures two figures with something and without it, in turns, each time in the
// other order.
func alternate(t *testing.T, measure func(with bool) (float64, float64)) (beside, beside) {
	t.Helper()
	var found [2][3][]float64
	for round := range *rounds {
		var with, without [2]float64
		for _, is := range []bool{round%2 == 0, round%2 != 0} {
			into := &without
			if is {
				into = &with
			}
			into[0], into[1] = measure(is)
		}
		for i := range found {
			for j, figure := range []float64{with[i], without[i], with[i] / without[i]} {
				found[i][j] = append(found[i][j], figure)
			}
		}
		t.Logf("with %.1f/s at %.2f ms, without %.1f/s at %.2f ms", with[0], with[1], without[0], without[1])
	}
	of := func(i int) beside { return beside{median(found[i][0]), median(found[i][1]), median(found[i][2])} }
	return of(0), of(1)
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
				Name: "seal", Holder: "bench", Until: tx.Now.Add(d).UnixMilli(), Now: tx.Now.Add(time.Hour).UnixMilli(), Latest: tx.Now.UnixMilli(),
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
