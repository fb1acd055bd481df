package e2e_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"countersign/e2e/site"
	"countersign/internal/method"
	"countersign/internal/notify/text/texttest"
	"countersign/internal/policy"
)

func pagesOfTexts(s *show) {
	s.policy("", site.WithTexts())
	number := s.number()
	ada := s.guarded("Ada Lovelace")
	page := s.session(ada)
	page.Open("/account/texts/new")
	s.look(page, "GET /account/texts/new", "adding a number")
	page.Click("Send the code")
	s.glance(page, "POST /account/texts/new", "adding a number, wrong")
	page.Type("Mobile number", number)
	page.Click("Send the code")
	page.See("We sent a text message")
	s.look(page, "GET /account/texts/confirm", "the code of a number")
	page.Type("6-digit code", "12")
	page.Click("Confirm code")
	s.glance(page, "POST /account/texts/confirm", "the code of a number, wrong")
	page.Type("6-digit code", s.code(number, 0))
	page.Click("Confirm code")
	page.See("Your number is confirmed.")
	s.glance(page, "GET /account/security", "security")

	other := s.browser()
	ada.first(other)
	other.See("Type the code from the text message")
	s.look(other, "GET /signin/{attempt}/text", "a text")
	other.Click("Send a new code")
	s.glance(other, "POST /signin/{attempt}/text/send", "a text, too soon")
	other.Click("Try another way")
	s.glance(other, "GET /signin/{attempt}/ways", "another way")
	s.Clock.Advance(11 * time.Minute)
	page.Open("/account/password")
	page.Click("Send the code")
	page.See("We sent a text message")
	s.glance(page, "GET /proof", "proof")
	page.Open("/help")
	s.glance(page, "GET /help", "help")
}

// A person sets a number up, changes it, proves who they are by it, and removes it.
func TestANumberAllItsLife(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.policy("", site.WithTexts())
	const old, fresh = "+4915123456789", "+4915198765432"
	ada := h.guarded("Ada Lovelace")
	page := h.session(ada)
	page.Open("/account/texts/new")
	page.Type("Mobile number", "01512 3456789")
	page.Click("Send the code")
	page.See("+49 1512 3456789")
	page.Type("6-digit code", h.code(old, 0))
	page.Click("Confirm code")
	page.See("Your number is confirmed.", "Text messages to •••• 89", "Default")
	h.mail(ada.Email, "second step")

	h.Clock.Advance(11 * time.Minute)
	page.Click("Actions for •••• 89")
	page.Click("Change number")
	page.See("Confirm that it is you", "We send a 6-digit code to the number •••• 89")
	page.Click("Send the code")
	page.Type("6-digit code", h.code(old, 1))
	page.Click("Confirm")
	page.See("Mobile number", "It takes the place of •••• 89 once you confirm it.")
	h.Clock.Advance(31 * time.Second)
	page.Type("Mobile number", fresh)
	page.Click("Send the code")
	page.See("We sent a text message with a 6-digit code to +49 1519 8765432")
	// Until the code comes back the old number signs in.
	c := h.client()
	next := c.first(ada)
	if in := c.post(next, "code", h.code(old, 2)); in.Location != "/account/security" {
		t.Errorf("a code to the old number was answered %d %s", in.Status, in.Location)
	}
	page.Type("6-digit code", h.code(fresh, 0))
	page.Click("Confirm code")
	page.See("Text messages to •••• 32")
	page.NotSee("Text messages to •••• 89")
	if told := h.Texts.To(t, old, 3); !strings.Contains(told.Body, "no longer sent to this number") || told.Code() != "" {
		t.Errorf("the old number is told %q", told.Body)
	}
	h.mail(ada.Email, "second step")
	// The session that signed in by the old one has ended.
	if gone := c.get("/account/security"); gone.Status == http.StatusOK {
		t.Error("a session from before the change is open")
	}
	page.Click("Actions for •••• 32")
	page.Click("Remove")
	page.Click("Remove •••• 32")
	page.See("The second step was removed.")
	if n := ada.has(method.SMS); n != 0 {
		t.Errorf("there are %d numbers", n)
	}
	other := h.browser()
	ada.signIn(other)
}

// Whatever the first provider does but take the text, the next one sends it, and the
// person signs in.
func TestTheNextProviderIsAsked(t *testing.T) {
	t.Parallel()
	for mood, what := range map[texttest.Mood]string{texttest.Down: "down", texttest.Slow: "slow", texttest.Lying: "lying", texttest.Cut: "cut off"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			first, second := texttest.NewTwilio(t), texttest.NewGateway(t)
			first.Be(mood)
			h := newHouse(t, "COUNTERSIGN_TEXTS_FILE="+site.TextsFile(t, first.Entry("first"), second.Entry("second")))
			h.policy("", site.WithTexts())
			ada := h.guarded("Ada Lovelace")
			number := ada.withNumber()
			page := h.browser()
			ada.first(page)
			page.See("Type the code from the text message")
			page.Type("6-digit code", second.To(t, number, 0).Code())
			page.Click("Verify code")
			page.See("It is on.")
			if n := len(first.Texts()); n != 0 {
				t.Errorf("the first took %d", n)
			}
		})
	}
}

