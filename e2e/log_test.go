package e2e_test

import (
	"strings"
	"testing"

	"countersign"
	"countersign/e2e/browser"
	"countersign/internal/audit"
	"countersign/internal/store"
)

// roleChanged writes that an owner made somebody an auditor.
func (h *house) roleChanged(by, of *person) countersign.EventID {
	h.t.Helper()
	e := audit.Event{
		Kind: "role.changed", Actor: countersign.Actor{Kind: countersign.ByUser, User: by.ID}, User: of.ID, Place: countersign.Place{IP: "203.0.113.7", RequestID: "0a1b2c3d"},
		Detail: map[string]string{"before": "user", "after": "auditor", "reason": "Asked for it"},
	}
	var id countersign.EventID
	h.Write(h.t, func(tx *store.Tx) error {
		row, err := audit.Row(countersign.DefaultWorkspace, e, tx.Now, tx.Next())
		if err != nil {
			return err
		}
		id = row.ID
		return tx.InsertEvent(tx.Ctx, row)
	})
	return id
}

func pagesOfTheLog(s *show) {
	olga, ada := s.owner(), s.guarded("Ada Lovelace")
	s.client().signIn(ada)
	id := s.roleChanged(olga, ada)
	page := s.session(olga)
	page.Open("/console/log")
	s.look(page, "GET /console/log", "the audit log")
	page.Open("/console/log?ip=nonsense&from=nonsense&person=nobody")
	s.glance(page, "GET /console/log", "the audit log")
	page.Open("/console/log?q=nothing-of-the-sort")
	s.glance(page, "GET /console/log", "the audit log")
	page.Open("/console/log/" + string(id))
	s.look(page, "GET /console/log/{event}", "an event")
	page.Open("/console/log")
	page.Click("Verify the log")
	s.look(page, "POST /console/log/verify", "the log verified")
	page.Type("A head that you noted", "nonsense")
	page.Click("Verify again")
	s.glance(page, "POST /console/log/verify", "the log verified")
}

// An auditor finds what was done by words, opens it, and the list follows what comes until
// it is paused.
func TestTheLogFollows(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	olga, ada := h.owner(), h.guarded("Ada Lovelace")
	page := h.session(olga)
	page.Open("/console/log")
	page.See("Audit log", "Pause")
	page.NotSee("Asked for it") // the kind stands in the filter
	h.roleChanged(olga, ada)
	page.See("The role was changed", "user → auditor", "Asked for it")
	page.Click("Pause")
	page.See("Follow")
	page.Type("Search", "role changed")
	page.Click("Search")
	page.Click("The role was changed")
	page.See("What happened", "0a1b2c3d", "203.0.113.7", "Olga Owner", "Ada Lovelace")
	page.Open("/console/log")
	page.Click("Verify the log")
	page.See("The log is as it was sealed")
	page.Open("/console/log?ip=nonsense&kind=role.changed")
}

// The log is whole without script: a link leads to what is newer.
func TestTheLogWithoutScript(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	olga, ada := h.owner(), h.guarded("Ada Lovelace")
	h.roleChanged(olga, ada)
	page := h.session(olga, browser.NoScript())
	page.Open("/console/log?kind=role.changed")
	page.See("The role was changed")
	h.roleChanged(olga, ada)
	page.Click("Newer")
	page.See("The role was changed")
	page.Click("Newest")
	if n := strings.Count(page.Source(), "user → auditor"); n != 2 {
		t.Errorf("the role was changed twice, and %d times on the page", n)
	}
}
