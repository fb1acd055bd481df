package e2e_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"countersign/e2e/browser"
	"countersign/e2e/site"
	"countersign/internal/method"
	"countersign/internal/method/totp"
	"countersign/internal/policy"
)

// s1Scenarios are those of the second document that speak of an authenticator app, text
// messages and a recovery code. What is told of ten codes or of several apps holds under
// the standard preset, too, and is told there.
func s1Scenarios() []scenario {
	alone := policy.Document{"totp.max": 1}
	s1 := textScenarios{policy.Document{"sms.countries": []any{"US", "DE"}}}
	one := func(number string, settings policy.Document, test func(*testing.T, *house)) scenario {
		return scenario{number: number, preset: "standard", settings: settings, test: test}
	}
	// What only shows something is the same on both databases.
	shown := func(number string, test func(*testing.T, *house)) scenario {
		return scenario{number: number, preset: "standard", test: test, once: true}
	}
	return append(amid([]scenario{
		one("S1-01", nil, s1BothAreNeeded),
		one("S1-02", nil, s1CodeOfAnApp),
		s1.one("S1-02", s1CodeOfAText),
		shown("S1-03", s1Urged),
		one("S1-04", nil, s1EveryBrowser),
		shown("S1-09", s1InTheAccountSection),
		s1.shown("S1-10", s1AppIsRecommended),
		shown("S1-11", s1ListOfApps),
		one("S1-12", alone, s1SeveralDevices),
		one("S1-13", alone, s1AnotherDevice),
		s1.shown("S1-14", s1AppByItsWords),
		one("S1-15", nil, s1CodeTurnsItOn),
		shown("S1-16", s1CodesAreImportant),
		s1.shown("S1-17", s1BeforeTexts),
		s1.one("S1-18", s1OtherCountry),
		s1.one("S1-19", s1TextToConfirm),
		s1.one("S1-20", s1TextTurnsItOn),
		s1.one("S1-21", s1ThreeMinutes),
		shown("S1-22", s1Prompted),
		s1.one("S1-23", s1TextAtOnce),
		shown("S1-26", s1DownloadCodes),
		one("S1-27", policy.Document{"recovery.effect": "sign_in"}, s1LostPhone),
		one("S1-28", nil, s1WrongRecoveryCode),
		shown("S1-29", s1Warning),
		one("S1-32", nil, s1OneSecondStep),
		s1.one("S1-32", s1OneText),
	}, "S1-29"), shown("S1-29", s1NoFalsePromise))
}

func s1BothAreNeeded(t *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace")
	page := h.browser()
	ada.first(page)
	page.See("Type the code from your authenticator app")
	// The password alone opens nothing.
	page.Open("/account/security")
	page.See("Sign in", "E-mail address")
	page.NotSee("Two-factor authentication")
	// The code alone opens nothing: it is not asked for before the password.
	c := h.client()
	attempt := strings.TrimSuffix(c.post("/signin", "identifier", ada.Email).Location, "/password")
	early := c.post(attempt+"/code", "code", ada.Shown())
	if early.Status == http.StatusSeeOther && strings.HasPrefix(early.Location, "/account") {
		t.Errorf("a code without the password leads to %s", early.Location)
	}
	if inside := c.get("/account/security"); inside.Status == http.StatusOK {
		t.Error("a code without the password signs in")
	}
	// Neither does the right code after a wrong password.
	wrong := c.post(attempt+"/password", "password", "nine chestnuts under a lamp", "code", ada.Shown())
	if wrong.Status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong password with the right code was answered %d", wrong.Status)
	}
	// Both do.
	ada.signIn(page)
	page.Open("/account/security")
	page.See("It is on.")
}

func s1CodeOfAnApp(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	ada.turnOn(h.session(ada), "Pixel 9")
	page := h.browser()
	ada.first(page)
	page.See("6-digit code from your authenticator app on Pixel 9")
	// Another program that knows the key computes the code.
	h.Clock.Advance(totp.Period)
	code := h.oathtool(ada.App, h.Clock.Now())
	if len(code) != 6 {
		t.Fatalf("oathtool says %q", code)
	}
	page.Type("6-digit code", code)
	page.Click("Verify code")
	page.See("It is on.")
}

func s1Urged(_ *testing.T, h *house) {
	page := h.session(h.person("Ada Lovelace"))
	page.See("It is off.", "A stolen password is then enough to get into your account.", "Turn On")
	// The one who has it is left in peace.
	page = h.session(h.guarded("Grace Hopper"))
	page.See("It is on.")
	page.NotSee("A stolen password is then enough")
}

