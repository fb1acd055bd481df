package attack_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// TestOverloadOfOneRow holds the row in which sign-ins from one network are counted,
// as a flood from there does all the time, while a hundred people of that network
// begin. They are told to come back, and what they typed is not lost; of other
// networks everybody signs in, for the hundred leave them the sixteen connections.
func TestOverloadOfOneRow(t *testing.T) {
	s := site.Start(t, site.Options{Database: site.Postgres})
	const flooded, many, inTurn = "127.0.0.9", 100, 2
	ada, others := s.Guarded(t, "Ada Lovelace", "ada@acme.example"), s.Crowd(t, "other", 10)
	held, release := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		err := s.Engine.Store.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.SpendRate(tx.Ctx, rows.SpendRateParams{
				WorkspaceID: countersign.DefaultWorkspace, Subject: "start:" + flooded, Now: tx.NowMilli(), Interval: 5, Burst: 5000,
			})
			close(held)
			<-release
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-held
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
	close(release)
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
			t.Errorf("the address that was typed is gone: %s", a.Body)
		}
	}
	if sent[http.StatusServiceUnavailable] < many-inTurn {
		t.Errorf("answered %v", sent)
	}
	p := newPatient(s, flooded, 0)
	err := p.signIn(ada)
	if err != nil {
		t.Errorf("who came back later: %v", err)
	}
}
