package e2e_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"countersign/e2e/browser"
	"countersign/internal/method/passkey/passkeytest"
	"countersign/internal/method/totp"
	"countersign/internal/terminal"
)

// turnsOnApp makes the authenticator app the default, from the page of security.
func turnsOnApp(page *browser.Page) {
	page.Click("Multi-factor authentication (MFA)")
	page.In("#mfa").Click("Turn on Authenticator app")
	page.See("Make this your default?")
}

func s0AppByDefault(t *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace").withOthers()
	d := ada.withPhone()
	page := h.session(ada)
	if c := h.client(); !strings.HasSuffix(c.first(ada), "/phone") {
		t.Error("the phone is not the default")
	}
	turnsOnApp(page)
	page.See("your authenticator app on Phone first")
	page.Click("Confirm")
	page.In("#mfa li", "Authenticator app on Phone").See("Default")
	h.mail(ada.Email, "Another second step is asked first")
	before := d.waiting()
	c := h.client()
	step := c.first(ada)
	if !strings.HasSuffix(step, "/code") {
		t.Error("the code is not asked by default")
	}
	c.offersAll(step)
	if d.waiting() != before {
		t.Error("the phone was asked all the same")
	}
}

func s0NotConfirmed(t *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace").withOthers()
	ada.withPhone()
	page := h.session(ada)
	turnsOnApp(page)
	page.Click("Cancel")
	page.In("#mfa li", "Acme app on Pixel 9").See("Default")
	if c := h.client(); !strings.HasSuffix(c.first(ada), "/phone") {
		t.Error("the code is asked by default, and nobody confirmed that")
	}
	// Nor does a new app that was only shown its code.
	page.Click("Add another device")
	page.Click("Next")
	page.See("Scan this")
	c := h.client()
	step := c.first(ada)
	if !strings.HasSuffix(step, "/phone") {
		t.Error("the code is asked by default, and the app was not confirmed")
	}
	c.offersAll(step)
}

func s0Prefers(t *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace").withOthers()
	ada.withPhone()
	page := h.session(ada)
	turnsOnApp(page)
	page.Click("Confirm")
	if c := h.client(); !strings.HasSuffix(c.first(ada), "/code") {
		t.Error("the code is not asked by default")
	}
	// And back, in the same place.
	page.In("#mfa").Click("Turn on Acme app")
	page.Click("Confirm")
	page.In("#mfa li", "Acme app on Pixel 9").See("Default")
	ada.hasAll()
}

// prefersCodes is a person whose default is the authenticator app, with a phone beside.
func (h *house) prefersCodes(name string) (*person, *goPhone) {
	h.t.Helper()
	ada := h.guarded(name).withOthers()
	d := ada.withPhone()
	c := h.client()
	c.signIn(ada)
	c.post("/account/two-factor/" + string(ada.Device) + "/default")
	ada.hasAll()
	return ada, d
}

func s0SixDigits(t *testing.T, h *house) {
	ada, _ := h.prefersCodes("Ada Lovelace")
	seen := map[string]bool{}
	for range 3 {
		h.Clock.Advance(totp.Period)
		code := h.oathtool(ada.App, h.Clock.Now())
		if len(code) != 6 || seen[code] {
			t.Errorf("the app shows %q after %v", code, seen)
		}
		seen[code] = true
		c := h.client()
		if in := c.post(c.first(ada), "code", code); in.Location != "/account/security" {
			t.Errorf("the code is answered %s", in)
		}
		c = h.client()
		if again := c.post(c.first(ada), "code", code); again.Status != http.StatusUnprocessableEntity {
			t.Errorf("the same code is answered %s", again)
		}
	}
}

func s0Backup(t *testing.T, h *house) {
	ada, d := h.prefersCodes("Ada Lovelace")
	desk := h.browser()
	ada.first(desk)
	desk.See("Type the code from your authenticator app")
	desk.Click("Try another way")
	desk.See("Approve on your phone", "Pixel 9", "Asked first: it is your default")
	desk.Open(desk.Attr(`.way[href$="/phone"]`, "href"))
	desk.Click("Send a request")
	desk.See("Check your phone")
	if state := d.answer(terminal.Approve, ""); state != "approved" {
		t.Errorf("the approval is %s", state)
	}
	desk.See("It is on.")
}

func s0SignedOut(t *testing.T, h *house) {
	ada, d := h.prefersCodes("Ada Lovelace")
	must(t, d.SignOut(t.Context()))
	desk := h.browser()
	ada.first(desk)
	desk.See("Type the code from your authenticator app")
	desk.NotSee("Approve on your phone")
	desk.Click("Try another way")
	desk.See("Code from your authenticator app", "Pixel 9 is signed out of the Countersign app")
	if n := desk.Count(`a[href$="/phone"]`); n != 0 {
		t.Errorf("the phone is offered %d times", n)
	}
	// Signing in again in the app brings it back.
	must(t, d.SignIn(t.Context()))
	desk.Reload()
	desk.See("Approve on your phone")
}

func s0EitherIsEnough(t *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace")
	var key *passkeytest.Key
	if h.amidAll() {
		key = ada.withPasskey()
	}
	d := ada.withPhone()
	// The phone is lost, the authenticator app is there.
	c := h.client()
	waits := c.first(ada)
	c.offersAll(waits)
	offered := "Enter a code instead"
	if h.amidAll() {
		offered = "Use a passkey instead" // the strongest of what is left; the code stands among the other ways
	}
	if page := c.get(waits); !strings.Contains(page.Body, offered) {
		t.Errorf("the page that waits for the phone does not offer to %s:\n%s", offered, page.Body)
	}
	if in := c.post(strings.TrimSuffix(waits, "/phone")+"/code", "code", ada.Code()); in.Location != "/account/security" {
		t.Errorf("the code is answered %s", in)
	}
	// The authenticator app is lost, the phone is there.
	h.Clock.Advance(time.Minute)
	c = h.client()
	waits = c.first(ada)
	if state := d.answer(terminal.Approve, ""); state != "approved" {
		t.Errorf("the approval is %s", state)
	}
	if c.post(waits); !c.SignedIn() {
		t.Error("the phone alone signs nobody in")
	}
	if key == nil {
		return
	}
	// Of somebody who has every method both are lost, and each of the others is enough.
	c = h.client()
	if c.usePasskey(c.first(ada), key); !c.SignedIn() {
		t.Error("the passkey alone signs nobody in")
	}
	c = h.client()
	waits = c.first(ada)
	if c.post(strings.TrimSuffix(waits, "/phone")+"/recovery", "recovery", ada.Codes[0]); !c.SignedIn() {
		t.Error("a recovery code alone signs nobody in")
	}
}
