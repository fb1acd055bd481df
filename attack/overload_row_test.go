package attack_test

import (
	"database/sql"
	"net/http"
	"strings"
	"sync"
	"testing"

	"countersign/e2e/site"
)

// holdRates holds every row that is there now and counts something, until the
// returned function is called.
func holdRates(t *testing.T, s *site.Site) func() {
	t.Helper()
	db, err := sql.Open("pgx", s.DSN)
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	tx, err := db.BeginTx(t.Context(), nil)
	must(t, err)
	_, err = tx.ExecContext(t.Context(), "UPDATE rates SET arrival = arrival")
	must(t, err)
	return func() { must(t, tx.Rollback()) }
}

// TestOverloadOfOneRow holds the row in which sign-ins from one network are counted,
// as a flood from there does all the time, while a hundred people of that network
// begin. They are told to come back, and what they typed is not lost; of other
// networks everybody signs in, for the hundred leave them the sixteen connections.
func TestOverloadOfOneRow(t *testing.T) {
	s := site.Start(t, site.Options{Database: site.Postgres})
	const flooded, many, inTurn = "127.0.0.9", 100, 2
	ada, others := s.Guarded(t, "Ada Lovelace", "ada@acme.example"), s.Crowd(t, "other", 10)
	if a := newPatient(s, flooded, 0).Post("/signin", "identifier", ada.Email); a.Status != http.StatusSeeOther {
		t.Fatal(a)
	}
	release := holdRates(t, s)
	var all sync.WaitGroup
	answers := make(chan site.Answer, many)
	for i := range many {
		all.Go(func() {
			c := newPatient(s, flooded, 0)
			if i%2 == 0 {
				c.Header.Set("Accept", "application/json")
			}
			answers <- c.Post("/signin", "identifier", ada.Email)
		})
	}
	first := <-answers // by now the rest wait
	for _, who := range others {
		p := newPatient(s, "127.0.0.10", 0)
		err := p.signIn(who)
		if err != nil || p.waits > 0 {
			t.Errorf("somebody of another network was told to come back %d times: %v", p.waits, err)
		}
	}
	release()
	all.Wait()
	close(answers)
	sent := map[int]int{}
	for a, more := first, true; more; a, more = <-answers {
		sent[a.Status]++
		switch page := strings.Contains(a.Header.Get("Content-Type"), "html"); {
		case a.Status == http.StatusSeeOther:
		case a.Status != http.StatusServiceUnavailable || sorry(a) != "":
			t.Errorf("%v: %s", a, sorry(a))
		case page && !strings.Contains(a.Body, `value="`+ada.Email+`"`):
			t.Error("the address that was typed is gone from the page")
		}
	}
	if sent[http.StatusServiceUnavailable] < many-inTurn {
		t.Errorf("answered %v", sent)
	}
	err := newPatient(s, flooded, 0).signIn(ada)
	if err != nil {
		t.Errorf("who came back later: %v", err)
	}
}
