package e2e_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"countersign/e2e/site"
)

// form is one form of the product, in the hands of somebody who may use it.
type form struct {
	c    *client
	path string
}

// mistake is a form filled in wrongly, and what the page must then say.
type mistake struct {
	form   string
	what   string
	fields []string // names and values in turn
	field  string   // where the sentence stands
	says   string
}

// mistakes are at least one for each field of each form.
func mistakes() []mistake {
	long, guess := strings.Repeat("x", 81), "Use at least 8 characters"
	return []mistake{
		{"address", "nothing", []string{"identifier", ""}, "identifier", "Type an e-mail address"},
		{"address", "no address", []string{"identifier", "ada at acme"}, "identifier", "Type an e-mail address like name@example.com"},
		{"password", "nothing", []string{"password", ""}, "password", "Type a password"},
		{"password", "another", []string{"password", "Hunter2Hunter2"}, "password", "E-mail or password is not right"},
		{"code", "nothing", []string{"code", ""}, "code", "Type the 6-digit code"},
		{"code", "too few", []string{"code", "12345"}, "code", "The code has 6 digits. Type all of them"},
		{"code", "too many", []string{"code", "1234567"}, "code", "The code has only 6 digits"},
		{"code", "letters", []string{"code", "12345a"}, "code", "The code has digits only"},
		{"code", "another", []string{"code", "WRONG"}, "code", "That code is not right"},
		{"recovery", "nothing", []string{"recovery", ""}, "recovery", "Type your recovery code"},
		{"recovery", "too short", []string{"recovery", "abc"}, "recovery", "This recovery code is too short"},
		{"recovery", "too long", []string{"recovery", "abcde-fghjk-mnpqr"}, "recovery", "This recovery code is too long"},
		{"recovery", "other characters", []string{"recovery", "abcde-fgh!k"}, "recovery", "A recovery code has only letters and digits"},
		{"recovery", "another", []string{"recovery", "zzzzz-zzzzz"}, "recovery", "That recovery code is not right"},
		{"forgotten", "nothing", []string{"email", ""}, "email", "Type an e-mail address"},
		{"forgotten", "no address", []string{"email", "ada@"}, "email", "Type an e-mail address like name@example.com"},
		{"invitation", "no name", []string{"name", " ", "password", "violet harbour 9 lamps"}, "name", "Type a name"},
		{"invitation", "a long name", []string{"name", long, "password", "violet harbour 9 lamps"}, "name", "Use at most 80 characters"},
		{"invitation", "markup", []string{"name", "<b>Ada</b>", "password", "violet harbour 9 lamps"}, "name", "Use letters, digits and common signs"},
		{"invitation", "a short password", []string{"name", "Ada", "password", "x7#q"}, "password", guess},
		{"reset", "nothing", []string{"password", ""}, "password", "Type a password"},
		{"reset", "a common one", []string{"password", "password1"}, "password", "Many people use this password"},
		{"reset", "one that is easy to guess", []string{"password", "Lovelace2026!"}, "password", "This password is easy to guess"},
		{"reset", "a long one", []string{"password", strings.Repeat("x7# q", 41)}, "password", "Use at most 200 characters"},
		{"setup", "no company", []string{"workspace", "", "name", "Ada", "email", "ada@acme.example", "password", "violet harbour 9 lamps"}, "workspace", "Type the name of your company or team"},
		{"setup", "no name", []string{"workspace", "Acme", "name", "", "email", "ada@acme.example", "password", "violet harbour 9 lamps"}, "name", "Type a name"},
		{"setup", "no address", []string{"workspace", "Acme", "name", "Ada", "email", "ada", "password", "violet harbour 9 lamps"}, "email", "Type an e-mail address like"},
		{"setup", "a short password", []string{"workspace", "Acme", "name", "Ada", "email", "ada@acme.example", "password", "x7#q"}, "password", guess},
		{"new password", "nothing", []string{"password", ""}, "password", "Type a password"},
		{"new password", "a short one", []string{"password", "x7#q"}, "password", guess},
		{"new address", "nothing", []string{"email", ""}, "email", "Type an e-mail address"},
		{"new address", "the same", []string{"email", "OWN"}, "email", "This is the address you have already"},
		{"profile", "no name", []string{"name", "", "language", "de"}, "name", "Type a name"},
		{"profile", "another language", []string{"name", "Ada Byron", "language", "xx"}, "language", "Choose one of the languages"},
		{"method", "nothing", nil, "method", "Choose one"},
		{"app", "no name", []string{"name", "", "code", "000000"}, "name", "Type a name"},
		{"app", "a long name", []string{"name", long[:41], "code", "000000"}, "name", "Use at most 40 characters"},
		{"app", "a name that is taken", []string{"name", "phone", "code", "RIGHT"}, "name", "You have a device of this name already"},
		{"app", "no code", []string{"name", "Tablet", "code", ""}, "code", "Type the 6-digit code"},
		{"app", "another code", []string{"name", "Tablet", "code", "WRONG"}, "code", "That code is not right"},
		{"codes", "not saved", nil, "saved", "Save the recovery codes first, then tick the box"},
		{"rename", "nothing", []string{"name", ""}, "name", "Type a name"},
		{"rename", "a name that is taken", []string{"name", "TABLET"}, "name", "You have a device of this name already"},
		{"new passkey", "no name", []string{"name", ""}, "name", "Type a name"},
		{"new passkey", "nothing from the browser", []string{"name", "Blue key"}, "passkey", "Your browser did not hand over a passkey"},
		{"new passkey", "no passkey", []string{"name", "Blue key", "passkey", "{}"}, "passkey", "The passkey was not accepted"},
		{"number", "nothing", []string{"number", ""}, "number", "Type your mobile number"},
		{"number", "no number", []string{"number", "ada"}, "number", "This is not a phone number"},
		{"number", "another country", []string{"number", "+33 6 12 34 56 78"}, "number", "No text messages go to this country"},
		{"number", "a house", []string{"number", "+49 30 123456"}, "number", "This is not the number of a mobile phone"},
		{"number’s code", "nothing", []string{"code", ""}, "code", "Type the 6-digit code from the text message"},
		{"number’s code", "too few", []string{"code", "123"}, "code", "The code has 6 digits. Type all of them"},
		{"number’s code", "too many", []string{"code", "1234567"}, "code", "The code has only 6 digits"},
		{"number’s code", "letters", []string{"code", "12345a"}, "code", "The code has digits only"},
		{"proof by code", "letters", []string{"with", "totp", "code", "abcdef"}, "code", "The code has digits only"},
		{"proof by recovery code", "another", []string{"with", "recovery", "recovery", "zzzzz-zzzzz"}, "recovery", "That recovery code is not right"},
		{"proof by password", "another", []string{"with", "password", "password", "Hunter2Hunter2"}, "password", "The password is not right"},
		{"proof by mail", "letters", []string{"with", "mailed", "code", "abcdef"}, "code", "Type the 6-digit code from the mail"},
	}
}

