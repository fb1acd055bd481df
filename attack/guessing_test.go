package attack_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/limit"
	"countersign/internal/method/totp"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// TestGuessing guesses proofs of many kinds, by every way of being somebody else
// that a stranger has. No more than the limit is ever evaluated.
func TestGuessing(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		for _, row := range []struct {
			guesses string
			guess   func(t *testing.T, s *site.Site)
		}{
			{"codes, over sessions, addresses, spellings and kill -9", guessCodes},
			{"passwords, over addresses, spellings and kill -9", guessPasswords},
			{"passwords from one network", guessFromOneNetwork},
			{"everything at once", guessAtOnce},
			{"codes, killing the server after each answer", guessAndKill},
			{"codes and passwords, hanging up before the answer", guessAndHangUp},
			{"recovery codes", guessRecovery},
			{"mailed codes", guessMailed},
			{"codes, at every door", guessAtEveryDoor},
			{"codes, by every turn between the tries", guessWithTurns},
			{"codes, until nobody may any more", guessUntilReset},
		} {
			t.Run(row.guesses, func(t *testing.T) { row.guess(t, s) })
		}
	})
}

// nth is the chance of the i-th of many guesses that are made at once: what it
// draws does not depend on who comes first.
func nth(base uint64, i int) *rand.Rand {
	return rand.New(rand.NewPCG(base, uint64(i))) //nolint:gosec // the attack must be repeatable
}

// disguise lets a client look like somebody else: another address of this
// machine, headers that a proxy would have set, another browser.
func disguise(c *site.Client, chance *rand.Rand) {
	c.From = fmt.Sprintf("127.%d.%d.%d", 1+chance.IntN(200), chance.IntN(250), 1+chance.IntN(250))
	forged := fmt.Sprintf("203.0.113.%d", chance.IntN(250))
	for _, name := range []string{"X-Forwarded-For", "X-Real-Ip", "X-Client-Ip", "True-Client-Ip", "Cf-Connecting-Ip", "X-Forwarded-Host"} {
		if chance.IntN(2) == 0 {
			c.Header.Set(name, forged)
		}
	}
	c.Header.Set("Forwarded", `for="`+forged+`";proto=https, for=`+forged)
	c.Header.Set("User-Agent", fmt.Sprintf("Guess/%d", chance.IntN(9)))
	c.Header.Set("X-Request-Id", fmt.Sprintf("guess-%08d", chance.IntN(1e8)))
}

// spelt is another way to write an address of the same account.
func spelt(email string, chance *rand.Rand) string {
	name, domain, _ := strings.Cut(email, "@")
	switch chance.IntN(7) {
	case 0:
		return strings.ToUpper(email)
	case 1:
		return "\t " + email + "  "
	case 2:
		return strings.ToUpper(name[:1]) + name[1:] + "@" + strings.ToUpper(domain)
	case 3: // full-width letters, and the full stop of China
		return string(rune(name[0])-'a'+'ａ') + name[1:] + "@" + strings.Replace(domain, ".", "。", 1)
	case 4: // a soft hyphen that a domain does not have
		return name + "@" + domain[:2] + "\u00ad" + domain[2:]
	case 5: // mathematical letters
		return string(rune(name[0])-'a'+'𝐚') + name[1:] + "@" + domain
	}
	return email
}

// typed is another way to type the same code.
func typed(code string, chance *rand.Rand) string {
	switch chance.IntN(5) {
	case 0:
		return " " + code[:3] + " " + code[3:] + "\u200b"
	case 1:
		return strings.Map(func(r rune) rune { return r - '0' + '０' }, code)
	case 2:
		return strings.Map(func(r rune) rune { return r - '0' + '٠' }, code)
	case 3:
		return code[:2] + "-" + code[2:4] + "–" + code[4:]
	}
	return code
}

// wrongCodes are n codes that the app does not show now, whatever the drift.
func wrongCodes(app *site.App, now time.Time, n int, chance *rand.Rand) []string {
	near := map[string]bool{}
	for drift := int64(-5); drift <= 5; drift++ {
		near[totp.Code(app.Secret, totp.Step(now)+drift)] = true
	}
	codes := make([]string, 0, n)
	for len(codes) < n {
		code := fmt.Sprintf("%06d", chance.IntN(1_000_000))
		if !near[code] {
			codes = append(codes, code)
		}
	}
	return codes
}

// evaluated counts the wrong proofs of one method that were looked at.
func evaluated(t *testing.T, s *site.Site, user countersign.UserID, method string) int {
	t.Helper()
	of := `"method":"` + method + `"`
	return tellings(t, s, user, "proof.refused", of+`,"why":"wrong"`) + tellings(t, s, user, "proof.refused", of+`,"why":"used"`)
}

