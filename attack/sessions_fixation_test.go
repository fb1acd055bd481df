package attack_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/seal"
)

// TestSessionsFixation lets an attacker prepare a browser for its next user, as
// somebody can who sat at it before: with cookies whose values the attacker
// knows. After the user has signed in, none of them is worth anything.
func TestSessionsFixation(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		eve := s.Person(t, "Eve Hill", "eve@acme.example", countersign.Member)
		for i, planted := range []struct {
			is   string
			jar  func() map[string]string
			dead []string // these cookies have other values afterwards
		}{
			{"the attacker's own session", func() map[string]string {
				his := newHand(t, s, eve, 0)
				his.signIn()
				return map[string]string{"session": token(his.Client, "session"), "browser": token(his.Client, "browser")}
			}, []string{"session", "browser"}},
			{"tokens that nobody was given", func() map[string]string {
				return map[string]string{"session": seal.NewToken(), "browser": seal.NewToken(), "signin": seal.NewToken()}
			}, []string{"session", "browser", "signin"}},
		} {
			for k, p := range []*site.Person{
				s.Person(t, "Ada Lovelace", fmt.Sprintf("ada%d@acme.example", i), countersign.Member),
				s.Guarded(t, "Grace Hopper", fmt.Sprintf("grace%d@acme.example", i)),
			} {
				jar := planted.jar()
				victim := newHand(t, s, p, k%len(s.Nodes))
				for name, value := range jar {
					victim.SetCookie("countersign_"+name, value)
				}
				victim.signIn()
				if !victim.SignedIn() {
					t.Errorf("%s: %s is not signed in", planted.is, p.Name)
				}
				for _, name := range planted.dead {
					if token(victim.Client, name) == jar[name] {
						t.Errorf("%s: after the sign-in of %s the %s cookie is still the planted one", planted.is, p.Name, name)
					}
				}
				if on := alive(s, jar["session"]); len(on) > 0 {
					t.Errorf("%s: the planted session opens something on the nodes %v", planted.is, on)
				}
				if knows(t, s, p, jar["browser"]) {
					t.Errorf("%s: the planted browser is known to %s", planted.is, p.Name)
				}
			}
		}
	})
}

// knows tells whether a browser cookie is that of one which signed in as this
// person.
func knows(t *testing.T, s *site.Site, p *site.Person, browserToken string) bool {
	t.Helper()
	list, err := s.Engine.Store.Read().ListBrowsers(t.Context(), countersign.DefaultWorkspace, p.ID)
	must(t, err)
	for _, b := range list {
		if seal.Equal(b.TokenHash, seal.Hash(browserToken)) {
			return true
		}
	}
	return false
}

// TestSessionsFixedSignIn leaves a sign-in open that the attacker began with the
// victim's address and whose cookie the attacker has copied. While the victim
// goes on with it, the attacker asks from elsewhere, over and over, to be let
// through by whatever the victim has proven so far.
func TestSessionsFixedSignIn(t *testing.T) {
	both(t, func(t *testing.T, s *site.Site) {
		for _, guarded := range []bool{false, true} {
			t.Run(fmt.Sprintf("with a second factor %v", guarded), func(t *testing.T) {
				people := []*site.Person{s.Person(t, "Ada Lovelace", fmt.Sprintf("ada-%v@acme.example", guarded), countersign.Member)}
				if guarded {
					people[0].AddApp(t, "Phone")
					people[0].AddCodes(t, 10)
				}
				for range scale(10, 300) {
					fixedSignIn(t, s, people[0])
				}
			})
		}
	})
}

