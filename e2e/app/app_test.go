package app

import (
	"os"
	"testing"
	"time"

	"countersign/e2e/browser"
	"countersign/e2e/phone"
)

func TestMain(m *testing.M) {
	code := m.Run()
	browser.Close()
	os.Exit(code)
}

// signin is what a request to sign in shows.
func signin() map[string]string {
	return map[string]string{
		"app": "Payroll", "account": "ada@example.com", "ip": "198.51.100.204", "browser": "Firefox", "system": "Linux",
		"time": time.Now().UTC().Format(time.RFC3339), "new": "yes",
	}
}

// paired is a phone that is paired and shows the accounts.
func paired(t *testing.T) (*double, *phone.Phone, *browser.Page) {
	t.Helper()
	d, p := unpaired(t)
	link, _ := d.Pair()
	page := p.Open(link)
	page.See("Is this your account?", "Acme", "a•••@example.com")
	page.Click("Next")
	page.Click("Continue with screen lock")
	page.See("Type this on your computer")
	page.See(d.Digits()[:3] + " " + d.Digits()[3:])
	d.Confirm()
	page.See("This is a test")
	page.Type("Type the number on your other screen", "47")
	page.Click("Approve")
	page.See("This phone is paired")
	page.Click("Done")
	page.See("Accounts", "Ready")
	return d, p, page
}

// claimed is a phone that has claimed a code and shows whose account it is.
func claimed(t *testing.T, confirms ...string) (*double, *phone.Phone, *browser.Page) {
	t.Helper()
	d, p := unpaired(t)
	d.set(func() { d.Confirms = confirms })
	link, _ := d.Pair()
	page := p.Open(link)
	page.See("Is this your account?")
	return d, p, page
}

// again is the app, closed and opened anew.
func again(p *phone.Phone) *browser.Page {
	p.CloseAll()
	return p.Open("/authenticator/")
}

// approved answers the first request, to the end of the pairing.
func approved(page *browser.Page) {
	page.See("This is a test")
	page.Type(numberField, "47")
	page.Click("Approve")
	page.See("This phone is paired")
}

func TestAPhoneIsPairedAndApproves(t *testing.T) {
	d, _, page := paired(t)
	id := d.Ask("signin", signin())
	page.See("Are you signing in to Payroll?", "198.51.100.204", "Firefox on Linux", "never signed in")
	page.Type("Type the number on your other screen", "47")
	page.Click("Approve")
	page.See("You can go back to your computer")
	if got := d.State(id); got != "approved" {
		t.Errorf("the request is %s", got)
	}
	if got := page.Console(); len(got) > 0 {
		t.Errorf("the console says %q", got)
	}
}
