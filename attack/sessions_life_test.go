package attack_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/people"
)

// TestSessionsExpire lets time go by, on all nodes at once: a session that is not
// used ends after twelve hours, one that is used after seven days, and what ended
// does not come back.
func TestSessionsExpire(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		ada := s.Guarded(t, "Ada Lovelace", "ada@acme.example")
		h := newHand(t, s, ada, 0)
		start := func() string {
			h.signIn()
			return token(h.Client, "session")
		}
		lives := func(when, session string, want bool) {
			t.Helper()
			for n := range s.Nodes {
				c := thief(s, "session", session).On(n)
				page, form := c.SignedIn(), c.Post("/account/profile", "name", "Ada Lovelace", "language", "en").Status
				if page != want || (form == http.StatusSeeOther) != want {
					t.Errorf("%s: on node %d the page is there: %v, the form was answered %d; want %v", when, n, page, form, want)
				}
			}
		}
		unused := start()
		s.Clock.Advance(12*time.Hour - time.Minute)
		lives("after a little less than twelve hours", unused, true)
		s.Clock.Advance(12*time.Hour + time.Second)
		lives("after twelve hours", unused, false)

		used := start()
		for range 15 {
			s.Clock.Advance(11 * time.Hour)
			lives("used every eleven hours", used, true)
		}
		s.Clock.Advance(3*time.Hour + time.Minute)
		lives("after seven days", used, false)
		if on := alive(s, used); len(on) > 0 {
			t.Errorf("after seven days it still leads somewhere on the nodes %v", on)
		}
	})
}

// TestSessionsDisabled disables people on the machine, beside the servers, and
// lets them in again: what they had before stays ended.
func TestSessionsDisabled(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		for i, p := range []*site.Person{
			s.Person(t, "Bob Hill", "bob@acme.example", countersign.Member), s.Guarded(t, "Ada Lovelace", "ada@acme.example"),
		} {
			h := newHand(t, s, p, i%len(s.Nodes))
			h.signIn()
			half := s.Client()
			step := half.Post("/signin", "identifier", p.Email).Location
			if len(p.Secret) > 0 {
				step = half.Post(step, "password", p.Password).Location
			}
			a := h.account()
			session := token(h.Client, "session")
			must(t, s.Engine.People.Disable(t.Context(), a, people.Shell()))
			for n := range s.Nodes {
				c := s.Client().On(n)
				in := c.Post(c.Post("/signin", "identifier", p.Email).Location, "password", p.Password)
				if len(alive(s, session)) > 0 || in.Status != http.StatusUnprocessableEntity || token(c, "session") != "" {
					t.Errorf("%s is disabled: a sign-in on node %d was answered %s", p.Name, n, in)
				}
			}
			_, err := s.Engine.People.Enable(t.Context(), a, people.Shell())
			must(t, err)
			if on := alive(s, session); len(on) > 0 {
				t.Errorf("%s is enabled again, and the session of before with it, on the nodes %v", p.Name, on)
			}
			if on := half.Post(step, "password", p.Password, "code", p.Code()); on.Status != http.StatusGone || token(half, "session") != "" {
				t.Errorf("%s is enabled again, and the sign-in of before goes on at %s with %s", p.Name, step, on)
			}
			if in := newHand(t, s, p, 0); in.SignIn(p).Status != http.StatusSeeOther {
				t.Errorf("%s is enabled again and does not get in", p.Name)
			}
		}
	})
}

