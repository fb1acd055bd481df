package e2e_test

import (
	"strings"
	"testing"
	"time"

	"countersign/e2e/site"
)

// TestTwoRequestsAtOnce has somebody sign in at two places at once: the app lists both
// requests, the newest first, and each answer is for its own place.
func TestTwoRequestsAtOnce(t *testing.T) {
	t.Parallel()
	h := newPhoneHouse(t)
	ada := h.guarded("Ada Lovelace")
	p, app := h.pair(h.session(ada))
	p.CloseAll()
	for _, n := range p.Notifications() {
		p.Swipe(n) // that of the pairing
	}
	open := func(which string) {
		t.Helper()
		name := strings.ReplaceAll(app.Text("#waits + ul li:"+which+" a"), "\n", " ")
		app.In("#waits + ul li:" + which).Click(name)
	}

	approve := func(at *client, waits string) {
		t.Helper()
		app.Type("Type the number on your other screen", site.ShownNumber(at.get(waits)))
		app.Click("Approve")
	}

	older := h.browser()
	ada.first(older)
	older.See("Check your phone")
	h.Clock.Advance(2 * time.Second)
	newer := h.client()
	newer.From = "127.0.0.2"
	waits := newer.first(ada)
	p.Notification()
	p.Notification()
	if n := len(p.Notifications()); n != 2 {
		t.Errorf("%d notifications can be seen, want one for each request", n)
	}
	app = p.Open("/authenticator/")
	app.See("2 requests are waiting")
	open("last-child")
	app.See("Are you signing in to Acme?", "127.0.0.1")
	app.Back()
	app.See("2 requests are waiting")
	open("first-child")
	app.See("Are you signing in to Acme?", "127.0.0.2")
	approve(newer, waits)
	app.See("You can go back to your computer")
	if newer.post(waits); !newer.SignedIn() {
		t.Error("the newer one is approved, and not signed in")
	}
	older.See("Check your phone")
	app.Click("Done")
	app.See("1 request is waiting")
	open("first-child")
	app.See("127.0.0.1")
	h.approve(older, app)
	app.See("You can go back to your computer")
	older.See("It is on.")

	// One that comes while another is looked at does not take its place.
	app.Click("Done")
	app.See("Nothing is waiting")
	older = h.browser()
	ada.first(older)
	app.See("Are you signing in to Acme?", "127.0.0.1") // it comes by itself
	newer = h.client()
	newer.From = "127.0.0.2"
	waits = newer.first(ada)
	p.Notification()
	p.Notification()
	app.See("127.0.0.1")
	app.NotSee("127.0.0.2")
	app.Click("Deny")
	app.See("Denied")
	older.See("Denied on your phone")
	app.Click("Done")
	app.See("1 request is waiting")
	open("first-child")
	app.See("127.0.0.2")
	approve(newer, waits)
	app.See("You can go back to your computer")
	if newer.post(waits); !newer.SignedIn() {
		t.Error("the denial of one request has ended the other")
	}
}
