package e2e_test

import (
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/browser"
	"countersign/e2e/judge"
	"countersign/e2e/site"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/terminal"
	"countersign/internal/words"
)

// show is a house whose pages are looked at, and which were.
type show struct {
	*house
	seen *sync.Map // patterns of routes
}

// look judges a page by all rules, and in the other languages. pattern is the
// route that brought it, name tells it from all others: no two have one title.
func (s *show) look(page *browser.Page, pattern, name string) {
	s.t.Helper()
	s.mark(page, pattern)
	judge.Page(s.t, page, name)
	if strings.HasPrefix(pattern, "GET ") {
		s.translated(page, name)
	}
}

// glance judges another state of a page that was looked at before.
func (s *show) glance(page *browser.Page, pattern, name string) {
	s.t.Helper()
	s.mark(page, pattern)
	judge.HTML(s.t, page.Source())
	judge.UniqueTitle(s.t, page, name)
	judge.Axe(s.t, page)
	page.Set(browser.Dark(), browser.Viewport(320, 640))
	judge.Colours(s.t, page)
	judge.NoSidewaysScroll(s.t, page)
	page.Set(browser.Light(), browser.Viewport(1280, 800))
}

// mark notes that the route was seen, when it is this page's.
func (s *show) mark(page *browser.Page, pattern string) {
	s.t.Helper()
	verb, path, _ := strings.Cut(pattern, " ")
	address, _, _ := strings.Cut(strings.SplitN(page.Path(), "#", 2)[0], "?")
	quoted := regexp.MustCompile(`\\\{[^}]*\\\}`).ReplaceAllString(regexp.QuoteMeta(strings.TrimSuffix(path, "{$}")), "[^/]+")
	if !regexp.MustCompile("^" + quoted + "$").MatchString(address) {
		s.t.Errorf("the page of %s has the address %s:\n%s", pattern, page.Path(), page.Text("main"))
	}
	s.seen.Store(site.Route{Verb: verb, Path: path}, true)
}

// bare lists the words of a page that no catalogue has, in the pseudo-language,
// in which each text of the catalogue stands between marks.
const bare = `(() => {
	const values = /Acme|Ada Lovelace|Bob Builder|Olga Owner|Grace Hopper|Everybody|Countersign|English|Deutsch|Chrome|Linux|Phone|Tablet|UTC|Pixel|Android/g;
	const out = [];
	const words = s => /[A-Za-z]{2,}/.test(s.replace(values, ""));
	const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
	for (let n; n = walker.nextNode();) {
		const e = n.parentElement;
		if (!n.data.trim() || e.closest("script, style, bdi, code, pre, .monogram, .code")) continue;
		if (!e.textContent.includes("‹") && words(n.data)) out.push(n.data.trim());
	}
	for (const e of document.querySelectorAll("[aria-label], [title], [alt], [placeholder]"))
		for (const a of ["aria-label", "title", "alt", "placeholder"]) {
			const s = e.getAttribute(a);
			if (s && !s.includes("‹") && words(s)) out.push(a + "=" + s);
		}
	if (document.documentElement.dir !== "rtl") out.push("the page is not right to left");
	if (document.body.textContent.includes("⟦")) out.push("a text is missing");
	return out;
})()`

// translated looks at the same page in a language that runs from right to left,
// and in German, whose words are longer.
func (s *show) translated(page *browser.Page, name string) {
	s.t.Helper()
	for _, tag := range []string{words.PseudoTag, "de"} {
		page.Set(browser.Cookie("lang", tag))
		page.Reload()
		for _, width := range []int{320, 1280} {
			page.Set(browser.Viewport(width, 800))
			judge.NoSidewaysScroll(s.t, page)
		}
		if tag == words.PseudoTag {
			var out []string
			page.Evaluate(bare, &out)
			if len(out) > 0 {
				s.t.Errorf("%s: not from the catalogue: %q", name, out)
			}
		}
		var lang string
		page.Evaluate("document.documentElement.lang", &lang)
		if lang != tag {
			s.t.Errorf("%s: the page says it is in %q, want %q", name, lang, tag)
		}
	}
	page.Set(browser.Cookie("lang", "en"))
	page.Reload()
}