func fixedSignIn(t *testing.T, s *site.Site, p *site.Person) {
	t.Helper()
	eve := s.Client()
	attempt, _ := strings.CutSuffix(eve.Post("/signin", "identifier", p.Email).Location, "/password")
	planted := token(eve, "signin")
	var stop atomic.Bool
	var all sync.WaitGroup
	var mu sync.Mutex
	won := map[string]bool{}
	for w := range 4 {
		all.Go(func() {
			for i := w; !stop.Load(); i++ {
				path := attempt + []string{"/password", "/code", "/recovery", "/ways"}[i%4]
				c := thief(s, "signin", planted).On(i % len(s.Nodes))
				a := c.Post(path, "password", "", "code", "", "recovery", "")
				if i%8 > 3 {
					a = c.Get(path)
				}
				what := ""
				switch {
				case token(c, "session") != "":
					what = "a session"
				case i%4 > 0 && (a.Status == http.StatusOK || a.Status == http.StatusUnprocessableEntity):
					what = "the second step"
				}
				if what != "" {
					mu.Lock()
					won[what] = true
					mu.Unlock()
				}
			}
		})
	}
	victim := s.Client()
	victim.SetCookie("countersign_signin", planted)
	step := victim.Post(attempt+"/password", "password", p.Password)
	if len(p.Secret) > 0 {
		step = victim.Post(step.Location, "code", p.Code())
	}
	stop.Store(true)
	all.Wait()
	if len(won) > 0 {
		t.Errorf("with nothing but the planted cookie the attacker got %v", won)
	}
	if step.Status != http.StatusSeeOther || !victim.SignedIn() {
		t.Errorf("the victim's sign-in was answered %s", step)
	}
	for _, session := range []string{token(eve, "session"), planted} {
		if session != "" && len(alive(s, session)) > 0 {
			t.Error("what the attacker had opens a session")
		}
	}
}

// TestSessionsTurn looks at the moments at which a session gets more rights or
// ends: what its cookie was before opens nothing.
func TestSessionsTurn(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		ada, bob := s.Guarded(t, "Ada Lovelace", "ada@acme.example"), s.Person(t, "Bob Hill", "bob@acme.example", countersign.Member)
		for _, row := range []struct {
			is  string
			who *site.Person
			act func(h *hand)
		}{
			{"a fresh proof by the app", ada, func(h *hand) {
				s.Clock.Advance(11 * 60e9)
				h.reach("/account/password")
			}},
			{"a fresh proof by the password", bob, func(h *hand) {
				s.Clock.Advance(11 * 60e9)
				h.reach("/account/password")
			}},
			{"a mailed code", bob, func(h *hand) { h.reach("/account/two-factor") }},
			{"signing in again in the same browser", ada, func(h *hand) { h.signIn() }},
			{"somebody else's sign-in in the same browser", ada, func(h *hand) {
				h.p = bob
				h.signIn()
			}},
			{"signing out", ada, func(h *hand) { h.post("/signout") }},
			{"ending it in the list", ada, func(h *hand) {
				id := found(t, `ses_[0-9a-z]+`, sessionOf(t, s, token(h.Client, "session")))
				h.post("/account/sessions/" + id + "/end")
			}},
		} {
			h := newHand(t, s, row.who, len(s.Nodes)-1)
			h.signIn()
			before := token(h.Client, "session")
			row.act(h)
			if token(h.Client, "session") == before {
				t.Errorf("%s: the cookie is what it was", row.is)
			}
			if on := alive(s, before); len(on) > 0 {
				t.Errorf("%s: the cookie of before opens something on the nodes %v", row.is, on)
			}
			for n := range s.Nodes {
				a := thief(s, "session", before).On(n).Post("/account/profile", "name", "Eve", "language", "en")
				if a.Status != http.StatusUnauthorized {
					t.Errorf("%s: a change with the cookie of before was answered %s", row.is, a)
				}
			}
		}
	})
}

// sessionOf is the id of the session that a cookie opens.
func sessionOf(t *testing.T, s *site.Site, sessionToken string) string {
	t.Helper()
	row, err := s.Engine.Store.Read().LoadSession(t.Context(), countersign.DefaultWorkspace, seal.Hash(sessionToken), s.Clock.Now().UnixMilli())
	must(t, err)
	return string(row.Session.ID)
}
