package e2e_test

import (
	"strings"
	"testing"

	"countersign"
	"countersign/internal/store/rows"
)

// An owner has a test push sent to the own phone, which shows it; then approves a sign-in
// there, and has the signatures of that approval checked again in the log.
func TestTheConsoleAndAPhone(t *testing.T) {
	t.Parallel()
	h := newPhoneHouse(t)
	olga := h.owner()
	page := h.session(olga)
	p, _ := h.pair(page)
	p.CloseAll()
	page.Open("/console/messages")
	test := page.Text(`form[action="/console/messages/test/push"] button`)
	if !strings.HasPrefix(test, "Send a test push to ") {
		t.Fatalf("the button says %q", test)
	}
	page.Click(test)
	page.See("The test push is on its way.")
	n := p.Notification()
	if strings.Contains(n.Title+n.Body, "Acme") || strings.Contains(n.Title+n.Body, "Olga") {
		t.Errorf("the notification says %s", n)
	}
	p.Tap(n, "")
	app := p.Opened()
	app.See("This is a test")
	p.CloseAll()
	page.Reload()
	page.See("Request on the phone", "Handed over")

	desk := h.browser()
	olga.first(desk)
	n = p.Notification()
	p.Tap(n, "")
	app = p.Opened()
	app.See("Are you signing in to Acme?")
	h.approve(desk, app)
	desk.See("Two-factor authentication")

	events, err := h.Engine.Store.Read().ListEvents(t.Context(), countersign.DefaultWorkspace, "", 1000)
	must(t, err)
	var approval rows.Event
	for _, e := range events {
		if e.Kind == "request.approved" && e.ID > approval.ID {
			approval = e
		}
	}
	page.Open("/console/log/" + string(approval.ID))
	page.See("Approved on")
	page.Click("Check the signatures again")
	page.See("The signatures hold: these keys signed exactly this.", "The keys are those that were paired.", "The phone also asked for fingerprint, face or screen lock.")
	page.Screenshot("signatures")
}
