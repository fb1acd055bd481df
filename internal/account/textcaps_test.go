package account_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// askText sends a text to a person for a sign-in of its own, as signin does.
func askText(e *accounttest.Engine, p *accounttest.Person, number rows.Credential, a account.Account, attempt string, known bool) error {
	return e.Accounts.WriteFor(ctx(), p.ID, func(tx *store.Tx) error {
		return e.Accounts.SendText(tx, account.TextAsk{Account: a, Credential: number, Known: known, Attempt: countersign.AttemptID("att_" + attempt)})
	})
}

func numbered(t *testing.T, e *accounttest.Engine, i int, number string) (*accounttest.Person, rows.Credential, account.Account) {
	t.Helper()
	p := e.Person(t, fmt.Sprintf("person-%d@example.com", i)).WithNumber(t, number)
	list, err := e.Store.Read().ListCredentials(ctx(), accounttest.Workspace, p.ID)
	if err != nil || len(list) != 1 || list[0].Kind != string(method.SMS) {
		t.Fatalf("%v, %d credentials", err, len(list))
	}
	return p, list[0], p.Account(t)
}

// Each cap lets as many through as it says, on two nodes at once, and no more; what is
// refused takes nothing from the wider ones.
func TestCapsOfTexts(t *testing.T) {
	for name, row := range map[string]struct {
		settings policy.Document
		number   func(i int) string // of the i-th person
		people   int
		most     int
		code     string
		told     string
	}{
		"a block of numbers": {policy.Document{"sms.per_hour": 40}, func(i int) string { return fmt.Sprintf("+491512345%04d", i) }, 24, 10, "texts_capped", "+49 151…"},
		"a country":          {policy.Document{"sms.per_hour": 9}, func(i int) string { return fmt.Sprintf("+49151%03d56789", 100+i) }, 24, 9, "texts_capped", "DE"},
		"the workspace":      {policy.Document{"sms.per_day": 7}, func(i int) string { return fmt.Sprintf("+49151%03d56789", 100+i) }, 24, 7, "texts_capped", "Countersign"},
		"one number":         {policy.Document{}, func(int) string { return "+4915123456789" }, 24, 10, "too_many_texts", ""},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, e *accounttest.Engine) {
				e.AllowTexts(t, "DE", "US")
				e.Set(t, row.settings)
				e.Owner(t, "owner@example.com")
				var all []func(node *accounttest.Engine) error
				for i := range row.people {
					p, number, a := numbered(t, e, i, row.number(i))
					all = append(all, func(node *accounttest.Engine) error { return askText(node, p, number, a, fmt.Sprint(i), false) })
				}
				both := nodes(t, e)
				counts := race(len(all), func(i int) error { return all[i](both[i%2]) })
				if counts["ok"] != row.most || counts[row.code] != row.people-row.most {
					t.Fatalf("%v, want %d and the rest %s", counts, row.most, row.code)
				}
				mails := e.MailsTo(t, message.TextsCapped, "owner@example.com")
				if row.told == "" {
					if len(mails) != 0 {
						t.Errorf("the owner is told of one person's affair")
					}
					return
				}
				if len(mails) != 1 || !strings.Contains(mails[0].Text, row.told) || strings.Contains(mails[0].Text, "0000") {
					t.Fatalf("the owner is told %+v", mails)
				}
				if n := e.Count(t, "texts.capped", ""); n != 1 {
					t.Errorf("%d events tell of it", n)
				}
				for _, event := range e.Events(t) {
					if event.Kind != "texts.capped" {
						continue
					}
					if event.Target != row.told || strings.Contains(mails[0].Text+mails[0].HTML+event.Target+event.Detail, "512345") {
						t.Errorf("more of a number than its beginning is told: %+v, %s", event, mails[0].Text)
					}
				}
				// Whoever is elsewhere gets theirs, but for a cap of the whole workspace.
				p, number, a := numbered(t, e, 99, "+12015550123")
				want(t, "another country", askText(e, p, number, a, "us", false), map[bool]string{true: "texts_capped", false: "ok"}[name == "the workspace"])
				e.Advance(t, 25*time.Hour)
				want(t, "when the time is over", all[0](e), "ok")
			})
		})
	}
}

// What an account may have is counted apart for browsers that signed in before.
func TestTheCapOfAnAccount(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.AllowTexts(t, "DE")
		p, number, a := numbered(t, e, 1, "+4915123456789")
		for i := range 5 {
			want(t, "a stranger", askText(e, p, number, a, fmt.Sprint(i), false), "ok")
		}
		want(t, "the sixth", askText(e, p, number, a, "6", false), "too_many_texts")
		want(t, "at home", askText(e, p, number, a, "7", true), "ok")
		e.Advance(t, 15*time.Minute)
		want(t, "a stranger a quarter of an hour later", askText(e, p, number, a, "8", false), "ok")
	})
}

// A right code is taken once, whoever sends it how often, on two nodes.
func TestATextedCodeCountsOnce(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.AllowTexts(t, "DE")
		p, number, a := numbered(t, e, 1, "+4915123456789")
		want(t, "a text", askText(e, p, number, a, "1", false), "ok")
		code := e.TextedCode(t, "+4915123456789")
		all := nodes(t, e)
		var mu sync.Mutex
		accepted := 0
		counts := race(30, func(i int) error {
			_, err := all[i%2].Accounts.Answer(ctx(), account.Answer{
				Account: a, Kind: method.SMS, Proof: code, Attempt: "att_1",
				Accept: func(tx *store.Tx, _ account.Proven) error {
					tx.After(func() { mu.Lock(); accepted++; mu.Unlock() })
					return nil
				},
			})
			return err
		})
		if counts["ok"] != 1 || accepted != 1 {
			t.Errorf("%v, accepted %d times", counts, accepted)
		}
		_, err := e.Accounts.Answer(ctx(), account.Answer{Account: a, Kind: method.SMS, Proof: code, Session: "ses_1", Accept: func(*store.Tx, account.Proven) error { return nil }})
		if err == nil {
			t.Error("the code of a sign-in is a proof of a session")
		}
	})
}
