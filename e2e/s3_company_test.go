package e2e_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/browser"
	"countersign/internal/method"
	"countersign/internal/policy"
)

// What a company requires: switched on by an administrator, and met at the sign-in.

// required is what the workspace has set.
func (h *house) required() string {
	h.t.Helper()
	rules, err := h.Engine.People.Rules(h.t.Context(), countersign.DefaultWorkspace)
	must(h.t, err)
	return policy.Spell(rules.Workspace["require_second_factor"])
}

// companySettings opens them by the menu, as an administrator with both factors.
func (h *house) companySettings(p *person) *browser.Page {
	h.t.Helper()
	page := h.session(p)
	page.Click("Your account")
	page.Click("Company settings")
	page.See("Two-Factor Authentication at Login")
	return page
}

func (h *house) grace() *person {
	h.t.Helper()
	return h.administrator("Grace Hopper").withApp("Phone").withCodes(1)
}

func s3NotWithoutASecondFactor(t *testing.T, h *house) {
	grace := h.administrator("Grace Hopper")
	page := h.session(grace)
	page.Click("Your account")
	page.Click("Company settings")
	page.See("The console is closed", "your account has no second step", "Everything else in your account stays open.")
	if page.Status() != http.StatusForbidden || page.Has("OK") {
		t.Errorf("an administrator without a second factor is answered %d", page.Status())
	}
	page.Screenshot("closed")
	c := h.client()
	c.signIn(grace)
	for _, path := range []string{"/console/company", "/console/company/notify", "/console/pools/pool_default/required"} {
		answer := c.post(path, "require", "required", "value", "required", "version", "1", "answer", "no")
		if answer.Status != http.StatusForbidden {
			t.Errorf("posting to %s is answered %d", path, answer.Status)
		}
	}
	if got := h.required(); got != "optional" {
		t.Errorf("required is now %q", got)
	}
}

func s3Required(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.companySettings(h.grace())
	page.Check("Required")
	page.Click("OK")
	page.Click("No")
	page.See("Saved. It holds from now on.")
	if !page.Checked("Required") || h.required() != "required" {
		t.Errorf("required is %q", h.required())
	}
	own := h.browser()
	ada.first(own)
	own.See("Acme requires two-factor authentication")
}

func s3Asked(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.companySettings(h.grace())
	page.Check("Required")
	page.Click("OK")
	page.See("Write to those who have not enabled it?", "Nothing is changed yet.", "Two-factor authentication is required at Acme", "Who has not enabled two-factor authentication")
	page.Screenshot("asked")
	for _, button := range []string{"Yes, send", "No"} {
		if !page.Has(button) {
			t.Errorf("there is no button %q", button)
		}
	}
	h.noMail(ada.Email, "Two-factor authentication")
	if got := h.required(); got != "optional" {
		t.Errorf("before the answer, required is %q", got)
	}
	page.Click("Cancel")
	if !page.Checked("Required") || h.required() != "optional" {
		t.Error("after Cancel, the choice is gone, or it counts already")
	}
}