// s1EveryBrowser is the part of browsers, on a desk and on a phone, within an app, and of
// programs that only speak HTTP.
func s1EveryBrowser(t *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace")
	for what, agent := range map[string]string{
		"on a desk":     "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0",
		"on a phone":    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
		"within an app": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
		"a program":     "curl/8.5.0",
	} {
		h.Clock.Advance(time.Minute)
		c := h.client()
		c.Header.Set("User-Agent", agent)
		step := c.first(ada)
		if !strings.HasSuffix(step, "/code") || c.SignedIn() {
			t.Errorf("%s: the password leads to %s, signed in %v", what, step, c.SignedIn())
		}
		if in := c.post(step, "code", ada.Code()); !c.SignedIn() {
			t.Errorf("%s: the code is answered %s", what, in)
		}
	}
}

func s1InTheAccountSection(_ *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.session(ada)
	page.Click("Your account")
	page.Click("Account settings")
	page.See("Two-factor authentication", "It is off.")
	page.In("#two-factor").Click("Turn On")
	ada.proveByMail(page)
	page.See("Choose your second step", "Authenticator App")
}

func s1ListOfApps(_ *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.session(ada)
	ada.openSetUp(page)
	page.See("Google Authenticator", "1Password", "Twilio Authy", "Microsoft Authenticator", "Bitwarden")
}

func s1SeveralDevices(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.session(ada)
	ada.openSetUp(page)
	page.See("Scan this same code with each of them")
	phone, tablet, watch := h.scan(page), h.scan(page), h.scan(page)
	ada.confirm(page, tablet, "All my devices")
	ada.Codes = ada.saveCodes(page)
	for _, device := range []*site.App{phone, tablet, watch} {
		h.Clock.Advance(totp.Period)
		c := h.client()
		if in := c.post(c.first(ada), "code", h.oathtool(device, h.Clock.Now())); in.Location != "/account/security" {
			t.Errorf("a code of one of the devices leads to %d %s", in.Status, in.Location)
		}
	}
}

func s1AnotherDevice(t *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace")
	page := h.session(ada)
	page.See("Your account allows one authenticator app. To add another device, configure it again")
	if page.In("#mfa").Has("Add another device") {
		t.Error("the page offers a second app")
	}
	page.Open("/account/two-factor")
	page.See("Adding another device means configuring two-factor authentication again")
	page.Open("/account/security")
	old := ada.App
	page.In("#mfa").Click("Change device used for two-factor authentication")
	page.Click("Next")
	fresh := h.scan(page)
	if string(fresh.Secret) == string(old.Secret) {
		t.Error("the QR code for the new device is the old one")
	}
	page.Type("Name of this device", "New phone")
	page.Type("6-digit code", fresh.Code())
	page.Click("Confirm code")
	page.See("Authenticator app on New phone")
	if n := ada.has(method.TOTP); n != 1 {
		t.Errorf("there are %d apps now", n)
	}
	h.Clock.Advance(totp.Period)
	page = h.browser()
	ada.first(page)
	page.Type("6-digit code", old.Shown())
	page.Click("Verify code")
	page.See("That code is not right")
	page.Type("6-digit code", fresh.Code())
	page.Click("Verify code")
	page.See("It is on.")
}

func s1CodeTurnsItOn(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.session(ada)
	ada.openSetUp(page)
	scanned := h.scan(page)
	if ada.has(method.TOTP) != 0 {
		t.Error("scanning alone turned it on")
	}
	ada.confirm(page, scanned, "Pixel 9")
	page.See("Save your recovery codes")
	if ada.has(method.TOTP) != 1 {
		t.Error("the right code did not turn it on")
	}
	// It is asked for from the next sign-in on, whether or not the codes are saved.
	ada.App = scanned
	other := h.browser()
	ada.first(other)
	other.See("Type the code from your authenticator app")
}

func s1CodesAreImportant(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.session(ada)
	ada.openSetUp(page)
	ada.confirm(page, h.scan(page), "Pixel 9")
	page.See("Save your recovery codes", "Important!")
	if codes := ada.saveCodes(page); len(codes) != 10 {
		t.Errorf("the page shows %q", codes)
	}
}

func s1Prompted(t *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace")
	page := h.browser()
	page.Open("/signin")
	page.NotSee("6-digit code")
	page.Type("E-mail address", ada.Email)
	page.Click("Continue")
	page.See("Password")
	page.NotSee("6-digit code")
	page.Type("Password", ada.Password)
	page.Click("Sign in")
	page.See("Type the code from your authenticator app", "Phone", "Acme")
	if page.Focused() == "" && page.Attr("#code", "autocomplete") != "one-time-code" {
		t.Error("nothing helps to fill in the code")
	}
	ada.second(page)
	page.See("It is on.")
}

func s1DownloadCodes(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.session(ada)
	ada.openSetUp(page)
	ada.confirm(page, h.scan(page), "Pixel 9")
	file := page.Download("Download")
	if !strings.HasPrefix(file.Name, "countersign-recovery-codes-acme-") || !strings.HasSuffix(file.Name, ".txt") {
		t.Errorf("the file is named %s", file.Name)
	}
	text := string(file.Content)
	codes := ada.saveCodes(page)
	for _, code := range codes {
		if !strings.Contains(text, code) {
			t.Errorf("the file lacks the code %s:\n%s", code, text)
		}
	}
	for _, words := range []string{ada.Email, "Acme", h.URL} {
		if !strings.Contains(text, words) {
			t.Errorf("the file does not say %q:\n%s", words, text)
		}
	}
	page.See("Two-factor authentication is on")
	// They are nowhere afterwards.
	page.Open("/account/security")
	page.NotSee(codes...)
}