// secret are the fields that a page must not show again.
func secret(name string) bool {
	return name == "password" || name == "code" || name == "recovery" || name == "passkey"
}

// TestEveryFieldHasItsSentence fills each form in wrongly: the page comes again
// with a sentence for this mistake at the field, a link to it at the top, and
// what was typed, except secrets.
func TestEveryFieldHasItsSentence(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.guarded("Ada Lovelace")
	forms := h.forms(t, ada)
	tried := map[string]map[string]bool{}
	for _, m := range mistakes() {
		f, known := forms[m.form]
		if !known {
			t.Fatalf("there is no form %q", m.form)
		}
		for i := range m.fields {
			switch m.fields[i] {
			case "OWN":
				m.fields[i] = ada.Email
			case "WRONG":
				m.fields[i] = ada.Wrong()
			case "RIGHT":
				m.fields[i] = h.NewApp(forms["app"].pending(t)).Shown()
			}
		}
		if tried[m.form] == nil {
			tried[m.form] = map[string]bool{}
		}
		tried[m.form][m.field] = true
		t.Run(m.form+", "+m.what, func(t *testing.T) { m.check(t, f.c.post(f.path, m.fields...)) })
	}
	// No visible field of these forms was left out.
	input := regexp.MustCompile(`<(?:input|select)[^>]* name="([a-z]+)"`)
	for name, f := range forms {
		main, _, _ := strings.Cut(f.c.get(f.path).Body, "<footer")
		for _, found := range input.FindAllStringSubmatch(main, -1) {
			if !strings.Contains(found[0], `type="hidden"`) && (found[1] != "identifier" || name == "address") && !tried[name][found[1]] {
				t.Errorf("the form %q has a field %q that nobody filled in wrongly", name, found[1])
			}
		}
		if len(tried[name]) == 0 {
			t.Errorf("nobody filled the form %q in wrongly", name)
		}
	}
}

