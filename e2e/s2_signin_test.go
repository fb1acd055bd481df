package e2e_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"countersign/e2e/site"
	"countersign/internal/method/push"
	"countersign/internal/policy"
	"countersign/internal/terminal"
)

// byPhone gives an address, selects the phone in the password's place, and returns the
// path of the page that waits.
func (c *client) byPhone(address string) string {
	c.h.t.Helper()
	return c.leads(c.post("/signin", "identifier", address, "with", "push"), "the phone in the password's place for "+address)
}

func s2OneTap(t *testing.T, h *phoneHouse) {
	ada, p := h.paired()
	c := h.client()
	waits := c.first(ada)
	p.Tap(p.Notification(), "")
	app := p.Opened()
	app.See("Are you signing in to Acme?")
	if n := app.Count("main input"); n != 0 {
		t.Errorf("the request has %d fields to fill in", n)
	}
	// The tap alone is not enough: the phone asks for the finger.
	p.Refuse(t)
	app.Click("Approve")
	app.See("Your phone did not confirm that it is you")
	if c.post(waits); c.SignedIn() {
		t.Error("a tap without the finger signs in")
	}
	p.Accept(t)
	app.Click("Approve")
	app.See("Approved")
	if c.post(waits); !c.SignedIn() {
		t.Error("an approval does not sign in")
	}
	c = h.client()
	waits = c.first(ada)
	p.Tap(p.Notification(), "")
	app.See("Are you signing in to Acme?")
	p.Refuse(t) // a denial needs no finger
	app.Click("Deny")
	app.See("Denied")
	if c.post(waits); c.SignedIn() {
		t.Error("a denied sign-in is signed in")
	}
}

func s2SecondFactor(t *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace")
	d := ada.withPhone()
	c := h.client()
	if wrong := c.post(c.post("/signin", "identifier", ada.Email).Location, "password", "not the password of ada"); wrong.Status != http.StatusUnprocessableEntity || d.waiting() != 0 {
		t.Errorf("a wrong password is answered %s, and %d requests wait", wrong, d.waiting())
	}
	waits := c.first(ada)
	if !strings.HasSuffix(waits, "/phone") || d.waiting() != 1 {
		t.Errorf("the password leads to %s, and %d requests wait", waits, d.waiting())
	}
	if c.SignedIn() {
		t.Error("the password alone signs in")
	}
}

func s2FirstFactor(t *testing.T, h *house) {
	ada, grace := h.guarded("Ada Lovelace"), h.guarded("Grace Hopper")
	adas, graces := ada.withPhone(), grace.withPhone()
	// A tap is one factor: where there is another kind, it is asked for.
	c := h.client()
	waits := c.byPhone(ada.Email)
	adas.answer(terminal.Approve, "")
	next := c.post(waits)
	if !strings.HasSuffix(next.Location, "/code") || c.SignedIn() {
		t.Fatalf("after a tap: %s", next)
	}
	if in := c.post(next.Location, "code", ada.Code()); in.Location != "/account/security" || !c.SignedIn() {
		t.Errorf("the code after the tap is answered %s", in)
	}
	// Where there is none, it is enough.
	c = h.client()
	c.signIn(grace)
	c.leads(c.post("/account/two-factor/"+string(grace.Device)+"/remove"), "removing the app of "+grace.Email)
	c = h.client()
	waits = c.byPhone(grace.Email)
	graces.answer(terminal.Approve, "")
	if in := c.post(waits); !c.SignedIn() {
		t.Errorf("a tap of who has nothing else leads to %s", in)
	}
	// A number that was typed is both factors.
	h.policy("push-first", policy.Document{"push.confirm": "type"})
	c = h.client()
	waits = c.byPhone(ada.Email)
	if state := adas.answer(terminal.Approve, site.ShownNumber(c.get(waits))); state != "approved" {
		t.Errorf("the right number is %s", state)
	}
	if in := c.post(waits); in.Location != "/account/security" || !c.SignedIn() {
		t.Errorf("a typed number leads to %s", in)
	}
}

func s2Denied(t *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace")
	d := ada.withPhone()
	for _, row := range []struct {
		begin  func(c *client) string
		answer terminal.Decision
		comes  string
		says   string
	}{
		{func(c *client) string { return c.first(ada) }, terminal.Deny, "denied", "Denied on your phone"},
		// Without a password nobody learns that there is a phone which said no, or more.
		{func(c *client) string { return c.byPhone(ada.Email) }, terminal.Deny, "denied", "Check your phone"},
		{func(c *client) string { return c.byPhone(ada.Email) }, terminal.Report, "reported", "Check your phone"},
	} {
		c := h.client()
		waits := row.begin(c)
		if state := d.answer(row.answer, ""); state != row.comes {
			t.Errorf("the denial is %s", state)
		}
		c.post(waits)
		if page := c.get(waits); !strings.Contains(page.Body, row.says) || c.SignedIn() {
			t.Errorf("after a denial the page is %s", page)
		}
	}
}

func s2NoExtraClick(_ *testing.T, h *house) {
	h.policy("push-first", policy.Document{"push.confirm": "type"})
	ada := h.guarded("Ada Lovelace")
	d := ada.withPhone()
	desk := h.browser()
	desk.Open("/signin")
	desk.Type("E-mail address", ada.Email)
	desk.Click("Use your phone (push)")
	desk.See("Check your phone", "Type this number there")
	d.answer(terminal.Approve, desk.Text(".phone-number"))
	desk.See("It is on.")
}

