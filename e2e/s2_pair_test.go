package e2e_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"countersign/e2e/site"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/terminal"
)

func s2AllMethods(t *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace")
	d := ada.withPhone()
	for mode, digits := range map[string]int{"tap": 0, "type": 2, "type6": 6} {
		h.policy("push-first", policy.Document{"push.confirm": mode})
		c := h.client()
		waits := c.first(ada)
		number := site.ShownNumber(c.get(waits))
		if len(number) != digits {
			t.Errorf("%s: the page shows the number %q", mode, number)
		}
		if state := d.answer(terminal.Approve, number); state != "approved" {
			t.Errorf("%s: the approval is %s", mode, state)
		}
		if c.post(waits); !c.SignedIn() {
			t.Errorf("%s: not signed in", mode)
		}
	}
	secret, err := d.Code(t.Context())
	must(t, err)
	own := h.NewApp([]byte(secret.Secret))
	c := h.client()
	waits := c.first(ada)
	if in := c.post(strings.TrimSuffix(waits, "/phone")+"/code", "code", own.Code()); in.Location != "/account/security" {
		t.Errorf("the code in the app is answered %s", in)
	}
	if n := ada.has(method.Push); n != 1 {
		t.Errorf("there are %d phones", n)
	}
}

func s2Install(_ *testing.T, h *house) {
	page := h.session(h.guarded("Ada Lovelace"))
	page.Open("/account/devices")
	page.Click("Pair new device")
	page.Click("How do I download the app?")
	page.In("#app").See("How do I download the Countersign app?")
	page.See("There is no store")
	page.Click("Open the Countersign app")
	page.See("Put Countersign on this device", "Install")
}

func s2ClickToReveal(t *testing.T, h *house) {
	page := h.session(h.guarded("Ada Lovelace"))
	page.Click("Devices")
	page.See("No phone is paired yet")
	page.Click("Pair new device")
	page.See("Fingerprint, face recognition or screen lock must be on")
	if page.Count("svg.qr") != 0 || strings.Contains(page.Source(), "#pair=") {
		t.Error("the code is there before it was asked for")
	}
	page.Click("Click to reveal")
	page.See("Scan this code with your phone")
	h.pairingLink(page)
}

func s2Scan(t *testing.T, h *phoneHouse) {
	page := h.session(h.guarded("Ada Lovelace"))
	link := h.reveal(page)
	p := h.own()
	p.PointAt(h.URL + link)
	app := p.Open("/authenticator/#/pair")
	const first = "Go on in the browser" // of a phone that has nothing yet; another scenario may have paired it
	for deadline := time.Now().Add(15 * time.Second); !app.Has("QR Scan") && !app.Has(first) && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
	}
	if app.Has(first) {
		app.Click(first)
	}
	app.Click("QR Scan")
	app.See("Is this your account?", "Acme", "a•••@acme.example", "What it needs", "Your face, fingerprint or screen lock, for each approval")
	if !app.Has("Next") {
		t.Error("there is no Next")
	}
	page.See("A phone is joining")
}

func s2ChooseConfirmation(_ *testing.T, h *phoneHouse) {
	b := h.begin()
	b.app.Click("Next")
	b.app.Click("Continue with screen lock")
	b.app.See("How do you want to confirm?", "Type a code from this phone on the computer", "Get a code by e-mail and type it here")
	h.noMail(b.ada.Email, "Your code to pair")
	b.app.Click("Type a code from this phone on the computer")
	b.app.See("Type this on your computer")
	b.page.See("Is this your phone?")
}

func s2Confirm(t *testing.T, h *phoneHouse) {
	b := h.begin()
	ada, page, app, p := b.ada, b.page, b.app, h.shared.phone
	app.Click("Next")
	app.Click("Continue with screen lock")
	app.Click("Get a code by e-mail and type it here")
	app.See("Type the code from the mail")
	code := strings.Join(strings.Fields(find(h.house, `\b\d{3}\s?\d{3}\b`, h.mail(ada.Email, "Your code to pair a phone").Text)), "")
	if ada.has(method.Push) != 0 {
		t.Error("the phone is paired before the code was entered")
	}
	app.Type("6-digit code", code)
	app.Click("Confirm")
	app.See("This is a test")
	p.Notification()
	app.Click("Approve")
	app.See("This phone is paired")
	page.See("Your phone is paired")
	page.Click("Done")
	page.See("Devices", "Android", "Ready")
	if ada.has(method.Push) != 1 {
		t.Errorf("there are %d phones", ada.has(method.Push))
	}
}

func s2NotConfirmed(t *testing.T, h *phoneHouse) {
	b := h.begin()
	ada, page, app, p := b.ada, b.page, b.app, h.shared.phone
	app.Click("Next")
	p.Refuse(t)
	app.Click("Continue with screen lock")
	app.See("Your phone did not confirm that it is you")
	page.See("A phone is joining")
	page.Click("Cancel")
	page.See("No phone is paired yet")
	// Three wrong codes, and the right one too late, on a phone that is a program.
	for name, end := range map[string]func(c *client, digits string){
		"the digits were wrong": func(c *client, digits string) {
			wrong := map[bool]string{true: "111111", false: "000000"}[digits == "000000"]
			for range 3 {
				c.post("/account/devices/pairing", "code", wrong)
			}
		},
		"it is too late": func(*client, string) { h.Clock.Advance(6 * time.Minute) },
	} {
		c := h.client()
		c.signIn(ada)
		claimant, code, err := c.Reveal(h.Devices())
		must(t, err)
		pairing, err := claimant.Claim(t.Context(), code, pixel())
		must(t, err)
		_, digits, err := pairing.Join(t.Context())
		must(t, err)
		end(c, digits)
		c.post("/account/devices/pairing", "code", digits)
		state, err := pairing.State(t.Context(), "", 0)
		var refusal *terminal.Problem
		if state != terminal.Over && (!errors.As(err, &refusal) || refusal.Code != terminal.PairingOver) || ada.has(method.Push) != 0 {
			t.Errorf("when %s, the pairing is %q, %v, and there are %d phones", name, state, err, ada.has(method.Push))
		}
	}
}

func s2Available(_ *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace")
	d := ada.withPhone()
	_, err := d.Code(h.t.Context())
	must(h.t, err)
	page := h.session(ada)
	page.Click("Your account")
	page.Click("Sign out")
	page.See("You are signed out.")
	ada.first(page)
	page.Click("Try another way")
	page.See("Approve on your phone", "Code from your authenticator app", "Phone and Pixel 9")
}

func s2Familiar(t *testing.T, h *phoneHouse) {
	ada, p := h.paired()
	h.client().first(ada)
	p.Tap(p.Notification(), "")
	app := p.Opened()
	app.See("Are you signing in to Acme?", ada.Email, "127.0.0.1", "Asked")
	if !app.Has("Approve") || !app.Has("Deny") {
		t.Error("the app offers no answer")
	}
	app.Click("Approve")
	app.See("Approved")
}
