package e2e_test

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"strings"
	"testing"
	"time"

	"countersign/e2e/browser"
	"countersign/internal/method"
	"countersign/internal/policy"
)

// textScenarios hold under the preset of the second document, with countries listed.
type textScenarios struct{ settings policy.Document }

func (s textScenarios) one(number string, test func(*testing.T, *house)) scenario {
	return scenario{number: number, preset: "code-or-text", settings: s.settings, test: test}
}

func (s textScenarios) shown(number string, test func(*testing.T, *house)) scenario {
	return scenario{number: number, preset: "code-or-text", settings: s.settings, test: test, once: true}
}

// number is a mobile number in Germany of this test's own: caps count by number and by
// block, and one installation has all scenarios.
func (h *house) number() string {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(h.t.Name()))
	return fmt.Sprintf("+49151%08d", hash.Sum32()%90_000_000+10_000_000)
}

// withNumber gives the person a confirmed number.
func (p *person) withNumber() string {
	p.h.t.Helper()
	number := p.h.number()
	p.AddNumber(p.h.t, number)
	return number
}

// code waits for a text to a number, beyond the first after, and returns its code.
func (h *house) code(number string, after int) string {
	h.t.Helper()
	one := h.Texts.To(h.t, number, after)
	if one.Code() == "" {
		h.t.Fatalf("there is no code in the text %q", one.Body)
	}
	return one.Code()
}

// openNumber goes to the page of the number by the document's own words.
func (p *person) openNumber(page *browser.Page) {
	p.h.t.Helper()
	page.Open("/account/security")
	page.In("#two-factor").Click("Turn On")
	p.proveByMail(page)
	choose(page, "SMS Number", "sms")
	page.Click("Next")
}

// choose chooses a second step by the words on its choice, beside which more stand.
func choose(page *browser.Page, words, value string) {
	page.See(words)
	page.Evaluate(`document.querySelector("label:has(input[value=`+value+`])").click()`, nil)
}

func s1CodeOfAText(_ *testing.T, h *house) {
	ada := h.person("Grace Hopper").withCodes(1)
	number := ada.withNumber()
	page := h.browser()
	ada.first(page)
	page.See("Type the code from the text message", "•••• "+number[len(number)-2:])
	page.NotSee(number[3:8])
	page.Type("6-digit code", h.code(number, 0))
	page.Click("Verify code")
	page.See("It is on.")
}

func s1AppIsRecommended(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.session(ada)
	page.In("#two-factor").Click("Turn On")
	ada.proveByMail(page)
	page.See("Authenticator App", "Recommended", "more reliable than text messages", "SMS Number")
	if first := page.Attr("input[name=method]", "value"); first != "totp" {
		t.Errorf("the first choice is %s", first)
	}
	choose(page, "SMS Number", "sms")
	page.Click("Next")
	page.See("An authenticator app is more reliable, above all abroad")
}

func s1AppByItsWords(_ *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.session(ada)
	page.See("Two-factor authentication")
	page.In("#two-factor").Click("Turn On")
	ada.proveByMail(page)
	choose(page, "Authenticator App", "totp")
	page.Click("Next")
	if app := h.scan(page); len(app.Secret) == 0 {
		h.t.Error("there is no QR code to scan")
	}
}

func s1BeforeTexts(_ *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.session(ada)
	ada.openNumber(page)
	page.See("Before you start", "Be sure that you can receive text messages", "Your country must be supported: United States and Germany", "Carrier rates may apply")
	if len(h.Texts.Texts()) > 0 && strings.Contains(h.Texts.Texts()[len(h.Texts.Texts())-1].To, h.number()) {
		h.t.Error("a text was sent before")
	}
}

func s1OtherCountry(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	page := h.session(ada)
	ada.openNumber(page)
	page.Type("Mobile number", "+33 6 12 34 56 78")
	page.Click("Send the code")
	page.See("No text messages go to this country")
	if kept := page.Value("Mobile number"); kept != "+33 6 12 34 56 78" {
		t.Errorf("the page keeps %q", kept)
	}
	for _, one := range h.Texts.Texts() {
		if strings.HasPrefix(one.To, "+33") {
			t.Errorf("a text went to %s", one.To)
		}
	}
	if ada.has(method.SMS) != 0 {
		t.Error("the number is set up")
	}
}