func s2OnTheNotification(t *testing.T, h *phoneHouse) {
	ada, p := h.paired()
	c := h.client()
	waits := c.first(ada)
	p.Tap(p.Notification(), "Review")
	app := p.Opened()
	app.See("Are you signing in to Acme?")
	if c.post(waits); c.SignedIn() {
		t.Error("opening the request has approved it")
	}
	app.Click("Approve")
	app.See("Approved")
	if c.post(waits); !c.SignedIn() {
		t.Error("the approval does not sign in")
	}
	// A tap elsewhere opens it as well.
	h.client().first(ada)
	p.Tap(p.Notification(), "")
	app.See("Are you signing in to Acme?")
	app.Click("Approve")
	app.See("Approved")
	c = h.client()
	waits = c.first(ada)
	p.Tap(p.Notification(), "Deny")
	if n := p.Notification(); n.Title != "Denied" {
		t.Errorf("after the denial the notification says %s", n)
	}
	c.post(waits)
	if page := c.get(waits); !strings.Contains(page.Body, "Denied on your phone") || c.SignedIn() {
		t.Errorf("after the denial the page is %s:\n%s", page, page.Body)
	}
}

func s2AnotherMethod(_ *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace")
	ada.withPhone()
	desk := h.browser()
	ada.first(desk)
	desk.See("Check your phone")
	desk.Click("Enter a code instead")
	ada.second(desk)
	desk.See("It is on.")
}

func s2Number(t *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace")
	d := ada.withPhone()
	c := h.client()
	waits := c.first(ada)
	shown := site.ShownNumber(c.get(waits))
	r, err := d.First(t.Context())
	must(t, err)
	if len(shown) != 2 || r.Number.Digits != 2 || r.Number.Mode != push.Mode("type") || strings.Contains(string(r.Display), `"`+shown+`"`) {
		t.Errorf("the page shows %q, and the phone is asked %+v: %s", shown, r.Number, r.Display)
	}
	if state := d.answer(terminal.Approve, shown); state != "approved" {
		t.Errorf("the right number is %s", state)
	}
	if c.post(waits); !c.SignedIn() {
		t.Error("the right number does not sign in")
	}
	// A tap without the number is none, and neither is another: there is one try.
	for _, wrong := range []func(right string) string{
		func(string) string { return "" },
		func(right string) string { return map[bool]string{true: "11", false: "10"}[right == "10"] },
	} {
		c = h.client()
		waits = c.first(ada)
		if state := d.answer(terminal.Approve, wrong(site.ShownNumber(c.get(waits)))); state != "mismatch" || d.waiting() != 0 {
			t.Errorf("a wrong number is %s, and %d requests wait", state, d.waiting())
		}
		if c.post(waits); c.SignedIn() {
			t.Error("a wrong number signs in")
		}
	}
}

// changing is what differs from one page that waits to the next, whoever it is for.
var changing = regexp.MustCompile(`att_[0-9a-z]+|data-left="\d+"|data-waited="\d+"|<strong>\d+</strong>|rid_[0-9a-z]+`)

func s2NotPaired(t *testing.T, h *house) {
	ada, grace := h.guarded("Ada Lovelace"), h.guarded("Grace Hopper")
	grace.withPhone()
	pages := map[string]string{}
	for name, address := range map[string]string{"nobody": h.address("Nobody"), "no phone": ada.Email, "a phone": grace.Email} {
		c := h.client()
		waits := c.byPhone(address)
		page := c.get(waits)
		if page.Status != http.StatusOK || !strings.Contains(page.Body, "The account may have no phone paired with it") {
			t.Errorf("%s: the page is %s", name, page)
		}
		if c.post(waits); c.SignedIn() {
			t.Errorf("%s: signed in", name)
		}
		pages[name] = changing.ReplaceAllString(page.Body, "…")
	}
	if pages["nobody"] != pages["a phone"] || pages["no phone"] != pages["a phone"] {
		t.Errorf("the page tells who has a phone:\n%s\n%s\n%s", pages["nobody"], pages["no phone"], pages["a phone"])
	}
	if mail := h.mail(ada.Email, "Signing in to Acme with your phone"); !strings.Contains(mail.Text, "open Devices and pair it") {
		t.Errorf("the mail says:\n%s", mail.Text)
	}
	h.noMail(grace.Email, "Signing in to Acme with your phone")
	h.noMail(h.address("Nobody"), "Signing in to Acme with your phone")
	// After the password, the page says it in words.
	c := h.client()
	waits := c.first(ada)
	ways := c.get(strings.TrimSuffix(waits, "/code") + "/ways")
	if !strings.HasSuffix(waits, "/code") || !strings.Contains(ways.Body, "no phone is paired yet. Sign in another way, open Devices and pair it.") {
		t.Errorf("after the password comes %s, and beside it stands:\n%s", waits, ways.Body)
	}
	if asked := c.post(strings.TrimSuffix(waits, "/code") + "/phone/ask"); asked.Status == http.StatusSeeOther && strings.HasSuffix(asked.Location, "/phone") {
		t.Errorf("a phone that is not there is asked: %s", asked)
	}
}