// counted is how many wrong second factors are counted of all browsers that are
// not known.
func counted(t *testing.T, s *site.Site, p *site.Person) int {
	t.Helper()
	return tries(t, s, string(p.ID), limit.SecondFactor, "other")
}

func tries(t *testing.T, s *site.Site, subject string, sort limit.Sort, counter string) int {
	t.Helper()
	row, err := s.Engine.Store.Read().GetGuesses(t.Context(), rows.GetGuessesParams{
		WorkspaceID: countersign.DefaultWorkspace, Subject: subject, Sort: string(sort), Counter: counter,
	})
	if store.NotFound(err) {
		return 0
	}
	must(t, err)
	return int(row.Tries)
}

// alike fails unless two refusals are the same, byte for byte, but for what names
// the request.
func alike(t *testing.T, what string, wrong, right site.Answer) {
	t.Helper()
	if wrong.Status != right.Status || wrong.Body != right.Body || wrong.Location != right.Location {
		t.Errorf("%s: a wrong one is answered %v, the right one %v\n%s\n%s", what, wrong, right, wrong.Body, right.Body)
	}
	for _, h := range []http.Header{wrong.Header, right.Header} {
		h.Del("Date")
		h.Del("X-Request-Id")
	}
	if got, want := fmt.Sprint(right.Header), fmt.Sprint(wrong.Header); got != want {
		t.Errorf("%s: the headers of the right one are %s, of a wrong one %s", what, got, want)
	}
}

// killed runs act while a node dies and comes back, again and again, each time
// another.
func killed(s *site.Site, times int, chance *rand.Rand, act func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		act()
	}()
	for range times {
		time.Sleep(time.Duration(chance.IntN(300)) * time.Millisecond)
		node := chance.IntN(len(s.Nodes))
		s.Nodes[node].Kill9()
		s.Nodes[node].Restart()
		s.WaitReady(node)
	}
	<-done
}

func guessCodes(t *testing.T, s *site.Site) {
	chance := chance(t)
	ada := s.Guarded(t, "Ada Lovelace", "ada@acme.example")
	home := s.Client()
	home.SignIn(ada)
	s.Clock.Advance(time.Minute)
	began := s.Clock.Now()
	s.Clock.Freeze(began)
	defer s.Clock.Run()

	n, m := scale(300, 10_000), scale(24, 400)
	clients, pages := make([]*site.Client, m), make([]string, m)
	for i := range clients {
		clients[i] = s.Client().On(i % len(s.Nodes))
		disguise(clients[i], chance)
		step := clients[i].Post("/signin", "identifier", spelt(ada.Email, chance))
		pages[i] = clients[i].Post(step.Location, "password", ada.Password).Location
		if !strings.HasSuffix(pages[i], "/code") {
			t.Fatalf("sign-in %d led to %q", i, pages[i])
		}
	}
	codes, right, base := wrongCodes(ada.App, s.Clock.Now(), n, chance), ada.Shown(), chance.Uint64()
	guess := func(i int) {
		chance := nth(base, i)
		which := chance.IntN(m)
		c, code := *clients[which].On(chance.IntN(len(s.Nodes))), typed(codes[i], chance)
		c.Header = http.Header{} // the session stays, everything else is another
		disguise(&c, chance)
		if i > n/3 && chance.IntN(20) == 0 {
			code = right
		}
		c.Post(pages[which], "code", code)
	}
	crew(8, n/3, guess)
	exactly(t, "codes evaluated of a third of the guesses", evaluated(t, s, ada.ID, "totp"), limit.Batch)
	killed(s, scale(2, 20), chance, func() { crew(8, n-n/3, func(i int) { guess(n/3 + i) }) })
	exactly(t, "codes evaluated of all guesses", evaluated(t, s, ada.ID, "totp"), limit.Batch)
	exactly(t, "wrong codes counted", counted(t, s, ada), limit.Batch)
	exactly(t, "strangers who are in", letIn(clients), 0)

	for i, c := range clients[:2] {
		wrong, itself := c.Post(pages[i], "code", codes[i]), c.Post(pages[i], "code", right)
		exactly(t, "the answer during the lock", wrong.Status, http.StatusTooManyRequests)
		alike(t, "during the lock", wrong, itself)
	}
	home.Post("/signout")
	home.SignIn(ada)
	exactly(t, "the owner's known browser", letIn([]*site.Client{home}), 1)
	s.Clock.Set(began.Add(15*time.Minute - time.Second))
	late := s.Client()
	page := late.First(ada).Location
	late.Post(page, "code", ada.Shown())
	exactly(t, "strangers who are in a second before the lock ends", letIn([]*site.Client{late}), 0)
	exactly(t, "codes evaluated until then", evaluated(t, s, ada.ID, "totp"), limit.Batch)
	s.Clock.Advance(time.Second)
	late.Post(page, "code", ada.Shown())
	exactly(t, "the owner's new browser when it has ended", letIn([]*site.Client{late}), 1)
}

