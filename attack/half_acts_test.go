package attack_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"countersign/e2e/site"
	"countersign/internal/account"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// proveFor makes the visitor's last proof one that is good for an act alone, as an
// approval on the phone is.
func (v *visitor) proveFor(t *testing.T, s *site.Site, act account.Act) {
	t.Helper()
	row := v.session(t, s)
	s.Write(t, func(tx *store.Tx) error {
		_, err := tx.StepUpSession(tx.Ctx, rows.StepUpSessionParams{
			TokenHash: row.TokenHash, FirstAt: row.FirstAt, Second: row.Second, SecondAt: row.SecondAt, SecondFor: string(act),
			MailedAt: row.MailedAt, WorkspaceID: row.WorkspaceID, ID: row.ID, UserID: row.UserID,
		})
		return err
	})
}

// actAsked is the act that an answer asks a proof of, "" for none.
func actAsked(got site.Answer) account.Act {
	if !strings.HasPrefix(got.Location, "/proof?act=") {
		return ""
	}
	to, err := url.Parse(got.Location)
	if err != nil {
		return ""
	}
	return account.Act(to.Query().Get("act"))
}

// TestHalfActs sends each form with a proof that is good for another act, and then with
// one for the act that the answer names: the first does nothing, and the second does it.
// A page that asked for one act while the rule wants another would lead round for ever;
// one that took any would let an approval of "Rename" remove the phone.
func TestHalfActs(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		b := openBooks(t, s)
		seen := map[string]bool{}
		for i, d := range deeds(t, s, site.Routes(t)) {
			if free(d.route) {
				continue
			}
			v := owner(t, s, atFull, fmt.Sprintf("Olive Owner %d", i))
			if d.route.Path == "/account/two-factor" {
				v.forget(t, s) // or it would go on with the app that waits already
			}
			if d.route.Path == "/account/texts/confirm" {
				v.giveNumber(t, s)
			}
			f, c := d.filled(v), v.On(i%len(s.Nodes))
			v.proveFor(t, s, "another")
			before := b.about(t, v.who)
			got := c.Do(f.verb, f.action, f.values())
			act := actAsked(got)
			if act == "" {
				t.Errorf("%s, with a proof of another act, was answered %v", d.route, got)
				continue
			}
			if changed := altered(before, b.about(t, v.who)); changed != "" {
				t.Errorf("%s, with a proof of another act, has written\n%s", d.route, changed)
			}
			name, _ := act.Parts()
			seen[name] = true

			v.proveFor(t, s, act)
			got = c.Do(f.verb, f.action, f.values())
			if got.Status != http.StatusSeeOther && got.Status != http.StatusOK || actAsked(got) != "" {
				t.Errorf("%s, with the proof of %s that it asked for, was answered %v", d.route, act, got)
			}
		}
		for _, act := range []account.Act{
			account.ActSecondFactor, account.ActChangeDevice, account.ActRename, account.ActDefault, account.ActRemove,
			account.ActCodes, account.ActTurnOff, account.ActPassword, account.ActEmail, account.ActExport, account.ActTrust,
		} {
			if !seen[string(act)] {
				t.Errorf("no form asks for a proof of %s", act)
			}
		}
	})
}

// TestHalfActsRefused asks the phone for an act until it is left in peace: the page that
// says so still is that act's, and proving it in another way leads on to the act.
func TestHalfActsRefused(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		v := came(t, s, atStale, "Pia Patient")
		givePhone(t, s, v.who)
		id := v.things["phone"]
		to := "/account/two-factor/" + id + "/rename"
		var got site.Answer
		for range 40 {
			got = v.Post("/proof/phone", "act", "rename:"+id, "return", to)
			if got.Status != http.StatusSeeOther {
				break
			}
		}
		if got.Status != http.StatusTooManyRequests || got.Header.Get("Retry-After") == "" {
			t.Fatalf("the phone was asked 40 times, and the last was answered %v", got)
		}
		for _, want := range []string{"Rename Phone (authenticator app)", "with=totp"} {
			if !strings.Contains(got.Body, want) {
				t.Errorf("the page of a phone that is left in peace lacks %q:\n%s", want, got.Body)
			}
		}
		all, _ := read(got.Body, "/proof/phone")
		for _, f := range all {
			if f.action == "/proof/phone" && (f.value("act") != "rename:"+id || f.value("return") != to) {
				t.Errorf("asking again is for %q, and leads to %q", f.value("act"), f.value("return"))
			}
		}
		s.Clock.Advance(time.Minute) // its codes were used
		page := "/proof?" + url.Values{"act": {"rename:" + id}, "return": {to}, "with": {"totp"}}.Encode()
		all, _ = read(v.Get(page).Body, page)
		for _, f := range all {
			if f.value("with") == "totp" {
				values := f.values()
				values.Set("code", v.who.Code())
				got = v.Do(f.verb, f.action, values)
			}
		}
		got = v.Get(got.Location) // it looks whether more is missing
		if got.Location != to || v.Get(to).Status != http.StatusOK {
			t.Errorf("a code in the place of the phone is answered %v", got)
		}
	})
}
