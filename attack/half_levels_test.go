package attack_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/store"
)

// within is what belongs to setting up a second factor: all that a session may do
// from which one is required.
func within(r site.Route) bool {
	return slices.Contains([]string{
		"/proof", "/account/two-factor", "/account/two-factor/settings", "/account/two-factor/app", "/account/two-factor/codes", "/account/two-factor/codes.txt", "/account/recovery",
		"/account/devices/new", "/account/devices/pairing", "/account/devices/pairing/events", "/account/passkeys/new", "/account/texts/new", "/account/texts/confirm",
		"/proof/phone", "/proof/phone/events",
	}, r.Path)
}

// free is what a session may do whose last proof is old: it gives nobody a key
// and takes none away. Codes that it made itself a moment ago wait to be saved, and
// the links, like the digits of a pairing, are the last of two steps, of which the first
// asked for a proof; asking the phone is the way to one.
func free(r site.Route) bool {
	return slices.Contains([]string{
		"/proof", "/account/profile", "/account/sessions/{id}/end", "/account/sessions/end-others", "/account/email/confirm", "/account/two-factor/codes",
		"/account/devices/pairing", "/proof/phone", "/account/trust/later", "/account/announced", "/account/browsers/{id}/untrust", "/account/browsers/untrust-all",
	}, r.Path) || strings.HasSuffix(r.Path, "/{token}")
}

// TestHalfLevels knocks at every route that needs a session with less than it
// needs: with a sign-in at each of its steps, a session at each level, somebody
// else's, and those that have ended. Only what the level allows is done.
func TestHalfLevels(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		b, routes := openBooks(t, s), site.Routes(t)
		all := deeds(t, s, routes)
		for _, row := range []struct {
			name  string
			level string
			then  func(v *visitor)
			// wrong tells what is wrong with an answer, beside a change.
			wrong   func(d door, got site.Answer, who *site.Person) string
			changes func(r site.Route) bool
		}{
			{"nobody", atFull, func(v *visitor) { v.Client = s.Client() }, door.shut, nothing},
			{"a sign-in that was begun", atBegun, nil, door.shut, nothing},
			{"a sign-in with the password", atHalf, nil, door.shut, nothing},
			{"a session from before there was a second factor", atFull, func(v *visitor) { withoutSecond(t, s, v) }, door.shut, nothing},
			{"a session that was signed out", atFull, func(v *visitor) { v.after(func() { v.Post("/signout") }) }, door.shut, nothing},
			{"a session that was ended elsewhere", atFull, func(v *visitor) { v.Clone(s).Post("/account/sessions/" + v.things["session"] + "/end") }, door.shut, nothing},
			{"a session of somebody who was disabled since", atFull, func(v *visitor) { shutOut(t, s, v.who) }, door.shut, nothing},
			{"a session that must set up a second factor", atEnrol, nil, door.enrolling, within},
			{"a session that must save codes", atSaving, nil, door.enrolling, within},
			{"a session whose last proof is old", atStale, nil, door.stale, free},
		} {
			t.Run(row.name, func(t *testing.T) {
				v := came(t, s, row.level, "Ada "+strings.ReplaceAll(row.name, "-", " "))
				if row.then != nil {
					row.then(v)
				}
				at := doors(routes, all, v)
				// What belongs to setting up, and the proof, come last: they lift the level.
				slices.SortStableFunc(at, func(a, b door) int { return setsUp(a) - setsUp(b) })
				for i, d := range at {
					was := b.about(t, v.who)
					got := d.knock(v.On(i % len(s.Nodes)))
					if problem := row.wrong(d, got, v.who); problem != "" {
						t.Errorf("%s %s", d.route, problem)
					}
					if changed := altered(was, b.about(t, v.who)); changed != "" && (!row.changes(d.route) || d.form.verb == http.MethodGet) {
						t.Errorf("%s was answered %v and has written\n%s", d.route, got, changed)
					}
					if d.form.verb == http.MethodGet && !row.changes(d.route) {
						c := v.On(i % len(s.Nodes))
						c.Header = http.Header{"Accept": {"application/json"}}
						if data := d.knock(c); data.Status != http.StatusUnauthorized && data.Status != http.StatusForbidden && row.level != atStale {
							t.Errorf("%s, as data, was answered %v", d.route, data)
						}
					}
				}
			})
		}
	})
}

func nothing(site.Route) bool { return false }

func setsUp(d door) int {
	switch {
	case d.route.Path == "/proof":
		return 2
	case within(d.route):
		return 1
	}
	return 0
}

// enrolling tells what is wrong with an answer to a session that may only set up
// its second factor.
func (d door) enrolling(got site.Answer, who *site.Person) string {
	toCodes := got.Status == http.StatusSeeOther && got.Location == "/account/two-factor/codes"
	switch {
	case d.route.Path == "/account/devices/new" && got.Status == http.StatusForbidden:
		return "" // it says which other way in has to be there first
	case within(d.route):
		if got.Status >= http.StatusInternalServerError || got.Status == http.StatusUnauthorized || got.Status == http.StatusForbidden {
			return "belongs to setting up, and was answered " + got.String()
		}
		return ""
	case got.Status == http.StatusForbidden, d.form.verb == http.MethodGet && toCodes:
		return ""
	}
	_ = who
	return "was answered " + got.String()
}

// stale tells what is wrong with an answer to a session whose last proof is old:
// an act leads to proving oneself and is not done.
func (d door) stale(got site.Answer, _ *site.Person) string {
	if d.form.verb == http.MethodGet || free(d.route) || got.Status == http.StatusSeeOther && strings.HasPrefix(got.Location, "/proof?act=") {
		return ""
	}
	return "was answered " + got.String()
}

