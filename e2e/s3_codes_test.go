package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"countersign/internal/method"
)

func s3Reset(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace").withApp("Lost phone").withCodes(1)
	elsewhere := h.client()
	elsewhere.signIn(ada)
	page := h.browser()
	ada.first(page)
	page.Click("Don’t know the code")
	// It says what happens before it happens.
	page.See("Use your backup code", "This resets two-factor authentication")
	page.Screenshot("use-backup-code")
	page.Type("Backup code", ada.Codes[0])
	page.Click("Sign in and reset")
	page.See("two-factor authentication was reset", "It is off.")
	page.Screenshot("was-reset")
	if ada.has(method.TOTP) != 0 || ada.has(method.Recovery) != 0 {
		t.Error("old credentials are still there")
	}
	h.mail(ada.Email, "Two-factor authentication was reset")
	if again := elsewhere.data("/account/security"); again.Status != http.StatusUnauthorized {
		t.Errorf("another session from before the reset is answered %d", again.Status)
	}
	// It must be set up again, and can be.
	ada.turnOn(page, "New phone")
	page.Click("Continue")
	page.See("It is on.", "New phone")
}

func s3ResetWhileRequired(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace").withApp("Lost phone").withCodes(1)
	page := h.browser()
	ada.first(page)
	page.Click("Don’t know the code")
	page.See("Acme requires two-factor authentication, so you set it up again straight away.")
	page.Type("Backup code", ada.Codes[0])
	page.Click("Sign in and reset")
	page.See("Acme requires two-factor authentication", "two-factor authentication was reset")
	page.Screenshot("required")
	for _, closed := range []string{"/account/profile", "/account/activity", "/account/security"} {
		page.Open(closed)
		page.See("Acme requires two-factor authentication")
		if page.Status() != http.StatusForbidden {
			t.Errorf("%s is answered %d before it is set up again", closed, page.Status())
		}
	}
	page.Click("Account Settings")
	page.Click("Turn On")
	ada.proveByMail(page)
	page.Click("Next")
	a := h.scan(page)
	ada.confirm(page, a, "New phone")
	ada.saveCodes(page)
	page.See("Two-factor authentication is on")
	page.Click("Continue")
	page.See("It is on.", "Acme requires it.", "New phone")
}

func s3NewBackupCode(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace").withApp("Pixel 9").withCodes(1).amidOthers()
	page := h.session(ada)
	page.Open("/account/security")
	page.Click("Create a new Backup code")
	page.See("stays valid until the new one is saved")
	page.Click("Create a new Backup code")
	page.See("Save your backup code")
	if shown := strings.TrimSpace(page.Text("#codes")); shown == ada.Codes[0] {
		t.Error("the new backup code is the old one")
	}
	old := ada.Codes
	ada.Codes = ada.saveCodes(page)
	page.See("Your new backup code is valid. The old one no longer works.")
	h.mail(ada.Email, "backup code")

	visitor := h.browser()
	ada.first(visitor)
	useCode(visitor, "Don’t know the code", "Backup code", old[0], "Sign in and reset")
	visitor.See("That backup code is not right")
	visitor.Type("Backup code", ada.Codes[0])
	visitor.Click("Sign in and reset")
	visitor.See("two-factor authentication was reset")
	ada.hasNone() // whatever it was

	// A new code that was only looked at changes nothing.
	bob := h.person("Bob Babbage").withApp("Phone").withCodes(1)
	page = h.session(bob)
	page.Open("/account/recovery")
	page.Click("Create a new Backup code")
	page.See("Save your backup code")
	bob.first(visitor)
	useCode(visitor, "Don’t know the code", "Backup code", bob.Codes[0], "Sign in and reset")
	visitor.See("two-factor authentication was reset")
}

func s3ChangeDevice(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace").withApp("Old phone").withCodes(1).amidOthers()
	old := ada.App
	page := h.session(ada)
	page.Open("/account/security")
	page.In("#mfa").Click("Actions for Old phone")
	page.Click("Change device")
	page.See("Change device used for two-factor authentication", "keeps working until the new one is confirmed")
	page.Screenshot("change-device")
	page.Click("Next")
	page.See("Replaces Old phone once you confirm.")
	fresh := h.scan(page)
	// Until it is confirmed the former device works, and the new one does not.
	visitor := h.client()
	next := visitor.first(ada)
	if answer := visitor.post(next, "code", fresh.Code()); answer.Status != http.StatusUnprocessableEntity {
		t.Errorf("a code of the unconfirmed device is answered %d", answer.Status)
	}
	if answer := visitor.post(next, "code", old.Code()); answer.Status != http.StatusSeeOther {
		t.Errorf("a code of the former device is answered %d", answer.Status)
	}
	page.Type("Name of this device", "New phone")
	page.Type("6-digit code", fresh.Code())
	page.Click("Confirm code")
	page.See("Authenticator app on New phone")
	page.NotSee("Authenticator app on Old phone")
	h.mail(ada.Email, "A second step was replaced")
	// And afterwards the other way round; the backup code survives.
	next = visitor.first(ada)
	if answer := visitor.post(next, "code", old.Code()); answer.Status != http.StatusUnprocessableEntity {
		t.Errorf("a code of the former device is answered %d after the change", answer.Status)
	}
	if answer := visitor.post(next, "code", fresh.Code()); answer.Status != http.StatusSeeOther {
		t.Errorf("a code of the new device is answered %d", answer.Status)
	}
	if ada.has(method.Recovery) != 1 {
		t.Error("the backup code did not survive")
	}
	ada.hasAll() // nor did anything else go
}
