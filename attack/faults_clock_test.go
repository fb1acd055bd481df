package attack_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/site"
)

// TestFaultsClock lets the machine's clock be wrong for a while: what was counted
// and begun then must neither shut people out when it is right again, nor live
// for as long as it was wrong; and nothing spent is good again.
func TestFaultsClock(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		for _, ahead := range []time.Duration{2 * time.Hour, 365 * 24 * time.Hour} {
			t.Run("ahead by "+ahead.String(), func(t *testing.T) { clockAhead(t, s, ahead) })
		}
		t.Run("behind", func(t *testing.T) { clockBehind(t, s) })
	})
}

func clockAhead(t *testing.T, s *site.Site, ahead time.Duration) {
	t.Helper()
	bob := s.Person(t, "Bob", "bob-"+ahead.String()+"@acme.example", countersign.Member)
	eve := s.Guarded(t, "Eve", "eve-"+ahead.String()+"@acme.example")
	s.Clock.Advance(ahead)
	then := s.Client() // a session of a time that has not come
	then.SignIn(bob)
	if a := s.Client().Post("/forgot", "email", bob.Email); a.Status != http.StatusOK {
		t.Errorf("while the clock is wrong a forgotten password is answered %s", a)
	}
	s.Mail(t, bob.Email, "new password")
	for range 10 { // codes of phones, whose clocks are right, are wrong now
		c := s.Client()
		c.Post(c.First(eve).Location, "code", eve.Wrong())
	}
	s.Clock.Advance(-ahead)

	now := s.Client()
	if a := now.SignIn(bob); !now.SignedIn() {
		t.Errorf("when the clock is right again Bob cannot sign in: %s", a)
	}
	if a := s.Client().Post("/forgot", "email", bob.Email); a.Status != http.StatusOK {
		t.Errorf("when the clock is right again a forgotten password is answered %s", a)
	}
	s.Mail(t, bob.Email, "new password")
	s.Clock.Advance(3 * time.Hour) // a lock may last for as long as a small jump
	back := s.Client()
	if a := back.SignIn(eve); !back.SignedIn() {
		t.Errorf("three hours later the lock of the wrong time still stands: %s", a)
	}
	s.Clock.Advance(8 * 24 * time.Hour)
	if then.SignedIn() {
		t.Error("a session that began while the clock was wrong is alive after eight days")
	}
}

func clockBehind(t *testing.T, s *site.Site) {
	t.Helper()
	ada := s.Guarded(t, "Ada Lovelace", "ada@acme.example")
	c := s.Client()
	first := c.First(ada)
	code := ada.Code()
	c.Post(first.Location, "code", code)
	r := s.Client()
	recovery := func(c *site.Client) site.Answer {
		return c.Post(strings.TrimSuffix(c.First(ada).Location, "code")+"recovery", "recovery", ada.Codes[0])
	}
	recovery(r)
	for _, behind := range []time.Duration{5 * time.Minute, time.Hour} {
		s.Clock.Advance(-behind)
		if !c.SignedIn() {
			t.Errorf("a session is gone when the clock goes back by %v", behind)
		}
		again := s.Client()
		if a := again.Post(again.First(ada).Location, "code", code); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("when the clock goes back by %v a spent code is answered %s", behind, a)
		}
		if a := recovery(s.Client()); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("when the clock goes back by %v a spent recovery code is answered %s", behind, a)
		}
		if a := again.SignIn(s.Person(t, "New", "new-"+behind.String()+"@acme.example", countersign.Member)); !again.SignedIn() {
			t.Errorf("when the clock goes back by %v nobody can sign in: %s", behind, a)
		}
	}
	s.Clock.Advance(time.Hour + time.Minute)
	again := s.Client()
	if a := again.SignIn(ada); !again.SignedIn() {
		t.Errorf("when the clock is right again Ada cannot sign in: %s", a)
	}
}