// noPage are the routes that show no page of their own, and why.
func noPage(r site.Route) string {
	switch r.Path {
	case "/{$}", "/account", "/account/data", "/signin/{attempt}":
		return "leads elsewhere"
	case "/assets/{file...}", "/favicon.ico", "/robots.txt", "/livez", "/readyz", "/account/two-factor/codes.txt":
		return "is a file"
	case "/console/log/live":
		return "is read by the script of a page that was seen"
	}
	switch {
	case strings.HasPrefix(r.Path, "/device/"):
		return "is for devices"
	case strings.HasSuffix(r.Path, "/events"):
		return "is for a page that waits"
	}
	return ""
}

// TestPages looks at every page that the product has.
func TestPages(t *testing.T) {
	t.Parallel()
	seen, run := &sync.Map{}, 0
	walks := map[string]func(*show){
		"signing in": pagesOfSigningIn, "the account": pagesOfTheAccount, "the wizard": pagesOfTheWizard,
		"links": pagesOfLinks, "what a company requires": pagesOfARequirement, "a new installation": pagesOfANewInstallation,
		"phones": pagesOfPhones, "passkeys": pagesOfPasskeys, "texts": pagesOfTexts, "trusted browsers": pagesOfTrust, "help": pagesOfHelp, "the console": pagesOfTheConsole,
		"settings": pagesOfSettings, "a pool's settings": pagesOfAPool, "company settings": pagesOfCompanySettings, "messages and workspaces": pagesOfMessages, "the audit log": pagesOfTheLog,
	}
	t.Run("all", func(t *testing.T) {
		for name, pages := range walks {
			t.Run(name, func(t *testing.T) {
				run++
				t.Parallel()
				s := &show{house: &house{t: t}, seen: seen}
				if name != "a new installation" {
					s.house = newHouse(t, site.Pseudo)
				}
				pages(s)
			})
		}
	})
	if run < len(walks) {
		return // somebody runs a part, by -run
	}
	for _, r := range site.Routes(t) {
		_, found := seen.Load(r)
		if r.Verb == http.MethodGet && !found && noPage(r) == "" {
			t.Errorf("nobody has looked at the page %s: add it here", r)
		}
	}
}

func pagesOfSigningIn(s *show) {
	ada := s.guarded("Ada Lovelace").withApp("Tablet")
	page := s.browser()
	page.Open("/signin")
	s.look(page, "GET /signin", "sign in")
	page.Click("Continue")
	s.glance(page, "POST /signin", "sign in, wrong")
	page.Type("E-mail address", ada.Email)
	page.Click("Continue")
	s.look(page, "GET /signin/{attempt}/password", "password")
	page.Type("Password", "nine chestnuts under a lamp")
	page.Click("Sign in")
	s.glance(page, "POST /signin/{attempt}/password", "password, wrong")
	page.Type("Password", ada.Password)
	page.Click("Sign in")
	s.look(page, "GET /signin/{attempt}/code", "code")
	page.Type("6-digit code", ada.Wrong())
	page.Click("Verify code")
	s.look(page, "POST /signin/{attempt}/code", "code, wrong")
	page.Click("Try another way")
	s.look(page, "GET /signin/{attempt}/ways", "another way")
	page.Click("Recovery code One of those you saved")
	s.look(page, "GET /signin/{attempt}/recovery", "recovery")
	page.Type("Recovery code", "00000-00000")
	page.Click("Sign in")
	s.glance(page, "POST /signin/{attempt}/recovery", "recovery, wrong")
	page.Click("Back to the code from the app")
	for range 9 {
		page.Type("6-digit code", ada.Wrong())
		page.Click("Verify code")
	}
	s.look(page, "POST /signin/{attempt}/code", "too many codes")
	page.Open("/signin/att_00000000000000000000000000/code")
	s.look(page, "GET /signin/{attempt}/code", "a sign-in that is over")
	page.Open("/forgot")
	s.look(page, "GET /forgot", "forgotten password")
	page.Click("Send the link")
	s.glance(page, "POST /forgot", "forgotten password, wrong")
	page.Type("E-mail address", "nobody@acme.example")
	page.Click("Send the link")
	s.look(page, "POST /forgot", "forgotten password, sent")
	page.Open("/help")
	s.look(page, "GET /help", "help")
	page.Open("/no/such/page")
	judge.Page(s.t, page, "no such page")
	s.translated(page, "no such page")
}

