package e2e_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"countersign/e2e/browser"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/terminal"
)

func s0AppFirst(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.session(ada)
	page.In("#mfa").Click("Turn on Acme app")
	page.See("Set up an authenticator app first")
	if page.Has("Click to reveal") {
		t.Error("the set-up can be begun without an authenticator app")
	}
	page.Click("Set up an authenticator app")
	ada.proveByMail(page)
	page.See("Choose your second step", "Authenticator App")
}

func s0CanTurnOn(_ *testing.T, h *house) {
	page := h.session(h.guarded("Ada Lovelace"))
	page.In("#mfa").Click("Turn on Acme app")
	page.See("Pair a new device")
	page.Click("Click to reveal")
	page.See("Scan this code with your phone")
}

func s0OldApp(t *testing.T, h *phoneHouse) {
	// The app that is served here is 1.0.0.
	ada := h.guarded("Ada Lovelace")
	page := h.session(ada)
	p := h.own()
	app := p.Open(h.reveal(page))
	app.See("Update needed", "Update to version 16.8.0 or later")
	page.See("Scan this code with your phone")
	if ada.has(method.Push) != 0 {
		t.Error("the phone is paired")
	}
	// A phone that was paired before may not approve.
	const preset = "push-after-authenticator"
	h.policy(preset, nil)
	d := ada.withVersion("16.7.9")
	c := h.client()
	waits := c.first(ada)
	r, err := d.First(t.Context())
	must(t, err)
	h.policy(preset, policy.Document{"push.min_app_version": "16.8.0"})
	_, err = d.Decide(t.Context(), r, terminal.Approve, "")
	var refusal *terminal.Problem
	if !errors.As(err, &refusal) || refusal.Code != terminal.DeviceVersion || refusal.Version != "16.8.0" || !strings.Contains(refusal.Detail, "Update to version 16.8.0 or later") {
		t.Errorf("an approval by an old app is answered %v", err)
	}
	if c.post(waits); c.SignedIn() {
		t.Error("an old app has signed somebody in")
	}
	page = h.session(ada)
	page.Open("/account/devices")
	page.See("Update needed", "Update to version 16.8.0 or later")
}

func s0NewEnough(t *testing.T, h *house) {
	for name, version := range map[string]string{"Ada Lovelace": "16.8.0", "Grace Hopper": "16.10.0", "Mary Kenneth": "17.0.0"} {
		p := h.guarded(name)
		p.withVersion(version)
		if p.has(method.Push) != 1 {
			t.Errorf("version %s is not paired", version)
		}
	}
	eve := h.guarded("Eve Eavesdrop")
	c, o := h.client(), h.Devices()
	c.signIn(eve)
	o.Version = "16.7.10"
	_, err := c.Pair(t.Context(), pixel(), o)
	var refusal *terminal.Problem
	if !errors.As(err, &refusal) || refusal.Code != terminal.DeviceVersion {
		t.Errorf("version 16.7.10 is answered %v", err)
	}
}

func s0WithBiometrics(t *testing.T, h *phoneHouse) {
	ada, p := h.paired()
	if ada.has(method.Push) != 1 || p.Credentials() == 0 {
		t.Errorf("there are %d phones, and %d keys behind the finger", ada.has(method.Push), p.Credentials())
	}
	app := p.Open("/authenticator/")
	app.See("Acme", "Ready")
}

func s0Links(_ *testing.T, h *house) {
	page := h.session(h.guarded("Ada Lovelace"))
	page.In("#mfa").Click("Turn on Acme app")
	page.Click("How do I download the app?")
	page.In("#app").See("How do I download the Countersign app?")
	page.Back()
	page.Click("Mandatory 2FA")
	page.In("#mandatory").See("Mandatory two-factor authentication")
}

func s0Path(_ *testing.T, h *house) {
	// No script is needed to begin, so any browser does.
	page := h.session(h.guarded("Ada Lovelace"), browser.NoScript())
	page.Click("Your account")
	page.Click("Account settings")
	page.Click("Security")
	page.Click("Multi-factor authentication (MFA)")
	page.In("#mfa").Click("Turn on Acme app")
	page.See("Pair a new device")
	page.Click("Click to reveal")
	page.See("Scan this code with your phone")
}

// s0Picture has scripts, as most browsers do.
func s0Picture(t *testing.T, h *house) {
	page := h.session(h.guarded("Ada Lovelace"))
	link := h.reveal(page) // which compares the picture with the link
	if !strings.HasPrefix(link, "/authenticator/#pair=") {
		t.Errorf("the picture leads to %s", link)
	}
}

func s0NotBefore(t *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace")
	c := h.client()
	c.signIn(ada)
	still := func(when string) {
		t.Helper()
		if ada.has(method.Push) != 0 {
			t.Errorf("the phone is paired %s", when)
		}
		if other := h.client(); !strings.HasSuffix(other.first(ada), "/code") {
			t.Errorf("the phone is asked %s", when)
		}
	}
	client, code, err := c.Reveal(h.Devices())
	must(t, err)
	still("when the code is shown")
	d, err := terminal.Pair(t.Context(), client, code, pixel(), terminal.Person{
		Digits: func(_ context.Context, digits string) error {
			still("when the code was scanned")
			c.post("/account/devices/pairing", "code", digits)
			return nil
		},
		Number: func(context.Context, terminal.Request) (string, error) {
			still("before the sign-in in the app")
			return "", nil
		},
	})
	must(t, err)
	state, err := d.Hello(t.Context())
	if err != nil || state.State != "active" || ada.has(method.Push) != 1 {
		t.Errorf("after the sign-in in the app the phone is %+v, %v", state, err)
	}
}

func s0BecomesDefault(t *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace")
	d := ada.withPhone()
	page := h.session(ada)
	page.In("#mfa li", "Acme app on Pixel 9").See("Default")
	page.In("#mfa li", "Authenticator app on Phone").NotSee("Default")
	desk := h.browser()
	ada.first(desk)
	desk.See("Check your phone", "Pixel 9")
	if d.waiting() == 0 {
		t.Error("nothing waits on the phone")
	}
}

// scansWithoutLock has a phone without biometrics scan the code of a pairing.
func scansWithoutLock(h *phoneHouse) begun {
	h.t.Helper()
	h.lockReturns()
	h.own().RemoveBiometrics()
	return h.begin()
}

func s0WithoutBiometrics(t *testing.T, h *phoneHouse) {
	b := scansWithoutLock(h)
	b.app.See("Turn on Face ID, fingerprint or screen lock")
	if b.app.Has("Next") || b.ada.has(method.Push) != 0 {
		t.Error("the pairing goes on")
	}
	b.page.See("Scan this code with your phone")
}

func s0NothingHappens(_ *testing.T, h *phoneHouse) {
	b := scansWithoutLock(h)
	b.page.See("If nothing happens, turn on fingerprint, face recognition or screen lock on the phone")
	b.app.See("Turn on Face ID, fingerprint or screen lock", "add your fingerprint or face")
	b.app.Click("Use an authenticator app instead")
	b.app.See("An authenticator app shows 6-digit codes and needs no screen lock")
}
