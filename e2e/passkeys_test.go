package e2e_test

import (
	"strings"
	"testing"
	"time"

	"countersign/e2e/browser"
	"countersign/internal/method"
	"countersign/internal/method/totp"
)

// addPasskey makes a passkey on the page of an authenticator's tab.
func addPasskey(page *browser.Page, name string) {
	page.Open("/account/security")
	page.Click("Add a passkey")
	page.Type("Name of this passkey", name)
	page.Click("Make passkey")
	page.See("Your passkey was added.", "Passkey "+name)
}

// A person adds passkeys, sees where they are, signs in with one after the password, and
// removes them again.
func TestAPasskeyAsTheSecondStep(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.guarded("Ada Lovelace")
	page := h.session(ada)
	finger := browser.NewAuthenticator(false)
	finger.Join(page)
	addPasskey(page, "Laptop")
	page.See("Only on this device")
	h.mail(ada.Email, "second step")

	page.Click("Add a passkey")
	page.Click("Make passkey")
	page.See("There is a passkey for this account on that device already.")

	other := h.browser()
	finger.Ignore(t) // or the browser would sign in by itself
	finger.Join(other)
	ada.first(other)
	other.See("Use your passkey", "Laptop")
	finger.Refuse(t)
	other.Click("Use passkey")
	other.See("Nothing was confirmed.")
	finger.Accept(t)
	other.Click("Use passkey")
	other.See("Security")

	other.Open("/account/security")
	other.Click("Actions for Laptop")
	other.Click("Remove")
	other.Click("Remove Laptop")
	if n := ada.has(method.Passkey); n != 0 {
		t.Errorf("there are %d passkeys", n)
	}
	other.See("Authenticator app on Phone")
	for range 100 {
		if finger.Credentials() == 0 {
			return
		}
		time.Sleep(50 * time.Millisecond) // the browser tells it
	}
	t.Error("the browser was not told, and keeps it")
}

// A synced passkey signs in without a password, and proves again who one is.
func TestAPasskeyInThePasswordsPlace(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.guarded("Ada Lovelace")
	page := h.session(ada)
	finger := browser.NewAuthenticator(true)
	finger.Join(page)
	addPasskey(page, "Everywhere")
	page.See("Synced between your devices")

	// Where the address is typed the browser lists it, and the person chooses it there.
	listed := h.browser()
	finger.Join(listed)
	listed.Open("/signin?return=/account/activity")
	listed.See("You confirmed that it is you by a passkey")

	// The button asks for one that was not chosen there. A finger that is another's gets
	// nowhere; when it is the right one, the browser may be faster than the button.
	other := h.browser()
	finger.Refuse(t)
	finger.Join(other)
	other.Open("/signin")
	other.Click("Sign in with a passkey")
	other.See("Nothing was confirmed.")
	finger.Accept(t)
	other.Evaluate(`document.querySelector("form[data-conditional] button")?.click()`, nil)
	other.See("It is on.")
	h.Clock.Advance(11 * time.Minute)
	other.Open("/account/password")
	other.See("Confirm that it is you")
	other.Click("Use passkey")
	other.See("New password")
}

// Somebody whose only second step is a passkey sets it up with recovery codes, is asked
// for it and for no code, and gets in with a recovery code without it.
func TestAPasskeyAsTheOnlySecondStep(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	bob := h.person("Bob Builder")
	page := h.session(bob)
	finger := browser.NewAuthenticator(false)
	finger.Join(page)
	accountSettings(page)
	bob.proveByMail(page)
	page.See("Choose your second step", "Passkey or security key")
	page.Open("/account/passkeys/new")
	page.Click("Make passkey")
	codes := bob.saveCodes(page)
	page.See("It is on.", "Passkey on Linux")
	h.mail(bob.Email, "Two-factor authentication is on")

	other := h.browser()
	bob.first(other)
	other.See("Use your passkey", "Passkey on Linux")
	other.Open(strings.TrimSuffix(other.Path(), "/passkey") + "/code")
	other.See("Use your passkey")
	if other.Has("Enter a code instead") {
		t.Error("a code is offered, and there is none")
	}
	other.Click("Can’t access two-factor device?")
	other.Type("Recovery code", codes[0])
	other.Click("Sign in")
	other.See("It is on.")
}

// Without script there is no dead button, and the page says what is missing.
func TestAPasskeyWithoutScript(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.guarded("Ada Lovelace")
	page := h.session(ada)
	browser.NewAuthenticator(false).Join(page)
	addPasskey(page, "Laptop")
	bare := h.browser(browser.NoScript())
	bare.Open("/signin")
	if bare.Has("Sign in with a passkey") {
		t.Error("there is a button that does nothing")
	}
	ada.first(bare)
	bare.See("Use your passkey", "Passkeys need JavaScript.")
	if bare.Has("Use passkey") {
		t.Error("there is a button that does nothing")
	}
	bare.Click("Enter a code instead")
	h.Clock.Advance(totp.Period)
	ada.second(bare)
	bare.See("It is on.")
}