func pagesOfTheAccount(s *show) {
	ada := s.guarded("Ada Lovelace")
	page := s.session(ada)
	page.Open("/account/security")
	s.look(page, "GET /account/security", "security")
	page.Click("Your account")
	page.Click("Actions for Phone")
	s.glance(page, "GET /account/security", "security")
	for _, row := range []struct{ path, name, wrong, again string }{
		{"/account/profile", "profile", "Save", "POST /account/profile"},
		{"/account/activity", "activity", "", ""},
		{"/account/password", "new password", "Change password", "POST /account/password"},
		{"/account/email", "new address", "Send the link", "POST /account/email"},
		{"/account/recovery", "new recovery codes", "", ""},
		{"/account/two-factor/off", "turning off", "", ""},
		{"/account/two-factor/" + string(ada.Device) + "/rename", "renaming", "Save name", "POST /account/two-factor/{id}/rename"},
		{"/account/two-factor/" + string(ada.Device) + "/change", "changing the device", "", ""},
		{"/account/two-factor/" + string(ada.Device) + "/default", "another default", "", ""},
	} {
		page.Open(row.path)
		s.look(page, "GET "+strings.Replace(row.path, string(ada.Device), "{id}", 1), row.name)
		if row.wrong == "" {
			continue
		}
		page.Type(map[string]string{"new password": "New password", "new address": "New e-mail address", "profile": "Your name", "renaming": "Name of this device"}[row.name], "")
		page.Click(row.wrong)
		s.glance(page, row.again, row.name+", wrong")
	}
	page.Open("/account/new-phone")
	s.look(page, "GET /account/new-phone", "a new phone")
	page.Click("I lost my phone")
	s.glance(page, "GET /account/new-phone", "a lost phone")
	page.Click("Close this list")
	page.Open("/account/email")
	page.Type("New e-mail address", "ada@elsewhere.example")
	page.Click("Send the link")
	s.look(page, "POST /account/email", "new address, sent")
	page.Open("/account/two-factor/" + string(ada.Device) + "/remove")
	s.glance(page, "GET /account/two-factor/{id}/remove", "turning off")
	ada.withApp("Tablet")
	page.Reload()
	page.Open("/account/two-factor/" + string(ada.Device) + "/remove")
	s.look(page, "GET /account/two-factor/{id}/remove", "removing a device")

	s.Clock.Advance(11 * time.Minute)
	for act, name := range map[string]string{"turn_off": "proof", "password": "proof"} {
		page.Open("/proof?act=" + act)
		s.glance(page, "GET /proof", name)
	}
	s.look(page, "GET /proof", "proof")
	page.Click("Confirm")
	s.glance(page, "POST /proof", "proof, wrong")
	page.Click("Use a recovery code")
	s.glance(page, "GET /proof", "proof")

	page.Open("/account/company")
	judge.Page(s.t, page, "not open to you")
	boss := s.session(s.administrator("Bob Builder"))
	boss.Open("/account/security")
	s.glance(boss, "GET /account/security", "security")
	boss.Open("/account/company")
	s.look(boss, "GET /account/company", "company settings")
	boss = s.session(s.administrator("Grace Hopper").withApp("Phone").withCodes(10))
	boss.Open("/account/company")
	s.look(boss, "GET /account/company", "company settings")
}