func (m mistake) check(t *testing.T, a site.Answer) {
	t.Helper()
	if a.Status != http.StatusUnprocessableEntity && a.Status != http.StatusConflict {
		t.Fatalf("answered %d, to %q:\n%s", a.Status, a.Location, a.Body)
	}
	if !strings.Contains(a.Body, "<title>Error: ") {
		t.Error("the title does not say that there is an error")
	}
	text := html.UnescapeString(a.Body)
	_, at, _ := strings.Cut(text, `id="`+m.field+`-error"`)
	at, _, _ = strings.Cut(at, "</p>")
	if !strings.Contains(at, m.says) {
		t.Errorf("at the field %s the page says %q, want %q", m.field, strings.Join(strings.Fields(at), " "), m.says)
	}
	if !strings.Contains(text, `href="#`+m.field+`"`) && !strings.Contains(text, `href="#`+m.field+`-`) {
		t.Errorf("at the top nothing leads to the field %s", m.field)
	}
	for i := 0; i+1 < len(m.fields); i += 2 {
		name, value := m.fields[i], m.fields[i+1]
		shown := strings.TrimSpace(value) != "" && strings.Contains(text, `"`+value+`"`)
		switch {
		case m.form == "app" && m.field == "name" && name == "code":
			// A code that was not judged may be sent again with a better name.
		case secret(name) && len(value) > 3 && strings.Contains(text, `value="`+value+`"`):
			t.Errorf("the page shows the %s again", name)
		case !secret(name) && name != "with" && value != "xx" && strings.TrimSpace(value) != "" && !shown:
			t.Errorf("the page has lost what was typed into %s, %q", name, value)
		}
	}
}

// forms brings everybody to the form they fill in.
func (h *house) forms(t *testing.T, ada *person) map[string]form {
	t.Helper()
	in := func(p *person) *client {
		c := h.client()
		c.signIn(p)
		return c
	}
	half := func(p *person) (*client, string) {
		c := h.client()
		return c, strings.TrimSuffix(c.first(p), "/code")
	}
	all, guest := map[string]form{
		"proof by code":          {in(h.guarded("Carla Code")), "/proof?act=password"},
		"proof by recovery code": {in(h.guarded("Rita Recovery")), "/proof?act=password&with=recovery"},
		"proof by password":      {in(h.person("Paul Password")), "/proof?act=password"},
	}, h.client()
	h.Clock.Advance(11 * time.Minute) // what these proved is no longer fresh
	// Each of the guesses has an account of its own, or it would be locked.
	all["address"], all["forgotten"] = form{guest, "/signin"}, form{guest, "/forgot"}
	start := h.client()
	all["password"] = form{start, start.post("/signin", "identifier", h.person("Bob Builder").Email).Location}
	c, attempt := half(h.guarded("Carl Code"))
	all["code"] = form{c, attempt + "/code"}
	c, attempt = half(h.guarded("Rosa Recovery"))
	all["recovery"] = form{c, attempt + "/recovery"}
	h.invite("new@acme.example")
	all["invitation"] = form{guest, h.link(h.mail("new@acme.example", "invitation"))}
	guest.post("/forgot", "email", ada.Email)
	all["reset"] = form{guest, h.link(h.mail(ada.Email, "new password"))}
	empty, address := untouched(t, t.TempDir())
	all["setup"] = form{empty.client(), strings.TrimPrefix(address, empty.URL)}

	full, phone := in(ada), string(ada.Device)
	ada.withApp("Tablet")
	all["new password"], all["new address"], all["profile"] = form{full, "/account/password"}, form{full, "/account/email"}, form{full, "/account/profile"}
	all["rename"], all["new passkey"] = form{full, "/account/two-factor/" + phone + "/rename"}, form{full, "/account/passkeys/new"}
	h.Policy(t, "", site.WithTexts())
	all["number"] = form{full, "/account/texts/new"}
	full.post("/account/texts/new", "number", h.number())
	all["number’s code"] = form{full, "/account/texts/confirm"}
	grace := h.guarded("Grace Hopper")
	adding := in(grace)
	all["method"] = form{adding, "/account/two-factor"}
	adding.post("/account/two-factor", "method", "totp")
	all["app"] = form{adding, "/account/two-factor/app"}
	saving := in(h.guarded("Sam Saver"))
	saving.post("/account/recovery")
	all["codes"] = form{saving, "/account/two-factor/codes"}

	mailed := in(h.person("Bea Beginner"))
	mailed.post("/proof?act=second_factor", "with", "mailed", "send", "yes")
	all["proof by mail"] = form{mailed, "/proof?act=second_factor"}
	return all
}

// pending is the secret that waits on the form's page.
func (f form) pending(t *testing.T) []byte {
	t.Helper()
	page := html.UnescapeString(f.c.get(f.path).Body)
	address := regexp.MustCompile(`otpauth://[^"]+`).FindString(page)
	parsed, err := url.Parse(address)
	must(t, err)
	return f.c.h.typeKey(parsed.Query().Get("secret")).Secret
}
