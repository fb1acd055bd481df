package attack_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"countersign/e2e/site"
	"countersign/internal/limit"
)

// guessAtOnce sends hundreds of wrong proofs in one moment. Where there are two
// nodes, one of them is stopped in the midst of it and goes on later.
func guessAtOnce(t *testing.T, s *site.Site) {
	chance := chance(t)
	n := scale(500, 2000)
	dan := s.Guarded(t, "Dan Dennett", "dan@acme.example")
	clients := rivals(s, 20)
	pages := halfDone(t, clients, dan)
	codes := wrongCodes(dan.App, s.Clock.Now(), n, chance)
	rush(t, n, func(i int) site.Answer { return clients[i%20].On(i%len(s.Nodes)).Post(pages[i%20], "code", codes[i]) })
	exactly(t, "codes evaluated", evaluated(t, s, dan.ID, "totp"), limit.Batch)
	exactly(t, "codes counted", counted(t, s, dan), limit.Batch)
	rush(t, n/5, func(i int) site.Answer {
		return clients[i%20].Post(strings.TrimSuffix(pages[i%20], "code")+"recovery", "recovery", fmt.Sprintf("00000-%05d", i))
	})
	exactly(t, "recovery codes evaluated", evaluated(t, s, dan.ID, "recovery"), 10)

	for _, email := range []string{dan.Email, "nobody@acme.example"} {
		starts := make([]string, len(clients))
		for i, c := range clients {
			starts[i] = c.Post("/signin", "identifier", email).Location
		}
		answers := rush(t, n/3, func(i int) site.Answer { return clients[i%20].Post(starts[i%20], "password", "wrong") })
		looked := 0
		for _, a := range answers {
			if a.Status == http.StatusUnprocessableEntity {
				looked++
			}
		}
		exactly(t, "passwords evaluated for "+email, looked, limit.Batch)
	}

	if len(s.Nodes) == 1 {
		return
	}
	eli := s.Guarded(t, "Eli Wallach", "eli@acme.example")
	pages = halfDone(t, clients, eli)
	stopped := s.Nodes[1].PID()
	must(t, syscall.Kill(stopped, syscall.SIGSTOP))
	resumed := make(chan struct{})
	go func() {
		time.Sleep(500 * time.Millisecond)
		_ = syscall.Kill(stopped, syscall.SIGCONT)
		close(resumed)
	}()
	rush(t, 60, func(i int) site.Answer { return clients[i%20].On(i%2).Post(pages[i%20], "code", codes[i]) })
	<-resumed
	exactly(t, "codes evaluated while a node stood still", evaluated(t, s, eli.ID, "totp"), limit.Batch)
}

// guessAndKill kills the node after each answer. What it had counted is counted.
func guessAndKill(t *testing.T, s *site.Site) {
	fay := s.Guarded(t, "Fay Wray", "fay@acme.example")
	c := s.Client()
	page := c.First(fay).Location
	codes := wrongCodes(fay.App, s.Clock.Now(), 12, chance(t))
	for i, code := range codes {
		node := i % len(s.Nodes)
		a := c.On(node).Post(page, "code", code)
		want := http.StatusUnprocessableEntity
		if i+1 >= limit.Batch {
			want = http.StatusTooManyRequests
		}
		exactly(t, fmt.Sprintf("the answer to code %d", i+1), a.Status, want)
		if i%scale(4, 1) == 0 {
			s.Nodes[node].Kill9()
			s.Nodes[node].Restart()
			s.WaitReady(node)
		}
		exactly(t, "wrong codes counted", counted(t, s, fay), min(i+1, limit.Batch))
	}
	exactly(t, "wrong codes evaluated", evaluated(t, s, fay.ID, "totp"), limit.Batch)
}

// hangUp sends a form over a connection of its own and cuts the line after a
// moment, without reading an answer.
func hangUp(s *site.Site, node int, c *site.Client, path string, after time.Duration, fields url.Values) {
	from := &net.TCPAddr{IP: net.ParseIP(c.From)}
	line, err := (&net.Dialer{LocalAddr: from}).DialContext(context.Background(), "tcp", s.Address(node))
	if err != nil {
		return
	}
	defer func() { _ = line.Close() }()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, s.URL+path, strings.NewReader(fields.Encode()))
	if err != nil {
		return
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, cookie := range c.Cookies() {
		request.AddCookie(cookie)
	}
	w := bufio.NewWriter(line)
	_ = request.Write(w)
	_ = w.Flush()
	time.Sleep(after)
}

