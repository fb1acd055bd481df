package e2e_test

import (
	"time"

	"countersign/e2e/browser"
	"countersign/e2e/phone"
)

// securityTab is the document's way to what is turned on and off.
func securityTab(page *browser.Page) {
	page.Click("Your account")
	page.Click("Account settings")
	page.Click("Security")
	page.Click("Multi-factor authentication (MFA)")
}

// opens taps on the notification of a request, and returns the app with it.
func opens(p *phone.Phone) *browser.Page {
	p.Tap(p.Notification(), "")
	app := p.Opened()
	app.See("Are you signing in to Acme?")
	return app
}

// byPush gives the address, selects the phone in the password's place, and waits until it
// rings.
func (h *presetHouse) byPush(p *person, page *browser.Page) {
	h.t.Helper()
	page.Open("/signin")
	page.Type("E-mail address", p.Email)
	page.Click("Use your phone (push)")
	page.See("Check your phone")
}

// Single sign-on, of which the document says when it is asked for more, is a later issue.
func walkPushAfterAuthenticator(h *presetHouse) {
	h.command("push.confirm")
	ada, page := h.employee("Ada Lovelace")

	// What to know before you start.
	securityTab(page)
	page.In("#mfa").Click("Turn on Acme app")
	page.See("Set up an authenticator app first")
	page.Click("Set up an authenticator app")
	ada.proveByMail(page)
	page.Click("Next")
	ada.scansAndConfirms(page, "Tablet")
	ada.saveCodes(page)
	page.Click("Continue")

	// How to turn on mobile push 2FA.
	ada.again(page)
	ada.second(page)
	securityTab(page)
	page.In("#mfa").Click("Turn on Acme app")
	page.See("How do I download the app?", "Mandatory 2FA")
	page.Click("Click to reveal")
	page.See("Scan this code with your phone")
	p := phone.New(h.t, h.service, h.URL)
	h.scanned(p, page, h.pairingLink(page))
	p.CloseAll()
	page.Click("Security")
	page.In("#mfa li", "Acme app on").See("Default")

	// How to change your default 2FA method.
	securityTab(page)
	page.In("#mfa").Click("Turn on Authenticator app")
	page.Click("Confirm")
	page.In("#mfa li", "Authenticator app on Tablet").See("Default")
	ada.again(page)
	page.See("Type the code from your authenticator app")
	page.Click("Try another way")
	page.Click("Approve on your phone On Android")
	page.Click("Send a request")

	// How mobile push 2FA works.
	page.See("Check your phone")
	opens(p).Click("Approve")
	page.See("It is on.")
	p.CloseAll()
	securityTab(page)
	page.In("#mfa").Click("Turn on Acme app")
	page.Click("Confirm")
	ada.again(page)
	page.See("Check your phone")
	opens(p).Click("Deny")
	page.See("Denied on your phone")

	// Frequently asked questions: there was no notification; why TOTP is still needed; and
	// nothing happens where biometrics are off.
	p.CloseAll()
	p.AllowNotifications("denied")
	ada.first(page)
	page.See("Check your phone")
	h.Clock.Advance(16 * time.Second)
	page.Reload()
	page.See("No notification?", "check that notifications are on in the phone’s settings")
	app := p.Open("/authenticator/")
	app.See("Are you signing in to Acme?")
	app.Click("Approve")
	page.See("It is on.")
	p.RemoveBiometrics()
	p.Open("/authenticator/").See("This phone has no screen lock any more")
	ada.again(page)
	page.See("Type the code from your authenticator app", "Tablet")
	ada.second(page)
	page.See("It is on.")
}

// walkPushFirst is all of its document.
func walkPushFirst(h *presetHouse) {
	desk := h.grace()
	h.console(desk)
	ada, page := h.employee("Ada Lovelace")

	// How to pair your mobile device.
	page.Click("Devices")
	page.Click("Pair new device")
	ada.proveByMail(page)
	page.Click("Click to reveal")
	page.See("Scan this code with your phone")
	p := phone.New(h.t, h.service, h.URL)
	p.PointAt(h.URL + h.pairingLink(page))
	app := p.Open("/authenticator/#/pair")
	app.Click("Go on in the browser")
	app.Click("QR Scan")
	app.See("Is this your account?")
	app.Click("Next")
	app.Click("Continue with screen lock")
	app.See("How do you want to confirm?")
	app.Click("Type a code from this phone on the computer")
	app.See("Type this on your computer")
	page.Type("Six digits from your phone", digitsIn(app.Text("main")))
	page.Click("Confirm")
	page.See("Try it once")
	p.Notification()
	app.Click("Approve")
	app.See("This phone is paired")
	page.See("Your phone is paired")
	page.Click("Done")
	p.CloseAll()
	ada.Codes = ada.saveCodes(page)
	page.Click("Devices")
	page.See("Ready")

	// How push notification works: after the password, and in its place.
	ada.again(page)
	page.See("Check your phone")
	opens(p).Click("Approve")
	page.See("It is on.")
	p.CloseAll()
	signOut(page)
	h.byPush(ada, page)
	app = opens(p)
	app.Click("Deny")
	app.See("Denied")
	page.See("Check your phone")
	page.NotSee("It is on.")
	p.CloseAll()

	// Enable push notification as an authentication method.
	enable := func(push func(label string)) {
		desk.Click("Authentication")
		desk.Click("Methods")
		push("Push")
		desk.Click("Save")
		if desk.Count("input[name=accept]") > 0 {
			acceptAll(desk)
			desk.Click("Save")
		}
		desk.See("Saved. It holds from now on.")
	}
	enable(desk.Uncheck)
	page.Open("/signin")
	page.NotSee("Use your phone (push)")
	enable(desk.Check)

	// Add push notification to an identity pool.
	desk.Click("Users")
	desk.Click("Everybody")
	desk.See("Sign-in and Sign-up")
	in := func(list string, clicks ...string) {
		for _, name := range clicks {
			desk.In(list).Click(name)
		}
		desk.See("Not saved yet.")
	}
	save := func() {
		desk.Click("Save")
		desk.See("Saved. It holds from now on.")
	}
	in(secondList, "What to do with Push", "Prefer nothing")
	in(secondList, "What to do with Push", "Remove")
	in(firstList, "What to do with Push", "Remove")
	save()
	page.Open("/signin")
	page.NotSee("Use your phone (push)")
	in(firstList, "Add method", "Push")
	in(secondList, "Add method", "Push")
	in(secondList, "What to do with Push", "Make Preferred")
	save()

	// And then it is as before.
	h.byPush(ada, page)
	app = opens(p)
	app.Click("Approve")
	page.See("It is on.")
}
