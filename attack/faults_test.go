package attack_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"countersign/e2e/site"
)

// throng are people who sign in while something breaks: each once, with a
// browser of its own, until nobody is left or the test says that it is enough.
// What the installation may answer is a step further, or 503 with Retry-After.
type throng struct {
	s      *site.Site
	people []*site.Person
	// pause is what lies between two people.
	pause time.Duration
	// over tells that a sign-in may be ended, and has to be begun anew.
	over bool

	next  atomic.Int64
	stop  chan struct{}
	done  sync.WaitGroup
	mu    sync.Mutex
	in    []*visit
	out   []*visit
	odd   map[string]int // strange answers
	sorry int            // answers with 503
	slow  time.Duration  // the slowest answer
}

// visit is one person's way in, and how far it came.
type visit struct {
	p    *site.Person
	c    *site.Client
	page string // where the second factor is asked
	code string // what was given there
}

// crowded is a throng of so many people, in so many browsers at once.
func crowded(t *testing.T, s *site.Site, prefix string, n int) *throng {
	t.Helper()
	return throngOf(s, s.Crowd(t, prefix, n))
}

func throngOf(s *site.Site, people []*site.Person) *throng {
	return &throng{s: s, people: people, stop: make(chan struct{}), odd: map[string]int{}}
}

// begin lets the people come, so many at once.
func (g *throng) begin(workers int) {
	for worker := range workers {
		g.done.Go(func() {
			for {
				select {
				case <-g.stop:
					return
				default:
				}
				n := int(g.next.Add(1)) - 1
				if n >= len(g.people) {
					return
				}
				v := &visit{p: g.people[n], c: g.s.Client().On(worker % len(g.s.Nodes))}
				in := g.visit(v)
				g.mu.Lock()
				if in {
					g.in = append(g.in, v)
				} else {
					g.out = append(g.out, v)
				}
				g.mu.Unlock()
				time.Sleep(g.pause)
				if !in {
					time.Sleep(30 * time.Millisecond) // nobody knocks without a breath
				}
			}
		})
	}
}

// end waits until everybody who has come has been answered.
func (g *throng) end() {
	close(g.stop)
	g.done.Wait()
}

// came is how many got in so far, and how many were sent away.
func (g *throng) came() (int, int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.in), len(g.out)
}

// until waits until so many more got in.
func (g *throng) until(t *testing.T, more int) {
	t.Helper()
	before, _ := g.came()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		now, away := g.came()
		if now >= before+more {
			return
		}
		if time.Now().After(deadline) || int(g.next.Load()) >= len(g.people) {
			t.Fatalf("%d people got in and %d were sent away, want %d more of %d; strange answers: %v", now-before, away, more, len(g.people), g.odd)
		}
	}
}

// visit leads one person in, and tells whether the last answer said "welcome".
func (g *throng) visit(v *visit) bool {
	step := g.watched(func() site.Answer { return v.c.Post("/signin", "identifier", v.p.Email) })
	if step.Status != http.StatusSeeOther {
		return false
	}
	step = g.watched(func() site.Answer { return v.c.Post(step.Location, "password", v.p.Password) })
	if step.Status != http.StatusSeeOther {
		return false
	}
	v.page, v.code = step.Location, v.p.Shown()
	step = g.watched(func() site.Answer { return v.c.Post(v.page, "code", v.code) })
	return step.Status == http.StatusSeeOther && step.Location == "/account/security"
}

// inside tells whether the client has a session, though recovery codes may still
// be missing.
func inside(c *site.Client) bool {
	return c.Get("/account/two-factor/settings").Status == http.StatusOK
}

// watched times an answer and judges it.
func (g *throng) watched(ask func() site.Answer) site.Answer {
	began := time.Now()
	a := ask()
	took := time.Since(began)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.slow = max(g.slow, took)
	switch complaint := amiss(a); {
	case a.Status == http.StatusGone && g.over:
	case complaint != "":
		g.odd[complaint]++
	case a.Status == http.StatusServiceUnavailable:
		g.sorry++
	}
	return a
}

// guessed is watched for a code that may be wrong.
func (g *throng) guessed(ask func() site.Answer) site.Answer {
	a := ask()
	if a.Status != http.StatusUnprocessableEntity {
		return g.watched(func() site.Answer { return a })
	}
	return a
}

// amiss says what is wrong with an answer given while something is broken:
// only what works and 503 with a time to come back are right.
func amiss(a site.Answer) string {
	after, err := strconv.Atoi(a.Header.Get("Retry-After"))
	switch {
	case a.Status == http.StatusServiceUnavailable && (err != nil || after < 1):
		return fmt.Sprintf("503 with Retry-After %q", a.Header.Get("Retry-After"))
	case a.Status == http.StatusServiceUnavailable, a.Status == http.StatusSeeOther, a.Status == http.StatusOK:
		return ""
	}
	return a.String()
}

// judge looks at everybody when nothing is broken any more: who was welcomed is
// in and the code is spent, who was not is out, and gets in now.
func (g *throng) judge(t *testing.T) {
	t.Helper()
	for complaint, n := range g.odd {
		t.Errorf("while something was broken, %d answers were %s", n, complaint)
	}
	crew(8, len(g.in), func(i int) {
		v := g.in[i]
		if !inside(v.c.On((v.c.Node + i) % len(g.s.Nodes))) {
			t.Errorf("the session of %s, who was welcomed, is gone", v.p.Email)
		}
		again := g.s.Client().On(i % len(g.s.Nodes))
		first := again.First(v.p)
		for n := 0; first.Status == http.StatusTooManyRequests && n < 60; n++ { // all of them come from one network
			time.Sleep(time.Second)
			first = again.First(v.p)
		}
		if a := again.Post(first.Location, "code", v.code); a.Status != http.StatusUnprocessableEntity || inside(again) {
			t.Errorf("the code that let %s in was given again and answered %s", v.p.Email, a)
		}
	})
	for _, v := range g.out {
		if inside(v.c) {
			t.Errorf("%s was not welcomed and is in", v.p.Email)
		}
	}
	g.s.Clock.Advance(90 * time.Second) // new codes for all, and older ones are over
	crew(8, len(g.out), func(i int) {
		c := g.s.Client().On(i % len(g.s.Nodes))
		a := c.SignIn(g.out[i].p)
		for n := 0; a.Status == http.StatusServiceUnavailable && n < 3; n++ { // a connection that was broken still
			a = c.SignIn(g.out[i].p)
		}
		if !inside(c) {
			t.Errorf("%s cannot sign in any more: %s", g.out[i].p.Email, a)
		}
	})
	for n := range g.s.Nodes {
		if strings.Contains(g.s.Nodes[n].Log(), "panic") {
			t.Errorf("node %d wrote of a panic:\n%s", n, g.s.Nodes[n].Log())
		}
	}
}

// ready is what a node's /readyz says at this moment.
func ready(s *site.Site, node int) site.Answer { return s.Client().On(node).Get("/readyz") }

// untilReady waits until every node says that a sign-in would work, and returns
// how long that took.
func untilReady(t *testing.T, s *site.Site) time.Duration {
	t.Helper()
	began := time.Now()
	for n := range s.Nodes {
		for ready(s, n).Status != http.StatusOK {
			if time.Since(began) > 30*time.Second {
				t.Fatalf("node %d is not ready after %v: %s", n, time.Since(began), ready(s, n))
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	return time.Since(began)
}
