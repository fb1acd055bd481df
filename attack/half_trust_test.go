package attack_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// trusts gives the visitor's person two trusted browsers, which are elsewhere.
func (v *visitor) trusts(t *testing.T, s *site.Site) {
	t.Helper()
	allowTrust(t, s)
	for i := range 2 {
		id := countersign.BrowserID(seal.ID("brw"))
		v.things["browser"] = string(id)
		token := seal.Hash(seal.NewToken())
		s.Write(t, func(tx *store.Tx) error {
			_, err := tx.KeepBrowser(tx.Ctx, rows.KeepBrowserParams{
				WorkspaceID: countersign.DefaultWorkspace, ID: id, UserID: v.who.ID, TokenHash: token, UserAgent: "curl/8.14.1",
				Now: tx.NowMilli() + int64(i), // the last one stands first on the page
			})
			if err != nil {
				return err
			}
			_, err = tx.TrustBrowser(tx.Ctx, rows.TrustBrowserParams{
				TrustedAt: tx.NowMilli(), TrustedUntil: tx.Now.Add(30 * 24 * time.Hour).UnixMilli(),
				WorkspaceID: countersign.DefaultWorkspace, UserID: v.who.ID, ID: id, TokenHash: token,
			})
			return err
		})
	}
}

func allowTrust(t *testing.T, s *site.Site) {
	t.Helper()
	now, err := s.Engine.Accounts.Settings(t.Context(), countersign.DefaultWorkspace, countersign.DefaultPool)
	must(t, err)
	if now.TrustedDays == 0 {
		document, _, err := s.Engine.People.Document(t.Context(), countersign.DefaultWorkspace)
		must(t, err)
		s.Policy(t, "", document.With(policy.Document{"trusted_browser_days": 30}))
	}
}

// trusting is a browser that somebody signed in with and trusts, by the pages.
func trusting(t *testing.T, s *site.Site, who *site.Person) *site.Client {
	t.Helper()
	c := s.Client()
	in := c.SignIn(who)
	if in.Status != http.StatusSeeOther || !strings.HasPrefix(in.Location, "/account/trust?return=") {
		t.Fatalf("after the sign-in, nobody asks: %v", in)
	}
	if page := c.Get(in.Location); page.Status != http.StatusOK || !strings.Contains(page.Body, "Trust this browser?") {
		t.Fatalf("the question is answered %v", page)
	}
	if yes := c.Post("/account/trust", "return", "/account/security"); yes.Location != "/account/security" {
		t.Fatalf("yes is answered %v", yes)
	}
	return c
}

// byPassword tells whether a browser is let in by the password alone.
func byPassword(c *site.Client, who *site.Person) bool {
	c.Post("/signout")
	c.First(who)
	return c.SignedIn()
}

// copyOf is another browser with the long-lived cookie of one, as a thief has it.
func copyOf(s *site.Site, c *site.Client) *site.Client {
	thief := s.Client()
	thief.SetCookie("countersign_browser", (&visitor{Client: c}).token("countersign_browser"))
	return thief
}

// TestHalfTrust tries to use somebody's trusted browser: for another account, with a wrong
// password, from half of a sign-in, by a copy of its cookie, and after the trust has ended.
func TestHalfTrust(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		allowTrust(t, s)
		ada, eve := s.Guarded(t, "Ada Lovelace", "ada@acme.example"), s.Guarded(t, "Eve Neighbour", "eve@acme.example")
		mine := trusting(t, s, ada)
		if !byPassword(mine.On(len(s.Nodes)-1), ada) {
			t.Fatal("the trusted browser is asked")
		}
		if got := mine.Get("/account/password"); !strings.HasPrefix(got.Location, "/proof?act=password") {
			t.Errorf("a change of the password, by a session of trust, is answered %v", got)
		}
		if got := mine.Post("/account/trust"); got.Status != http.StatusForbidden {
			t.Errorf("trust by trust is answered %v", got)
		}
		if byPassword(copyOf(s, mine), eve) {
			t.Error("Ada's cookie lets Eve's password in")
		}
		if byPassword(s.Client(), ada) {
			t.Error("Ada's password is enough in any browser")
		}
		wrong := *ada
		wrong.Password = "none of mine"
		if byPassword(copyOf(s, mine), &wrong) {
			t.Error("Ada's cookie lets a wrong password in")
		}

		// A copy is worth nothing once the original was used; half of a sign-in trusts nothing.
		early := copyOf(s, mine)
		if !byPassword(mine, ada) || byPassword(early, ada) {
			t.Error("a copy from before the last use is let in, or the original is not")
		}
		half := s.Client()
		half.First(ada)
		for _, path := range []string{"/account/trust", "/account/trust/later", "/account/browsers/untrust-all"} {
			if got := half.Post(path, "return", "/"); got.Status != http.StatusUnauthorized {
				t.Errorf("%s, with the password alone, is answered %v", path, got)
			}
		}
		if got := half.Get("/account/trust"); got.Status != http.StatusSeeOther || !strings.HasPrefix(got.Location, "/signin") {
			t.Errorf("the question, with the password alone, is answered %v", got)
		}

		// Where the answers lead stays inside, whatever is sent along.
		s.Clock.Advance(time.Minute)
		fresh := s.Client()
		fresh.SignIn(eve)
		for _, to := range []string{"https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"} {
			all, _ := read(fresh.Get("/account/trust?"+url.Values{"return": {to}}.Encode()).Body, "/account/trust")
			forms := 0
			for _, f := range all {
				if strings.HasPrefix(f.action, "/account/trust") {
					forms++
					if f.value("return") != "/account/security" {
						t.Errorf("%q: the form of %s leads to %q", to, f.action, f.value("return"))
					}
				}
			}
			if later := fresh.Post("/account/trust/later", "return", to); forms != 2 || later.Location != "/account/security" {
				t.Errorf("%q: %d forms, and not now leads to %q", to, forms, later.Location)
			}
		}

		for _, end := range []struct {
			name string
			do   func(c *site.Client)
		}{
			{"it was taken away elsewhere", func(*site.Client) {
				c := s.Client()
				c.SignIn(ada)
				c.Post("/account/browsers/untrust-all")
			}},
			{"the others were signed out", func(*site.Client) {
				c := s.Client()
				c.SignIn(ada)
				c.Post("/account/sessions/end-others")
			}},
			{"the setting is off", func(*site.Client) { s.Policy(t, "", policy.Document{"trusted_browser_days": 0}) }},
		} {
			s.Clock.Advance(time.Minute)
			c := trusting(t, s, ada)
			before := copyOf(s, c)
			end.do(c)
			if byPassword(before, ada) || byPassword(c, ada) {
				t.Errorf("when %s, the password is enough", end.name)
			}
		}
	})
}

// TestHalfTrustAtOnce signs in with many copies of a trusted browser's cookie at once, over
// both nodes: one is let in, and the others are asked.
func TestHalfTrustAtOnce(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		allowTrust(t, s)
		ada := s.Guarded(t, "Ada Lovelace", "ada@acme.example")
		mine := trusting(t, s, ada)
		const n = 8
		in := make(chan bool, n)
		for i := range n {
			c := copyOf(s, mine).On(i % len(s.Nodes))
			go func() {
				c.First(ada)
				in <- c.SignedIn()
			}()
		}
		got := 0
		for range n {
			if <-in {
				got++
			}
		}
		if got != 1 {
			t.Errorf("%d of %d were let in", got, n)
		}
	})
}
