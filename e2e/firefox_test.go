package e2e_test

import (
	"strings"
	"testing"
	"time"

	"countersign/e2e/autopush"
	"countersign/e2e/browser"
	"countersign/e2e/desktop"
	"countersign/e2e/firefox"
	"countersign/e2e/site"
)

// TestFirefoxApprovesASignIn is the whole way of an approval with another browser as the
// phone, and with its push service: that is a second opinion on what is sealed, on both
// signatures, and on the app. Firefox has a virtual authenticator too, so the finger is
// no more made up than Chromium's.
func TestFirefoxApprovesASignIn(t *testing.T) {
	t.Parallel()
	service := autopush.Start(t, time.Now) // the installation's clock is not moved
	h := &house{site.Start(t, site.Options{Env: []string{site.PushServices(t, service.Service)}}), t}
	ada := h.guarded("Ada Lovelace")
	page := h.session(ada)
	link := h.reveal(page)
	f := firefox.Start(t, service, h.URL)
	f.AddAuthenticator()
	// acknowledged waits for what Firefox says of the next push, that it could decrypt it
	// and its worker took it, and for the notification, which it returns.
	acknowledged := func() desktop.Notification {
		t.Helper()
		if code := service.Acknowledged(t); code != autopush.Delivered {
			t.Errorf("a push is acknowledged with %d; want %d", code, autopush.Delivered)
		}
		n := f.Screen().Next(t)
		if n.Title != "Sign-in request waiting" || strings.Contains(n.Body, "Acme") || strings.Contains(n.Body, "ada") {
			t.Errorf("the notification says %s", n)
		}
		return n
	}
	approve := func(shows *browser.Page) {
		t.Helper()
		f.Type("Type the number on your other screen", shows.Text(".phone-number"))
		f.Click("Approve")
	}

	f.Open(link)
	f.See("Is this your account?", "Acme")
	f.Click("Next")
	f.Click("Continue with screen lock")
	f.See("Type this on your computer")
	var shown string
	f.Evaluate(`document.querySelector("main").innerText`, &shown)
	page.Type("Six digits from your phone", digitsIn(shown))
	page.Click("Confirm")
	page.See("Try it once")
	acknowledged()
	approve(page)
	f.See("This phone is paired")
	f.Click("Done")
	page.See("Your phone is paired")

	// The app shows something else, so that the tap has to open the request.
	f.Open("/authenticator/#/codes")
	f.See("For a sign-in while")
	desk := h.browser()
	ada.first(desk)
	desk.See("Check your phone")
	f.Screen().Click(t, acknowledged(), "Review")
	f.See("Are you signing in to Acme?", ada.Email)
	f.Verify(false) // another's finger
	approve(desk)
	f.See("Your phone did not confirm that it is you")
	desk.See("Check your phone")
	f.Verify(true)
	f.Click("Approve")
	f.See("You can go back to your computer")
	desk.See("Two-factor authentication")
	if !strings.HasPrefix(desk.Path(), "/account") {
		t.Errorf("the desktop is at %s", desk.Path())
	}
}
