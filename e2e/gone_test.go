package e2e_test

import (
	"strings"
	"testing"
	"time"
)

// TestALostSubscriptionIsMadeAnew has the push service forget a phone: the sign-in does
// not ring it, the request is there when the app is opened, and with that the app has
// made another subscription, so that the next sign-in rings.
func TestALostSubscriptionIsMadeAnew(t *testing.T) {
	t.Parallel()
	h := newPhoneHouse(t)
	ada := h.guarded("Ada Lovelace")
	page := h.session(ada)
	p, _ := h.pair(page)
	p.CloseAll()
	says := func(sentence string) {
		t.Helper()
		for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			page.Open("/account/devices")
			if strings.Contains(page.Text("main"), sentence) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("the page does not say %q:\n%s", sentence, page.Text("main"))
			}
		}
	}
	says("Notifications arrive.")
	lost := h.service.Endpoints()
	for _, endpoint := range lost {
		h.service.DropEndpoint(endpoint)
	}

	desk := h.browser()
	ada.first(desk)
	desk.See("Check your phone")
	says("Its notifications ended. Open the app there")
	p.NoNotification(0)
	app := p.Open("/authenticator/")
	app.See("Are you signing in to Acme?")
	h.approve(desk, app)
	app.See("You can go back to your computer")
	desk.See("It is on.")
	says("Notifications arrive.")

	p.CloseAll()
	desk = h.browser()
	ada.first(desk)
	p.Tap(p.Notification(), "")
	app = p.Opened()
	app.See("Are you signing in to Acme?")
	h.approve(desk, app)
	desk.See("It is on.")
	for _, one := range h.service.Pushes()[1:] { // the first is that of the pairing
		if len(lost) != 1 || one.Endpoint == lost[0] {
			t.Errorf("pushed to %s; lost are %q", one.Endpoint, lost)
		}
	}
}
