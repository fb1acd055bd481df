package attack_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"countersign/e2e/site"
	"countersign/internal/store/storetest"
)

// TestFaultsDatabaseStops takes PostgreSQL away under load, as a power cut does,
// and brings it back. Both servers go on by themselves.
func TestFaultsDatabaseStops(t *testing.T) {
	s := site.Start(t, site.Options{Database: site.Postgres, Nodes: 2})
	g := crowded(t, s, "outage", scale(1200, 6000))
	g.begin(12)
	for round := range scale(1, 5) {
		g.until(t, 20)
		storetest.StopPostgres(t)
		time.Sleep(300 * time.Millisecond)
		for n := range s.Nodes {
			if a := ready(s, n); a.Status != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" {
				t.Errorf("without a database node %d says of itself: %s", n, a)
			}
		}
		storetest.StartPostgres(t)
		t.Logf("outage %d: both servers were ready %v after the database", round+1, untilReady(t, s))
	}
	g.until(t, 20)
	g.end()
	in, out := g.came()
	t.Logf("%d got in, %d were sent away, %d answers were 503, the slowest took %v", in, out, g.sorry, g.slow)
	if g.sorry == 0 {
		t.Error("nobody was told to come back; the outage met nobody")
	}
	g.judge(t)
}

// TestFaultsDatabaseRefuses lets PostgreSQL refuse what it is asked, in every way
// that its operator can bring about, while people sign in.
func TestFaultsDatabaseRefuses(t *testing.T) {
	s := site.Start(t, site.Options{Database: site.Postgres, Nodes: 2})
	u, err := url.Parse(s.DSN)
	must(t, err)
	database := strings.TrimPrefix(u.Path, "/")
	cut := "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + database + "'"
	troubles := []struct{ name, trouble, mend string }{
		{"connections are cut again and again", "", ""},
		{"there are few connections", "CONNECTION LIMIT 6", "CONNECTION LIMIT -1"},
		{"it became read-only", "SET default_transaction_read_only = on", "RESET default_transaction_read_only"},
		{"statements may take a millisecond", "SET statement_timeout = 1", "RESET statement_timeout"},
		{"locks may take a millisecond", "SET lock_timeout = 1", "RESET lock_timeout"},
		{"transactions may rest a millisecond", "SET idle_in_transaction_session_timeout = 1", "RESET idle_in_transaction_session_timeout"},
	}
	n := scale(250, 4000)
	people := s.Crowd(t, "refused", len(troubles)*n) // while nothing is cut
	for i, row := range troubles {
		t.Run(row.name, func(t *testing.T) {
			g := throngOf(s, people[i*n:(i+1)*n])
			g.begin(12)
			g.until(t, 5)
			if row.trouble != "" {
				storetest.AsSuperuser(t, "ALTER DATABASE "+database+" "+row.trouble)
			}
			for range scale(3, 50) {
				storetest.AsSuperuser(t, cut)
				time.Sleep(50 * time.Millisecond)
			}
			if row.mend != "" {
				storetest.AsSuperuser(t, "ALTER DATABASE "+database+" "+row.mend)
			}
			storetest.AsSuperuser(t, cut)
			g.until(t, 5)
			g.end()
			in, out := g.came()
			t.Logf("%d got in, %d were sent away, %d answers were 503, the slowest took %v", in, out, g.sorry, g.slow)
			g.judge(t)
		})
	}
}

// TestFaultsDatabaseIsSilent lets the way to PostgreSQL carry nothing any more, as
// a network that was parted does: connections stay open and nobody answers.
func TestFaultsDatabaseIsSilent(t *testing.T) {
	way := newWay(t)
	s := site.Start(t, site.Options{Database: site.Postgres, Nodes: 2, Through: way.to})
	g := crowded(t, s, "silence", scale(1200, 6000))
	g.begin(12)
	for range scale(1, 5) {
		g.until(t, 10)
		way.block()
		began := time.Now()
		for n := range s.Nodes {
			if a := ready(s, n); a.Status != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" {
				t.Errorf("without a way to the database node %d says of itself: %s", n, a)
			}
		}
		t.Logf("both servers said after %v that they are not ready", time.Since(began))
		time.Sleep(3 * time.Second)
		way.open()
		t.Logf("both servers were ready %v after the way was open again", untilReady(t, s))
	}
	g.until(t, 10)
	g.end()
	in, out := g.came()
	t.Logf("%d got in, %d were sent away, %d answers were 503, the slowest took %v", in, out, g.sorry, g.slow)
	g.judge(t)
}
