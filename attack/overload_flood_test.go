package attack_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"countersign/e2e/site"
)

// flood sends one kind of request again and again, from many connections.
type flood struct {
	is      string
	from    func(worker int) string
	workers int
	rate    int                                     // requests a second, of all workers together
	begin   func(c *site.Client, worker int) string // prepares a worker, and returns a page
	send    func(c *site.Client, page string, n int) site.Answer

	answered [600]atomic.Int64 // by status; 0: none
	amiss    sync.Map          // what a 503 did not say
}

// start floods until the returned function is called.
func (f *flood) start(s *site.Site) func() {
	pause := time.Duration(f.workers) * time.Second / time.Duration(f.rate)
	end := make(chan struct{})
	var done sync.WaitGroup
	for w := range f.workers {
		done.Go(func() {
			c := newPatient(s, f.from(w), w%len(s.Nodes)).Client
			if w%4 == 0 {
				c.Header.Set("Accept", "application/json")
			}
			page := ""
			if f.begin != nil {
				page = f.begin(c, w)
			}
			time.Sleep(pause * time.Duration(w) / time.Duration(f.workers)) // not all in one moment
			tick := time.NewTicker(pause)
			defer tick.Stop()
			for n := 0; ; n++ {
				select {
				case <-end:
					return
				case <-tick.C:
				}
				a := f.send(c, page, n)
				f.answered[a.Status].Add(1)
				if a.Status == http.StatusServiceUnavailable && sorry(a) != "" {
					f.amiss.Store(sorry(a), true)
				}
			}
		})
	}
	return func() {
		close(end)
		done.Wait()
	}
}

// counts tells how often each status was answered.
func (f *flood) counts() map[int]int64 {
	found := map[int]int64{}
	for status := range f.answered {
		if n := f.answered[status].Load(); n > 0 {
			found[status] = n
		}
	}
	return found
}

// inFullSwing waits until that many requests were answered.
func (f *flood) inFullSwing(t *testing.T, n int) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		all := int64(0)
		for _, n := range f.counts() {
			all += n
		}
		if all >= int64(n) {
			return
		}
	}
	t.Errorf("%s: in two minutes it is answered %v", f.is, f.counts())
}

// judge complains of answers that no flood may bring.
func (f *flood) judge(t *testing.T) {
	t.Helper()
	for status, n := range f.counts() {
		if status == 0 || status >= 500 && status != http.StatusServiceUnavailable {
			t.Errorf("%s: %d answers of %d", f.is, n, status)
		}
	}
	f.amiss.Range(func(missing, _ any) bool {
		t.Errorf("%s: %v", f.is, missing)
		return true
	})
}

// one is the address of a flood that comes from a single one, many a thousand.
func one(int) string         { return "127.0.0.9" }
func many(worker int) string { return fmt.Sprintf("127.6.%d.%d", worker>>7, 1+worker&127) }

// passwords posts 500 wrong passwords a second, for accounts that exist and others.
func passwords(is string, from func(int) string, workers int, people []*site.Person) *flood {
	return &flood{
		is: is, from: from, workers: workers, rate: 500,
		begin: func(c *site.Client, w int) string {
			email := fmt.Sprintf("nobody-%d@acme.example", w)
			if w%2 == 0 {
				email = people[w%len(people)].Email
			}
			p := &patient{Client: c}
			a, err := p.obey("", func() site.Answer { return p.Post("/signin", "identifier", email) })
			if err != nil {
				return "/signin/nothing/password"
			}
			return a.Location
		},
		send: func(c *site.Client, page string, n int) site.Answer {
			return c.Post(page, "password", "guess "+strconv.Itoa(n))
		},
	}
}

