package attack_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/store"
)

// codeFromMail is the code of the next mail that has one.
func codeFromMail(t *testing.T, s *site.Site, email string) string {
	t.Helper()
	text := s.Mail(t, email, "Your code for").Text
	found := regexp.MustCompile(`\b\d{3}\s?\d{3}\b`).FindString(text)
	if found == "" {
		t.Fatalf("the mail has no code:\n%s", text)
	}
	return strings.Join(strings.Fields(found), "")
}

// toEnrol is where somebody proves that the mailbox is theirs.
const toEnrol = "/proof?act=second_factor"

// askCode has a code mailed for the client's session.
func askCode(t *testing.T, s *site.Site, c *site.Client, email string) string {
	t.Helper()
	c.Post(toEnrol, "with", "mailed", "return", "/account/two-factor", "send", "yes")
	return codeFromMail(t, s, email)
}

// waiting is the app whose secret waits for its first code.
func waiting(t *testing.T, s *site.Site, user countersign.UserID) *site.App {
	t.Helper()
	list, err := s.Engine.Store.Read().ListCredentials(t.Context(), countersign.DefaultWorkspace, user)
	must(t, err)
	for _, c := range list {
		if c.Kind == "totp" && c.State == "pending" {
			secret, err := s.Engine.Ring.Open(c.Secret, store.SecretPlace(c.ID))
			must(t, err)
			return s.NewApp(secret)
		}
	}
	t.Fatalf("no app of %s waits", user)
	return nil
}

// onceEnrolment goes from a password alone to a second factor, and does each step
// many times at once. The one browser that does it is never shut out.
func onceEnrolment(t *testing.T, s *site.Site, n int) {
	rosa := s.Person(t, "Rosa Parks", "rosa@acme.example", countersign.Member)
	c := s.Client()
	c.SignIn(rosa)
	mailed := askCode(t, s, c, rosa.Email)
	rush(t, n, func(i int) site.Answer {
		return c.On(i%len(s.Nodes)).Post(toEnrol, "with", "mailed", "return", "/account/two-factor", "code", mailed)
	})
	if a := c.Get("/account/two-factor"); a.Status != http.StatusOK {
		t.Fatalf("after the mailed code the choice of a method is answered %v", a)
	}
	exactly(t, "addresses verified", tellings(t, s, rosa.ID, "email.verified", ""), 1)
	thief := s.Client()
	thief.SignIn(rosa)
	thief.Post(toEnrol, "with", "mailed", "return", "/account/two-factor", "code", mailed)
	if a := thief.Get("/account/two-factor"); a.Status == http.StatusOK {
		t.Error("the mailed code worked in another session too")
	}

	c.Post("/account/two-factor", "method", "totp")
	app := waiting(t, s, rosa.ID)
	confirming := app.Code()
	rush(t, n, func(i int) site.Answer {
		return c.On(i%len(s.Nodes)).Post("/account/two-factor/app", "name", "Phone", "code", confirming)
	})
	if a := c.Get("/account/two-factor/codes"); a.Status != http.StatusOK {
		t.Fatalf("after the confirming code the recovery codes are answered %v", a)
	}
	factors, _ := standing(t, s, rosa)
	exactly(t, "second factors", factors, 1)
	exactly(t, "times turned on", tellings(t, s, rosa.ID, "two_factor.on", ""), 1)
	exactly(t, "sets of recovery codes", tellings(t, s, rosa.ID, "recovery.created", ""), 1)
	exactly(t, "sessions left", sessionsOf(t, s, rosa.ID), 1)
	rosa.Secret = app.Secret
	again := s.Client()
	again.Post(again.First(rosa).Location, "code", confirming)
	exactly(t, "browsers let in by the code that confirmed", letIn([]*site.Client{again}), 0)

	rush(t, n, func(i int) site.Answer { return c.On(i%len(s.Nodes)).Post("/account/two-factor/codes", "saved", "yes") })
	exactly(t, "times saved", tellings(t, s, rosa.ID, "recovery.saved", ""), 1)
	_, codes := standing(t, s, rosa)
	exactly(t, "recovery codes", codes, 10)
}

// TestOnceClickedTwice sends each last button of the ways in twice, one click
// after the other, faster than the answers come. The person is in, once, and no
// answer that the browser may show leads away from there.
func TestOnceClickedTwice(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		for round, person := range s.Crowd(t, "clicker", scale(8, 200)) {
			person.AddCodes(t, 10)
			for _, way := range []struct{ step, field, proof string }{
				{"code", "code", person.Code()},
				{"recovery", "recovery", person.Codes[0]},
			} {
				c := s.Client()
				page := strings.TrimSuffix(c.First(person).Location, "code") + way.step
				clicks := rush(t, 2, func(i int) site.Answer {
					time.Sleep(time.Duration(i*round%6) * time.Millisecond)
					return c.On(i%len(s.Nodes)).Post(page, way.field, way.proof)
				})
				for i, click := range clicks {
					if end := follow(c, click); end != "/account/security" {
						t.Errorf("round %d, %s: click %d was answered %v and leads to %q", round, way.step, i+1, click, end)
					}
				}
			}
			exactly(t, "sessions of two sign-ins", sessionsOf(t, s, person.ID), 2)
			c := s.Client()
			c.SignIn(person)
			s.Clock.Advance(11 * time.Minute) // until its proof is stale
			code := person.Code()
			clicks := rush(t, 2, func(i int) site.Answer {
				return c.On(i%len(s.Nodes)).Post("/proof?act=password", "with", "totp", "code", code, "return", "/account/password")
			})
			for i, click := range clicks {
				// A click that comes after the token has turned finds no session.
				if end := follow(c, click); end != "/account/password" && click.Status != http.StatusUnauthorized {
					t.Errorf("round %d, a fresh proof: click %d was answered %v and leads to %q", round, i+1, click, end)
				}
			}
			exactly(t, "the answer to a change after the proof", c.Get("/account/password").Status, http.StatusOK)
			exactly(t, "proofs refused", tellings(t, s, person.ID, "proof.refused", ""), 0)
		}
	})
}

// follow goes where an answer leads and returns the path of the page at the end,
// "" for one that is not there.
func follow(c *site.Client, a site.Answer) string {
	path := ""
	for range 5 {
		if a.Status != http.StatusSeeOther {
			break
		}
		path, _, _ = strings.Cut(a.Location, "?")
		a = c.Get(a.Location)
	}
	if a.Status != http.StatusOK {
		return ""
	}
	return path
}
