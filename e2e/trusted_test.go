package e2e_test

import (
	"testing"
	"time"

	"countersign/e2e/browser"
	"countersign/internal/policy"
)

// A person trusts a browser after a sign-in, is not asked there any more but before
// important changes, and takes it back.
func TestTrustingABrowser(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.policy("", policy.Document{"trusted_browser_days": 30})
	ada := h.guarded("Ada Lovelace")
	page := h.browser()
	ada.first(page)
	ada.second(page)
	page.See("Trust this browser?", "For the next 30 days", "Chrome on Linux")
	page.Click("Trust this browser for 30 days")
	page.See("Trusted browsers", "Here the password alone signs you in.", "Stop trusting")
	h.mail(ada.Email, "A browser was trusted")

	page.Click("Your account")
	page.Click("Sign out")
	page.See("You are signed out.")
	ada.first(page)
	page.See("It is on.", "Your second step was not asked: the browser is trusted")
	page.Open("/account/password")
	page.See("Confirm that it is you", "6-digit code")

	other := h.browser()
	ada.first(other)
	h.Clock.Advance(time.Minute)
	ada.second(other)
	other.See("Trust this browser?")
	other.Click("Not now")
	other.See("It is on.", "Trusted browsers")
	other.Click("Stop trusting Chrome Linux")
	other.See("Your second step is asked there again.", "No browser is trusted.")
	other.Click("Trust this browser")
	other.See("Trust this browser?")

	page.Open("/account/security")
	page.See("E-mail address") // the session that the trust let in has ended
	ada.first(page)
	page.See("6-digit code")
}

// Who was heading somewhere comes there after either answer.
func TestTrustingLeadsOn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.policy("", policy.Document{"trusted_browser_days": 1})
	ada := h.guarded("Ada Lovelace")
	for _, answer := range []string{"Not now", "Trust this browser for one day"} {
		page := h.browser()
		page.Open("/account/activity")
		page.Type("E-mail address", ada.Email)
		page.Click("Continue")
		page.Type("Password", ada.Password)
		page.Click("Sign in")
		ada.second(page)
		page.See("Until this time tomorrow")
		page.Click(answer)
		page.See("You signed in")
		if page.Path() != "/account/activity" {
			t.Errorf("%q leads to %s", answer, page.Path())
		}
		h.Clock.Advance(time.Minute)
	}
}

func pagesOfTrust(s *show) {
	s.policy("", policy.Document{"trusted_browser_days": 30})
	ada := s.guarded("Ada Lovelace")
	page := s.browser()
	ada.first(page)
	ada.second(page)
	page.See("Trust this browser?")
	s.look(page, "GET /account/trust", "trusting a browser")
	page.Click("Not now")
	page.See("No browser is trusted.")
	s.glance(page, "GET /account/security", "security")
	page.Click("Trust this browser")
	page.Click("Trust this browser for 30 days")
	s.Clock.Advance(time.Minute)
	other := s.browser()
	ada.first(other)
	ada.second(other)
	other.Click("Trust this browser for 30 days")
	other.See("Stop trusting all")
	s.glance(other, "GET /account/security", "security")
	s.Clock.Advance(11 * time.Minute)
	other.Click("Stop trusting all")
	other.See("Your second step is asked there again.")
	s.glance(other, "GET /account/security", "security")
	other.Click("Trust this browser")
	s.glance(other, "GET /proof", "proof")
	other.Set(browser.Light())
}
