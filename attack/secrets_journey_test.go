package attack_test

import (
	"encoding/base32"
	"fmt"
	"net/http"
	"path"
	"regexp"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/people"
	"countersign/internal/policy"
)

// journey goes through every flow of the product over HTTP, as several people
// do in their first months, and plants each secret at the moment at which it
// comes up: from then on no answer may have it.
type journey struct {
	*vault

	t     *testing.T
	s     *site.Site
	dress func(c *site.Client) // every browser, before it is used
	heard func(asked string, a site.Answer)
	n     int // of passwords
}

// marker is the name of the person that the journey is about: wherever is
// searched, it must be found.
const marker = "Ada Zanzibar"

func newJourney(t *testing.T, s *site.Site) *journey {
	t.Helper()
	j := &journey{vault: newVault(), t: t, s: s, dress: func(*site.Client) {}}
	j.heard = j.listen
	return j
}

// listen looks for what is known, and learns the tokens that a browser is given.
// Every answer of the journey must carry the guards besides.
func (j *journey) listen(asked string, a site.Answer) {
	if a.Err != nil {
		j.t.Errorf("%s: %v", asked, a.Err)
		return
	}
	guards(j.t, asked, a)
	mayBe := func(s secret) bool { return s.shown != nil && s.shown(asked) }
	for _, what := range j.found([]byte(a.Body), mayBe) {
		j.t.Errorf("%s: the answer %d has %s", asked, a.Status, what)
	}
	for name, values := range a.Header {
		for _, what := range j.found([]byte(strings.Join(values, "\n")), mayBe) {
			j.t.Errorf("%s: the answer %d has in its header %s %s", asked, a.Status, name, what)
		}
	}
	for _, line := range a.Header["Set-Cookie"] {
		cookie, err := http.ParseSetCookie(line)
		must(j.t, err)
		if strings.HasPrefix(cookie.Name, "countersign_") && cookie.Name != "countersign_next" {
			j.plant(secret{is: "the token of " + cookie.Name, value: cookie.Value})
			if strings.Contains(a.Body, cookie.Value) && cookie.Value != "" {
				j.t.Errorf("%s: the page has the token of its own cookie %s", asked, cookie.Name)
			}
		}
	}
}

// browser is a new one in the hands of a person.
func (j *journey) browser(p *site.Person) *hand {
	h := newHand(j.t, j.s, p, j.n%len(j.s.Nodes))
	h.heard = j.heard
	j.dress(h.Client)
	return h
}

// password makes up a good one with everything in it that has to be escaped
// somewhere.
func (j *journey) password(is string) string {
	j.n++
	value := fmt.Sprintf(`Quokka's "%d" & <walnut>+über`, 7130+j.n)
	j.plant(secret{is: is, value: value})
	return value
}

// link is the path of a mail's link, whose token may be seen on its own page.
func (j *journey) link(is, to, subject string) string {
	at := j.s.Link(j.t, j.s.Mail(j.t, to, subject))
	j.plantLink(is, at, subject)
	return at
}

func (j *journey) plantLink(is, at, subject string) {
	token := path.Base(at)
	j.plant(secret{is: is, value: token, mailed: subject, shown: func(asked string) bool {
		// Its own page, and the last step of a sign-in that leads there.
		return strings.Contains(asked, token) || strings.HasPrefix(asked, "POST /signin/att_") && strings.HasSuffix(asked, "/code")
	}})
}

// app begins an enrolment; its key may be seen until over is called.
func (j *journey) app(h *hand, replaces string) (*site.App, func()) {
	pending := true
	shown := func(asked string) bool { return pending && strings.HasSuffix(asked, " /account/two-factor/app") }
	app := h.beginApp(replaces)
	j.plant(secret{is: "the bytes of an app's secret", value: string(app.Secret), shown: shown})
	j.plant(secret{is: "an app's key", value: base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(app.Secret), shown: shown})
	return app, func() { pending = false }
}

// code is the app's next one.
func (j *journey) code(app *site.App) string {
	code := app.Code()
	j.plant(secret{is: "a code of the app", value: code})
	return code
}

// codes are the recovery codes that a page shows; they may be seen until over is
// called.
func (j *journey) codes(h *hand) ([]string, func()) {
	waiting := true
	shown := func(asked string) bool { return waiting && strings.Contains(asked, "/account/two-factor/codes") }
	codes := codesOn(h.get("/account/two-factor/codes").Body)
	for _, code := range codes {
		j.plant(secret{is: "a recovery code", value: code, shown: shown})
	}
	if len(codes) < 10 {
		j.t.Fatalf("the page shows the codes %q", codes)
	}
	h.get("/account/two-factor/codes.txt")
	return codes, func() { waiting = false }
}

// want fails when a step does not lead where it should, since then nothing was
// planted by it.
func (j *journey) want(what string, a site.Answer, where string) {
	j.t.Helper()
	if a.Location != where {
		j.t.Fatalf("%s was answered %s, want %q:\n%s", what, a, where, a.Body)
	}
}

