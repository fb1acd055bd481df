package e2e_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/terminal"
)

// The shell checks an approval again from its event, and says so when the event was
// changed in the database by hand.
func TestAnApprovalIsCheckedAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.Guarded(t, "Ada", "ada@acme.example")
	page := h.Client()
	page.SignIn(ada)
	d, err := page.Pair(t.Context(), terminal.About{Kind: "app", Name: "Pixel 9", Platform: "Android", Client: "Chrome", Version: "1.0.0"}, h.Devices())
	must(t, err)
	desk := h.Client()
	step := desk.First(ada)
	number := site.ShownNumber(desk.Get(step.Location))
	r, err := d.First(t.Context())
	must(t, err)
	_, err = d.Decide(t.Context(), r, terminal.Approve, number)
	must(t, err)
	events, err := h.Engine.Store.Read().ListEventsOfKind(t.Context(), countersign.DefaultWorkspace, ada.ID, "request.approved")
	must(t, err)
	if len(events) != 2 { // the first is that of the pairing's own question
		t.Fatalf("%d approvals", len(events))
	}
	shell := built(t)
	verify := func() (string, error) {
		return run(t, shell, "admin", "audit", "verify", string(events[0].ID), "--data", h.Data)
	}
	said, err := verify()
	must(t, err)
	for _, want := range []string{"approve", number, ada.Email, "Pixel 9", "true", "evt_"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not in what the shell says:\n%s", want, said)
		}
	}
	db, err := sql.Open("sqlite", "file:"+filepath.Join(h.Data, "countersign.db")+"?_pragma=busy_timeout(10000)")
	must(t, err)
	defer func() { must(t, db.Close()) }()
	for _, change := range [][2]string{{`"number":"` + number + `"`, `"number":"00"`}, {"Acme", "Akme"}, {`"decision":"approve"`, `"decision":"deny"`}} {
		forged := strings.Replace(events[0].Detail, change[0], change[1], 1)
		if forged == events[0].Detail {
			t.Fatalf("%q is not in the event:\n%s", change[0], forged)
		}
		_, err = db.ExecContext(t.Context(), "UPDATE events SET detail = $1 WHERE id = $2", forged, events[0].ID)
		must(t, err)
		said, err = verify()
		if err == nil || strings.Contains(said, ada.Email) {
			t.Errorf("an event with %s is said to hold:\n%s", change[1], said)
		}
	}
}
