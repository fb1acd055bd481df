package attack_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"countersign/e2e/judge"
	"countersign/e2e/site"
	"countersign/internal/es256"
)

// TestPairingDigitsOutOfTurn types digits on the page of a pairing before any phone has
// joined: nothing is confirmed, and what the page says is there.
func TestPairingDigitsOutOfTurn(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		c := home(t, s, s.Guarded(t, "Ada Lovelace", "ada@acme.example"))
		const page = "/account/devices/pairing"
		for _, digits := range []string{"", " ", "123456", strings.Repeat("1", 5000)} {
			c.Post("/account/devices/new")
			got := c.Post(page, "code", digits)
			if got.Status != http.StatusSeeOther || got.Location != page {
				t.Errorf("%.10q is answered %s", digits, got)
				judge.HTML(t, got.Body)
			}
			if shown := c.Get(page); !pairCode.MatchString(shown.Body) {
				t.Errorf("after %.10q the page shows no code: %s", digits, shown)
			}
		}
		phone := (&handsets{s}).new(t)
		must(t, phone.claim(c.Client))
		got := c.Post(page, "code", "")
		if got.Status != http.StatusUnprocessableEntity {
			t.Errorf("no digits, where they are asked for, is answered %s", got)
		}
		judge.HTML(t, got.Body)
	})
}

// TestPairingStolenCode has somebody who photographed the code be faster than its owner:
// their phone shows other digits, and what the owner types ends it.
func TestPairingStolenCode(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		c := home(t, s, s.Guarded(t, "Ada Lovelace", "ada@acme.example"))
		thief, hers := (&handsets{s}).new(t), (&handsets{s}).new(t)
		must(t, thief.claim(c.Client))
		late := hers.call(len(s.Nodes)-1, http.MethodPost, "/device/v1/pairings/claim", map[string]any{
			"code": thief.code, "device": map[string]string{"kind": "app", "name": "Hers"},
		})
		if late.Status != http.StatusGone || late.came() != "pairing_over" {
			t.Errorf("the owner's phone hears %s %s", late.Answer, late.Body)
		}
		told := thief.call(0, http.MethodPost, "/device/v1/hello", map[string]any{"version": "1.0.0", "biometrics": true})
		if told.Status != http.StatusOK || strings.Contains(told.Body, c.who.Email) {
			t.Errorf("before it is confirmed, the thief's phone hears %s", told.Body)
		}
		digits, err := thief.about().Confirmation()
		must(t, err)
		const page = "/account/devices/pairing"
		for i := range 3 {
			c.On(i%len(s.Nodes)).Post(page, "code", notShown(digits, i))
		}
		c.Post(page, "code", digits)
		if a := thief.call(0, http.MethodPost, "/device/v1/hello", map[string]any{"version": "1.0.0"}); a.came() != "device_unknown" {
			t.Errorf("after three wrong digits the thief's phone hears %s", a.Body)
		}
		if len(thief.waiting(0)) != 0 {
			t.Error("the thief's phone is asked something")
		}
	})
}

// notShown are six digits that a phone does not show.
func notShown(digits string, i int) string {
	wrong := strings.Repeat(strconv.Itoa(i+1), 6)
	if wrong == digits {
		return "999999"
	}
	return wrong
}

// TestPairingTwice joins twice with what was sent once, and with what another phone made.
func TestPairingTwice(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		c := home(t, s, s.Guarded(t, "Ada Lovelace", "ada@acme.example"))
		phone := (&handsets{s}).new(t)
		must(t, phone.claim(c.Client))
		first := phone.id
		phone.id = ""
		signed, err := phone.about().Challenge()
		must(t, err)
		signature, err := es256.Sign(phone.Key(), signed)
		must(t, err)
		again := phone.call(len(s.Nodes)-1, http.MethodPost, "/device/v1/pairings/join", map[string]any{
			"token": phone.token, "key": b64(phone.Point()), "signature": b64(signature), "biometrics": true,
		})
		if again.came() != "pairing_over" {
			t.Errorf("joining twice: %s", again.Body)
		}
		phone.id = first
		// A phone that nobody confirmed is asked nothing, answers nothing, and has no code.
		for _, path := range []string{"/device/v1/code", "/device/v1/test", "/device/v1/sign-out"} {
			if a := phone.call(0, http.MethodPost, path, map[string]any{}); a.Status == http.StatusOK {
				t.Errorf("%s, unconfirmed, is answered %s", path, a.Body)
			}
		}
		if a := phone.call(0, http.MethodGet, "/device/v1/history", nil); a.Status == http.StatusOK {
			t.Errorf("an unconfirmed phone reads what was before: %s", a.Body)
		}
	})
}
