package bench_test

import (
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver of the store, for one connection of our own

	"countersign/e2e/site"
)

// approvals is how long it takes from a decision to the page that waits for it: from the
// moment at which the phone's call is sent to the one at which the page has the event.
func approvals(t *testing.T, all *table) {
	for _, c := range []struct {
		what, database string
		nodes          int
		most           float64
	}{
		{"SQLite", site.SQLite, 1, 5},
		{"PostgreSQL", site.Postgres, 1, 5},
		{"PostgreSQL, decided on one node while the page waits on another", site.Postgres, 2, 10},
	} {
		s := site.Start(t, site.Options{Database: c.database, Nodes: c.nodes})
		crowd := phones(t, s, "approve", size(2, 40))
		var medians, slowest []float64
		for range *rounds {
			var each []time.Duration
			for range size(1, 5) {
				s.Clock.Advance(time.Minute) // so that nobody decides too often
				for _, q := range ask(t, s, crowd) {
					each = append(each, toldWithin(t, s, q, c.nodes-1))
				}
			}
			slices.Sort(each)
			medians = append(medians, each[len(each)/2].Seconds()*1000)
			slowest = append(slowest, each[len(each)*99/100].Seconds()*1000)
			t.Logf("%s: median %v, 99th percentile %v", c.what, each[len(each)/2], each[len(each)*99/100])
		}
		all.atMost("from a decision to the page that waits, median, "+c.what, fmt.Sprintf("%.1f ms", median(medians)),
			fmt.Sprintf("99th percentile: %.1f ms", median(slowest)), fmt.Sprintf("below %.0f ms", c.most), median(medians) < c.most)
		for _, node := range s.Nodes {
			node.Kill9()
		}
	}
}

// toldWithin opens a question's page on the first node, has the phone decide on another
// or the same, and returns how long the page was not told.
func toldWithin(t *testing.T, s *site.Site, q *question, node int) time.Duration {
	t.Helper()
	p := waitFor(t, s, 0, q)
	defer func() { must(t, p.Close()) }()
	return told(t, s, q, p, node)
}

func told(t *testing.T, s *site.Site, q *question, p *page, node int) time.Duration {
	t.Helper()
	q.by.road.node.Store(int32(node)) //nolint:gosec // 0 or 1
	decided := make(chan error, 1)
	go func() { decided <- q.approve(t.Context(), s) }()
	p.until(t, `data: {"state":"approved"}`)
	at := time.Now().UnixNano()
	must(t, <-decided)
	return time.Duration(at - q.by.road.left.Load())
}

// decisions is how many approvals a second the server takes over HTTP, beside what one
// connection of its database commits. Phones signed them before, as theirs are other
// processors; to check their three signatures is the server's.
func decisions(t *testing.T, all *table) {
	for _, c := range []struct{ what, database string }{{"SQLite", site.SQLite}, {"PostgreSQL", site.Postgres}} {
		s := site.Start(t, site.Options{Database: c.database})
		crowd := phones(t, s, "decide", size(4, 200))
		var rates, limits, ratios []float64
		for range *rounds {
			before := limitOf(t, s)
			rate, cost := decided(t, s, crowd)
			limit := (before + limitOf(t, s)) / 2
			t.Logf("%s: %.0f decisions/s of %v each, one connection %.0f commits/s", c.what, rate, cost, limit)
			rates, limits, ratios = append(rates, rate), append(limits, limit), append(ratios, rate/limit)
		}
		all.atLeast("approvals by phones over HTTP, each with three signatures, "+c.what+", 32 at once", fmt.Sprintf("%.0f/s", median(rates)),
			fmt.Sprintf("single-row commits on one connection: %.0f/s", median(limits)), median(ratios), 0.3)
		s.Nodes[0].Kill9()
	}
}

// decided has everybody decide, and returns how many a second did, and the processor
// time of the server for one.
func decided(t *testing.T, s *site.Site, crowd []*phone) (float64, time.Duration) {
	t.Helper()
	const each = 3 // questions of one person that may wait at once
	var took, cost time.Duration
	n := 0
	for range size(1, 4) {
		s.Clock.Advance(each * time.Minute) // a question a minute is what a person may be asked
		questions := ask(t, s, slices.Repeat(crowd, each))
		calls := make([]*http.Request, len(questions))
		for i, q := range questions {
			calls[i] = q.signed(t, s)
		}
		n += len(questions)
		settle(t, s)
		before := cpuTime(t, s.Nodes[0].PID())
		for first := range each { // one after the other of each phone: its counter only grows
			took += shared(32, len(crowd), func(i int) {
				i += first * len(crowd)
				err := questions[i].send(calls[i])
				if err != nil {
					t.Error(err)
				}
			})
		}
		cost += cpuTime(t, s.Nodes[0].PID()) - before
	}
	return perSecond(n, took), cost / time.Duration(n)
}

// settle has PostgreSQL look at how much is in its tables, as it does by itself within a
// minute of the first rows: until then it plans for empty ones.
func settle(t *testing.T, s *site.Site) {
	t.Helper()
	if s.Database == site.SQLite {
		return
	}
	db, err := sql.Open("pgx", s.DSN)
	must(t, err)
	// It also cleans up, so that it does not by itself while something is measured.
	_, err = db.ExecContext(t.Context(), "VACUUM (ANALYZE)")
	must(t, errors.Join(err, db.Close()))
}

// limitOf is how many single-row transactions one connection to the installation's
// database commits.
func limitOf(t *testing.T, s *site.Site) float64 {
	t.Helper()
	n := size(100, 4000)
	if s.Database == site.SQLite {
		return commits(t, filepath.Join(s.Data, "countersign.db"), n)
	}
	db, err := sql.Open("pgx", s.DSN)
	must(t, err)
	return commitsOf(t, db, n)
}
