package attack_test

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/mailbox"
	"countersign/e2e/site"
)

// mailTrouble is one way in which a mail server misbehaves.
type mailTrouble struct {
	sentence string
	begin    func(b *mailbox.Box)
	lost     bool // what was to be sent meanwhile is given up
}

func mailTroubles() []mailTrouble {
	return []mailTrouble{
		{"it refuses the sender for now", func(b *mailbox.Box) { b.Refuse(mailbox.AtMail, 451) }, false},
		{"it refuses the recipient for now", func(b *mailbox.Box) { b.Refuse(mailbox.AtRecipient, 450) }, false},
		{"it refuses the message for now", func(b *mailbox.Box) { b.Refuse(mailbox.AtData, 452) }, false},
		{"it cuts the line at once", func(b *mailbox.Box) { b.Cut(mailbox.AtConnect) }, false},
		{"it cuts the line at the sender", func(b *mailbox.Box) { b.Cut(mailbox.AtMail) }, false},
		{"it cuts the line at the recipient", func(b *mailbox.Box) { b.Cut(mailbox.AtRecipient) }, false},
		{"it cuts the line with the message in its hands", func(b *mailbox.Box) { b.Cut(mailbox.AtData) }, false},
		{"it hangs before its first word", func(b *mailbox.Box) { b.Hang(mailbox.AtConnect) }, false},
		{"it hangs at the sender", func(b *mailbox.Box) { b.Hang(mailbox.AtMail) }, false},
		{"it hangs at the recipient", func(b *mailbox.Box) { b.Hang(mailbox.AtRecipient) }, false},
		{"it hangs with the message in its hands", func(b *mailbox.Box) { b.Hang(mailbox.AtData) }, false},
		// The same mail goes through when the set-up is mended, so it is kept.
		{"it refuses the sender for good", func(b *mailbox.Box) { b.Refuse(mailbox.AtMail, 550) }, false},
		{"it refuses the recipient for good", func(b *mailbox.Box) { b.Refuse(mailbox.AtRecipient, 550) }, true},
		{"it refuses the message for good", func(b *mailbox.Box) { b.Refuse(mailbox.AtData, 554) }, true},
	}
}

// TestFaultsMailServer lets the mail server misbehave at each stage. Sign-ins go
// on, nobody enrols without the mailed code, and what waited leaves once.
func TestFaultsMailServer(t *testing.T) {
	r := chance(t)
	troubles := mailTroubles()
	r.Shuffle(len(troubles), func(i, j int) { troubles[i], troubles[j] = troubles[j], troubles[i] })
	databases := []string{site.SQLite, site.Postgres}[:scale(1, 2)]
	for _, database := range databases {
		s := site.Start(t, site.Options{Database: database})
		for n, trouble := range troubles[:scale(4, len(troubles))] {
			t.Run(database+"/"+trouble.sentence, func(t *testing.T) { misbehave(t, s, n, trouble) })
		}
	}
}