// allGone loads a campaign's page until it says that the mails have gone out: the mail server
// has the last a moment before that is noted.
func allGone(page *browser.Page) {
	for range 50 {
		page.Reload()
		if strings.Contains(page.Text("main"), "The mails have gone out.") {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	page.See("The mails have gone out.")
}

func s3ExactlyThose(t *testing.T, h *house) {
	const subject = "Two-factor authentication is required at Acme"
	ada, cleo, grace := h.person("Ada Lovelace"), h.guarded("Cleo Cipher"), h.grace()
	page := h.companySettings(grace)
	page.Check("Required")
	page.Click("OK")
	page.Click("Yes, send")
	page.See("Saved. The mails are on their way.", "Mail about two-factor authentication", "Still missing")
	h.mail(ada.Email, subject)
	h.noMail(ada.Email, subject)
	for _, other := range []*person{cleo, grace} {
		h.noMail(other.Email, subject)
	}
	allGone(page)
	page.See("They can be reminded again from")
	page.NotSee("Remind again")
	page.Screenshot("campaign")
	c := h.client()
	c.signIn(grace)
	campaignPage, _, _ := strings.Cut(page.Path(), "?")
	early := c.post(campaignPage + "/remind")
	if early.Status != http.StatusTooManyRequests || early.Header.Get("Retry-After") == "" || !strings.Contains(early.Body, "These people were reminded within the last day.") {
		t.Errorf("to remind them again at once is answered %v", early)
	}

	// Whoever clicks twice sends once.
	h.policy("company-required", policy.Document{"require_second_factor": "optional"})
	bea := h.person("Bea Babbage")
	_, version, err := h.Engine.People.Document(t.Context(), countersign.DefaultWorkspace)
	must(t, err)
	number := policy.Spell(int(version))
	asked := c.post("/console/company", "require", "required", "version", number)
	question := c.get(asked.Location)
	campaign := regexp.MustCompile(`name="campaign" value="(cmp_[0-9a-z]+)"`).FindStringSubmatch(question.Body)
	if campaign == nil {
		t.Fatalf("OK is answered %v, and the question %v", asked, question)
	}
	for range 2 {
		answer := c.post("/console/company/notify", "value", "required", "version", number, "campaign", campaign[1], "answer", "yes")
		if !strings.HasPrefix(answer.Location, "/console/campaigns/"+campaign[1]) {
			t.Errorf("a click is answered %v", answer)
		}
	}
	other := c.post("/console/company/notify", "value", "required from 2099-12-31", "version", number, "campaign", campaign[1], "answer", "yes")
	if other.Status != http.StatusConflict || !strings.Contains(other.Body, "Nothing was changed now.") || h.required() != "required" {
		t.Errorf("something else by the same form is answered %v, and required is %q", other, h.required())
	}
	h.mail(bea.Email, subject)
	h.noMail(bea.Email, subject)
	h.mail(ada.Email, subject) // she still has none, and was asked for again

	// A preset switches it on as well, and the same question comes after it.
	h.policy("company-required", policy.Document{"require_second_factor": "optional"})
	ida := h.person("Ida Rhodes")
	page.Open("/console/authentication/presets/company-required")
	page.Click("Apply this preset")
	page.See("What is in force", "This holds already.", ida.Email)
	if h.required() != "required" {
		t.Error("the preset is not in force")
	}
	page.Click("Yes, send")
	page.See("Saved. The mails are on their way.")
	h.mail(ida.Email, subject)
	h.mail(ada.Email, subject)

	// And by No, nobody is written to.
	h.policy("company-required", policy.Document{"require_second_factor": "optional"})
	dora := h.person("Dora Dijkstra")
	page.Click("Company settings")
	page.Check("Required")
	page.Click("OK")
	page.Click("No")
	page.See("Saved. It holds from now on.")
	h.noMail(dora.Email, subject)
	h.noMail(ada.Email, subject)
}

// stopped signs a person in of whom a second factor is required and who has none.
func (p *person) stopped(page *browser.Page) {
	p.h.t.Helper()
	p.first(page)
	page.See("Acme requires two-factor authentication")
}

// setUpByTheSettings goes the way of the company's document, to the backup code.
func (p *person) setUpByTheSettings(page *browser.Page) {
	p.h.t.Helper()
	page.Click("Account Settings")
	page.See("Two-factor authentication")
	page.Click("Turn On")
	p.proveByMail(page)
	page.Click("Next")
	p.App = p.h.scan(page)
	p.confirm(page, p.App, "Pixel 9")
	page.See("Save your backup code")
}

func s3SetUpAtSignIn(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.browser()
	ada.stopped(page)
	ada.setUpByTheSettings(page)
	if ada.has(method.TOTP) != 1 {
		t.Error("nothing was set up")
	}
}

func s3NothingOpens(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.browser()
	ada.stopped(page)
	shut := func(when string) {
		t.Helper()
		c := h.client()
		for _, cookie := range page.Cookies() {
			c.SetCookie(cookie.Name, cookie.Value)
		}
		for _, path := range []string{"/account/security", "/account/profile", "/account/devices", "/account/activity", "/account/data", "/console", "/console/people"} {
			if answer := c.data(path); answer.Status != http.StatusForbidden {
				t.Errorf("%s, %s is answered %d", when, path, answer.Status)
			}
		}
	}
	shut("before the set-up")
	for _, path := range []string{"/account/activity", "/console", "/console/people"} {
		page.Open(path)
		page.See("Acme requires two-factor authentication", "Account Settings")
		if page.Status() != http.StatusForbidden {
			t.Errorf("%s is answered %d", path, page.Status())
		}
	}
	ada.setUpByTheSettings(page)
	shut("before Done")
}

// headsFor gives address and password on the way to a page, and is stopped.
func (p *person) headsFor(page *browser.Page, path string) {
	p.h.t.Helper()
	page.Open("/signin?" + url.Values{"return": {path}}.Encode())
	page.Type("E-mail address", p.Email)
	page.Click("Continue")
	page.Type("Password", p.Password)
	page.Click("Sign in")
	page.See("Acme requires two-factor authentication")
}

// s3LetInByText is told of somebody who sets another method up than an app.
func s3LetInByText(t *testing.T, h *house) {
	bob, number := h.person("Bob Builder"), h.number()
	page := h.browser()
	bob.headsFor(page, "/account/activity")
	page.Click("Account Settings")
	page.Click("Turn On")
	bob.proveByMail(page)
	choose(page, "SMS Number", "sms")
	page.Click("Next")
	page.Type("Mobile number", number)
	page.Click("Send the code")
	page.Type("6-digit code", h.code(number, 0))
	page.Click("Turn on")
	bob.saveCodes(page)
	page.See("Activity")
	if page.Status() != http.StatusOK || !strings.HasPrefix(page.Path(), "/account/activity") {
		t.Errorf("after the set-up the person is at %s, answered %d", page.Path(), page.Status())
	}
}

func s3LetIn(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.browser()
	ada.headsFor(page, "/account/activity")
	ada.setUpByTheSettings(page)
	ada.saveCodes(page)
	page.See("Two-factor authentication is on")
	page.Click("Continue")
	if page.Status() != http.StatusOK || !strings.HasPrefix(page.Path(), "/account/activity") {
		t.Errorf("after the set-up the person is at %s, answered %d", page.Path(), page.Status())
	}
	page.Open("/account/security")
	page.See("It is on.", "Acme requires it.")
}

// s3LetInWithoutCodes is told where no codes have to be saved in between: of a passkey, a
// number and a phone.
func s3LetInWithoutCodes(t *testing.T, h *house) {
	const goal = "/account/activity"
	arrived := func(what, path string) {
		t.Helper()
		if path != goal {
			t.Errorf("after %s, the person is at %s", what, path)
		}
	}
	ada := h.person("Ada Lovelace")
	page := h.browser()
	browser.NewAuthenticator(false).Join(page)
	ada.headsFor(page, goal)
	page.Click("Set it up now")
	ada.proveByMail(page)
	choose(page, "Passkey", "passkey")
	page.Click("Next")
	page.Click("Make passkey")
	page.See("Activity")
	arrived("a passkey", page.Path())

	bob, number := h.person("Bob Builder"), h.number()
	other := h.browser()
	bob.headsFor(other, goal)
	other.Click("Set it up now")
	bob.proveByMail(other)
	choose(other, "SMS Number", "sms")
	other.Click("Next")
	other.Type("Mobile number", number)
	other.Click("Send the code")
	other.Type("6-digit code", h.code(number, 0))
	other.Click("Turn on")
	other.See("Activity")
	arrived("a number", other.Path())

	cleo := h.person("Cleo Cipher")
	third := h.browser()
	cleo.headsFor(third, goal)
	third.Click("Set it up now")
	cleo.proveByMail(third)
	third.See("Choose your second step")
	c := h.client()
	for _, cookie := range third.Cookies() {
		c.SetCookie(cookie.Name, cookie.Value)
	}
	_, err := c.Pair(t.Context(), pixel(), h.Devices())
	must(t, err)
	arrived("a phone", c.post("/account/devices/pairing", "act", "done").Location)
}

// s3LetInToTheConsole is told of an administrator who was heading there.
func s3LetInToTheConsole(t *testing.T, h *house) {
	grace := h.administrator("Grace Hopper")
	page := h.browser()
	grace.headsFor(page, "/console/people?state=off")
	page.NotSee("stays open")
	grace.setUpByTheSettings(page)
	grace.saveCodes(page)
	page.Click("Continue")
	page.See("People", "Second step off")
	if page.Status() != http.StatusOK || page.Path() != "/console/people?state=off" {
		t.Errorf("after the set-up the administrator is at %s, answered %d", page.Path(), page.Status())
	}
}

func pagesOfCompanySettings(s *show) {
	bob := s.person("Bob Builder")
	page := s.session(s.owner())
	page.Open("/console/company")
	s.look(page, "GET /console/company", "what is required")
	page.Open("/console/campaigns")
	s.glance(page, "GET /console/campaigns", "campaigns")
	page.Open("/console/company")
	page.Check("Required from a date")
	page.Click("OK")
	s.glance(page, "POST /console/company", "what is required")
	page.Type("Date", "2099-12-31")
	page.Open("/console/pools/pool_default/required")
	s.look(page, "GET /console/pools/{pool}/required", "what is required of a pool")
	page.Check("Required")
	page.Click("OK")
	s.look(page, "GET /console/company/notify", "whether to write to them")
	page.Click("Yes, send")
	s.mail(bob.Email, "")
	page.Reload()
	s.look(page, "GET /console/campaigns/{campaign}", "a campaign")
	page.Open("/console/campaigns")
	s.look(page, "GET /console/campaigns", "campaigns")
}