// codes posts 500 wrong codes a second in sign-ins of one account whose password the
// sender has: a thief's, or the sender's own. From the tenth on the account is locked.
func codes(s *site.Site, thief *site.Person) *flood {
	var turn sync.Mutex // of one account a few passwords are judged at a time
	return &flood{
		is: "one address posts 500 codes a second for an account whose password it has", workers: 50, rate: 500,
		from: func(int) string { return "127.0.0.7" }, // the other flood used up the tries of its own
		begin: func(c *site.Client, _ int) string {
			turn.Lock()
			defer turn.Unlock()
			p := &patient{Client: c}
			page := "/signin"
			for _, step := range []struct{ name, value string }{{"identifier", thief.Email}, {"password", thief.Password}} {
				a, err := p.obey("", func() site.Answer { return p.Post(page, step.name, step.value) })
				if err != nil || a.Status != http.StatusSeeOther {
					return "/signin/nothing/code"
				}
				page = a.Location
			}
			return page
		},
		send: func(c *site.Client, page string, n int) site.Answer {
			return c.Post(page, "code", fmt.Sprintf("%06d", (n*7919+int(s.Clock.Now().Unix()))%1_000_000))
		},
	}
}

// profiles sends 200 changes a second of one person's own profile, by one session.
func profiles(t *testing.T, s *site.Site) *flood {
	t.Helper()
	busy, token := s.Client(), ""
	busy.From = "127.0.0.6"
	busy.SignIn(s.Guarded(t, "Mallory Malone", "mallory@acme.example"))
	for _, cookie := range busy.Cookies() {
		if cookie.Name == "countersign_session" {
			token = cookie.Value
		}
	}
	return &flood{
		is: "one session changes its profile 200 times a second", workers: 50, rate: 200,
		from: func(int) string { return "127.0.0.6" },
		send: func(c *site.Client, _ string, n int) site.Answer {
			c.SetCookie("countersign_session", token)
			return c.Post("/account/profile", "name", "Mallory "+strconv.Itoa(n), "language", "en", "zone", "UTC")
		},
	}
}

// victims sign in while something else happens, each from an address of its own;
// half of them with a browser that is known.
type victims struct {
	site   *site.Site
	people []*site.Person
	known  []*site.Client // of each person, a browser that signed in before
}

func newVictims(t *testing.T, s *site.Site, n int) *victims {
	t.Helper()
	v := &victims{site: s, people: s.Crowd(t, "victim", n), known: make([]*site.Client, n)}
	crew(4, n, func(i int) {
		p := newPatient(s, v.from(i), 0)
		err := p.signIn(v.people[i])
		if err != nil {
			t.Error(err)
		}
		v.known[i] = p.Client
	})
	s.Clock.Advance(time.Minute) // nobody's next code was used before
	return v
}

func (v *victims) from(i int) string { return fmt.Sprintf("127.5.%d.%d", i>>7, 1+i&127) }

// signIn lets all sign in, two at a time, and returns how long it took the one in
// the middle. Everybody must get in, and hardly anybody at the second try.
func (v *victims) signIn(t *testing.T) time.Duration {
	t.Helper()
	n := len(v.people)
	all := make([]time.Duration, n)
	var waits atomic.Int64
	crew(2, n, func(i int) {
		p := newPatient(v.site, v.from(i), 0)
		if i%2 == 0 {
			p.Client = v.known[i]
		}
		p.Client = p.On(i / 2 % len(v.site.Nodes))
		start := time.Now()
		err := p.signIn(v.people[i])
		all[i] = time.Since(start)
		if err != nil {
			t.Error(err)
		}
		waits.Add(int64(p.waits))
	})
	slices.Sort(all)
	t.Logf("%d sign-ins took %v, at most %v", n, all[n/2].Round(time.Millisecond), all[n-1].Round(time.Millisecond))
	if waits.Load() > int64(n/4) {
		t.Errorf("%d people were told to come back %d times", n, waits.Load())
	}
	return all[n/2]
}