func s1LostPhone(_ *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace")
	page := h.browser()
	ada.first(page)
	page.Click("Can’t access two-factor device?")
	page.See("It signs you in once and is then used up.")
	page.Type("Recovery code", strings.ToUpper(ada.Codes[4]))
	page.Click("Sign in")
	page.See("You signed in with a recovery code.", "It is on.", "9 of 10 left", "I lost this phone, set up a new one")
	h.mail(ada.Email, "recovery code was used")
	// The app stays as it is, and the way to replace it is one click away.
	page.Click("I lost this phone, set up a new one")
	page.See("I lost my phone", "Move the authenticator app on Phone to the new phone", "Make new recovery codes")
	page.Click("Set up the new phone Phone")
	page.See("Change device used for two-factor authentication")
	page = h.browser()
	ada.signIn(page)
}

func s1WrongRecoveryCode(t *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace")
	page := h.browser()
	ada.first(page)
	page.Click("Can’t access two-factor device?")
	page.Type("Recovery code", "00000-00000")
	page.Click("Sign in")
	page.See("That recovery code is not right")
	if kept := page.Value("Recovery code"); kept != "" {
		t.Errorf("the page keeps the code %q", kept)
	}
	// A near miss is answered as a far one: no hint.
	hint := func(name string, code func(*person) string) site.Answer {
		p, c := h.guarded(name), h.client()
		return c.post(strings.TrimSuffix(c.first(p), "/code")+"/recovery", "recovery", code(p))
	}
	far := hint("Grace Hopper", func(*person) string { return "zzzzz-zzzzz" })
	near := hint("Mary Kenneth", func(p *person) string {
		return p.Codes[0][:10] + map[bool]string{true: "1", false: "0"}[p.Codes[0][10] == '0']
	})
	if near.Status != http.StatusUnprocessableEntity || near.Status != far.Status || problem(near) != problem(far) {
		t.Errorf("a near miss was answered %d %q, a far one %d %q", near.Status, problem(near), far.Status, problem(far))
	}
	// Each counts.
	c := h.client()
	next := strings.TrimSuffix(c.first(ada), "/code") + "/recovery"
	last := far
	for range 9 {
		last = c.post(next, "recovery", "zzzzz-zzzzz")
	}
	if right := c.post(next, "recovery", ada.Codes[0]); right.Status != http.StatusTooManyRequests {
		t.Errorf("after 10 wrong codes in an hour the right one was answered %d (before: %d)", right.Status, last.Status)
	}
	// The app is not locked by it, and the pause ends after an hour.
	ada.signIn(h.browser())
	h.Clock.Advance(time.Hour)
	c = h.client()
	next = strings.TrimSuffix(c.first(ada), "/code") + "/recovery"
	if right := c.post(next, "recovery", ada.Codes[0]); right.Status != http.StatusSeeOther {
		t.Errorf("after the pause the right code was answered %d", right.Status)
	}
}

// problem is the sentence at the field.
func problem(a site.Answer) string {
	_, rest, _ := strings.Cut(a.Body, `class="error-text"`)
	rest, _, _ = strings.Cut(rest, "</p>")
	return rest
}

func s1Warning(_ *testing.T, h *house) {
	var ada *person
	var page *browser.Page
	if h.amidAll() {
		// Who has every method reads it beside new codes: it is set up already.
		ada = h.guarded("Ada Lovelace").amidOthers()
		page = h.session(ada)
		page.Open("/account/recovery")
		page.Click("Create new recovery codes")
	} else {
		ada = h.person("Ada Lovelace")
		page = h.session(ada)
		ada.openSetUp(page)
		ada.confirm(page, h.scan(page), "Pixel 9")
	}
	page.See("Your administrator may not be able to let you back in without them.")
	ada.saveCodes(page)
	page.Open("/help")
	page.See("They may not be able to if they cannot be sure that it is you.")
}

func s1OneSecondStep(t *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace").withApp("Tablet")
	page := h.browser()
	ada.first(page)
	page.See("on one of these: Phone and Tablet")
	ada.second(page)
	page.See("It is on.")
	steps := map[string]bool{}
	for _, request := range page.Requests() {
		if request.Method == http.MethodPost {
			steps[request.URL[strings.LastIndex(request.URL, "/"):]] = true
		}
	}
	if len(steps) != 3 || !steps["/signin"] || !steps["/password"] || !steps["/code"] {
		t.Errorf("the sign-in took the steps %v, want address, password and one code", steps)
	}
}