// arrive invites a person, who chooses a password and turns on the second step.
func (j *journey) arrive(email string) *hand {
	_, err := j.s.Engine.People.Create(j.t.Context(), countersign.DefaultWorkspace, people.NewUser{Email: email, Name: marker, Role: countersign.Member}, people.Shell())
	must(j.t, err)
	p := &site.Person{App: j.s.NewApp(nil), Name: marker, Email: email}
	h := j.browser(p)
	link := j.link("an invitation", email, "Your invitation")
	h.get(link)
	p.Password = j.password("the first password")
	h.post(link, "name", "", "password", p.Password)
	h.post(link, "name", marker, "password", "password1")
	j.want("the invitation", h.post(link, "name", marker, "password", p.Password), "/account/security")
	h.get(link)

	app, over := j.app(h, "")
	h.post("/account/two-factor/app", "name", "Phone", "code", app.Wrong())
	h.post("/account/two-factor/app", "name", "", "code", app.Wrong())
	code := j.code(app)
	j.want("the first app", h.post("/account/two-factor/app", "name", "Phone", "code", code), "/account/two-factor/codes")
	over()
	p.App = app
	codes, over := j.codes(h)
	p.Codes = codes[:10]
	h.post("/account/two-factor/codes")
	j.want("saving the codes", h.post("/account/two-factor/codes", "saved", "yes"), "/account/two-factor/finished")
	over()
	h.get("/account/two-factor/finished")
	return h
}

// signIns tries what people do wrong at the door, and gets in by the app and by
// a recovery code.
func (j *journey) signIns(p *site.Person) {
	other := j.browser(p)
	wrong := j.password("a wrong password")
	other.post("/signin", "identifier", p.Email, "password", p.Password)
	j.plant(secret{is: "a password in the field for the address", value: "walnut quokka 9931", shown: func(asked string) bool { return asked == "POST /signin" || asked == "POST /forgot" }})
	for _, at := range []string{"/signin", "/forgot"} {
		other.post(at, "identifier", "walnut quokka 9931", "email", "walnut quokka 9931")
	}
	j.plant(secret{is: "a password like an address in the field for the address", value: "quokka9931@walnut", shown: func(asked string) bool {
		return asked == "POST /forgot" || strings.HasPrefix(asked, "GET /signin/att_") || strings.HasPrefix(asked, "POST /signin/att_")
	}})
	step := other.post("/signin", "identifier", "quokka9931@walnut")
	other.get(step.Location)
	other.post(step.Location, "password", wrong)
	other.post("/forgot", "email", "quokka9931@walnut")

	step = other.post("/signin", "identifier", p.Email)
	other.post(step.Location, "password", wrong)
	other.get(step.Location + "?password=" + "unsaid")
	step = other.post(step.Location, "password", p.Password)
	other.post(step.Location, "code", p.Wrong())
	other.post(step.Location, "code", p.Password)
	j.want("the code", other.post(step.Location, "code", j.code(p.App)), "/account/security")
	other.post("/signout")

	step = other.post(other.post("/signin", "identifier", p.Email).Location, "password", p.Password)
	recovery := strings.TrimSuffix(step.Location, "code") + "recovery"
	other.get(recovery)
	other.post(recovery, "recovery", "00000-00000")
	j.want("the recovery code", other.post(recovery, "recovery", p.Codes[0]), "/account/security?done=recovered")
	p.Codes = p.Codes[1:]
	other.post("/account/sessions/end-others")
}

// passwords changes one, forgets it, and gets a rescue link.
func (j *journey) passwords(p *site.Person) *hand {
	h := j.browser(p)
	h.signIn()
	j.s.Clock.Advance(11 * time.Minute)
	h.reach("/account/password")
	h.post("/account/password", "password", "password1")
	next := j.password("a new password")
	j.want("the new password", h.post("/account/password", "password", next), "/account/security?done=password")
	p.Password = next

	h.post("/forgot", "email", p.Email)
	link := j.link("a reset link", p.Email, "new password")
	h.get(link)
	h.post(link, "password", "short")
	next = j.password("a password that was reset")
	j.want("the reset", h.post(link, "password", next), "/signin?done=password_reset")
	h.get(link)
	p.Password = next

	found, err := j.s.Engine.People.Find(j.t.Context(), countersign.DefaultWorkspace, p.Email)
	must(j.t, err)
	rescue, err := j.s.Engine.People.RescueLink(j.t.Context(), found, people.Shell())
	must(j.t, err)
	at := strings.TrimPrefix(rescue, j.s.URL)
	j.plantLink("a rescue link", at, "")
	h.get(at)
	p.Password = j.password("a rescued password")
	step := h.post(at, "password", p.Password)
	j.want("the rescue", h.post(regexp.MustCompile(`/signin/[^/]*`).FindString(step.Location)+"/code", "code", j.code(p.App)), "/account/security")
	return h
}

