package attack_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/limit"
)

func recoveryPage(page string) string { return strings.TrimSuffix(page, "code") + "recovery" }

// guessRecovery has ten tries an hour, and no pause that lasts.
func guessRecovery(t *testing.T, s *site.Site) {
	ida := s.Guarded(t, "Ida Noddack", "ida@acme.example")
	for hour := range scale(2, 30) {
		c := s.Client().On(hour % len(s.Nodes))
		page := recoveryPage(c.First(ida).Location)
		for i := range 30 {
			c.On(i%len(s.Nodes)).Post(page, "recovery", fmt.Sprintf("%05d-00000", 100*hour+i))
		}
		exactly(t, "recovery codes evaluated", evaluated(t, s, ida.ID, "recovery"), 10*(hour+1))
		s.Clock.Freeze(s.Clock.Now())
		alike(t, "for the rest of the hour", c.Post(page, "recovery", "00000-00000"), c.Post(page, "recovery", ida.Codes[0]))
		s.Clock.Run()
		other := s.Client()
		other.SignIn(ida)
		exactly(t, "who has the app meanwhile", letIn([]*site.Client{other}), 1)
		s.Clock.Advance(time.Hour)
	}
	c := s.Client()
	c.Post(recoveryPage(c.First(ida).Location), "recovery", ida.Codes[0])
	exactly(t, "who has a recovery code an hour later", letIn([]*site.Client{c}), 1)
}

// guessMailed is a thief who has a password and not the mailbox, and wants to
// enrol a phone: every code that is mailed has a few tries, all together have few,
// and signing in again gives no new ones.
func guessMailed(t *testing.T, s *site.Site) {
	jim := s.Person(t, "Jim Lovell", "jim@acme.example", countersign.Member)
	thief := s.Client()
	for round := range scale(5, 40) {
		thief.SignIn(jim)
		right := askCode(t, s, thief, jim.Email)
		rush(t, 20, func(i int) site.Answer {
			wrong := fmt.Sprintf("%06d", i)
			if wrong == right {
				wrong = "999999"
			}
			return thief.On(i%len(s.Nodes)).Post(toEnrol, "with", "mailed", "return", "/account/two-factor", "code", wrong)
		})
		if round == 0 {
			exactly(t, "tries of one mailed code", evaluated(t, s, jim.ID, "email_code"), 5)
		}
		s.Clock.Advance(5 * time.Minute) // until another may be mailed
	}
	// Ten in the first five minutes, then five after each pause and five more five
	// minutes later: the pauses are a quarter of an hour, half an hour, an hour.
	exactly(t, "mailed codes evaluated in all", evaluated(t, s, jim.ID, "email_code"), scale(15, 40))
}

// guessAtEveryDoor is a thief who has the password and a session that was left
// open. The strangers' tries at signing in and those inside a session are two
// counts, and there is no third.
func guessAtEveryDoor(t *testing.T, s *site.Site) {
	lea := s.Guarded(t, "Lea Massari", "lea@acme.example")
	left := s.Client()
	left.SignIn(lea)
	s.Clock.Advance(11 * time.Minute) // until its proof is stale
	clients := rivals(s, 8)
	pages := halfDone(t, clients, lea)
	codes := wrongCodes(lea.App, s.Clock.Now(), 90, chance(t))
	rush(t, len(codes), func(i int) site.Answer {
		if i%3 == 0 {
			return clients[i%8].Post(pages[i%8], "code", codes[i])
		}
		act := []string{"password", "email", "turn_off", "second_factor", "nothing"}[i%5]
		return left.On(i%len(s.Nodes)).Post("/proof?act="+act, "with", "totp", "return", "/account/"+act, "code", codes[i])
	})
	exactly(t, "codes evaluated at all doors", evaluated(t, s, lea.ID, "totp"), 2*limit.Batch)
	right := lea.Code()
	clients[0].Post(pages[0], "code", right)
	left.Post("/proof?act=password", "with", "totp", "return", "/account/password", "code", right)
	exactly(t, "strangers who are in", letIn(clients), 0)
	exactly(t, "the answer to a change without a proof", left.Get("/account/password").Status, http.StatusSeeOther)
}

// guessWithTurns does between its tries whatever might start a count anew.
func guessWithTurns(t *testing.T, s *site.Site) {
	kay, own := s.Guarded(t, "Kay Francis", "kay@acme.example"), s.Guarded(t, "Thief", "thief@acme.example")
	chance := chance(t)
	codes := wrongCodes(kay.App, s.Clock.Now(), 400, chance)
	next := func() string {
		codes = codes[1:]
		return codes[0]
	}
	c := s.Client()
	c.SignIn(own) // the browser is known, to somebody else
	first := c.First(kay).Location
	for i, turn := range []struct {
		sentence string
		try      func() site.Answer
	}{
		{"the same page again", func() site.Answer { return c.Post(first, "code", next()) }},
		{"a right password in between", func() site.Answer {
			first = c.First(kay).Location
			return c.Post(first, "code", next())
		}},
		{"another browser", func() site.Answer {
			other := s.Client()
			return other.Post(other.First(kay).Location, "code", next())
		}},
		{"a wrong recovery code in between", func() site.Answer {
			c.Post(recoveryPage(first), "recovery", "00000-00000")
			return c.Post(first, "code", next())
		}},
		{"a sign-in as oneself in between", func() site.Answer {
			c.SignIn(own)
			first = c.First(kay).Location
			return c.Post(first, "code", next())
		}},
		{"a wrong password in between", func() site.Answer {
			page := c.Post("/signin", "identifier", kay.Email).Location
			c.Post(page, "password", "wrong")
			first = c.Post(page, "password", kay.Password).Location
			return c.Post(first, "code", next())
		}},
		{"cancelling and beginning anew", func() site.Answer {
			c.Post(strings.TrimSuffix(first, "code") + "cancel")
			first = c.First(kay).Location
			return c.Post(first, "code", next())
		}},
		{"many codes in one form", func() site.Answer {
			form := url.Values{"code": codes[:40]}
			form["code[]"] = codes[:40]
			codes = codes[40:]
			return c.Do(http.MethodPost, first+"?code="+next(), form)
		}},
		{"the address with other letters", func() site.Answer {
			return c.Post(strings.Replace(first, "/signin/att_", "/signin/%61tt%5f", 1), "code", next())
		}},
	} {
		turn.try()
		exactly(t, "evaluated after "+turn.sentence, evaluated(t, s, kay.ID, "totp"), i+1)
	}
	for _, odd := range []string{strings.ToUpper(first[len("/signin/") : len(first)-len("/code")]), " ", "%00", "att_%2e%2e"} {
		c.Post("/signin/"+odd+"/code", "code", next())
	}
	exactly(t, "evaluated by pages that are not there", evaluated(t, s, kay.ID, "totp"), 9)
	c.Post(first, "code", next())
	for range 20 {
		c.SignIn(own)
		first = c.First(kay).Location
		c.Post(first, "code", next())
	}
	exactly(t, "evaluated at last", evaluated(t, s, kay.ID, "totp"), limit.Batch)
	exactly(t, "the answer to the right code", c.Post(first, "code", kay.Shown()).Status, http.StatusTooManyRequests)
}
