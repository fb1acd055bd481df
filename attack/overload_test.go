package attack_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/e2e/site"
)

const (
	// longestAnswer is when a test says that a request hangs: far beyond the time
	// that the queues let anybody wait.
	longestAnswer = 45 * time.Second
	// mostMemory is what a server may hold, in MiB. Each hash that runs holds 19 of
	// them: were they not bounded, a crowd of 200 would need 3,800.
	mostMemory = 512
)

// sorry is what somebody who is told to come back later is not told; "" when
// nothing is missing: when to come back, and what to do next, as a page for people
// and as data for programs.
func sorry(a site.Answer) string {
	after, err := strconv.Atoi(a.Header.Get("Retry-After"))
	switch {
	case err != nil || after < 1 || after > 60:
		return fmt.Sprintf("503 with Retry-After %q", a.Header.Get("Retry-After"))
	case !strings.Contains(a.Body, "Try again in "):
		return "503 that does not say what to do: " + a.Body
	case strings.Contains(a.Header.Get("Content-Type"), "json") && !strings.Contains(a.Body, fmt.Sprintf(`"retry_after":%d`, after)):
		return fmt.Sprintf("503 with Retry-After %d and the problem %s", after, a.Body)
	}
	return ""
}

// patient is a client that obeys: told to come back later, it does, and then does
// the same again.
type patient struct {
	*site.Client
	waits   int           // how often it was told to come back
	longest time.Duration // that an answer took
}

func newPatient(s *site.Site, from string, node int) *patient {
	c := s.Client().On(node)
	c.From, c.Patience = from, longestAnswer
	return &patient{Client: c}
}

// obey asks until it is not told to come back later. What was typed must not be
// lost: each such answer still shows it.
func (p *patient) obey(typed string, ask func() site.Answer) (site.Answer, error) {
	for deadline := time.Now().Add(3 * time.Minute); time.Now().Before(deadline); p.waits++ {
		start := time.Now()
		a := ask()
		p.longest = max(p.longest, time.Since(start))
		if a.Status != http.StatusServiceUnavailable {
			return a, a.Err
		}
		if missing := sorry(a); missing != "" {
			return a, errors.New(missing)
		}
		if !strings.Contains(a.Body, typed) {
			return a, fmt.Errorf("what was typed, %q, is gone: %s", typed, a.Body)
		}
		after, err := strconv.Atoi(a.Header.Get("Retry-After"))
		if err != nil {
			return a, err
		}
		time.Sleep(time.Duration(after) * time.Second)
	}
	return site.Answer{}, errors.New("told to come back for three minutes")
}

// signIn signs a person in, step by step; each must lead to the next.
func (p *patient) signIn(who *site.Person) error {
	path := "/signin"
	for _, step := range []string{"identifier", "password", "code"} {
		typed := ""
		if step == "identifier" {
			typed = who.Email
		}
		a, err := p.obey(typed, func() site.Answer {
			switch step {
			case "identifier":
				return p.Post(path, step, who.Email)
			case "password":
				return p.Post(path, step, who.Password)
			}
			return p.Post(path, step, who.Shown()) // the phone shows another one after a while
		})
		if err != nil || a.Status != http.StatusSeeOther {
			return fmt.Errorf("%s of %s: %v, %w", step, who.Email, a, err)
		}
		path = a.Location
		if strings.HasPrefix(path, "/signin/") && strings.Count(path, "/") == 2 {
			a, err = p.obey("", func() site.Answer { return p.Get(path) }) // which step is next?
			if err != nil {
				return err
			}
			path = a.Location
		}
	}
	a, err := p.obey("", func() site.Answer { return p.Get("/account/security") })
	// A crowd has no recovery codes yet: the session asks for them first.
	if err != nil || a.Status != http.StatusOK && a.Location != "/account/two-factor/codes" {
		return fmt.Errorf("%s is not signed in: %v, %w", who.Email, a, err)
	}
	return nil
}

// memory is the most that a server process held so far, in MiB.
func memory(t *testing.T, s *site.Site) int {
	t.Helper()
	most := 0
	for _, node := range s.Nodes {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", node.PID()))
		must(t, err)
		_, rest, found := strings.Cut(string(status), "VmHWM:")
		var kib int
		_, err = fmt.Sscan(rest, &kib)
		if err != nil || !found {
			t.Fatalf("the memory of a server is not known: %v", err)
		}
		most = max(most, kib>>10)
	}
	return most
}

// background does something over and over until the returned function is called.
func background(act func()) func() {
	end := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		for {
			select {
			case <-end:
				return
			default:
				act()
			}
		}
	})
	return func() {
		close(end)
		done.Wait()
	}
}

// watchProbes asks every node whether it is alive and whether a sign-in would
// work, until the returned function is called; it judges memory too. Alive a server
// must be all the while: who runs it restarts it otherwise, and a crowd becomes an
// outage.
func watchProbes(t *testing.T, s *site.Site) func() {
	t.Helper()
	asked, late, n := 0, 0, 0
	probe := newPatient(s, "127.0.0.99", 0)
	end := background(func() {
		n = (n + 1) % len(s.Nodes)
		c := probe.On(n)
		if a := c.Get("/livez"); a.Status != http.StatusOK {
			t.Errorf("/livez: %v", a)
		}
		a := c.Get("/readyz")
		if a.Status != http.StatusOK && (a.Status != http.StatusServiceUnavailable || sorry(a) != "") {
			t.Errorf("/readyz: %v %s", a, sorry(a))
		}
		if a.Status != http.StatusOK {
			late++
		}
		asked++
		time.Sleep(50 * time.Millisecond)
	})
	return func() {
		end()
		most := memory(t, s)
		t.Logf("asked %d times, a server was not ready %d times; one held %d MiB", asked, late, most)
		if most > mostMemory {
			t.Errorf("a server held %d MiB, want at most %d", most, mostMemory)
		}
	}
}

// TestOverloadCrowd lets hundreds of people sign in at nine o'clock, half of them
// from one office: many times more than the installation has connections to its
// database, eight on SQLite and sixteen a node on PostgreSQL.
func TestOverloadCrowd(t *testing.T) {
	both(t, func(t *testing.T, s *site.Site) {
		n := scale(200, 600)
		people := s.Crowd(t, "crowd", n)
		clients := make([]*patient, n)
		for i := range clients {
			from := "127.1.1.1"
			if i%4 > 1 {
				from = fmt.Sprintf("127.4.%d.%d", i>>7, 1+i&127)
			}
			clients[i] = newPatient(s, from, i%len(s.Nodes))
		}
		stop := watchProbes(t, s)
		start := time.Now()
		errs := together(n, func(i int) error { return clients[i].signIn(people[i]) })
		took := time.Since(start)
		stop()
		waits, longest := 0, time.Duration(0)
		for i, err := range errs {
			waits, longest = waits+clients[i].waits, max(longest, clients[i].longest)
			if err != nil {
				t.Error(err)
			}
		}
		t.Logf("%d people in %v, told to come back %d times; the longest answer took %v",
			n, took.Round(time.Millisecond), waits, longest.Round(time.Millisecond))
	}, site.FullHash)
}
