package e2e_test

import (
	"strings"
	"testing"
	"time"

	"countersign/e2e/browser"
)

// Who lost the phone gets in with a recovery code, and is led through what is to be done
// about the phone, its app, the new one and the codes, until nothing is left.
func TestALostPhone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.guarded("Ada Lovelace")
	ada.withPhone()
	page := h.browser()
	ada.first(page)
	page.Click("Try another way")
	page.Open(page.Attr(`.way[href$="/recovery"]`, "href"))
	page.Type("Recovery code", ada.Codes[0])
	page.Click("Sign in")
	page.See("You signed in with a recovery code.")
	page.Click("I lost this phone, set up a new one")
	page.See("I lost my phone", "Remove Pixel 9", "Move the authenticator app on Phone to the new phone", "Pair the new phone", "Make new recovery codes")

	page.In("ol li:nth-child(1)").Click("Remove Pixel 9")
	page.Click("Remove Pixel 9")
	page.See("The second step was removed.", "What to do")
	page.NotSee("Remove Pixel 9")
	page.Click("Set up the new phone Phone")
	page.Click("Next")
	fresh := h.scan(page)
	page.Type("Name of this device", "Fairphone")
	page.Type("6-digit code", fresh.Code())
	page.Click("Confirm code")
	page.See("Move the authenticator app on Fairphone to the new phone Done")

	h.pairIn(page)
	page.See("Pair the new phone with the Acme app Done")

	// Until it is finished, the security page knows.
	page.Open("/account/security")
	page.See("You are moving to a new phone.")
	page.Click("Go on")
	page.Click("Make new ones")
	page.Click("Create new recovery codes")
	ada.saveCodes(page)
	page.See("Nothing is left to do.")
	page.Click("Finish")
	page.See("It is on.", "New or lost phone")
	page.NotSee("You are moving to a new phone.")

	h.Clock.Advance(time.Minute)
	desk := h.client()
	if in := desk.post(strings.TrimSuffix(desk.first(ada), "/phone")+"/code", "code", fresh.Code()); in.Location != "/account/security" {
		t.Errorf("the new phone's code is answered %s", in)
	}
}

// Who still has the old phone replaces it, and loses nothing when they stop half way.
func TestANewPhone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.guarded("Ada Lovelace")
	ada.withPhone()
	page := h.session(ada)
	page.Open("/account/security")
	page.Click("New or lost phone")
	page.See("We go through it with you")
	page.Click("I have a new phone")
	page.See("Keep the old phone until everything here is done.", "Pair the new phone", "Remove Pixel 9")
	page.NotSee("Make new recovery codes")
	h.pairIn(page)
	page.See("Pair the new phone with the Acme app Done")
	page.Click("Close this list")
	page.See("It is on.")
	page.Open("/account/new-phone")
	page.See("We go through it with you")
}

// pairIn pairs a phone in the page's own session.
func (h *house) pairIn(page *browser.Page) {
	h.t.Helper()
	c := h.client()
	for _, cookie := range page.Cookies() {
		c.SetCookie(cookie.Name, cookie.Value)
	}
	_, err := c.Pair(h.t.Context(), pixel(), h.Devices())
	must(h.t, err)
	for _, cookie := range c.Cookies() {
		page.Set(browser.Cookie(cookie.Name, cookie.Value))
	}
	page.Open("/account/new-phone")
}
