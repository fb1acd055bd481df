package app

import (
	"testing"
	"time"

	"countersign/e2e/browser"
	"countersign/e2e/fcm"
	"countersign/e2e/phone"
)

func unpaired(t *testing.T, options ...phone.Option) (*double, *phone.Phone) {
	t.Helper()
	service := fcm.Start(t, time.Now)
	d := start(t, service.Service)
	return d, phone.New(t, service, d.url, options...)
}

func TestWhyAPairingDoesNotHappen(t *testing.T) {
	d, p := unpaired(t)
	page := p.Open("/authenticator/")
	page.Click("Go on in the browser")
	page.Type("Type the pairing code", "K7Q2")
	page.Click("Continue")
	page.See("A pairing code has eight letters and digits")
	glanced(t, page)
	page.Type("Type the pairing code", "K7Q2-9FMX")
	page.Click("Continue")
	page.See("This pairing code is over")
	glanced(t, page)
	page.Click("Pair it again")
	page.Click("Go on in the browser")

	d.set(func() { d.Least = "16.8.0" })
	_, short := d.Pair()
	page.Type("Type the pairing code", short)
	page.Click("Continue")
	page.See("Update needed", "Update to version 16.8.0 or later")
	glanced(t, page)
	page.Click("Update now")
	page.See("There is no newer version here yet")
	glanced(t, page)
	d.set(func() { d.Least = "" })

	d.set(func() { d.Confirms = []string{"email"} })
	link, _ := d.Pair()
	page.Open(link)
	page.Click("Next")
	p.Refuse(t)
	page.Click("Continue with screen lock")
	page.See("did not confirm that it is you")
	glanced(t, page)
	p.Accept(t)
	page.Click("Try again")
	page.See("Type the code from the mail", "a•••@example.com")
	glanced(t, page)
	for range 2 {
		page.Type("6-digit code", "123456")
		page.Click("Confirm")
		page.See("That code is not right")
		glanced(t, page)
	}
	page.Type("6-digit code", "123456")
	page.Click("Confirm")
	page.See("This pairing code is over")

	_, short = d.Pair()
	page.Click("Pair it again")
	page.Click("Go on in the browser")
	page.Type("Type the pairing code", short)
	page.Click("Continue")
	page.Click("Next")
	page.Click("Continue with screen lock")
	page.See("Type the code from the mail")
	// The app was left for the mail, and the phone ended it meanwhile.
	page.Close()
	page = p.Open("/authenticator/")
	page.See("Type the code from the mail")
	page.Type("6-digit code", "271 828")
	page.Click("Confirm")
	page.See("This is a test")
	page.Type(numberField, "47")
	page.Click("Approve")
	page.See("This phone is paired")
}

func TestAPhoneWithoutALockKeepsItsCode(t *testing.T) {
	d, p := unpaired(t, phone.Bare())
	link, _ := d.Pair()
	page := p.Open(link)
	page.See("Turn on Face ID, fingerprint or screen lock", "Open Settings, then Security")
	glanced(t, page)
	page.Click("Use an authenticator app instead")
	page.See("needs no screen lock")
	if d.pairings[0].state != "waiting" {
		t.Errorf("the code is %s", d.pairings[0].state)
	}
}

func TestWhatTheServerSaysOfADevice(t *testing.T) {
	d, _, page := paired(t)
	page.Click("Acme")
	page.Click("Sign out")
	page.In("dialog").Click("Sign out")
	page.See("Signed out", "No requests come to this phone")
	glanced(t, page)
	page.Click("Sign in again")
	page.See("Ready")

	d.set(func() { d.Least = "16.8.0" })
	page.Open("/authenticator/")
	page.See("Update to version 16.8.0 or later")
	glanced(t, page)
	d.set(func() { d.Least = "" })
	page.Reload()
	page.See("Ready")

	d.set(func() { d.Last = true })
	page.Click("Acme")
	page.Click("Remove from this phone")
	page.In("dialog").Click("Remove from this phone")
	page.See("your only second factor for Acme")
	glanced(t, page)
	page.Click("Understood")
	d.set(func() {
		d.Last = false
		for _, one := range d.devices {
			one.state = "revoked"
		}
	})
	page.Reload()
	page.See("This phone was removed")
	glanced(t, page)
	var left string
	page.Evaluate(`import("/authenticator/store.js").then(s => s.accounts()).then(all => String(all.map(a => "key" in a || "codeKey" in a)))`, &left)
	if left != "false" {
		t.Errorf("of a removed device there are keys: %s", left)
	}
	page.Click("Take it off the list")
	page.In("dialog").Click("Take it off the list")
	page.See("Put Countersign on this device")
}

func TestLostKeysAreSaid(t *testing.T) {
	_, p, page := paired(t)
	page.ForgetDatabases()
	p.CloseAll()
	page = p.Open("/authenticator/")
	page.See("This phone has lost its keys. Pair it again.")
	glanced(t, page)
	page.Click("Understood")
	page.See("Put Countersign on this device")
}

func TestNotificationsAreOff(t *testing.T) {
	d, p, page := paired(t)
	p.AllowNotifications(browser.Denied)
	page.Reload()
	page.See("Notifications are off", "You can still approve here")
	glanced(t, page)
	asked(t, d, page)
}

func TestACodeWithoutAConnection(t *testing.T) {
	d, p, _ := paired(t)
	p.CloseAll()
	d.stop()
	page := p.Open("/authenticator/#/codes")
	page.See("No connection", "For a sign-in while this phone has no connection")
	glanced(t, page)
	p.Refuse(t)
	page.Click("Show code")
	page.See("did not confirm that it is you")
	p.Accept(t)
	page.Click("Show code")
	page.See("Code now")
	var code string
	page.Evaluate(`document.querySelector(".otp-digits").textContent.replace(" ", "")`, &code)
	if want := d.codes(t); code != want[0] && code != want[1] {
		t.Errorf("the phone shows %s, not one of %s", code, want)
	}
	var exported string
	page.Evaluate(`import("/authenticator/store.js").then(s => s.accounts()).then(async ([a]) => {
		const tries = [crypto.subtle.exportKey("jwk", a.key.privateKey), crypto.subtle.exportKey("raw", a.codeKey)];
		return String((await Promise.allSettled(tries)).map(r => r.status));
	})`, &exported)
	if exported != "rejected,rejected" {
		t.Errorf("the keys can be exported: %s", exported)
	}
}
