package attack_test

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"countersign/e2e/site"
	"countersign/internal/notify/text/texttest"
	"countersign/internal/policy"
)

// allowTexts lets everybody in Germany have codes as texts, as many as the tests need.
func allowTexts(t *testing.T, s *site.Site) {
	t.Helper()
	s.Policy(t, "", site.WithTexts().With(policy.Document{"sms.per_hour": 100_000, "sms.per_day": 1_000_000}))
}

// number is a mobile number of the visitor's own.
func (v *visitor) number() string {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(v.who.Email))
	return fmt.Sprintf("+49151%08d", hash.Sum32()%90_000_000+10_000_000)
}

// giveNumber has a number of the visitor's wait for the code that was sent to it, and
// remembers the code.
func (v *visitor) giveNumber(t *testing.T, s *site.Site) {
	t.Helper()
	a := v.Post("/account/texts/new", "number", v.number())
	if a.Status != http.StatusSeeOther || a.Location != "/account/texts/confirm" {
		t.Fatalf("a number of %s was answered %v:\n%s", v.who.Name, a, a.Body)
	}
	v.things["texted"] = s.Texts.To(t, v.number(), 0).Code()
}

// TestTollFraud asks for texts to a thousand numbers of one block, as whoever rents them
// to be paid for each message would, from accounts of their own: by signing in, and by
// typing numbers where one is set up. No more go out than the caps let, and whoever has a
// number elsewhere gets theirs meanwhile.
func TestTollFraud(t *testing.T) {
	both(t, func(t *testing.T, s *site.Site) {
		const anHour = 80
		numbers, requests := scale(100, 1000), scale(600, 10_000)
		s.Policy(t, "", site.WithTexts().With(policy.Document{"sms.per_hour": anHour}))
		block := anHour / 4
		thieves := s.Crowd(t, "thief", numbers)
		for i, one := range thieves {
			one.AddNumber(t, fmt.Sprintf("+491512345%04d", i))
		}
		honest := s.Guarded(t, "Ada Lovelace", "ada@acme.example")
		honest.AddNumber(t, "+4917012345678")
		var ended, faults atomic.Int64
		crew(16, requests, func(i int) {
			c := newPatient(s, many(i), i%len(s.Nodes)).Client
			a := c.First(thieves[i%numbers])
			next := strings.TrimSuffix(strings.TrimSuffix(a.Location, "/text"), "/code")
			if a.Status == http.StatusSeeOther {
				a = c.Post(next + "/text/send")
			}
			if a.Status >= http.StatusInternalServerError && a.Status != http.StatusServiceUnavailable {
				faults.Add(1)
			}
			ended.Add(1)
		})
		if faults.Load() > 0 {
			t.Errorf("%d of %d requests were answered with a fault", faults.Load(), ended.Load())
		}
		// Numbers of the block that are typed where one is set up count with them.
		v := came(t, s, atFull, "Mallory Mason")
		a := v.Post("/account/texts/new", "number", "+4915123459999")
		if a.Status != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" {
			t.Errorf("one more number of the block was answered %v", a)
		}
		// The honest one has a number elsewhere in the country, and signs in by it.
		c := s.Client()
		at := c.First(honest)
		if !strings.HasSuffix(at.Location, "/text") {
			t.Fatalf("the honest one is led to %v", at)
		}
		code := s.Texts.To(t, "+4917012345678", 0).Code()
		if in := c.Post(at.Location, "code", code); !strings.HasPrefix(in.Location, "/account/") {
			t.Errorf("the honest one's code was answered %v", in)
		}
		sent := 0
		for _, one := range s.Texts.Texts() {
			if strings.HasPrefix(one.To, "+491512345") {
				sent++
			}
		}
		if sent != block {
			t.Errorf("%d texts went to the block, want %d", sent, block)
		}
		mail := s.Mail(t, site.Owner, "No more text messages")
		if !strings.Contains(mail.Text, "+49 151…") || strings.Contains(mail.Text, "512345") {
			t.Errorf("the owner is told:\n%s", mail.Text)
		}
	})
}