// guessAndHangUp never waits for an answer. Whatever was evaluated is counted, and
// told.
func guessAndHangUp(t *testing.T, s *site.Site) {
	chance := chance(t)
	gus := s.Guarded(t, "Gus Grissom", "gus@acme.example")
	c := s.Client()
	c.From = "127.88.0.1"
	page := c.First(gus).Location
	codes := wrongCodes(gus.App, s.Clock.Now(), scale(60, 1000), chance)
	moments := moments(chance, len(codes))
	crew(8, len(codes), func(i int) {
		hangUp(s, i%len(s.Nodes), c, page, moments[i], url.Values{"code": {codes[i]}})
	})
	for end := time.Now().Add(20 * time.Second); counted(t, s, gus) < limit.Batch && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
		codes = wrongCodes(gus.App, s.Clock.Now(), 1, chance)
		hangUp(s, 0, c, page, 20*time.Millisecond, url.Values{"code": {codes[0]}})
	}
	exactly(t, "wrong codes evaluated", evaluated(t, s, gus.ID, "totp"), limit.Batch)
	exactly(t, "wrong codes counted", counted(t, s, gus), limit.Batch)
	late := s.Client()
	late.SignIn(gus)
	exactly(t, "who has the right code afterwards", letIn([]*site.Client{late}), 0)

	page = c.Post("/signin", "identifier", gus.Email).Location
	crew(8, len(moments), func(i int) {
		hangUp(s, i%len(s.Nodes), c, page, moments[i], url.Values{"password": {"wrong"}})
	})
	// What hung up before its turn was not judged and not counted.
	judged, taken := 0, -1
	for end := time.Now().Add(20 * time.Second); judged != taken && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		judged, taken = evaluated(t, s, gus.ID, "password"), tries(t, s, c.From, limit.Address, "")
	}
	exactly(t, "wrong passwords told", judged, taken)
	if judged > limit.Batch {
		t.Errorf("%d wrong passwords were evaluated, want at most %d", judged, limit.Batch)
	}
}

func moments(chance *rand.Rand, n int) []time.Duration {
	all := make([]time.Duration, n)
	for i := range all {
		all[i] = time.Duration(chance.IntN(4000)) * time.Microsecond
	}
	return all
}

// guessUntilReset goes through all the pauses, each twice as long as the one
// before, until a hundred were wrong in a row.
func guessUntilReset(t *testing.T, s *site.Site) {
	hal := s.Guarded(t, "Hal Clement", "hal@acme.example")
	pause, chance := 15*time.Minute, chance(t)
	for round := 1; round <= 10; round++ {
		c := s.Client().On(round % len(s.Nodes))
		page := c.First(hal).Location
		for i, code := range wrongCodes(hal.App, s.Clock.Now(), limit.Batch, chance) {
			a := c.Post(page, "code", code)
			if last := i+1 == limit.Batch; last != (a.Status == http.StatusTooManyRequests) {
				t.Fatalf("round %d, code %d was answered %v", round, i+1, a)
			}
		}
		exactly(t, "codes evaluated", evaluated(t, s, hal.ID, "totp"), round*limit.Batch)
		if round == 10 {
			break
		}
		s.Clock.Advance(pause - 5*time.Second)
		early := s.Client()
		exactly(t, fmt.Sprintf("the answer before the end of pause %d", round), early.SignIn(hal).Status, http.StatusTooManyRequests)
		s.Clock.Advance(6 * time.Second)
		pause = min(2*pause, 24*time.Hour)
	}
	s.Clock.Advance(90 * 24 * time.Hour)
	late := s.Client()
	exactly(t, "the right code, three months later", late.SignIn(hal).Status, http.StatusTooManyRequests)
	page := late.First(hal).Location
	late.Post(strings.TrimSuffix(page, "code")+"recovery", "recovery", hal.Codes[0])
	exactly(t, "who has a recovery code", letIn([]*site.Client{late}), 1)
	late = s.Client()
	late.SignIn(hal)
	exactly(t, "who has the right code after the recovery", letIn([]*site.Client{late}), 1)
}
