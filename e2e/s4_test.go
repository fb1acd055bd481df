package e2e_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"countersign/internal/method"
	"countersign/internal/method/totp"
	"countersign/internal/policy"
)

// s4Scenarios are those of the fifth document: a named device, backup codes by
// e-mail, and turning off by a mailed link.
func s4Scenarios() []scenario {
	one := func(number string, test func(*testing.T, *house)) scenario {
		return scenario{number: number, preset: "mailed-codes", settings: policy.Document{}, test: test}
	}
	return amid([]scenario{
		one("S4-01", s4BothNeeded),
		one("S4-02", s4OnlyTheRegistered),
		one("S4-03", s4MyProfile),
		one("S4-04", s4NamesApps),
		one("S4-05", s4EveryThirtySeconds),
		one("S4-06", s4TurnOn),
		one("S4-07", s4SomethingMissing),
		one("S4-08", s4CannotScan),
		one("S4-09", s4CodesByMail),
		one("S4-10", s4PrintOrSave),
		one("S4-11", s4AskToTurnOff),
		one("S4-12", s4OpenTheLink),
		one("S4-13", s4FinalConfirmation),
		one("S4-14", s4DeadLinks),
		one("S4-15", s4LostDevice),
		one("S4-16", s4LostCodes),
		one("S4-17", s4LostBoth),
		one("S4-18", s4Airplane),
		one("S4-19", s4UsedCode),
	}, "S4-15", "S4-16")
}

func s4BothNeeded(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace").withApp("Phone").withCodes(10)
	page := h.browser()
	// The password alone opens nothing.
	ada.first(page)
	page.See("Type the code from your authenticator app")
	page.Open("/account/security")
	page.See("Sign in", "E-mail address")
	// Nor does the code with a wrong password.
	page.Type("E-mail address", ada.Email)
	page.Click("Continue")
	page.Type("Password", "not the password of ada")
	page.Click("Sign in")
	page.See("E-mail or password is not right")
	// A code of two minutes ago is too old.
	ada.first(page)
	old := ada.Code()
	h.Clock.Advance(2 * time.Minute)
	page.Type("6-digit code", old)
	page.Click("Verify code")
	page.See("That code is not right")
	page.NotSee("Login and security")
	page.Type("6-digit code", ada.Code())
	page.Click("Verify code")
	page.See("It is on.")
	// And one that was used works no second time.
	next := h.client()
	step := next.first(ada)
	if answer := next.post(step, "code", ada.Shown()); answer.Status != http.StatusUnprocessableEntity || !strings.Contains(answer.Body, "already used") {
		t.Errorf("a used code is answered %d", answer.Status)
	}
}

func s4OnlyTheRegistered(_ *testing.T, h *house) {
	ada, eve := h.guarded("Ada Lovelace"), h.guarded("Eve Eavesdrop")
	page := h.browser()
	ada.first(page)
	page.Type("6-digit code", eve.Code())
	page.Click("Verify code")
	page.See("That code is not right")
	ada.second(page)
	page.See("It is on.")
}

func s4MyProfile(_ *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.session(ada)
	page.Click("Your account")
	page.Click("My profile")
	page.Click("Login and security")
	page.Click("Two-factor authentication")
	page.In("#two-factor").Click("Turn On")
	ada.proveByMail(page)
	page.Click("Next")
	page.See("Scan this")
}

func s4NamesApps(_ *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.session(ada)
	ada.openSetUp(page)
	page.See("Google Authenticator", "Authy", "Duo Mobile", "Google Play Store", "App Store", "Windows Store")
}

func s4EveryThirtySeconds(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.session(ada)
	ada.openSetUp(page)
	page.See("change every 30 seconds")
	a := h.scan(page)
	// Another program agrees about when they change.
	start := time.Unix(totp.Step(h.Clock.Now())*30, 0)
	first := h.oathtool(a, start)
	if last := h.oathtool(a, start.Add(29*time.Second)); last != first {
		t.Errorf("the code changed within 30 seconds, from %s to %s", first, last)
	}
	if next := h.oathtool(a, start.Add(30*time.Second)); next == first {
		t.Errorf("the code %s did not change after 30 seconds", first)
	}
	if got := totp.Code(a.Secret, totp.Step(start)); got != first {
		t.Errorf("we compute %s, oathtool %s", got, first)
	}
	ada.confirm(page, a, "Phone")
	page.See("Your backup codes are in your mail")
}

func s4TurnOn(_ *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.session(ada)
	ada.openSetUp(page)
	page.Screenshot("scan")
	page.Type("6-digit code", h.oathtool(h.scan(page), h.Clock.Now()))
	page.Type("Name of this device", "Ada’s Fairphone")
	page.Click("Turn on")
	page.See("Your backup codes are in your mail")
	page.Click("Done")
	page.Open("/account/security")
	page.See("It is on.", "Authenticator app on Ada’s Fairphone")
}

func s4SomethingMissing(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.session(ada)
	ada.openSetUp(page)
	a := h.scan(page)
	try := func(name, code string, says ...string) {
		t.Helper()
		page.Type("Name of this device", name)
		page.Type("6-digit code", code)
		page.Click("Turn on")
		page.See(says...)
		if ada.has(method.TOTP) != 0 {
			t.Errorf("the name %q with the code %q turned it on", name, code)
		}
	}
	try("", a.Code(), "Type a name")
	try("Phone", "", "Type the 6-digit code")
	if name := page.Value("Name of this device"); name != "Phone" {
		t.Errorf("what was typed as the name is now %q", name)
	}
	try("", "", "Type a name", "Type the 6-digit code")
	page.Screenshot("both-missing")
	try("Phone", "12345", "The code has 6 digits. Type all of them")
	ada.confirm(page, a, "Phone")
	page.See("Your backup codes are in your mail")
}

func s4CannotScan(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.session(ada)
	ada.openSetUp(page)
	page.Click("I can’t scan a QR code")
	shown := strings.TrimSpace(page.Text("#no-scan .code"))
	if len(shown) != 16 {
		t.Errorf("the code to type is %q, want 16 characters", shown)
	}
	ada.confirm(page, h.typeKey(shown), "Old phone")
	page.See("Your backup codes are in your mail")
}

func s4Airplane(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.session(ada)
	ada.openSetUp(page)
	page.See("The codes work offline, even in airplane mode")
	// An app that knows the key and the time and nothing else: a day later,
	// with a clock that ran half a minute wrong without a network.
	a := h.scan(page)
	ada.confirm(page, a, "Phone")
	page.See("Your backup codes are in your mail")
	ada.App = a
	h.Clock.Advance(24 * time.Hour)
	for _, wrong := range []time.Duration{0, -29 * time.Second, 29 * time.Second} {
		h.Clock.Advance(2 * time.Minute)
		c := h.client()
		step := c.first(ada)
		if answer := c.post(step, "code", h.oathtool(a, h.Clock.Now().Add(wrong))); answer.Status != http.StatusSeeOther {
			t.Errorf("a code of a phone that is wrong by %v is answered %d", wrong, answer.Status)
		}
	}
}
