package app

import (
	"strings"
	"testing"
	"time"
)

// waitFor waits until the request is in a state.
func waitFor(t *testing.T, d *double, id, state string) {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); d.State(id) != state; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the request is %s, not %s", d.State(id), state)
		}
	}
}

func TestANotificationIsAnswered(t *testing.T) {
	d, p, page := paired(t)
	p.CloseAll()
	_ = page
	id := d.Ask("signin", signin())
	n := p.Notification()
	if n.Title != "Sign-in request waiting" || strings.Contains(n.Body, "Payroll") || strings.Contains(n.Body, "198.51.100.204") {
		t.Errorf("the phone shows %s", n)
	}
	p.Tap(n, "Deny")
	waitFor(t, d, id, "denied")
	n = p.Notification()
	if n.Title != "Denied" {
		t.Errorf("after it was denied the phone shows %s", n)
	}

	id = d.Ask("signin", signin())
	p.Tap(p.Notification(), "Review")
	page = p.Opened()
	page.See("Are you signing in to Payroll?")
	page.Type(numberField, "47")
	page.Click("Approve")
	page.See("You can go back to your computer")
	waitFor(t, d, id, "approved")
	page.Click("Done")
	p.CloseAll()

	// What was over meanwhile is told, and not answered.
	id = d.Ask("signin", signin())
	n = p.Notification()
	d.End(id, "cancelled")
	p.Tap(n, "Deny")
	if n = p.Notification(); n.Title != "Nothing is waiting any more" {
		t.Errorf("of a request that is over the phone says %s", n)
	}
}

func TestATestMeasuresTheWay(t *testing.T) {
	_, p, page := paired(t)
	page.Click("Acme")
	page.Click("Send me a test")
	page.See("It arrived after")
	_ = p.Notification()
}

func TestALostSubscriptionIsReplaced(t *testing.T) {
	d, p, page := paired(t)
	endpoint := func() string {
		d.mu.Lock()
		defer d.mu.Unlock()
		for _, one := range d.devices {
			if one.push != nil {
				return one.push.Endpoint
			}
		}
		return ""
	}
	before := endpoint()
	d.set(func() { d.Dead = before })
	page.Reload()
	for deadline := time.Now().Add(15 * time.Second); endpoint() == before; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the subscription is the same")
		}
	}
	page.NotSee("Notifications do not get through")
	d.Ask("signin", signin())
	_ = p.Notification()
}

func TestTwoAccountsOnOnePhone(t *testing.T) {
	d, p, page := paired(t)
	link, _ := d.Pair()
	page.Open(link)
	page.Click("Next")
	page.Click("Continue with screen lock")
	page.See("Type this on your computer")
	d.Confirm()
	page.See("This is a test")
	page.Type(numberField, "47")
	page.Click("Approve")
	page.See("This phone is paired")
	page.Click("Done")
	if got := page.Count(".card"); got != 2 {
		t.Fatalf("%d accounts are shown", got)
	}
	p.CloseAll()
	for i := range 2 {
		d.mu.Lock()
		id := d.ask("signin", signin(), d.pairings[i].device)
		d.mu.Unlock()
		p.Tap(p.Notification(), "Deny")
		waitFor(t, d, id, "denied")
		if n := p.Notification(); n.Title != "Denied" {
			t.Errorf("the phone shows %s", n)
		}
	}
}
