package app

import (
	"testing"
	"time"

	"countersign/e2e/autopush"
	"countersign/e2e/firefox"
)

// Another browser, another WebAuthn, another push service: the same app.
func TestFirefoxIsAPhoneToo(t *testing.T) {
	service := autopush.Start(t, time.Now)
	d := start(t, service.Service)
	f := firefox.Start(t, service, d.url)
	f.AddAuthenticator()
	link, _ := d.Pair()
	f.Open(link)
	f.See("Is this your account?", "Acme")
	f.Click("Next")
	f.Click("Continue with screen lock")
	f.See("Type this on your computer")
	d.Confirm()
	f.See("This is a test")
	f.Type(numberField, "47")
	f.Click("Approve")
	f.See("This phone is paired")
	f.Click("Done")
	f.See("Ready")
	f.Open("/authenticator/#/codes")
	f.See("For a sign-in while")
	id := d.Ask("signin", signin())
	n := f.Screen().Next(t)
	if n.Title != "Sign-in request waiting" {
		t.Errorf("shown: %s", n)
	}
	f.Screen().Click(t, n, "Deny")
	waitFor(t, d, id, "denied")
}
