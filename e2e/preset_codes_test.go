package e2e_test

import (
	"strings"

	"countersign/internal/method"
	"countersign/internal/method/totp"
)

// Access keys for the command line and the API, desktop and mobile apps, and signing in
// with Google are later issues.
func walkCodeOrText(h *presetHouse) {
	h.command()
	h.sets("sms.countries", "US,DE", "sms.countries")

	// Configuration using a TOTP application.
	ada, page := h.employee("Ada Lovelace")
	page.See("It is off.", "A stolen password is then enough")
	accountSettings(page)
	ada.proveByMail(page)
	page.See("Recommended", "more reliable than text messages")
	choose(page, "Authenticator App", "totp")
	page.Click("Next")
	page.See("Scan this same code with each of them", "Google Authenticator", "Authy")
	other := h.scan(page) // on the tablet, at the same time
	ada.scansAndConfirms(page, "Phone and tablet")
	page.See("Save your recovery code", "Important!", "may not be able to let you back in without it")
	ada.Codes = ada.saveCodes(page)
	page.Click("Continue")
	page.See("Your account allows one authenticator app. To add another device, configure it again")

	// Configuring 2FA using text messages.
	bob, desk := h.employee("Bob Builder")
	number := h.number()
	accountSettings(desk)
	bob.proveByMail(desk)
	choose(desk, "SMS Number", "sms")
	desk.Click("Next")
	desk.See("Be sure that you can receive text messages", "Your country must be supported", "Carrier rates may apply")
	desk.Type("Mobile number", number)
	desk.Click("Send the code")
	desk.Type("6-digit code", h.code(number, 0))
	desk.Click("Turn on")
	desk.See("Save your recovery code", "Important!")
	bob.Codes = bob.saveCodes(desk)
	desk.See("It is on.")

	// Access with 2FA.
	ada.again(page)
	page.Type("6-digit code", h.oathtool(other, h.Clock.Now().Add(totp.Period)))
	page.Click("Verify code")
	page.See("It is on.")
	bob.again(desk)
	desk.Type("6-digit code", h.code(number, 1))
	desk.Click("Verify code")
	desk.See("It is on.")

	// 2FA recovery code.
	ada.again(page)
	useCode(page, "Can’t access two-factor device?", "Recovery code", ada.Codes[0], "Sign in")
	page.Click("Create a new Recovery code") // in the place of what was spent
	ada.saveCodes(page)
	page.See("It is on.", "Your new recovery code is valid.")
}

