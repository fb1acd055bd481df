package e2e_test

import (
	"net/http"
	"testing"
	"time"

	"countersign/e2e/browser"
	"countersign/internal/method"
)

// askToTurnOff asks on the security page, and returns the path of the link in
// the mail.
func (p *person) askToTurnOff(page *browser.Page) string {
	p.h.t.Helper()
	page.Open("/account/security")
	page.In("#off").Click("Turn off")
	page.See("Turn off two-factor authentication?")
	page.Click("Turn off")
	page.See("Check your mail", "Two-factor authentication is still on.")
	mail := p.h.mail(p.Email, "turned off")
	find(p.h, `Disable two-factor authentication`, mail.HTML)
	return p.h.link(mail)
}

// isOn fails when the person's two-factor authentication is not on, or is not
// off.
func (p *person) isOn(want bool) {
	p.h.t.Helper()
	if got := p.has(method.TOTP) > 0; got != want {
		p.h.t.Errorf("two-factor authentication is on: %v, want %v", got, want)
	}
}

func s4AskToTurnOff(_ *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace")
	page := h.session(ada)
	ada.askToTurnOff(page)
	ada.isOn(true)
	page.Screenshot("check-your-mail")
	// Asking needs a fresh proof: ten minutes later it is asked for first.
	h.Clock.Advance(11 * time.Minute)
	page.Open("/account/security")
	page.In("#off").Click("Turn off")
	page.See("Confirm that it is you")
	page.Screenshot("fresh-proof")
	page.Type("6-digit code", ada.Code())
	page.Click("Confirm")
	page.See("Turn off two-factor authentication?")
	ada.isOn(true)
}

func s4OpenTheLink(_ *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace")
	page := h.session(ada)
	link := ada.askToTurnOff(page)
	page.Open(link)
	page.See("Disable two-factor authentication?", "It is still on until you press the button.")
	page.Screenshot("final-confirmation")
	ada.isOn(true)
	page.Click("Keep it on")
	page.See("It is on.")
	ada.isOn(true)
	// A mail scanner opens it without cookies, and a person in another browser
	// signs in first and gets to the same page.
	scanner := h.client()
	scanner.get(link)
	scanner.post(link)
	ada.isOn(true)
	other := h.browser()
	other.Open(link)
	other.Type("E-mail address", ada.Email)
	other.Click("Continue")
	other.Type("Password", ada.Password)
	other.Click("Sign in")
	ada.second(other)
	other.See("Disable two-factor authentication?")
	ada.isOn(true)
}

func s4FinalConfirmation(t *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace")
	elsewhere := h.client()
	elsewhere.signIn(ada)
	page := h.session(ada)
	page.Open(ada.askToTurnOff(page))
	page.Click("Disable two-factor authentication")
	page.See("Two-factor authentication is off.", "It is off.")
	page.Screenshot("off")
	ada.isOn(false)
	h.mail(ada.Email, "Two-factor authentication is off")
	if ada.has(method.Recovery) != 0 {
		t.Error("backup codes are still there")
	}
	if answer := elsewhere.data("/account/security"); answer.Status != http.StatusUnauthorized {
		t.Errorf("another session is answered %d after the change", answer.Status)
	}
	visitor := h.browser()
	ada.first(visitor)
	visitor.See("It is off.")
}

func s4DeadLinks(t *testing.T, h *house) {
	ada, eve := h.guarded("Ada Lovelace"), h.guarded("Eve Eavesdrop")
	page := h.session(ada)
	expired := ada.askToTurnOff(page)
	h.Clock.Advance(31 * time.Minute)
	page.Open(expired)
	page.See("This link does not work any more", "Its time is over. Nothing was changed.")
	page.Screenshot("expired")
	ada.isOn(true)

	page = h.session(ada)
	older := ada.askToTurnOff(page)
	newest := ada.askToTurnOff(page)
	page.Open(older)
	page.See("This link does not work any more", "a newer one has replaced it")
	ada.isOn(true)

	// Somebody else’s link: hers opens nothing for Eve, in either direction.
	other := h.session(eve)
	other.Open(newest)
	other.See("This link is for another account", "You are signed in as "+eve.Email)
	other.Screenshot("other-account")
	c := h.client()
	c.signIn(eve)
	if answer := c.post(newest); answer.Status != http.StatusForbidden {
		t.Errorf("Eve’s button is answered %d", answer.Status)
	}
	ada.isOn(true)
	eve.isOn(true)

	page.Open(newest)
	page.Click("Disable two-factor authentication")
	page.See("It is off.")
	page.Open(newest)
	page.See("This link does not work any more", "It was used already")
	page.Open("/turn-off/made-up")
	page.See("This link does not work any more", "Nothing was changed")
}