func misbehave(t *testing.T, s *site.Site, round int, trouble mailTrouble) {
	t.Helper()
	name := strconv.Itoa(round) + "-" + s.Database
	ada := s.Person(t, "Ada Lovelace", "ada-"+name+"@acme.example", countersign.Member)
	c := s.Client()
	c.SignIn(ada)
	usual := signInAll(t, s, s.Crowd(t, "usual-"+name, 6))
	trouble.begin(s.Box)
	defer s.Box.Work()
	crowd := s.Crowd(t, "late-"+name, 6)
	troubled := signInAll(t, s, crowd)
	t.Logf("the slowest of six sign-ins took %v with a mail server that works, and %v when %s", usual, troubled, trouble.sentence)
	if troubled > 15*time.Second {
		t.Errorf("a sign-in waited %v for the mail server", troubled)
	}
	const proof = "/proof?act=second_factor&return=%2Faccount%2Ftwo-factor"
	if a := c.Post(proof, "send", "yes"); a.Status != http.StatusSeeOther {
		t.Fatalf("asking for a code was answered %s", a)
	}
	if page := c.Get(proof); !strings.Contains(page.Body, "name=\"code\"") || !strings.Contains(page.Body, "name=\"send\"") {
		t.Errorf("who waits for a code is not told what to do:\n%s", page.Body)
	}
	c.Post(proof, "code", "000000")
	c.Post("/account/two-factor", "method", "totp")
	if a := c.Get("/account/two-factor/app"); a.Status == http.StatusOK {
		t.Error("without the mailed code somebody sees a secret to enrol")
	}
	time.Sleep(100 * time.Millisecond) // the worker meets the trouble
	s.Box.Work()
	time.Sleep(200 * time.Millisecond) // what hung is told to wait, and for how long
	code := ""
	if trouble.lost {
		c.Post(proof, "send", "yes")
		// A minute that goes by while it is on its way would send it once more.
		code = mailedCode(t, s, ada)
	}
	s.Clock.Advance(time.Minute) // the first pauses are over
	signInAll(t, s, s.Crowd(t, "woken-"+name, 1))
	if code == "" {
		code = mailedCode(t, s, ada)
	}
	if a := c.Post(proof, "code", code); a.Status != http.StatusSeeOther {
		t.Errorf("the mailed code is answered %s", a)
	}
	if a := c.Get("/account/two-factor"); a.Status != http.StatusOK {
		t.Errorf("with the mailed code nothing can be enrolled: %s", a)
	}
	if !trouble.lost {
		for _, p := range crowd {
			s.Mail(t, p.Email, "")
		}
	}
	time.Sleep(100 * time.Millisecond)
	for _, p := range append(crowd, ada) {
		got := map[string]int{}
		for _, m := range s.Box.All() {
			if strings.EqualFold(m.To[0], p.Email) {
				got[m.Header.Get("Message-Id")]++
			}
		}
		for id, n := range got {
			if n > 1 {
				t.Errorf("the mail %s came %d times", id, n)
			}
		}
		if trouble.lost && slices.Contains(crowd, p) && len(got) > 0 {
			t.Errorf("what was refused for good came later")
		}
	}
}

// signInAll signs people in, one after the other, and returns how long the
// slowest took.
func signInAll(t *testing.T, s *site.Site, people []*site.Person) time.Duration {
	t.Helper()
	var slowest time.Duration
	for _, p := range people {
		c := s.Client()
		began := time.Now()
		a := c.SignIn(p)
		slowest = max(slowest, time.Since(began))
		if !inside(c) {
			t.Errorf("%s cannot sign in: %s", p.Email, a)
		}
	}
	return slowest
}

var sixDigits = regexp.MustCompile(`\b(\d{3})\s?(\d{3})\b`)

// mailedCode waits for the mail with a code.
func mailedCode(t *testing.T, s *site.Site, p *site.Person) string {
	t.Helper()
	found := sixDigits.FindStringSubmatch(s.Mail(t, p.Email, "Your code for").Text)
	if found == nil {
		t.Fatal("the mail has no code")
	}
	return found[1] + found[2]
}

// TestFaultsMailHangsForOne lets the mails of one person hang. Everybody else's
// leave, the server stops in good order meanwhile, and the mails that hung leave
// when it is back.
func TestFaultsMailHangsForOne(t *testing.T) {
	alongside(t)
	s := site.Start(t, site.Options{})
	slow := s.Crowd(t, "slow", 1)[0]
	s.Box.HangOnly(mailbox.AtData, slow.Email)
	signInAll(t, s, []*site.Person{slow})
	for _, p := range s.Crowd(t, "other", scale(12, 200)) {
		signInAll(t, s, []*site.Person{p})
		s.Mail(t, p.Email, "")
	}
	if _, came := s.Arrived(slow.Email, ""); came {
		t.Fatal("the mail did not hang")
	}
	began := time.Now()
	if code := s.Nodes[0].Stop(); code != 0 {
		t.Errorf("with a mail that hangs the server ended with %d", code)
	}
	t.Logf("with a mail that hangs the server stopped after %v", time.Since(began))
	s.Box.Work()
	s.Nodes[0].Restart()
	s.WaitReady(0)
	s.Clock.Advance(time.Minute)
	s.Mail(t, slow.Email, "")
	if _, again := s.Arrived(slow.Email, ""); again {
		t.Error("the mail that hung came twice")
	}
}