// Where nobody sends texts, the page says so and what to do; another way leads in, and
// nothing else does.
func TestNobodySendsTexts(t *testing.T) {
	t.Parallel()
	gateway, twilio := texttest.NewGateway(t), texttest.NewTwilio(t)
	gateway.Be(texttest.Lying)
	twilio.Be(texttest.Down)
	h := newHouse(t, "COUNTERSIGN_TEXTS_FILE="+site.TextsFile(t, gateway.Entry("gateway"), twilio.Entry("twilio")))
	h.policy("", site.WithTexts())
	ada := h.guarded("Ada Lovelace")
	number := ada.withNumber()
	page := h.browser()
	ada.first(page)
	page.See("Type the code from the text message")
	page.Type("6-digit code", "000000")
	page.Click("Verify code")
	page.NotSee("It is on.")
	for asked := 2; asked <= 3; asked++ {
		for deadline := time.Now().Add(20 * time.Second); twilio.Asked() < asked && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
			h.Clock.Advance(2 * time.Second)
		}
	}
	if gateway.Asked() != 3 || twilio.Asked() != 3 {
		t.Fatalf("they were asked %d and %d times, want 3", gateway.Asked(), twilio.Asked())
	}
	// The page is told, and says so by itself.
	page.See("The text message could not be sent", "you are still signed in with your password")
	if page.Has("Verify code") {
		t.Error("the page asks for a code that was not sent")
	}
	gateway.Be(texttest.Well)
	page.Click("Enter a code instead")
	ada.second(page)
	page.See("It is on.")
	// When somebody sends them again, texts come again.
	other := h.browser()
	h.Clock.Advance(20 * time.Minute)
	ada.first(other)
	other.See("Type the code from the text message")
	other.Type("6-digit code", gateway.To(t, number, 0).Code())
	other.Click("Verify code")
	other.See("It is on.")
}

// Whose only second step is a number that gets no texts any more is told so, and gets in
// with a recovery code; nothing less is asked of them.
func TestANumberThatIsSwitchedOff(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.policy("", site.WithTexts())
	ada := h.person("Ada Lovelace").withCodes(10)
	number := ada.withNumber()
	h.policy("", policy.Document{"sms.countries": []any{"none"}})
	page := h.browser()
	ada.first(page)
	page.See("Try another way", "No text messages are sent to your number any more")
	page.Open("/account/security")
	page.NotSee("It is on.")
	ada.first(page)
	page.Click("Recovery code One of those you saved")
	page.Type("Recovery code", ada.Codes[0])
	page.Click("Sign in")
	page.See("It is on.")
	if n := len(textsTo(h, number)); n != 0 {
		t.Errorf("%d texts", n)
	}
}

// What Twilio reports is believed by its signature alone, and counted with its price.
func TestWhatTwilioReports(t *testing.T) {
	t.Parallel()
	twilio := texttest.NewTwilio(t)
	h := newHouse(t, "COUNTERSIGN_TEXTS_FILE="+site.TextsFile(t, twilio.Entry("twilio")))
	h.policy("", site.WithTexts())
	ada := h.guarded("Ada Lovelace")
	number := ada.withNumber()
	c := h.client()
	next := c.first(ada)
	sent := twilio.To(t, number, 0)
	address := twilio.Callback(sent.Reference)
	if !strings.HasPrefix(address, h.URL+"/texts/receipts/twilio/txt_") {
		t.Fatalf("Twilio reports to %s", address)
	}
	report := func(state, signed string) int {
		form, signature := twilio.Report(signed, sent.Reference, state, url.Values{"Price": {"-0.0085"}, "PriceUnit": {"USD"}})
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
		must(t, err)
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("X-Twilio-Signature", signature)
		answer, err := http.DefaultClient.Do(request)
		must(t, err)
		_ = answer.Body.Close()
		return answer.StatusCode
	}
	if status := report("undelivered", address+"?another"); status != http.StatusNotFound {
		t.Errorf("a report that is signed for another address was answered %d", status)
	}
	for range 100 { // what Twilio answered may not be written yet
		if status := report("undelivered", address); status != http.StatusNoContent {
			t.Fatalf("a report was answered %d", status)
		}
		if strings.Contains(c.get(next).Body, "could not be sent") {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if !strings.Contains(c.get(next).Body, "Send a new code") {
		t.Error("the page does not say what to do")
	}
	out, err := run(t, built(t), "admin", "texts", "--json", "--days", "800", "--data", h.Data)
	must(t, err)
	if !strings.Contains(out, `"failed": 1`) || !strings.Contains(out, `"cost": "0.0085"`) || !strings.Contains(out, `"currency": "USD"`) {
		t.Errorf("admin texts says %s", out)
	}
}