// factors adds, renames, prefers, replaces and removes apps, and makes new codes
// on the screen and by mail.
func (j *journey) factors(h *hand) {
	p := h.p
	app, over := j.app(h, "")
	j.want("a second app", h.post("/account/two-factor/app", "name", "Tablet", "code", j.code(app)), "/account/security?done=changed")
	over()
	tablet := h.device("Tablet")
	j.want("the name", h.post("/account/two-factor/"+tablet+"/rename", "name", "Old tablet"), "/account/security?done=renamed")
	h.post("/account/two-factor/" + tablet + "/default")
	app, over = j.app(h, tablet)
	j.want("the replacement", h.post("/account/two-factor/app", "name", "New tablet", "code", j.code(app)), "/account/security?done=changed")
	over()
	j.want("the removal", h.post("/account/two-factor/"+h.device("New tablet")+"/remove"), "/account/security?done=removed")

	h.reach("/account/recovery")
	j.want("new codes", h.post("/account/recovery"), "/account/two-factor/codes")
	codes, over := j.codes(h)
	j.want("saving them", h.post("/account/two-factor/codes", "saved", "yes"), "/account/security?done=codes")
	over()
	p.Codes = codes[:10]

	j.s.Policy(j.t, "", policy.Document{"recovery.delivery": "email"})
	h.reach("/account/recovery")
	j.want("new codes by mail", h.post("/account/recovery"), "/account/two-factor/codes?mailed=yes")
	h.get("/account/two-factor/codes?mailed=yes")
	mail := j.s.Mail(j.t, p.Email, "recovery codes")
	p.Codes = codesOn(mail.Text)
	for _, code := range p.Codes {
		j.plant(secret{is: "a recovery code by mail", value: code, mailed: "recovery codes"})
	}
	j.s.Policy(j.t, "", nil)
}

// addresses confirms the account's address by a code and changes it by a link.
func (j *journey) addresses(h *hand) {
	alone := j.s.Person(j.t, "Bob Hill", "bob.zanzibar@acme.example", countersign.Member)
	bob := j.browser(alone)
	bob.signIn()
	for _, right := range []bool{false, true} {
		bob.post("/account/email/confirm")
		proof := "/proof?act=confirm_email&return=%2Faccount%2Fsecurity"
		code := "000000"
		if right {
			code = bob.mailedCode()
			j.plant(secret{is: "a mailed code", value: code, mailed: "Your code for"})
		}
		bob.post(proof, "with", "mailed", "return", "/account/security", "code", code)
		bob.get(proof)
	}
	h.reach("/account/email")
	next := "new." + h.p.Email
	h.post("/account/email", "email", next)
	link := j.link("a link to a new address", next, "Confirm your new address")
	j.browser(h.p).get(link)
	h.get(link)
	j.want("the new address", h.post(link), "/account/security?done=email")
	h.p.Email = next
	h.get(link)
}

// ends turns off by mail, resets by a code, and locks.
func (j *journey) ends(h *hand) {
	p := h.p
	j.s.Policy(j.t, "", policy.Document{"turn_off": "email"})
	h.reach("/account/two-factor/off")
	h.post("/account/two-factor/off")
	link := j.link("a link that turns off", p.Email, "turned off")
	elsewhere := j.browser(p)
	elsewhere.get(link) // waits in a cookie for the sign-in
	elsewhere.signIn()
	elsewhere.get(link)
	h.get(link)
	j.want("turning off", h.post(link), "/account/security?done=off")
	j.s.Policy(j.t, "", policy.Document{"recovery.effect": "reset"})
	app, over := j.app(h, "")
	h.post("/account/two-factor/app", "name", "Phone", "code", j.code(app))
	over()
	p.App = app
	codes, over := j.codes(h)
	h.post("/account/two-factor/codes", "saved", "yes")
	over()
	other := j.browser(p)
	step := other.post(other.post("/signin", "identifier", p.Email).Location, "password", p.Password)
	for range 11 {
		other.post(step.Location, "code", p.Wrong())
	}
	recovery := strings.TrimSuffix(step.Location, "code") + "recovery"
	j.want("the code that resets", other.post(recovery, "recovery", codes[0]), "/account/security?done=was_reset")
	p.App = j.s.NewApp(nil)
	j.s.Policy(j.t, "", nil)
	other.get("/account/security?done=was_reset")
}

// reads opens every page that can be read, as nobody, halfway, and signed in.
func (j *journey) reads(p *site.Person) {
	half, full := j.browser(p), j.browser(p)
	half.post(half.post("/signin", "identifier", p.Email).Location, "password", p.Password)
	full.signIn()
	full.post("/account/data")
	for _, h := range []*hand{j.browser(p), half, full} {
		for _, r := range site.Routes(j.t) {
			if r.Verb == http.MethodGet {
				h.get(r.At(nil))
			}
		}
	}
}

// all is the whole journey.
func (j *journey) all() {
	h := j.arrive("ada.zanzibar@acme.example")
	j.signIns(h.p)
	h = j.passwords(h.p)
	j.factors(h)
	j.addresses(h)
	j.ends(h)
	j.phones()
	j.reads(h.p)
	guarded := j.s.Guarded(j.t, "Grace Zanzibar", "grace.zanzibar@acme.example")
	j.plant(secret{is: "the bytes of an app's secret", value: string(guarded.Secret)})
	j.reads(guarded)
}
