package attack_test

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"countersign/e2e/site"
	"countersign/internal/store/storetest"
)

// guards fails for an answer that could be framed, kept in a cache, read from
// another site, or taken for something else than it is, and for a cookie that
// others than this site's own requests would get.
func guards(t *testing.T, asked string, a site.Answer) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Security-Policy": "frame-ancestors 'none'", "X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff",
		"Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		"Cache-Control": "no-store",
	} {
		if name == "Cache-Control" && a.Status == http.StatusOK && (strings.Contains(asked, "/assets/") || strings.Contains(asked, "/favicon")) {
			continue
		}
		if values := a.Header.Values(name); len(values) != 1 || !strings.Contains(values[0], want) {
			t.Errorf("%s was answered %s with %s %q", asked, a, name, values)
		}
	}
	if a.Body != "" && a.Header.Get("Content-Type") == "" {
		t.Errorf("%s was answered %s without a kind", asked, a)
	}
	for _, name := range []string{"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Server", "X-Powered-By"} {
		if a.Header.Get(name) != "" {
			t.Errorf("%s was answered with %s: %s", asked, name, a.Header.Get(name))
		}
	}
	for _, line := range a.Header["Set-Cookie"] {
		if !strings.Contains(line, "; Path=/;") || !strings.HasSuffix(line, "; HttpOnly; SameSite=Lax") || strings.Contains(strings.ToLower(line), "domain=") {
			t.Errorf("%s was answered with the cookie %s", asked, line)
		}
	}
}

// TestSessionsFraming asks for every route as nobody, halfway and signed in, on
// every node, and brings every refusal about: nothing of it can be framed.
func TestSessionsFraming(t *testing.T) {
	both(t, func(t *testing.T, s *site.Site) {
		x := newTarget(t, s)
		statuses := map[int]int{}
		hear := func(asked string, a site.Answer) {
			if a.Err != nil {
				t.Errorf("%s: %v", asked, a.Err)
				return
			}
			statuses[a.Status]++
			guards(t, asked, a)
		}
		half := s.Client()
		half.First(x.ada.p)
		for i, r := range site.Routes(t) {
			for who, c := range map[string]*site.Client{"nobody": s.Client(), "half a sign-in": half, "a session": x.ada.Client} {
				if r.Verb != http.MethodGet && who == "a session" {
					continue // it would do what the others need
				}
				at := x.at(r)
				hear(who+" "+r.Verb+" "+at, c.On(i%len(s.Nodes)).Do(r.Verb, at, nil))
			}
		}
		refusals(t, x, hear)
		for _, status := range []int{200, 303, 307, 401, 403, 404, 405, 410, 413, 422, 429} {
			if statuses[status] == 0 {
				t.Errorf("nothing was answered %d, only %v", status, statuses)
			}
		}
		if s.Database == site.Postgres {
			outOfOrder(t, s, hear)
			if statuses[http.StatusServiceUnavailable] == 0 {
				t.Errorf("nothing was answered 503, only %v", statuses)
			}
		}
	})
}

// refusals brings about what is not answered by a page of its own.
func refusals(t *testing.T, x *target, hear func(string, site.Answer)) {
	t.Helper()
	c := x.s.Client()
	for _, at := range []string{"/no/such/page", "/signin/x/../../account", "//account/security", "/account/security/", "/%00", "/x%ff", "/signin?a=%zz", "/signin?a=b;c"} {
		hear("GET "+at, c.Get(at))
		hear("POST "+at, c.Post(at))
	}
	for _, verb := range []string{http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodTrace, "BREW"} {
		hear(verb+" /signin", c.Do(verb, "/signin", nil))
	}
	hear("too large", c.Post("/signin", "identifier", strings.Repeat("x", 80<<10)))
	hear("a broken form", c.Do(http.MethodPost, "/signin", url.Values{"identifier": {"\x00"}}))
	c.Header.Set("Origin", "https://evil.example")
	hear("another site's", c.Post("/signin", "identifier", "x@acme.example"))
	c.Header.Del("Origin")
	c.Header.Set("Accept", "application/json")
	hear("data for nobody", c.Get("/account/security"))
	hear("data that is not there", c.Get("/no/such/page"))
	c.Header.Del("Accept")
	step := c.Post("/signin", "identifier", x.ada.p.Email).Location
	for range 11 {
		hear("a wrong password", c.Post(step, "password", "wrong"))
	}
	for range 25 {
		hear("too many mails", c.Post("/forgot", "email", "x@acme.example"))
	}
	x.s.Clock.Advance(11 * time.Minute)
	hear("a sign-in whose time is over", c.Get(step))
	hear("its form", c.Post(step, "password", "wrong"))
	hear("a used link", c.Get("/reset/"+x.links["setup"]))
}

// outOfOrder takes the database away from the servers.
func outOfOrder(t *testing.T, s *site.Site, hear func(string, site.Answer)) {
	t.Helper()
	address, err := url.Parse(s.DSN)
	must(t, err)
	name := path.Base(address.Path)
	storetest.AsSuperuser(t, "ALTER DATABASE "+name+" ALLOW_CONNECTIONS false")
	defer storetest.AsSuperuser(t, "ALTER DATABASE "+name+" ALLOW_CONNECTIONS true")
	storetest.AsSuperuser(t, fmt.Sprintf("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s'", name))
	for n := range s.Nodes {
		c := s.Client().On(n)
		c.SetCookie("countersign_session", "x")
		hear("a page without a database", c.Get("/account/security"))
		hear("a form without a database", c.Post("/signin", "identifier", "x@acme.example"))
		hear("readiness without a database", c.Get("/readyz"))
	}
}
