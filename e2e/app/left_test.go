package app

import (
	"testing"
	"time"

	"countersign/e2e/browser"
	"countersign/e2e/phone"
)

// How long a pairing lives is for the server to say: the phone's clock may be anywhere,
// and the code's five minutes are not those of the step that the phone is at.
func TestAPairingThatWasLeftIsTheServersToJudge(t *testing.T) {
	d, p, page := claimed(t, "code")
	d.set(func() { d.Expires = -time.Hour }) // as a phone reads it whose clock is an hour ahead
	link, _ := d.Pair()
	page.Open(link)
	page.See("Is this your account?")
	page = again(p)
	page.See("Is this your account?")
	page.Click("Next")
	page.Click("Continue with screen lock")
	page.See("Type this on your computer")
	page = again(p)
	page.See("Type this on your computer", d.Digits()[:3]+" "+d.Digits()[3:])

	// Confirmed while the app was closed.
	p.CloseAll()
	d.Confirm()
	page = p.Open("/authenticator/")
	approved(page)
}

// The app may end between keeping the account and forgetting the pairing.
func TestAPairingThatWasNotForgottenTakesNothingAway(t *testing.T) {
	d, p, page := claimed(t, "code")
	page.Click("Next")
	page.Click("Continue with screen lock")
	page.See("Type this on your computer")
	const stored = `import("/authenticator/store.js").then(async (s) => { `
	page.Evaluate(stored+`globalThis.left = await s.kept("pairing"); })`, nil)
	d.Confirm()
	approved(page)
	d.set(func() {
		for _, one := range d.devices {
			one.state = "active"
		}
		d.pairings[0].state = "active"
	})
	page.Evaluate(stored+`await s.keep("pairing", globalThis.left); })`, nil)
	page = again(p)
	page.See("This phone is paired", "this phone also makes a code of its own")
	page.Click("Done")
	page.Click("Codes")
	page.See("Show code")
	if n := d.count("code"); n != 1 {
		t.Errorf("the secret of its own codes was asked for %d times", n)
	}
	again(p).See("Accounts", "Ready")
}

func TestAPairingThatIsOverSaysSo(t *testing.T) {
	d, p, _ := claimed(t, "code")
	d.over()
	page := again(p)
	page.See("This pairing has ended", "Each step may take five minutes")
	glanced(t, page)
	_, short := d.Pair()
	page.Click("Pair it again")
	page.Click("Go on in the browser")
	page.Type("Type the pairing code", short)
	page.Click("Continue")
	page.Click("Next")
	page.Click("Continue with screen lock")
	page.See("Type this on your computer")

	// A server that cannot be asked has ended nothing.
	d.set(func() { d.Lost = "/pairings/state" })
	page = again(p)
	page.See("The server did not answer")
	glanced(t, page)
	d.set(func() { d.Lost = "" })
	page.Click("Try again")
	page.See("Type this on your computer")

	d.over()
	page.See("This pairing code is over")
	page = again(p)
	page.See("Put Countersign on this device")
}

// The mail is sent once. What the person came back with is the code in it, and another
// mail would make that one wrong.
func TestTheMailIsSentOnce(t *testing.T) {
	for _, confirms := range [][]string{{"email"}, {"code", "email"}} {
		d, p, page := claimed(t, confirms...)
		page.Click("Next")
		page.Click("Continue with screen lock")
		if len(confirms) > 1 {
			page.Click("Get a code by e-mail and type it here")
		}
		for range 2 {
			page.See("Type the code from the mail", "a•••@example.com")
			page = again(p)
		}
		page.See("Type the code from the mail", "a•••@example.com")
		if n := d.count("pairings/send"); n != 1 || d.Mails != 1 {
			t.Errorf("%d mails of %d calls, want one", d.Mails, n)
		}
		page.Click("Send another code")
		page.See("Another code is on its way")
		glanced(t, page)
		d.set(func() { d.Many = true })
		page.Click("Send another code")
		page.See("Several mails are on their way already. Wait 5 seconds", "Type the code from the mail")
		glanced(t, page)
		d.set(func() { d.Many = false; d.Lost = "/pairings/send" })
		page.Click("Send another code")
		page.See("There is no connection", "Type the code from the mail")
		d.set(func() { d.Lost = "" })
		if len(confirms) > 1 {
			page.Click("Back")
			page.Click("Get a code by e-mail and type it here")
		}
		page.Type("6-digit code", mailed)
		page.Click("Confirm")
		approved(page)
		if d.Mails != 3 {
			t.Errorf("%d mails, want three", d.Mails)
		}
	}
}

// The server may have confirmed what it was not heard to confirm.
func TestALostConfirmation(t *testing.T) {
	for _, row := range []struct {
		sentence string
		lost     string
		goOn     func(d *double, p *phone.Phone, page *browser.Page) *browser.Page
	}{
		{"the app asks what became of it", "/pairings/confirm", func(_ *double, _ *phone.Phone, page *browser.Page) *browser.Page {
			return page
		}},
		{"and again, when the person sends it again", "/pairings/", func(d *double, _ *phone.Phone, page *browser.Page) *browser.Page {
			page.See("There is no connection")
			d.set(func() { d.Lost = "" })
			page.Click("Confirm")
			return page
		}},
		{"also with another code", "/pairings/", func(d *double, _ *phone.Phone, page *browser.Page) *browser.Page {
			page.See("There is no connection")
			d.set(func() { d.Lost = "" })
			page.Type("6-digit code", "123456")
			page.Click("Confirm")
			return page
		}},
		{"or asks for another mail", "/pairings/", func(d *double, _ *phone.Phone, page *browser.Page) *browser.Page {
			page.See("There is no connection")
			d.set(func() { d.Lost = "" })
			page.Click("Send another code")
			return page
		}},
		{"or opens the app anew", "/pairings/", func(d *double, p *phone.Phone, page *browser.Page) *browser.Page {
			page.See("There is no connection")
			d.set(func() { d.Lost = "" })
			return again(p)
		}},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			d, p, page := claimed(t, "email")
			page.Click("Next")
			page.Click("Continue with screen lock")
			page.See("Type the code from the mail")
			d.set(func() { d.Lost = row.lost })
			page.Type("6-digit code", mailed)
			page.Click("Confirm")
			approved(row.goOn(d, p, page))
		})
	}
}
