package bench_test

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"countersign/e2e/proc"
	"countersign/e2e/site"
)

// sessionChecks asks for a page that needs a full session and only leads on, so that
// the answer is the check and nothing else: the row is read each time, and a session
// that ended is refused by the next request. Beside it stands a handler of net/http
// that answers nothing, in a process of its own, asked in the same way.
func sessionChecks(t *testing.T, all *table) {
	s := installation(t, site.SQLite)
	ada := s.Guarded(t, "Ada Lovelace", "ada@acme.example")
	c := s.Client()
	if a := c.SignIn(ada); sessionCookie(c) == "" {
		t.Fatalf("signing in was answered %s", a)
	}
	nothing := proc.FreeAddr(t)
	proc.Start(t, "empty", nil, nothing).WaitReady("http://" + nothing + "/readyz")
	const clients = 32
	client := &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: clients},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	cookie := &http.Cookie{Name: "countersign_session", Value: sessionCookie(c)} // #nosec G124 -- as a browser sends it
	ask := func(url string, want int) func(int) {
		return func(int) {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
			if err != nil {
				t.Error(err)
				return
			}
			request.AddCookie(cookie)
			response, err := client.Do(request)
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
			if response.StatusCode != want || response.Header.Get("Location") == "/signin" {
				t.Errorf("%s was answered %d to %q", url, response.StatusCode, response.Header.Get("Location"))
			}
		}
	}
	n := size(200, 40_000)
	var rates, limits, ratios, disturbed []float64
	for range *rounds {
		before := perSecond(n, shared(clients, n, ask("http://"+nothing+"/", http.StatusOK)))
		rate := perSecond(n, shared(clients, n, ask(s.URL+"/account", http.StatusSeeOther)))
		limit := (before + perSecond(n, shared(clients, n, ask("http://"+nothing+"/", http.StatusOK)))) / 2
		calm := disturb(s)
		disturbed = append(disturbed, perSecond(n, shared(clients, n, ask(s.URL+"/account", http.StatusSeeOther))))
		calm()
		t.Logf("%.0f session checks/s, an empty handler %.0f/s", rate, limit)
		rates, limits, ratios = append(rates, rate), append(limits, limit), append(ratios, rate/limit)
	}
	all.atLeast(fmt.Sprintf("session checks over HTTP, SQLite, %d clients", clients), fmt.Sprintf("%.0f/s", median(rates)),
		fmt.Sprintf("an empty net/http handler: %.0f/s", median(limits)), median(ratios), 0.5)
	all.told("the same while 100 sign-ins begin each second", fmt.Sprintf("%.0f/s", median(disturbed)))
}

// disturb lets sign-ins begin, each a commit, until it is told to stop.
func disturb(s *site.Site) func() {
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			case <-time.After(10 * time.Millisecond):
			}
			c := s.Client()
			c.From = fmt.Sprintf("127.9.0.%d", 1+n/500%250) // no address begins too many
			c.Post("/signin", "identifier", "nobody@acme.example")
		}
	})
	return func() { close(done); wg.Wait() }
}
