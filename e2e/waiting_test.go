package e2e_test

import (
	"strings"
	"testing"
	"time"

	"countersign/e2e/browser"
	"countersign/internal/terminal"
)

// The page that waits says after 15 seconds where the request is, and offers the next way
// after 20, counted from when the phone was asked. It is a page that was loaded a moment
// before, so that nobody has to wait for that long.
func TestThePageThatWaitsOffersMoreAfterAWhile(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.guarded("Ada Lovelace")
	d := ada.withPhone()
	const hint, offer = "No notification? Open the Countersign app on your phone", "No answer yet. You need not wait"
	h.Clock.Freeze(h.Clock.Now())
	desk := h.browser()
	ada.first(desk)
	desk.See("Check your phone", "Enter a code instead")
	desk.NotSee(hint, offer)
	for _, row := range []struct {
		at          time.Duration
		hint, offer bool   // whether they are there
		comes       string // while the page is looked at
	}{
		{13 * time.Second, false, false, hint},
		{15 * time.Second, true, false, ""},
		{18 * time.Second, true, false, offer},
		{20 * time.Second, true, true, ""},
	} {
		h.Clock.Advance(row.at - waited(desk))
		desk.Reload()
		if got := waited(desk); got != row.at {
			t.Fatalf("the page has waited %v, want %v", got, row.at)
		}
		text := strings.Join(strings.Fields(desk.Text("main")), " ")
		if strings.Contains(text, hint) != row.hint || strings.Contains(text, offer) != row.offer {
			t.Errorf("after %v: the hint is there: %v, the offer: %v", row.at, strings.Contains(text, hint), strings.Contains(text, offer))
		}
		desk.See(row.comes)
	}
	desk.In(".notice-warn").Click("Enter a code instead")
	desk.See("6-digit code")

	// Without script nothing can come later: all of it is there, and a button for who has
	// approved. Before that it leads back to the same page.
	h.Clock.Advance(time.Minute)
	plain := h.browser(browser.NoScript())
	ada.first(plain)
	plain.See("Check your phone", hint, offer)
	number := plain.Text(".phone-number")
	plain.Click("I’ve approved – continue")
	plain.See("Check your phone", number)
	if state := d.answer(terminal.Approve, number); state != "approved" {
		t.Errorf("the approval is %s", state)
	}
	plain.See("Check your phone")
	plain.Click("I’ve approved – continue")
	plain.See("It is on.")
}

// waited is how long the page says that the question has been asked.
func waited(page *browser.Page) time.Duration {
	seconds, err := time.ParseDuration(page.Attr("[data-waited]", "data-waited") + "s")
	if err != nil {
		return -1
	}
	return seconds
}