func pagesOfTheWizard(s *show) {
	bob := s.person("Bob Builder")
	page := s.session(bob)
	page.Open("/account/security")
	s.look(page, "GET /account/security", "security")
	page.Open("/account/two-factor/settings")
	s.look(page, "GET /account/two-factor/settings", "account settings")
	page.Open("/account/two-factor")
	s.glance(page, "GET /proof", "proof")
	page.Click("Send the code")
	s.glance(page, "GET /proof", "proof")
	page.Type("6-digit code from the mail", "12")
	page.Click("Confirm")
	s.glance(page, "POST /proof", "proof, wrong")
	page.Type("6-digit code from the mail", bob.mailedCode())
	page.Click("Confirm")
	s.look(page, "GET /account/two-factor", "choice of a method")
	page.Click("Next")
	s.look(page, "GET /account/two-factor/app", "QR code")
	page.Click("I can’t scan a QR code")
	s.glance(page, "GET /account/two-factor/app", "QR code")
	bob.App = s.scan(page)
	page.Type("6-digit code", "12")
	page.Click("Turn on")
	s.look(page, "POST /account/two-factor/app", "QR code, wrong")
	bob.confirm(page, bob.App, "Phone")
	s.look(page, "GET /account/two-factor/codes", "recovery codes")
	page.Click("Done")
	s.glance(page, "POST /account/two-factor/codes", "recovery codes, not saved")
	bob.saveCodes(page)
	s.look(page, "GET /account/two-factor/finished", "two-factor authentication is on")

	s.policy("", policy.Document{"recovery.delivery": "email"})
	page.Open("/account/recovery")
	s.glance(page, "GET /account/recovery", "new recovery codes")
	page.Click("Create new recovery codes")
	s.glance(page, "GET /account/two-factor/codes", "recovery codes, mailed")
	s.policy("", policy.Document{"recovery.codes": 1, "words": "backup", "totp.max": 1})
	page.Open("/account/recovery")
	page.Click("Create a new Backup code")
	s.glance(page, "GET /account/two-factor/codes", "backup code")
	page.Open("/account/two-factor")
	s.glance(page, "GET /account/two-factor", "choice of a method")
	page.Open("/account/security")
	s.glance(page, "GET /account/security", "security")
}

func pagesOfPhones(s *show) {
	ada := s.guarded("Ada Lovelace")
	page := s.session(ada)
	page.Open("/account/devices")
	s.look(page, "GET /account/devices", "devices")
	page.Click("Pair new device")
	s.look(page, "GET /account/devices/new", "pairing a device")
	page.Click("Click to reveal")
	s.look(page, "GET /account/devices/pairing", "the code of a pairing")
	d := ada.withPhone()
	page = s.session(ada)
	page.Open("/account/security")
	s.glance(page, "GET /account/security", "security")
	page.Open("/account/devices")
	s.glance(page, "GET /account/devices", "devices")
	page = s.browser()
	ada.first(page)
	page.See("Check your phone")
	s.look(page, "GET /signin/{attempt}/phone", "waiting for the phone")
	d.answer(terminal.Deny, "")
	page.See("Denied on your phone")
	s.glance(page, "GET /signin/{attempt}/phone", "denied on the phone")
	must(s.t, d.SignOut(s.t.Context()))
	page.Click("Try another way")
	s.glance(page, "GET /signin/{attempt}/ways", "another way")
}

func pagesOfPasskeys(s *show) {
	ada := s.guarded("Ada Lovelace")
	page := s.session(ada)
	finger := browser.NewAuthenticator(false)
	finger.Join(page)
	page.Open("/account/passkeys/new")
	s.look(page, "GET /account/passkeys/new", "adding a passkey")
	page.Type("Name of this passkey", "Pixel")
	page.Click("Make passkey")
	page.See("Your passkey was added.")
	s.glance(page, "GET /account/security", "security")
	other := s.browser()
	ada.first(other)
	other.See("Use your passkey")
	s.look(other, "GET /signin/{attempt}/passkey", "passkey")
	other.Click("Try another way")
	s.glance(other, "GET /signin/{attempt}/ways", "another way")
	s.Clock.Advance(11 * time.Minute)
	page.Open("/account/password")
	s.glance(page, "GET /proof", "proof")
}