func guessPasswords(t *testing.T, s *site.Site) {
	chance := chance(t)
	bea := s.Person(t, "Bea Arthur", "bea@acme.example", countersign.Member)
	home := s.Client()
	home.SignIn(bea)
	s.Clock.Freeze(s.Clock.Now())
	defer s.Clock.Run()
	n, base := scale(150, 5000), chance.Uint64()
	// Somebody who is not there is guarded the same way.
	for _, email := range []string{bea.Email, "ben@acme.example"} {
		var looked atomic.Int64
		guess := func(i int) {
			chance := nth(base, i)
			c := s.Client().On(chance.IntN(len(s.Nodes)))
			disguise(c, chance)
			name, password := spelt(email, chance), fmt.Sprintf("guess %d of many", i)
			if i > n/3 && chance.IntN(20) == 0 {
				password = bea.Password
			}
			step := c.Post("/signin", "identifier", name)
			a := c.Post(step.Location, "password", password)
			switch a.Status {
			case http.StatusUnprocessableEntity:
				looked.Add(1)
			case http.StatusSeeOther:
				t.Errorf("%s was let in", email)
			}
		}
		crew(8, n/3, guess)
		killed(s, scale(1, 10), chance, func() { crew(8, n-n/3, func(i int) { guess(n/3 + i) }) })
		exactly(t, "passwords evaluated for "+email, int(looked.Load()), limit.Batch)
		c := s.Client()
		page := c.Post("/signin", "identifier", email).Location
		alike(t, "during the pause of "+email, c.Post(page, "password", "not this"), c.Post(page, "password", bea.Password))
	}
	exactly(t, "passwords refused as wrong", evaluated(t, s, bea.ID, "password"), limit.Batch)
	home.Post("/signout")
	home.SignIn(bea)
	exactly(t, "the owner's known browser", letIn([]*site.Client{home}), 1)
	// The way by mail stays open, and ends the pause.
	home.Post("/forgot", "email", bea.Email)
	home.Post(s.Link(t, s.Mail(t, bea.Email, "Choose a new password")), "password", wish(1))
	bea.Password = wish(1)
	c := s.Client()
	c.SignIn(bea)
	exactly(t, "a stranger's browser with the new password", letIn([]*site.Client{c}), 1)
}

// guessFromOneNetwork tries a password with many accounts. Headers that nobody
// trusts make no other network of it, and the neighbour whose browser is known
// gets in.
func guessFromOneNetwork(t *testing.T, s *site.Site) {
	chance := chance(t)
	cleo := s.Guarded(t, "Cleo Laine", "cleo@acme.example")
	const office = "127.77.0.1"
	home := s.Client()
	home.From = office
	home.SignIn(cleo)
	home.Post("/signout")
	n := scale(130, 1000)
	clients := rivals(s, n)
	for _, c := range clients {
		disguise(c, chance)
		c.From = office
	}
	answers := make([]site.Answer, n)
	crew(4, n, func(i int) {
		step := clients[i].Post("/signin", "identifier", fmt.Sprintf("somebody-%d@acme.example", i))
		answers[i] = clients[i].Post(step.Location, "password", "password1234")
	})
	looked := 0
	for _, a := range answers {
		if a.Status == http.StatusUnprocessableEntity {
			looked++
		}
	}
	exactly(t, "passwords evaluated from one network", looked, 100)
	c := s.Client()
	c.From = office
	page := c.Post("/signin", "identifier", cleo.Email).Location
	s.Clock.Freeze(s.Clock.Now())
	alike(t, "from the network", c.Post(page, "password", "not this"), c.Post(page, "password", cleo.Password))
	s.Clock.Run()
	home.SignIn(cleo)
	exactly(t, "the neighbour's known browser", letIn([]*site.Client{home}), 1)
	elsewhere := s.Client()
	elsewhere.From = "127.77.0.2"
	elsewhere.SignIn(cleo)
	exactly(t, "a browser elsewhere", letIn([]*site.Client{elsewhere}), 1)
}