func s1TextToConfirm(_ *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	number := h.number()
	page := h.session(ada)
	ada.openNumber(page)
	page.Type("Mobile number", "0"+number[3:6]+" "+number[6:])
	page.See("United States")
	page.Click("Send the code")
	page.See("This is not a phone number") // without its country it is read as of the first
	page.Type("Mobile number", number)
	page.Click("Send the code")
	page.See("We sent a text message with a 6-digit code to", number[len(number)-5:])
	text := h.Texts.To(h.t, number, 0)
	if want := text.Code() + " is your Acme code. It expires in 3 minutes. Never share it.\n\n@localhost #" + text.Code(); text.Body != want {
		h.t.Errorf("the text says %q, want %q", text.Body, want)
	}
	if ada.has(method.SMS) != 0 {
		h.t.Error("the number counts before its code came back")
	}
}

func s1TextTurnsItOn(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace")
	number := h.number()
	page := h.session(ada)
	ada.openNumber(page)
	page.Type("Mobile number", number)
	page.Click("Send the code")
	page.Type("6-digit code", h.code(number, 0))
	page.Click("Turn on")
	page.See("Save your recovery code", "Important!")
	if ada.has(method.SMS) != 1 {
		t.Error("the right code did not turn it on")
	}
	if codes := ada.saveCodes(page); len(codes) != 1 {
		t.Errorf("the page shows %q", codes)
	}
	page.Open("/account/security")
	page.See("It is on.", "Text messages to •••• "+number[len(number)-2:])
	h.mail(ada.Email, "Two-factor authentication is on")
}

func s1ThreeMinutes(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace").withCodes(1)
	number := ada.withNumber()
	c := h.client()
	c.first(ada)
	in := func(minutes time.Duration, sent int) (string, int) {
		c := h.client()
		next := strings.TrimSuffix(c.first(ada), "/text")
		code := h.code(number, sent)
		h.Clock.Advance(minutes)
		answer := c.post(next+"/text", "code", code)
		if answer.Status == http.StatusUnprocessableEntity && !strings.Contains(answer.Body, "Send a new code") {
			t.Error("there is no way to have another sent")
		}
		return problemAbove(answer.Body), answer.Status
	}
	h.code(number, 0)
	if said, status := in(3*time.Minute-2*time.Second, 1); status != http.StatusSeeOther {
		t.Errorf("just before three minutes: %d %s", status, said)
	}
	if said, status := in(3*time.Minute, 2); status != http.StatusUnprocessableEntity || !strings.Contains(said, "valid for three minutes") {
		t.Errorf("after three minutes: %d %q", status, said)
	}
}

// problemAbove is what stands above the form.
func problemAbove(body string) string {
	_, rest, _ := strings.Cut(body, `error-summary`)
	rest, _, _ = strings.Cut(rest, "</div>")
	return rest
}

func s1TextAtOnce(t *testing.T, h *house) {
	ada := h.person("Ada Lovelace").withCodes(1)
	number := ada.withNumber()
	page := h.browser()
	ada.first(page)
	page.See("Type the code from the text message", "Use the newest message")
	code := h.code(number, 0)
	if page.Attr("#code", "autocomplete") != "one-time-code" || page.Attr("#code", "inputmode") != "numeric" {
		t.Error("nothing helps to fill in the code")
	}
	// Neither a refresh nor another one at once sends a second.
	page.Open(page.Path())
	page.See("Type the code from the text message")
	page.Click("Send a new code")
	page.See("A message is on its way.")
	if n := len(textsTo(h, number)); n != 1 {
		t.Errorf("%d texts", n)
	}
	page.Type("6-digit code", code)
	page.Click("Verify code")
	page.See("It is on.")
}

func textsTo(h *house, number string) []string {
	var bodies []string
	for _, one := range h.Texts.Texts() {
		if one.To == number {
			bodies = append(bodies, one.Body)
		}
	}
	return bodies
}

func s1OneText(t *testing.T, h *house) {
	ada := h.guarded("Grace Hopper")
	number := ada.withNumber()
	page := h.browser()
	ada.first(page)
	page.See("Type the code from the text message")
	page.Type("6-digit code", h.code(number, 0))
	page.Click("Verify code")
	page.See("It is on.")
	steps := 0
	for _, request := range page.Requests() {
		if request.Method == http.MethodPost {
			steps++
		}
	}
	if steps != 3 {
		t.Errorf("the sign-in took %d posts, want address, password and one code", steps)
	}
}