func pagesOfLinks(s *show) {
	ada := s.guarded("Ada Lovelace")
	page := s.browser()
	s.invite("bob@acme.example")
	page.Open(s.link(s.mail("bob@acme.example", "invitation")))
	s.look(page, "GET /invitation/{token}", "invitation")
	page.Type("Your name", "")
	page.Type("Password", "password1")
	page.Click("Create account")
	s.glance(page, "POST /invitation/{token}", "invitation, wrong")

	s.client().post("/forgot", "email", ada.Email)
	page.Open(s.link(s.mail(ada.Email, "new password")))
	s.look(page, "GET /reset/{token}", "new password by mail")
	page.Click("Save password")
	s.glance(page, "POST /reset/{token}", "new password by mail, wrong")

	a, err := s.Engine.People.Find(s.t.Context(), countersign.DefaultWorkspace, ada.Email)
	must(s.t, err)
	address, err := s.Engine.People.RescueLink(s.t.Context(), a, people.Shell())
	must(s.t, err)
	page.Open("/rescue/" + filepath.Base(address))
	s.look(page, "GET /rescue/{token}", "new password by rescue")

	s.policy("", policy.Document{"turn_off": "email"})
	c := s.client()
	c.signIn(ada)
	c.post("/account/email", "email", "ada@elsewhere.example")
	page = s.session(ada)
	page.Open(s.link(s.mail("ada@elsewhere.example", "Confirm your new address")))
	s.look(page, "GET /email/{token}", "new address by mail")
	page.Open("/account/two-factor/off")
	s.glance(page, "GET /account/two-factor/off", "turning off")
	page.Click("Turn off")
	s.look(page, "POST /account/two-factor/off", "turning off, sent")
	last := s.link(s.mail(ada.Email, "Confirm that two-factor"))
	page.Open(last)
	s.look(page, "GET /turn-off/{token}", "turning off by mail")
	other := s.session(s.guarded("Grace Hopper"))
	other.Open(last)
	s.look(other, "GET /turn-off/{token}", "a link for another account")
	page.Open("/reset/nothing")
	s.look(page, "GET /reset/{token}", "a dead link")
}

func pagesOfARequirement(s *show) {
	bob, ada := s.person("Bob Builder"), s.guarded("Ada Lovelace")
	s.policy("company-required", nil)
	page := s.session(bob)
	s.look(page, "GET /account/security", "two-factor authentication is required")
	page.Open("/account/two-factor/settings")
	s.glance(page, "GET /account/two-factor/settings", "account settings")
	page = s.session(ada)
	page.Open("/account/security")
	s.glance(page, "GET /account/security", "security")
	page.Open("/account/two-factor/off")
	s.look(page, "GET /account/two-factor/off", "turning off is forbidden")
	page = s.browser()
	ada.first(page)
	page.Click("Don’t know the code")
	s.glance(page, "GET /signin/{attempt}/recovery", "backup code instead")
}

func pagesOfANewInstallation(s *show) {
	h, address := untouched(s.t, s.t.TempDir(), site.Pseudo)
	s.house = h
	page := s.browser()
	page.Open(strings.TrimPrefix(address, s.URL))
	s.look(page, "GET /setup/{token}", "set up")
	page.Click("Create account")
	s.look(page, "POST /setup/{token}", "set up, wrong")
	page.Open("/dev/messages")
	s.glance(page, "GET /dev/messages", "messages")
	page.Open(strings.TrimPrefix(address, s.URL))
	page.Type("Name of your company or team", "Acme")
	page.Type("Your name", "Ada Lovelace")
	page.Type("E-mail address", "ada@acme.example")
	page.Type("Password", site.GoodPassword)
	page.Click("Create account")
	s.client().post("/forgot", "email", "ada@acme.example")
	for page.Open("/dev/messages"); page.Count("article") == 0; page.Reload() {
		time.Sleep(50 * time.Millisecond) // the outbox is on its way
	}
	page.See("Choose a new password")
	judge.Page(s.t, page, "messages")
}

// The sign-in page comes quickly on a slow connection, and tells nobody else.
func TestSignInPageIsLight(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if size := judge.TransferSize(t, h.URL, "/signin"); size > 60<<10 {
		t.Errorf("the sign-in page transfers %d bytes, want at most 60 KB", size)
	}
	page := h.browser()
	page.Open("/signin")
	page.WaitIdle()
	judge.NoThirdParty(t, page)
}
