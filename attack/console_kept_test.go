package attack_test

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/site"
)

// TestConsoleKeeps sends something typed to every address of the console that takes a form,
// when the console has shut, and to somebody's session that has ended: it comes back in the
// page, whole and as text, and no address, no log and no row has it.
func TestConsoleKeeps(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		olga, c := manager(t, s, countersign.Owner, "Olga Owner")
		eve := s.Guarded(t, "Eve Neighbour", "eve@acme.example")
		gone := s.Client()
		gone.SignIn(olga)
		cookies := gone.Cookies()
		gone.Post("/signout")
		for _, one := range cookies {
			gone.SetCookie(one.Name, one.Value)
		}
		s.Clock.Advance(2 * time.Hour)
		b := openBooks(t, s)
		was := append(b.about(t, olga), b.about(t, eve)...)
		const typed = "Xylophone \"quoted\" <script>&amp;\r\n\r\nsecond line, ä"
		forms := 0
		for r, at := range doorsOfConsole(t, eve.ID) {
			if r.Verb != http.MethodPost {
				continue
			}
			forms++
			for who, client := range map[string]*site.Client{"an owner, two hours later": c, "a session that has ended": gone, "nobody": s.Client()} {
				got := client.Do(r.Verb, at, url.Values{"typed": {typed, "Xylophone, again"}, "password": {"fourteen xylophones"}, "code": {"xyl000"}, "kept": {"yes"}})
				status := http.StatusUnauthorized
				if client == c {
					status = http.StatusForbidden
				}
				first := strings.Index(got.Body, `name="typed" value="`+html.EscapeString(typed)+`"`)
				again := strings.Index(got.Body, `name="typed" value="Xylophone, again"`)
				switch {
				case got.Err != nil || got.Status != status || got.Location != "":
					t.Errorf("%s of %s is answered %v", r, who, got)
				case first < 0 || again < first:
					t.Errorf("%s of %s has lost what was typed:\n%s", r, who, got.Body)
				case strings.Contains(got.Body, "fourteen") || strings.Contains(got.Body, "xyl000"):
					t.Errorf("%s of %s keeps a secret", r, who)
				case !strings.Contains(got.Body, `action="`+at+`"`):
					t.Errorf("%s of %s would send it elsewhere:\n%s", r, who, got.Body)
				case strings.Contains(got.Body, eve.Email) || client != c && strings.Contains(got.Body, "Olga"):
					t.Errorf("%s tells %s of somebody", r, who)
				}
				client.Header = http.Header{"Accept": {"application/json"}}
				if data := client.Do(r.Verb, at, url.Values{"typed": {typed}}); data.Status != status || strings.Contains(data.Body, "Xylophone") {
					t.Errorf("%s of %s, as data, is answered %v", r, who, data)
				}
				client.Header = nil
			}
		}
		// Whoever may be anybody has nothing large kept: that would fill the memory.
		large := strings.Repeat("Xylophone ", 20<<10/10)
		if got := s.Client().Post("/console/invite/list", "list", large); got.Status != http.StatusUnauthorized || strings.Contains(got.Body, "Xylophone") {
			t.Errorf("much of somebody unknown is answered %v, of %d octets", got, len(got.Body))
		}
		if got := c.Post("/console/invite/list", "list", large); got.Status != http.StatusForbidden || strings.Count(got.Body, large) == 0 {
			t.Errorf("much of an owner is answered %v, of %d octets", got, len(got.Body))
		}
		if forms < 30 {
			t.Errorf("only %d forms were tried", forms)
		}
		for i, node := range s.Nodes {
			if strings.Contains(node.Log(), "ylophone") {
				t.Errorf("the log of node %d has what was typed", i)
			}
		}
		if now := append(b.about(t, olga), b.about(t, eve)...); strings.Contains(strings.Join(now, "\n"), "ylophone") || altered(was, now) != "" {
			t.Errorf("this was written:\n%s", altered(was, now))
		}
	})
}
