package e2e_test

import (
	"strings"
	"testing"
	"time"

	"countersign/internal/terminal"
)

func s0NoCode(t *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace")
	d := ada.withPhone()
	desk := h.browser()
	ada.first(desk)
	desk.See("Check your phone", "Open the request on Pixel 9 and approve it there")
	if n := desk.Count("main input:not([type=hidden])"); n != 0 {
		t.Errorf("the page has %d fields to fill in", n)
	}
	d.answer(terminal.Approve, "")
	desk.See("It is on.")
}

func s0Notified(t *testing.T, h *phoneHouse) {
	ada, p := h.paired()
	c := h.client()
	c.post(strings.TrimSuffix(c.post("/signin", "identifier", ada.Email).Location, "/"), "password", "not the password of ada")
	p.NoNotification(300 * time.Millisecond)
	waits := c.first(ada)
	n := p.Notification()
	c.post(strings.TrimSuffix(waits, "/phone") + "/cancel")
	if n.Title != "Sign-in request waiting" || strings.Contains(n.Body, "ada") {
		t.Errorf("the notification says %s", n)
	}
}

func s0InTheApp(t *testing.T, h *phoneHouse) {
	ada, p := h.paired()
	c := h.client()
	waits := c.first(ada)
	p.Tap(p.Notification(), "")
	app := p.Opened()
	app.See("Are you signing in to Acme?")
	if !app.Has("Approve") || !app.Has("Deny") {
		t.Error("the app offers no answer")
	}
	app.Click("Approve")
	app.See("Approved")
	if c.post(waits); !c.SignedIn() {
		t.Error("an approved sign-in is not signed in")
	}
	c = h.client()
	waits = c.first(ada)
	p.Tap(p.Notification(), "")
	app.See("Are you signing in to Acme?")
	app.Click("Deny")
	app.See("Denied", "Nobody was signed in by this request")
	if c.post(waits); c.SignedIn() {
		t.Error("a denied sign-in is signed in")
	}
}

func s0TapApprove(_ *testing.T, h *phoneHouse) {
	ada, p := h.paired()
	desk := h.browser()
	ada.first(desk)
	desk.See("Check your phone")
	p.Tap(p.Notification(), "")
	app := p.Opened()
	app.See("Are you signing in to Acme?")
	app.Click("Approve")
	app.See("You can go back to your computer")
	desk.See("It is on.")
}

func s0TapDeny(t *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace")
	d := ada.withPhone()
	desk := h.browser()
	ada.first(desk)
	desk.See("Check your phone")
	if state := d.answer(terminal.Deny, ""); state != "denied" {
		t.Errorf("the denial is %s", state)
	}
	desk.See("Denied on your phone")
	desk.Open("/account/security")
	desk.See("E-mail address")
	h.mail(ada.Email, "denied on your phone")
}

func s0NoNotification(_ *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace")
	ada.withPhone()
	desk := h.browser()
	ada.first(desk)
	desk.See("Check your phone")
	desk.NotSee("No notification?")
	h.Clock.Advance(16 * time.Second) // it is offered after a while
	desk.Reload()
	desk.See("No notification?", "check that notifications are on in the phone’s settings")
	desk.Click("What else to try")
	desk.See("My phone gets no notification", "whether notifications are allowed for the app")
}

func s0NotificationsOff(_ *testing.T, h *phoneHouse) {
	ada, p := h.paired()
	p.AllowNotifications("denied")
	app := p.Open("/authenticator/")
	app.See("Notifications are off", "You can still approve here")
	desk := h.browser()
	ada.first(desk)
	desk.See("Check your phone")
	app.See("Are you signing in to Acme?")
	app.Click("Approve")
	app.See("Approved")
	desk.See("It is on.")
	p.NoNotification(0)
	p.AllowNotifications("granted")
	app.Open("/authenticator/")
	app.See("Ready")
	app.NotSee("Notifications are off")
}

// losesLock takes the biometrics from the phone, and opens its app once.
func losesLock(h *phoneHouse) *person {
	h.t.Helper()
	h.lockReturns()
	ada, p := h.paired()
	if h.amidAll() {
		ada.lendPasskey()
	}
	p.RemoveBiometrics()
	p.Open("/authenticator/").See("This phone has no screen lock any more")
	return ada
}

func s0BiometricsLost(t *testing.T, h *phoneHouse) {
	ada := losesLock(h)
	desk := h.browser()
	ada.first(desk)
	desk.See("Type the code from your authenticator app")
	desk.NotSee("Approve on your phone")
	desk.Click("Try another way")
	desk.See("has no fingerprint, face recognition or screen lock any more")
	if n := desk.Count(`a[href$="/phone"]`); n != 0 {
		t.Errorf("the phone is offered %d times", n)
	}
	page := h.session(ada)
	page.Open("/account/devices")
	page.See("Biometrics off", "It is not asked")
}

func s0CodeInstead(_ *testing.T, h *phoneHouse) {
	ada := losesLock(h)
	desk := h.browser()
	ada.first(desk)
	desk.See("Type the code from your authenticator app", "Tablet")
	desk.Type("6-digit code", ada.Code())
	desk.Click("Verify code")
	desk.See("It is on.")
	// Which apps those are, stands where one is added.
	desk.Click("Add another device")
	desk.Click("Next")
	desk.See("Google Authenticator", "Authy", "your phone’s own password manager")
}

func s0OnTheWeb(t *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace")
	d := ada.withPhone()
	// The app signs out and in by itself: nobody is asked.
	must(t, d.SignOut(t.Context()))
	must(t, d.SignIn(t.Context()))
	if n := d.waiting(); n != 0 {
		t.Errorf("%d requests wait after a sign-in in the app", n)
	}
	c := h.client()
	waits := c.first(ada)
	if !strings.HasSuffix(waits, "/phone") || d.waiting() != 1 {
		t.Errorf("a sign-in on the web leads to %s, and %d requests wait", waits, d.waiting())
	}
	r, err := d.First(t.Context())
	must(t, err)
	if shown, err := r.Shown(); err != nil || r.Kind != "signin" || shown.App != "Acme" {
		t.Errorf("the phone is asked %+v, %v", shown, err)
	}
}
