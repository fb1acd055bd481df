package e2e_test

import (
	"strings"
	"testing"
	"time"

	"countersign/internal/method"
	"countersign/internal/policy"
)

// s3Scenarios are those of the fourth document: an authenticator app, one
// backup code with a box to tick, a reset by it, and a company that requires it
// all. Where a person turns it on by free will, nobody requires it yet.
func s3Scenarios() []scenario {
	free := policy.Document{"require_second_factor": "optional"}
	one := func(number string, settings policy.Document, test func(*testing.T, *house)) scenario {
		return scenario{number: number, preset: "company-required", settings: settings, test: test}
	}
	byText := one("S3-20", policy.Document{
		"methods": []string{"totp", "sms", "recovery"}, "second_factors": []string{"totp", "sms"}, "sms.countries": []string{"DE"},
	}, s3LetInByText)
	toConsole := one("S3-20", nil, s3LetInToTheConsole)
	noCodes := one("S3-20", policy.Document{
		"methods": []string{"totp", "push", "passkey", "sms"}, "second_factors": []string{"push", "totp", "passkey", "sms"}, "sms.countries": []string{"DE"},
		"push.requires": "none",
	}, s3LetInWithoutCodes)
	byText.once, toConsole.once, noCodes.once = true, true, true
	return amid([]scenario{
		one("S3-01", free, s3Apps),
		one("S3-02", free, s3SetUpOpens),
		one("S3-03", free, s3PictureAndKey),
		one("S3-04", free, s3CodeThenBackupCode),
		one("S3-05", free, s3WrongCode),
		one("S3-06", free, s3StoreBackupCode),
		one("S3-07", free, s3NotSaved),
		one("S3-08", free, s3Saved),
		one("S3-09", nil, s3NextLogin),
		one("S3-10", free, s3Reset),
		one("S3-11", nil, s3ResetWhileRequired),
		one("S3-12", nil, s3NewBackupCode),
		one("S3-13", nil, s3ChangeDevice),
		one("S3-14", free, s3NotWithoutASecondFactor),
		one("S3-15", free, s3Required),
		one("S3-16", free, s3Asked),
		one("S3-17", free, s3ExactlyThose),
		one("S3-18", nil, s3SetUpAtSignIn),
		one("S3-19", nil, s3NothingOpens),
		one("S3-20", nil, s3LetIn),
		byText, toConsole, noCodes,
	}, "S3-12", "S3-13")
}

func s3Apps(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.session(ada)
	ada.openSetUp(page)
	page.See("Google Authenticator", "Microsoft Authenticator", "Duo Mobile", "Twilio Authy")
	// What these apps have in common is what oathtool computes: SHA-1, 6
	// digits, 30 seconds.
	a := h.scan(page)
	address := page.Attr(`a[href^="otpauth:"]`, "href")
	for _, other := range []string{"SHA256", "SHA512", "digits=8", "period=60", "/hotp/"} {
		if strings.Contains(address, other) {
			t.Errorf("the address says %s, which some of the apps cannot: %s", other, address)
		}
	}
	page.Type("6-digit code", h.oathtool(a, h.Clock.Now()))
	page.Click("Turn on")
	page.See("Save your backup code")
}

func s3SetUpOpens(_ *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.browser()
	ada.signIn(page)
	page.See("It is off.")
	page.Click("Your account")
	page.Click("Account settings")
	page.In("#two-factor").Click("Turn On")
	ada.proveByMail(page)
	page.See("Choose your second step", "Authenticator App")
	page.Click("Next")
	page.See("Scan this")
	if ada.has(method.TOTP) != 0 {
		h.t.Error("two-factor authentication is on before a code was confirmed")
	}
}

func s3PictureAndKey(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.session(ada)
	ada.openSetUp(page)
	scanned, typed := h.scan(page), h.typeKey(page.Text("#setup-key"))
	if string(scanned.Secret) != string(typed.Secret) {
		t.Error("the QR code and the setup key lead to different accounts in the app")
	}
	// Neither changes when the page is loaded again: what was scanned lives.
	page.Reload()
	if again := h.scan(page); string(again.Secret) != string(scanned.Secret) {
		t.Error("loading the page again made another QR code")
	}
	ada.confirm(page, typed, "Pixel 9")
	page.See("Save your backup code")
}

func s3CodeThenBackupCode(_ *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.session(ada)
	ada.openSetUp(page)
	ada.confirm(page, h.scan(page), "Pixel 9")
	page.See("Save your backup code", "Important!")
}

func s3WrongCode(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.session(ada)
	ada.openSetUp(page)
	a := h.scan(page)
	page.Type("Name of this device", "Pixel 9")
	page.Type("6-digit code", a.Wrong())
	page.Click("Turn on")
	page.See("That code is not right", "Scan this")
	if ada.has(method.TOTP) != 0 {
		t.Error("a wrong code turned two-factor authentication on")
	}
	h.noMail(ada.Email, "Two-factor authentication is on")
	if name := page.Value("Name of this device"); name != "Pixel 9" {
		t.Errorf("the name is now %q", name)
	}
	if again := h.scan(page); string(again.Secret) != string(a.Secret) {
		t.Error("a wrong code made another QR code")
	}
	ada.confirm(page, a, "Pixel 9")
	page.See("Save your backup code")
}

func s3StoreBackupCode(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.session(ada)
	ada.openSetUp(page)
	ada.confirm(page, h.scan(page), "Pixel 9")
	code := strings.TrimSpace(page.Text("#codes"))
	if len(code) != len("XXXX-XXXX-XXXX-XXXX-XXXX") {
		t.Errorf("the backup code is %q", code)
	}
	page.Click("Copy")
	page.See("Copied")
	file := page.Download("Download")
	if !strings.Contains(string(file.Content), code) || !strings.HasPrefix(file.Name, "countersign-backup-code") {
		t.Errorf("the file %s has:\n%s", file.Name, file.Content)
	}
	page.Screenshot("backup-code")
}

func s3NotSaved(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.session(ada)
	ada.openSetUp(page)
	ada.confirm(page, h.scan(page), "Pixel 9")
	code := page.Text("#codes")
	page.Click("Done")
	page.See("Save the backup code first, then tick the box")
	if again := page.Text("#codes"); again != code {
		t.Errorf("the backup code was %s and is now %s", code, again)
	}
	// Nothing else opens before Done: every page leads back.
	page.Open("/account/security")
	page.See("Save your backup code")
	if again := page.Text("#codes"); again != code {
		t.Errorf("the backup code was %s and is now %s", code, again)
	}
	if ada.has(method.Recovery) != 0 {
		t.Error("the backup code is kept as saved")
	}
}

func s3Saved(_ *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.session(ada)
	ada.openSetUp(page)
	ada.confirm(page, h.scan(page), "Pixel 9")
	page.Check("The backup code has been saved")
	page.Click("Done")
	page.See("Two-factor authentication is on")
	page.Click("Continue")
	page.See("It is on.", "Authenticator app on Pixel 9")
	h.mail(ada.Email, "Two-factor authentication is on")
}

func s3NextLogin(_ *testing.T, h *house) {
	ada := h.person("Ada Lovelace").withApp("Pixel 9").withCodes(1)
	page := h.browser()
	ada.first(page)
	page.See("Type the code from your authenticator app", "Pixel 9")
	page.NotSee("Login and security")
	ada.second(page)
	page.See("It is on.")
	page.Click("Your account")
	page.Click("Sign out")
	page.See("You are signed out.")
	h.Clock.Advance(time.Minute)
	ada.first(page)
	page.See("Type the code from your authenticator app")
	ada.second(page)
	page.See("It is on.")
}
