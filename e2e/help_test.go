package e2e_test

import (
	"testing"
	"time"

	"countersign"
	"countersign/e2e/browser"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// helped has the help desk give a person a code, and returns it.
func (h *house) helped(p *person) string {
	h.t.Helper()
	code := ""
	h.Write(h.t, func(tx *store.Tx) error {
		var err error
		code, err = h.Engine.Accounts.NewHelpCode(tx, rows.User{WorkspaceID: countersign.DefaultWorkspace, ID: p.ID}, "usr_desk", 10*time.Minute)
		return err
	})
	return code
}

// Somebody who lost phone and codes is helped by a code, after the password, and is led to
// putting another phone in the place of the lost one.
func TestHelpedByTheHelpDesk(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.person("Ada Lovelace").withApp("Phone")
	page := h.browser()
	ada.first(page)
	page.See("6-digit code")
	page.NotSee("Don’t know the code")
	code := h.helped(ada)
	page.Reload()
	page.Click("Don’t know the code")
	page.See("Use the code from the help desk", "Their code signs you in once.")
	page.Type("Code from the help desk", "11111-11111")
	page.Click("Sign in")
	page.See("is not right")
	page.Type("Code from the help desk", code)
	page.Click("Sign in")
	page.See("You signed in with a code from the help desk.", "It is on.")
	h.mail(ada.Email, "A code from the help desk was used")
	page.Click("I lost this phone, set up a new one")
	page.See("Move the authenticator app on Phone to the new phone")
	page.Open("/account/password")
	page.See("Confirm that it is you", "6-digit code") // the code is good for nothing else
	page.Open("/account/two-factor/" + string(ada.Device) + "/change")
	page.NotSee("Confirm that it is you")
}

// Before a second factor is required, a page says how long there is, and leads on.
func TestRemindMeLater(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	from := h.Clock.Now().UTC().AddDate(0, 0, 9)
	h.policy("", policy.Document{"require_second_factor": "required from " + from.Format(time.DateOnly)})
	ada := h.person("Ada Lovelace")
	page := h.browser()
	ada.first(page)
	page.See("Acme will require two-factor authentication", "From "+from.Format("2 January 2006")+" on")
	page.Click("Remind me later (9 days left)")
	page.See("requires it from " + from.Format("2 January 2006")) // the banner stays
	page.Click("Your account")
	page.Click("Sign out")
	ada.first(page)
	page.See("Recent activity")
	page.NotSee("Remind me later")
	other := h.browser()
	ada.first(other)
	other.Click("Set it up now")
	other.See("Confirm that it is you", "Set up a second step")
}

func pagesOfHelp(s *show) {
	from := s.Clock.Now().UTC().AddDate(0, 0, 9)
	s.policy("", policy.Document{"require_second_factor": "required from " + from.Format(time.DateOnly)})
	ada := s.person("Ada Lovelace")
	page := s.browser()
	ada.first(page)
	page.See("Remind me later (9 days left)")
	s.look(page, "GET /account/announced", "what will be required")
	bob := s.guarded("Bob Builder")
	s.helped(bob)
	other := s.browser()
	bob.first(other)
	other.Click("Can’t access two-factor device?")
	other.See("gave you a code")
	s.glance(other, "GET /signin/{attempt}/recovery", "recovery")
	other.Set(browser.Light())
}