// TestTextedCodesGuessed tries what a code is not: another sign-in's, an older one, a used
// one, one of a session, every wrong digit of the budget. None gets in, and the right one
// does before the budget is spent.
func TestTextedCodesGuessed(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		allowTexts(t, s)
		ada := s.Guarded(t, "Ada Lovelace", "ada@acme.example")
		const number = "+4917012345678"
		ada.AddNumber(t, number)
		sent := 0
		begin := func() (*site.Client, string, string) {
			c := s.Client()
			at := c.First(ada).Location
			if !strings.HasSuffix(at, "/text") {
				t.Fatalf("the sign-in leads to %s", at)
			}
			code := s.Texts.To(t, number, sent).Code()
			sent++
			return c, at, code
		}
		refused := func(what string, a site.Answer) {
			t.Helper()
			if a.Status != http.StatusUnprocessableEntity && a.Status != http.StatusTooManyRequests && !strings.HasPrefix(a.Location, "/signin") {
				t.Errorf("%s was answered %v", what, a)
			}
		}
		c, at, code := begin()
		other, elsewhere, theirs := begin()
		if code != theirs {
			refused("the code of another sign-in", c.Post(at, "code", theirs))
			refused("the same the other way", other.Post(elsewhere, "code", code))
		}
		s.Clock.Advance(31 * time.Second)
		other.Post(elsewhere + "/send")
		newer := s.Texts.To(t, number, sent).Code()
		sent++
		if newer != theirs {
			refused("a code that a newer one voided", other.Post(elsewhere, "code", theirs))
		}
		// The same code twice at once, through every node: one session.
		won := 0
		for _, a := range together(2*len(s.Nodes), func(i int) site.Answer { return c.On(i%len(s.Nodes)).Post(at, "code", code) }) {
			if a.Location == "/account/security" && len(a.Header.Values("Set-Cookie")) > 0 {
				won++
			}
		}
		if won != 1 {
			t.Errorf("one code gave %d sessions", won)
		}
		refused("a code that was used, elsewhere", other.Post(elsewhere, "code", code))
		refused("a code of a sign-in as that of the app", other.Post(strings.TrimSuffix(elsewhere, "/text")+"/code", "code", newer))
		// Five wrong ones end the code; ten in a row the second factor, of whichever kind.
		locked := false
		for range 12 {
			a := other.Post(elsewhere, "code", wrongDigits(newer))
			refused("a wrong code", a)
			locked = locked || a.Status == http.StatusTooManyRequests
		}
		refused("the right one after them", other.Post(elsewhere, "code", newer))
		if locked {
			t.Error("codes that are over count as guesses")
		}
	})
}

// wrongDigits is a code that is not this one.
func wrongDigits(code string) string {
	if code[0] == '9' {
		return "0" + code[1:]
	}
	return string(code[0]+1) + code[1:]
}

// TestReceiptsForged reports on texts without knowing how: nothing comes of it.
func TestReceiptsForged(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		allowTexts(t, s)
		ada := s.Guarded(t, "Ada Lovelace", "ada@acme.example")
		const number = "+4917012345678"
		ada.AddNumber(t, number)
		c := s.Client()
		at := c.First(ada).Location
		text := s.Texts.To(t, number, 0)
		// The carrier has it before the server has noted under which name, and reports again
		// then.
		reported := func(address, id string) int {
			for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
				a := s.Client().Post(address, "id", id, "state", "failed")
				if a.Status != http.StatusTooManyRequests || time.Now().After(deadline) {
					return a.Status
				}
			}
		}
		for name, address := range map[string]string{
			"no secret": "/texts/receipts/gateway", "another secret": "/texts/receipts/gateway/" + strings.Repeat("x", 24), "another provider": "/texts/receipts/other/" + texttest.ReceiptSecret,
			"a secret with more": "/texts/receipts/gateway/" + texttest.ReceiptSecret + "x",
		} {
			if a := s.Client().Post(address, "id", text.Reference, "state", "failed"); a.Status != http.StatusNotFound {
				t.Errorf("%s was answered %v", name, a)
			}
		}
		right := "/texts/receipts/gateway/" + texttest.ReceiptSecret
		for name, fields := range map[string][]string{"nothing": {}, "no text": {"state", "failed"}, "a long name": {"id", strings.Repeat("x", 300), "state", "failed"}} {
			if a := s.Client().Post(right, fields...); a.Status != http.StatusUnprocessableEntity {
				t.Errorf("%s was answered %v", name, a)
			}
		}
		for name, id := range map[string]string{"a NUL": `"a\u0000b"`, "a NUL alone": `"\u0000"`, "half a pair": `"\ud800"`, "a line": `"a\nb"`, "a table": `{"id":"x"}`} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+right, strings.NewReader(`{"id":`+id+`,"state":"failed","price":"0.1","currency":"EU\u0000"}`))
			must(t, err)
			request.Header.Set("Content-Type", "application/json")
			if a := s.Client().Send(request); a.Status != http.StatusUnprocessableEntity {
				t.Errorf("a text called %s was answered %v", name, a)
			}
		}
		if status := reported(right, "unknown"); status != http.StatusNoContent {
			t.Errorf("a text that is not known was answered %d", status)
		}
		if page := c.Get(at); !strings.Contains(page.Body, `name="code"`) {
			t.Error("a forged report changed the page")
		}
		if status := reported(right, text.Reference); status != http.StatusNoContent {
			t.Errorf("the right report was answered %d", status)
		}
		if page := c.Get(at); !strings.Contains(page.Body, "The text message could not be sent") || !strings.Contains(page.Body, "Send a new code") {
			t.Errorf("the page does not say that the text did not arrive:\n%s", page.Body)
		}
	})
}