// after does something and puts the cookies back that it took away, as whoever
// had copied them would.
func (v *visitor) after(act func()) {
	kept := v.Cookies()
	act()
	for _, cookie := range kept {
		v.SetCookie(cookie.Name, cookie.Value)
	}
}

// Clone is another browser with a session of the same person.
func (v *visitor) Clone(s *site.Site) *site.Client {
	c := s.Client()
	c.SignIn(v.who)
	return c
}

// withoutSecond gives the visitor's person a session that has the password only, as one
// has that was begun before there was a second factor.
func withoutSecond(t *testing.T, s *site.Site, v *visitor) {
	t.Helper()
	grace := s.Person(t, "Grace "+v.who.Name[4:], "grace."+v.who.Email, countersign.Member)
	c := s.Client()
	if in := c.SignIn(grace); in.Status != http.StatusSeeOther {
		t.Fatalf("a person without a second factor is answered %v", in)
	}
	grace.AddApp(t, "Phone")
	grace.AddCodes(t, 10)
	v.Client, v.who, v.things["id"] = c, grace, string(grace.Device)
	v.noteSession(t, s)
}

func shutOut(t *testing.T, s *site.Site, who *site.Person) {
	t.Helper()
	s.Write(t, func(tx *store.Tx) error {
		_, err := tx.SetUserState(tx.Ctx, countersign.Disabled, countersign.DefaultWorkspace, who.ID)
		return err
	})
}

// TestHalfNeighbour knocks at the addresses of somebody's own things with the
// full and fresh session of another: nothing there opens, and nothing of the
// owner's changes.
func TestHalfNeighbour(t *testing.T) {
	both(t, func(t *testing.T, s *site.Site) {
		b, routes := openBooks(t, s), site.Routes(t)
		all := deeds(t, s, routes)
		ada, eve := owner(t, s, atFull, "Ada Lovelace"), owner(t, s, atFull, "Eve Neighbour")
		was := b.about(t, ada.who)
		for i, d := range doors(routes, all, ada) {
			if len(d.route.Wildcards()) == 0 {
				continue // that would be Eve's own
			}
			got := d.knock(eve.On(i % len(s.Nodes)))
			if strings.Contains(got.Body, ada.who.Email) || got.Status == http.StatusOK {
				t.Errorf("%s, of somebody else's, was answered %v:\n%s", d.route, got, got.Body)
			}
			if changed := altered(was, b.about(t, ada.who)); changed != "" {
				t.Fatalf("%s was answered %v and has written\n%s", d.route, got, changed)
			}
		}
		if !ada.SignedIn() || !eve.SignedIn() {
			t.Errorf("afterwards Ada is signed in: %v, Eve: %v", ada.SignedIn(), eve.SignedIn())
		}
	})
}

// TestHalfSteps answers the steps of somebody's sign-in with what is right, out
// of turn, from another browser, and again after the end: only the browser that
// began it, in the order of the steps and once, gets in.
func TestHalfSteps(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		b := openBooks(t, s)
		ada := s.Guarded(t, "Ada Lovelace", "ada@acme.example")
		mine, other := s.Client(), s.Client()
		begun := strings.TrimSuffix(mine.Post("/signin", "identifier", ada.Email).Location, "/password")
		other.First(s.Guarded(t, "Eve Neighbour", "eve@acme.example"))
		code := ada.Code()
		steps := [][]string{{"/code", "code", code}, {"/recovery", "recovery", ada.Codes[0]}, {"/password", "password", ada.Password}}
		bind := (&visitor{Client: mine}).token("countersign_signin")
		refused := func(when string, c *site.Client, steps [][]string) {
			t.Helper()
			was := b.about(t, ada)
			for i, step := range steps {
				got := c.On(i%len(s.Nodes)).Post(begun+step[0], step[1:]...)
				if got.Status < http.StatusSeeOther || strings.Contains(got.Body, ada.Email) && c != mine || c.SignedIn() {
					t.Errorf("%s, %s was answered %v", when, step[0], got)
				}
			}
			if changed := altered(was, b.about(t, ada)); changed != "" {
				t.Errorf("%s, this was written:\n%s", when, changed)
			}
		}
		strangers := func(when string) {
			t.Helper()
			refused(when+", from a browser of nobody", s.Client(), steps)
			refused(when+", from somebody else's browser", other, steps)
			for _, way := range showings() {
				thief := s.Client()
				thief.Bend = func(r *http.Request) { way.show(r, bind) }
				if way.name != "as the sign-in's cookie" {
					refused(when+", the browser's token shown "+way.name, thief, steps)
				}
			}
		}
		refused("before the password", mine, steps[:2])
		strangers("before the password")
		if got := mine.Post(begun+"/password", "password", ada.Password); got.Status != http.StatusSeeOther || mine.SignedIn() {
			t.Fatalf("the password was answered %v", got)
		}
		bind = (&visitor{Client: mine}).token("countersign_signin")
		strangers("after the password")
		copied := s.Client()
		for _, cookie := range mine.Cookies() {
			copied.SetCookie(cookie.Name, cookie.Value)
		}
		if got := mine.Post(begun+"/code", "code", code); got.Status != http.StatusSeeOther || !mine.SignedIn() {
			t.Fatalf("the right code, in its turn, was answered %v", got)
		}
		refused("after the end, with the sign-in's old cookies", copied, steps)
		s.Clock.Advance(time.Hour)
		refused("an hour later", copied, steps)
		if got := mine.Get("/account/security"); got.Status != http.StatusOK {
			t.Errorf("the session that was made is answered %v", got)
		}
	})
}