// TestSessionsList compares the list on the security page with what is really
// signed in: every session is on it, no other is, and each of its buttons ends
// the one it stands beside.
func TestSessionsList(t *testing.T) {
	both(t, func(t *testing.T, s *site.Site) {
		ada, eve := s.Guarded(t, "Ada Lovelace", "ada@acme.example"), s.Guarded(t, "Eve Hill", "eve@acme.example")
		his := newHand(t, s, eve, 0)
		his.signIn()
		idle := newHand(t, s, ada, 0)
		idle.signIn()
		s.Clock.Advance(12 * time.Hour)
		browsers := map[string]*hand{}
		for i := range 5 {
			h := newHand(t, s, ada, i%len(s.Nodes))
			h.signIn()
			browsers[sessionOf(t, s, token(h.Client, "session"))] = h
		}
		his.signIn()
		mine := newHand(t, s, ada, 0)
		mine.signIn()
		listed := func() []string {
			ids := regexp.MustCompile(`/account/sessions/(ses_[0-9a-z]+)/end"`).FindAllStringSubmatch(mine.get("/account/security").Body, -1)
			var out []string
			for _, id := range ids {
				out = append(out, id[1])
			}
			slices.Sort(out)
			return slices.Compact(out)
		}
		for len(browsers) > 0 {
			var want []string
			for id, h := range browsers {
				want = append(want, id)
				if !h.SignedIn() {
					t.Errorf("%s is on the list and not signed in", id)
				}
			}
			slices.Sort(want)
			if got := listed(); !slices.Equal(got, want) {
				t.Fatalf("the list has %q, signed in besides are %q", got, want)
			}
			ended := want[0]
			mine.post("/account/sessions/" + ended + "/end")
			if on := alive(s, token(browsers[ended].Client, "session")); len(on) > 0 {
				t.Errorf("what was ended lives on the nodes %v", on)
			}
			delete(browsers, ended)
		}
		theirs := sessionOf(t, s, token(his.Client, "session"))
		mine.post("/account/sessions/" + theirs + "/end")
		if !his.SignedIn() {
			t.Error("a person ended somebody else's session")
		}
		if got := listed(); len(got) > 0 || !mine.SignedIn() {
			t.Errorf("at the end the list has %q, and this session is alive: %v", got, mine.SignedIn())
		}
	})
}

// TestSessionsCookies looks at the cookies of an installation that is reached
// over HTTPS, behind a proxy: their names keep every other host from setting
// them, and cookies with the names of plain HTTP count for nothing.
func TestSessionsCookies(t *testing.T) {
	const public = "https://signin.acme.example"
	s := site.Start(t, site.Options{Env: []string{"COUNTERSIGN_URL=" + public}})
	ada := s.Guarded(t, "Ada Lovelace", "ada@acme.example")
	jar := map[string]string{}
	ask := func(origin, path string, fields ...string) site.Answer {
		c := s.Client()
		c.Header = http.Header{"Origin": {origin}, "Host": {"signin.acme.example"}}
		for name, value := range jar {
			c.Header.Add("Cookie", name+"="+value)
		}
		a := c.Post(path, fields...)
		for _, line := range a.Header["Set-Cookie"] {
			cookie, err := http.ParseSetCookie(line)
			must(t, err)
			if cookie.Name[:len("__Host-")] != "__Host-" || !cookie.Secure || !cookie.HttpOnly || cookie.Path != "/" || cookie.Domain != "" || cookie.SameSite != http.SameSiteLaxMode {
				t.Errorf("%s sets the cookie %s", path, line)
			}
			jar[cookie.Name] = cookie.Value
			if cookie.MaxAge < 0 {
				delete(jar, cookie.Name)
			}
		}
		return a
	}
	step := ask(public, "/signin", "identifier", ada.Email)
	step = ask(public, step.Location, "password", ada.Password)
	step = ask(public, step.Location, "code", ada.Code())
	if step.Location != "/account/security" || len(jar) != 2 {
		t.Fatalf("the sign-in was answered %s, with the cookies %v", step, jar)
	}
	for _, origin := range []string{"http://signin.acme.example", "HTTP://signin.acme.example", "https://evil.acme.example", "null"} {
		if a := ask(origin, "/account/profile", "name", "Eve", "language", "en"); a.Status != http.StatusForbidden {
			t.Errorf("a form from %s was answered %s", origin, a)
		}
	}
	if a := ask(public, "/account/profile", "name", "Ada", "language", "en"); a.Location != "/account/profile?done=profile" {
		t.Errorf("a form from our own page was answered %s", a)
	}
	plain := s.Client()
	for name, value := range jar {
		plain.SetCookie(name[len("__Host-"):], value)
	}
	if a := plain.Get("/account/security"); a.Status != http.StatusSeeOther {
		t.Errorf("a session's token in a cookie that others can set was answered %s", a)
	}
	if a := ask(public, "/signout"); a.Header.Get("Strict-Transport-Security") == "" || jar["__Host-countersign_session"] != "" {
		t.Errorf("signing out was answered %s, the cookies are %v", fmt.Sprint(a.Header), jar)
	}
}
