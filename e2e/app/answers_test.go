package app

import (
	"testing"

	"countersign/e2e/browser"
)

const numberField = "Type the number on your other screen"

// asked is a request that the page shows.
func asked(t *testing.T, d *double, page *browser.Page) string {
	t.Helper()
	id := d.Ask("signin", signin())
	page.See("Are you signing in to Payroll?")
	return id
}

func TestEachAnswerHasItsSentence(t *testing.T) {
	d, p, page := paired(t)
	ends := func(id, state string, sentence ...string) {
		t.Helper()
		page.See(sentence...)
		glanced(t, page)
		if got := d.State(id); got != state {
			t.Errorf("%q is shown and the request is %s", sentence, got)
		}
		page.Click("Done")
		page.See("Nothing is waiting")
	}

	id := asked(t, d, page)
	page.Click("Deny")
	ends(id, "denied", "Denied", "Nobody was signed in by this request")

	id = asked(t, d, page)
	page.Click("It was not me")
	page.Click("Report it")
	ends(id, "reported", "Reported", "change it now")

	id = asked(t, d, page)
	page.Type(numberField, "48")
	page.Click("Approve")
	ends(id, "mismatch", "That was another number", "There is one try")

	id = asked(t, d, page)
	page.Type(numberField, "4")
	page.Click("Approve")
	page.See("The number has 2 digits")
	p.Refuse(t)
	page.Type(numberField, "٤٧")
	page.Click("Approve")
	page.See("did not confirm that it is you. Nothing was sent")
	if got := d.State(id); got != "waiting" {
		t.Errorf("a refused finger makes it %s", got)
	}
	p.Accept(t)
	page.Click("Approve")
	ends(id, "approved", "You can go back to your computer")

	for state, sentence := range map[string]string{
		"approved": "Already approved", "denied": "Already denied", "reported": "Already reported", "mismatch": "Another number was typed",
		"expired": "The request ran out", "superseded": "A newer request took its place", "cancelled": "Cancelled on the computer",
	} {
		id = asked(t, d, page)
		d.End(id, state)
		ends(id, state, sentence)
	}

	// It is over before the list tells so.
	id = asked(t, d, page)
	page.Type(numberField, "47")
	d.mu.Lock()
	d.find(id).late = "cancelled"
	d.mu.Unlock()
	page.Click("Approve")
	ends(id, "cancelled", "Cancelled on the computer")

	page.Click("History")
	page.See("Another number", "Reported", "not on this phone")
	page.Click("Approved")
	page.NotSee("Reported")
	page.Click("Denied")
	page.See("Reported")
}

func TestABusyServerAndAWrongClock(t *testing.T) {
	d, _, page := paired(t)
	id := asked(t, d, page)
	page.Type(numberField, "47")
	d.mu.Lock()
	d.Busy = 2
	d.mu.Unlock()
	for range 2 {
		page.Click("Approve")
		page.See("The server is busy. Nothing was lost; try again in 1 second")
		glanced(t, page)
	}
	page.Click("Approve")
	page.See("You can go back to your computer")
	if got := d.State(id); got != "approved" {
		t.Errorf("it is %s", got)
	}
	page.Click("Done")

	d.set(func() { d.Ahead = 90 * 60e9 })
	id = asked(t, d, page)
	page.Type(numberField, "47")
	page.Click("Approve")
	page.See("You can go back to your computer")
	if got := d.State(id); got != "approved" {
		t.Errorf("after the clock was put right it is %s", got)
	}
}