// waitingForRows counts, until the returned function is called, how many connections
// to PostgreSQL wait for a row that somebody else has; in each of many looks.
func waitingForRows(t *testing.T, s *site.Site) func() []int {
	t.Helper()
	if s.Database != site.Postgres {
		return func() []int { return nil } // SQLite has one writer, and who waits for it has no connection
	}
	db, err := sql.Open("pgx", s.DSN)
	must(t, err)
	var looks []int
	end := background(func() {
		var waiting int
		err := db.QueryRowContext(t.Context(),
			"SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&waiting)
		if err != nil {
			t.Error(err)
		}
		looks = append(looks, waiting)
		time.Sleep(10 * time.Millisecond)
	})
	return func() []int {
		end()
		must(t, db.Close())
		slices.Sort(looks)
		return looks
	}
}

// mostWaiting is how many connections may wait for rows while one address sends what
// it can: a quarter of those that one node has.
const mostWaiting = 4

// endure lets people sign in during a flood. before is how long that takes without.
func (v *victims) endure(t *testing.T, f *flood, before time.Duration) {
	t.Helper()
	v.site.Clock.Advance(time.Minute)
	probes := watchProbes(t, v.site)
	stop := f.start(v.site)
	f.inFullSwing(t, f.rate/2)
	rows := waitingForRows(t, v.site)
	took := v.signIn(t)
	waiting := rows()
	stop()
	probes()
	t.Logf("%s, and is answered %v; a sign-in takes %.1f times as long", f.is, f.counts(), float64(took)/float64(before))
	f.judge(t)
	if len(waiting) == 0 {
		return
	}
	middle := waiting[len(waiting)/2]
	t.Logf("%d looks: %d connections wait for a row, at most %d", len(waiting), middle, waiting[len(waiting)-1])
	if middle > mostWaiting {
		t.Errorf("%s: %d connections wait for one row, and nobody else has them", f.is, middle)
	}
}

// besiege lets a thousand addresses post many more passwords than can be checked.
// Browsers that are known sign in all the while, and everybody when it is over.
func (v *victims) besiege(t *testing.T, people []*site.Person) {
	t.Helper()
	v.site.Clock.Advance(time.Minute)
	f := passwords("a thousand addresses post 500 passwords a second", many, 1000, people)
	probes := watchProbes(t, v.site)
	stop := f.start(v.site)
	f.inFullSwing(t, f.rate)
	start := time.Now()
	const few = 6 // each waits for a moment of a processor, again and again
	crew(2, few, func(i int) {
		p := &patient{Client: v.known[2*i].On(i % len(v.site.Nodes))}
		err := p.signIn(v.people[2*i])
		if err != nil {
			t.Error(err)
		}
	})
	took := time.Since(start)
	stop()
	probes()
	t.Logf("%s, and is answered %v; %d known browsers sign in in %v", f.is, f.counts(), few, took.Round(time.Millisecond))
	f.judge(t)
	err := newPatient(v.site, "127.0.0.8", 0).signIn(v.people[1])
	if err != nil {
		t.Errorf("when the flood is over: %v", err)
	}
}

// TestOverloadFloods lets one address post 500 passwords a second, and, at length,
// send other things: it keeps nobody else from signing in.
func TestOverloadFloods(t *testing.T) {
	both(t, func(t *testing.T, s *site.Site) {
		people := s.Crowd(t, "target", 100)
		v := newVictims(t, s, scale(12, 60))
		before := v.signIn(t)
		v.endure(t, passwords("one address posts 500 passwords a second", one, 100, people), before)
		v.endure(t, codes(s, people[1]), before)
		v.endure(t, profiles(t, s), before)
		if !*long {
			return
		}
		for _, f := range others(people) {
			v.endure(t, f, before)
		}
		v.besiege(t, people)
	}, site.FullHash)
}

// others are what else one address can send in numbers.
func others(people []*site.Person) []*flood {
	return []*flood{
		{
			is: "one address begins 500 sign-ins a second", from: one, workers: 50, rate: 500,
			send: func(c *site.Client, _ string, n int) site.Answer {
				return c.Post("/signin", "identifier", "nobody-"+strconv.Itoa(n)+"@acme.example")
			},
		},
		{
			is: "one address forgets 200 passwords a second", from: one, workers: 50, rate: 200,
			send: func(c *site.Client, _ string, n int) site.Answer {
				return c.Post("/forgot", "email", people[n%len(people)].Email)
			},
		},
		{
			is: "one address checks 500 sessions a second", from: one, workers: 50, rate: 500,
			send: func(c *site.Client, _ string, _ int) site.Answer {
				c.SetCookie("countersign_session", "nobody's")
				return c.Get("/account/security")
			},
		},
	}
}
