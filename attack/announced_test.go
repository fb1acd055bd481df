package attack_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/account"
	"countersign/internal/policy"
	"countersign/internal/store"
)

// TestAnnounced signs in before a second factor is required: who has none is told so, once
// a day in a browser, wherever they are heading.
func TestAnnounced(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		bare := s.Person(t, "Bea Bare", "bea@example.com", countersign.Member)
		full := s.Guarded(t, "Gus Guarded", "gus@example.com")
		from := s.Clock.Now().AddDate(0, 0, 9).UTC()
		s.Policy(t, "", policy.Document{"require_second_factor": "required from " + from.Format(time.DateOnly)})
		const page = "/account/announced?return=%2Faccount%2Fsecurity"
		lands := func(sentence string, c *site.Client, who *site.Person, want string) {
			t.Helper()
			if got := c.SignIn(who); got.Location != want {
				t.Errorf("%s leads to %q, want %q", sentence, got.Location, want)
			}
		}
		c := s.Client()
		lands("the first sign-in", c, bare, page)
		shown := c.Get(page)
		if shown.Status != http.StatusOK || !strings.Contains(shown.Body, "Remind me later (9 days left)") || !strings.Contains(shown.Body, `href="/account/two-factor"`) {
			t.Errorf("the page is %v:\n%s", shown, shown.Body)
		}
		lands("the next one, unanswered", c, bare, page)
		for _, to := range []string{"https://evil.example/", "//evil.example", "/\\evil.example"} {
			if later := c.Post("/account/announced", "return", to); later.Location != "/account/security" {
				t.Errorf("%q: later leads to %q", to, later.Location)
			}
		}
		lands("after later", c, bare, "/account/security")
		lands("another browser", s.Client(), bare, page)
		lands("somebody who has one", s.Client(), full, "/account/security")
		s.Clock.Advance(25 * time.Hour)
		lands("a day later", c, bare, page)
		if got := s.Client(); got.Get(page).Location == "" || got.Post("/account/announced", "return", "/").Status != http.StatusUnauthorized {
			t.Error("nobody's session reaches the page, or its answer")
		}

		// On the way to somewhere else it stands too, and leads on; not on the way to set one up,
		// nor before itself.
		heading := func(d *site.Client, to string) string {
			begun := d.Post("/signin?"+url.Values{"return": {to}}.Encode(), "identifier", bare.Email, "return", to)
			return d.Post(strings.TrimSuffix(begun.Location, "/password")+"/password", "password", bare.Password).Location
		}
		for to, want := range map[string]string{
			"/help": "/account/announced?return=%2Fhelp", "/console?range=90": "/account/announced?return=%2Fconsole%3Frange%3D90",
			"/account/activity": "/account/announced?return=%2Faccount%2Factivity", "/account/two-factor": "/account/two-factor",
			"/account/announced?return=%2Fhelp": "/account/announced?return=%2Fhelp",
		} {
			d := s.Client()
			if got := heading(d, to); got != want {
				t.Errorf("on the way to %s it leads to %q, want %q", to, got, want)
			}
		}
		d := s.Client()
		shown = d.Get(heading(d, "/console?range=90"))
		if !strings.Contains(shown.Body, `value="/console?range=90"`) {
			t.Errorf("the page does not know where they were heading: %v\n%s", shown, shown.Body)
		}
		if later := d.Post("/account/announced", "return", "/console?range=90"); later.Location != "/console?range=90" {
			t.Errorf("later leads to %q", later.Location)
		}
		if got := heading(d, "/console?range=90"); got != "/console?range=90" {
			t.Errorf("after later it leads to %q", got)
		}
		s.Clock.Advance(9 * 24 * time.Hour)
		d = s.Client()
		d.SignIn(bare)
		if got := d.Get(page); got.Status != http.StatusForbidden || !strings.Contains(got.Body, "Set it up now") {
			t.Errorf("when it is required, the page is %v", got)
		}
	})
}

// TestProofNamesNobody asks for the proof of an act upon somebody: only to those whose
// role reaches that person the page says who it is.
func TestProofNamesNobody(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		ben := s.Person(t, "Benedict Hidden", "hidden@example.com", countersign.Member)
		boss := s.Person(t, "Olga Owner", "olga@example.com", countersign.Owner)
		for _, row := range []struct {
			role  countersign.Role
			deed  policy.Deed
			upon  *site.Person
			names bool
		}{
			{countersign.Member, policy.DeedLock, ben, false},
			{countersign.Auditor, policy.DeedLock, ben, false},
			{countersign.HelpDesk, policy.DeedLock, ben, true},
			{countersign.HelpDesk, policy.DeedRole, ben, false},
			{countersign.HelpDesk, policy.DeedLock, boss, false},
			{countersign.Administrator, policy.DeedRole, ben, false},
			{countersign.Owner, policy.DeedRole, ben, true},
			{countersign.Administrator, policy.DeedMove, ben, true},
			{countersign.Administrator, policy.DeedReset, boss, false},
			{countersign.Owner, policy.DeedReset, boss, true},
		} {
			who := s.Guarded(t, "Asker", "asker-"+string(row.role)+string(row.deed)+string(row.upon.ID)+"@example.com")
			s.Write(t, func(tx *store.Tx) error {
				_, err := tx.SetUserRole(tx.Ctx, row.role, countersign.DefaultWorkspace, who.ID)
				return err
			})
			c := s.Client()
			c.SignIn(who)
			s.Clock.Advance(policy.FreshFor)
			got := c.Get("/proof?" + url.Values{"act": {string(account.ActOn(row.deed, row.upon.ID))}, "return": {"/account/security"}}.Encode())
			named := strings.Contains(got.Body, row.upon.Email)
			if named != row.names || (got.Status == http.StatusOK) != row.names {
				t.Errorf("%s to %s %s: %d, named %v", row.role, row.deed, row.upon.Email, got.Status, named)
			}
		}
	})
}