// walkCompanyRequired is all of its document. It begins in a company that does not require
// anything yet.
func walkCompanyRequired(h *presetHouse) {
	desk := h.grace()
	ada, page := h.employee("Ada Lovelace")
	h.console(desk)
	desk.Click("Company settings")
	desk.Check("Optional")
	desk.Click("OK")
	desk.See("Saved. It holds from now on.")

	// Enabling Two-Factor Authentication.
	accountSettings(page)
	ada.proveByMail(page)
	page.Click("Next")
	page.See("Google Authenticator", "Microsoft Authenticator", "Duo Mobile", "Twilio Authy")
	ada.App = h.typeKey(page.Text("#setup-key"))
	ada.confirm(page, h.scan(page), "Phone")
	file := page.Download("Download")
	page.Click("Done")
	page.See("Save the backup code first, then tick the box")
	ada.Codes = ada.saveCodes(page)
	if !strings.Contains(string(file.Content), ada.Codes[0]) {
		h.t.Errorf("the file lacks the backup code:\n%s", file.Content)
	}
	page.Click("Continue")
	ada.again(page)
	page.See("Type the code from your authenticator app")
	useCode(page, "Don’t know the code", "Backup code", ada.Codes[0], "Sign in and reset")
	page.See("two-factor authentication was reset", "It is off.")

	// Two-Factor Authentication Settings.
	ada.turnOn(page, "Old phone")
	page.Click("Continue")
	page.Click("Create a new Backup code")
	page.Click("Create a new Backup code")
	old := ada.Codes
	ada.Codes = ada.saveCodes(page)
	page.See("Your new backup code is valid. The old one no longer works.")
	page.Click("Change device used for two-factor authentication")
	page.Click("Next")
	page.See("Replaces Old phone once you confirm.")
	before := ada.App
	ada.App = h.scan(page)
	page.Type("Name of this device", "New phone")
	page.Type("6-digit code", ada.Code())
	page.Click("Confirm code")
	page.See("Authenticator app on New phone")
	ada.again(page)
	page.Type("6-digit code", before.Code())
	page.Click("Verify code")
	page.See("That code is not right")
	useCode(page, "Don’t know the code", "Backup code", old[0], "Sign in and reset")
	page.See("That backup code is not right")
	ada.first(page)
	ada.second(page)
	page.See("It is on.")

	// Enable the login requirement for all users in the company.
	bob := h.person("Bob Builder")
	desk.Open("/account/security")
	desk.Click("Your account")
	desk.Click("Company settings")
	desk.Check("Required")
	desk.Click("OK")
	desk.See("Write to those who have not enabled it?")
	desk.Click("Yes, send")
	desk.See("Saved. The mails are on their way.")
	const subject = "Two-factor authentication is required at Acme"
	h.mail(bob.Email, subject)
	h.noMail(ada.Email, subject)
	other := h.browser()
	bob.stopped(other)
	bob.setUpByTheSettings(other)
	bob.saveCodes(other)
	other.Click("Continue")
	other.See("It is on.", "Acme requires it.")
	page.Reload()
	page.See("Acme requires it.")
}

// walkMailedCodes is all of its document.
func walkMailedCodes(h *presetHouse) {
	h.command("recovery.delivery", "totp.key_chars")
	ada, page := h.employee("Ada Lovelace")

	// Enable two-factor authentication.
	login := func() {
		page.Click("Your account")
		page.Click("My profile")
		page.Click("Login and security")
		page.Click("Two-factor authentication")
	}
	enable := func() {
		page.In("#two-factor").Click("Turn On")
		ada.proveByMail(page)
		page.Click("Next")
		page.See("Google Authenticator", "Authy", "Duo Mobile", "Google Play Store", "App Store", "Windows Store", "change every 30 seconds", "even in airplane mode")
		page.Click("I can’t scan a QR code")
		ada.App = h.typeKey(page.Text("#no-scan .code"))
		page.Type("6-digit code", ada.Code())
		page.Type("Name of this device", "Fairphone")
		page.Click("Turn on")
		page.See("Your backup codes are in your mail", "Print them or save them in a secure place")
		page.Click("Done")
		ada.Codes = h.mailedCodes(h.mail(ada.Email, "backup codes"))
	}
	login()
	enable()
	ada.again(page)
	ada.second(page)
	page.See("It is on.", "Authenticator app on Fairphone")

	// Disable two-factor authentication.
	disable := func() {
		login()
		page.In("#off").Click("Turn off")
		page.Click("Turn off")
		page.See("Check your mail", "Two-factor authentication is still on.")
		page.Open(h.link(h.mail(ada.Email, "turned off")))
		page.See("Disable two-factor authentication?", "It is still on until you press the button.")
		page.Click("Disable two-factor authentication")
		page.See("It is off.")
	}
	disable()

	// Loss of the mobile device, and of the backup codes.
	login()
	enable()
	ada.again(page)
	useCode(page, "Can’t access two-factor device?", "Backup code", ada.Codes[0], "Sign in")
	page.See("You signed in with a backup code.")
	page.See("Lost your backup codes? You can also turn it off and on again")
	disable()
	old := ada.Codes[1]
	login()
	enable()
	ada.again(page)
	useCode(page, "Can’t access two-factor device?", "Backup code", old, "Sign in")
	page.See("That backup code is not right")
	page.Click("I have no backup code either")
	page.See("no way in that you can take yourself")
	if n := ada.has(method.TOTP); n != 1 {
		h.t.Errorf("there are %d apps", n)
	}
}
