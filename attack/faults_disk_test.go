//go:build unix

package attack_test

import (
	"net/http"
	"regexp"
	"strconv"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/store/rows"
)

// TestFaultsDiskIsFull lets nothing be written any more: nobody gets in, with a
// right proof either, no answer tells whether a proof was right, and when there
// is room again the same process goes on and the proofs are unspent.
func TestFaultsDiskIsFull(t *testing.T) {
	d := onTightDisk(t)
	s := d.s
	n := scale(8, 24) // as many as are done before a code is over
	people := s.Crowd(t, "full", n)
	clients, pages, codes := make([]*site.Client, n), make([]string, n), make([]string, n)
	crew(8, n, func(i int) {
		clients[i] = s.Client()
		pages[i] = clients[i].First(people[i]).Location
		codes[i] = people[i].Shown()
	})
	in := s.Client()
	in.SignIn(people[0])
	atPassword := s.Client()
	passwordPage := atPassword.Post("/signin", "identifier", people[1].Email).Location

	d.stuff(t)
	bodies := map[string]string{}
	told := func(what string, a site.Answer) {
		t.Helper()
		if a.Status != http.StatusServiceUnavailable || amiss(a) != "" {
			t.Errorf("on a full disk %s was answered %s %s", what, a, amiss(a))
		}
		// The person's own page again, or a page for all: less its request's number.
		bodies[what] = regexp.MustCompile(`rid_[0-9a-z]+`).ReplaceAllString(a.Body, "")
	}
	for i := 1; i < n; i++ {
		told("a right code", clients[i].Post(pages[i], "code", codes[i]))
		told("a wrong code", clients[i].Post(pages[i], "code", people[i].Wrong()))
		if inside(clients[i]) {
			t.Errorf("on a full disk a code let %s in", people[i].Email)
		}
	}
	told("a right password", atPassword.Post(passwordPage, "password", people[1].Password))
	told("a wrong password", atPassword.Post(passwordPage, "password", "wrong "+people[1].Password))
	told("an address", s.Client().Post("/signin", "identifier", people[2].Email))
	told("a forgotten password", s.Client().Post("/forgot", "email", people[2].Email))
	told("a sign-out", in.Post("/signout"))
	for right, wrong := range map[string]string{"a right code": "a wrong code", "a right password": "a wrong password"} {
		if bodies[right] != bodies[wrong] {
			t.Errorf("on a full disk %s and %s are told apart:\n%s\n%s", right, wrong, bodies[right], bodies[wrong])
		}
	}
	if !inside(in) {
		t.Error("on a full disk a session is not known any more")
	}

	d.clear(t)
	crew(8, n-1, func(i int) {
		if a := clients[i+1].Post(pages[i+1], "code", codes[i+1]); !inside(clients[i+1]) {
			t.Errorf("with room again %s is not let in with the code that nobody has taken: %s", people[i+1].Email, a)
		}
	})
	if a := atPassword.Post(passwordPage, "password", people[1].Password); a.Status != http.StatusSeeOther {
		t.Errorf("with room again a right password is answered %s", a)
	}
	in.Post("/signout")
	if inside(in) {
		t.Error("with room again nobody can sign out")
	}
}

// TestFaultsDiskFills fills the disk at random moments while people sign in and
// guess: who was welcomed is in afterwards, and each refused guess is counted.
func TestFaultsDiskFills(t *testing.T) {
	d, r := onTightDisk(t), chance(t)
	g := crowded(t, d.s, "filling", scale(2000, 40000))
	victim := d.s.Crowd(t, "victim", 1)[0]
	g.begin(8)
	told := 0
	guess := func() {
		c := d.s.Client()
		page := c.First(victim).Location
		if page == "" {
			return
		}
		a := g.guessed(func() site.Answer { return c.Post(page, "code", victim.Wrong()) })
		if a.Status == http.StatusUnprocessableEntity {
			told++
		}
	}
	for range scale(4, 100) {
		g.until(t, 5)
		d.fill(t, r)
		for range 10 {
			if told < 8 { // a lock would hide the rest
				guess()
			}
			time.Sleep(time.Duration(r.IntN(20)) * time.Millisecond)
		}
		d.clear(t)
	}
	for n := 0; told == 0 && n < 50; n++ { // so that there is something to count
		guess()
	}
	g.until(t, 5)
	g.end()
	in, out := g.came()
	t.Logf("%d got in, %d were sent away, %d answers were 503, %d guesses were refused", in, out, g.sorry, told)
	if g.sorry == 0 {
		t.Error("nobody was told to come back; the disk was never full")
	}
	counted, err := d.s.Engine.Store.Read().GetGuesses(t.Context(), rows.GetGuessesParams{
		WorkspaceID: countersign.DefaultWorkspace, Subject: string(victim.ID), Sort: "second", Counter: "other",
	})
	must(t, err)
	if counted.Tries < int64(told) {
		t.Errorf("%s wrong codes are counted, and %d were refused", strconv.FormatInt(counted.Tries, 10), told)
	}
	g.judge(t)
}
