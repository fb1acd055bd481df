package e2e_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"countersign/e2e/browser"
	"countersign/internal/method"
)

// setUpByMail turns two-factor authentication on, with the codes in the mail.
func (p *person) setUpByMail(page *browser.Page) {
	p.h.t.Helper()
	p.openSetUp(page)
	a := p.h.scan(page)
	p.confirm(page, a, "Phone")
	page.See("Your backup codes are in your mail")
	page.Click("Done")
	p.App = a
	p.Codes = p.h.mailedCodes(p.h.mail(p.Email, "backup codes"))
}

func s4CodesByMail(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.session(ada)
	ada.openSetUp(page)
	ada.confirm(page, h.scan(page), "Phone")
	page.See("Your backup codes are in your mail", ada.Email)
	page.Screenshot("codes-in-mail")
	mail := h.mail(ada.Email, "backup codes")
	for _, code := range h.mailedCodes(mail) {
		if strings.Contains(mail.Subject, code) {
			t.Error("a code stands in the subject")
		}
		if !strings.Contains(mail.HTML, code) {
			t.Errorf("the code %s is not in the HTML part", code)
		}
		if strings.Contains(page.Source(), code) {
			t.Error("a code stands on the page too")
		}
	}
}

func s4PrintOrSave(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.session(ada)
	ada.openSetUp(page)
	ada.confirm(page, h.scan(page), "Phone")
	page.See("Print them or save them in a secure place")
	if mail := h.mail(ada.Email, "backup codes"); !strings.Contains(strings.Join(strings.Fields(mail.Text), " "), "Print this message or save the codes in a secure place") {
		t.Errorf("the mail does not say so:\n%s", mail.Text)
	}
}

func s4LostDevice(t *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace").amidOthers()
	page := h.browser()
	ada.first(page)
	useCode(page, "Can’t access two-factor device?", "Backup code", ada.Codes[3], "Sign in")
	page.See("You signed in with a backup code.", "It is on.", "9 unused backup codes left")
	page.Screenshot("recovered")
	h.mail(ada.Email, "A backup code was used")
	if ada.has(method.TOTP) != 1 {
		t.Error("the app is gone")
	}
	// From here a new phone takes the place of the lost one.
	page.In("#mfa").Click("Actions for Phone")
	page.Click("Change device")
	page.Click("Next")
	a := h.scan(page)
	page.Type("Name of this device", "New phone")
	page.Type("6-digit code", a.Code())
	page.Click("Confirm code")
	page.See("Authenticator app on New phone")
	ada.hasAll()
}

func s4UsedCode(_ *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace")
	page := h.browser()
	ada.first(page)
	useCode(page, "Can’t access two-factor device?", "Backup code", ada.Codes[0], "Sign in")
	page.See("You signed in with a backup code.")
	again := h.browser()
	ada.first(again)
	useCode(again, "Can’t access two-factor device?", "Backup code", strings.ToUpper(ada.Codes[0]), "Sign in")
	again.See("That backup code was used already. Each works once")
	again.NotSee("Login and security")
	// Another one of the same set still works, however it is typed.
	again.Type("Backup code", strings.ReplaceAll(ada.Codes[1], "-", " "))
	again.Click("Sign in")
	again.See("You signed in with a backup code.")
}

func s4LostCodes(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.session(ada)
	ada.setUpByMail(page)
	if ada.amidOthers(); h.amidAll() {
		page = h.session(ada) // the one before ended with the new methods
	}
	old := ada.Codes
	page.Open("/account/security")
	page.See("Lost your backup codes? You can also turn it off and on again")
	page.Open("/help")
	page.See("I lost my backup codes", "Turning two-factor authentication off and on again makes new ones, too.")
	// Off, by the mail, …
	page.Open("/account/security")
	page.In("#off").Click("Turn off")
	page.Click("Turn off")
	page.Open(h.link(h.mail(ada.Email, "turned off")))
	page.Click("Disable two-factor authentication")
	page.See("It is off.")
	ada.hasNone() // whatever it was
	// … and on again. The password is old by now, the browser is not.
	h.Clock.Advance(15 * time.Minute)
	accountSettings(page)
	page.Type("Password", ada.Password)
	page.Click("Confirm")
	ada.proveByMail(page)
	page.Click("Next")
	a := h.scan(page)
	ada.confirm(page, a, "Phone")
	page.See("Your backup codes are in your mail")
	page.Click("Done")
	ada.App = a
	ada.Codes = h.mailedCodes(h.mail(ada.Email, "backup codes"))
	for _, was := range old {
		for _, is := range ada.Codes {
			if was == is {
				t.Errorf("the code %s is an old and a new one", was)
			}
		}
	}
	c := h.client()
	step := strings.TrimSuffix(c.first(ada), "/code") + "/recovery"
	if answer := c.post(step, "recovery", old[0]); answer.Status != http.StatusUnprocessableEntity {
		t.Errorf("an old code is answered %d", answer.Status)
	}
	if answer := c.post(step, "recovery", ada.Codes[0]); answer.Status != http.StatusSeeOther {
		t.Errorf("a new code is answered %d", answer.Status)
	}
}
