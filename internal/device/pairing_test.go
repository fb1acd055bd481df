package device_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/approve"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/method/push"
	"countersign/internal/policy"
	"countersign/internal/store"
)

// A pairing from its code to the device that is the default, with what the person is told
// and what ends with it.
func TestAPairing(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		p := e.Guarded(t, "ada@example.com")
		elsewhere := e.Browser("192.0.2.1")
		elsewhere.SignIn(t, p)
		half := e.Browser("192.0.2.2")
		at := half.First(t, p)
		h := p.Desk(t)
		phone := e.Phone(t, "Pixel 9")
		must(t, p.Pair(t, h, phone))
		row := phone.Row(t)
		if row.State != "active" || row.CredentialID == "" || row.UserID != p.ID {
			t.Errorf("the device is %s, of %s", row.State, row.UserID)
		}
		if got := page(t, e, h).State; got != "active" {
			t.Errorf("the page says %s", got)
		}
		user := p.Account(t).User
		if user.DefaultMethod != policy.Push || p.Has(t, method.Push) != 1 {
			t.Errorf("the default is %q, of %d phones", user.DefaultMethod, p.Has(t, method.Push))
		}
		if n := len(e.MailsTo(t, message.MethodAdded, p.Email)); n != 1 || e.Count(t, "device.paired", "Pixel 9") != 1 {
			t.Errorf("%d mails", n)
		}
		_, err := elsewhere.LoadSession()
		want(t, "another session", err, "signed_out")
		_, err = half.Load(at.ID)
		want(t, "a sign-in under way", err, "attempt_over")
		_, err = e.Accounts.Load(ctx(), accounttest.Workspace, p.ID)
		must(t, err)
		want(t, "the session that paired it goes on", e.Devices.Begin(ctx(), h), "ok")
	})
}

// The first factor of somebody brings recovery codes, which wait to be saved.
func TestAPhoneAsTheFirstFactor(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.Set(t, policy.Document{"push.requires": "none"})
		p := e.Person(t, "ada@example.com")
		stranger := p.Desk(t)
		stranger.MayEnrolFirst = false
		want(t, "without a code by mail", e.Devices.Begin(ctx(), stranger), "email_proof_required")
		stale := p.Desk(t)
		stale.Fresh = false
		want(t, "without a fresh proof", e.Devices.Begin(ctx(), stale), "fresh_proof_required")
		p.WithPhone(t, "Pixel 9")
		if n := len(e.MailsTo(t, message.TwoFactorOn, p.Email)); n != 1 {
			t.Errorf("%d mails that it is on", n)
		}
		waits := 0
		for _, c := range p.Credentials(t) {
			if c.Kind == string(method.Recovery) {
				waits++
			}
		}
		if waits != 1 {
			t.Errorf("%d sets of recovery codes, want one", waits)
		}
	})
}

// Recovery codes are a way beside the phone only where the company has them.
func TestCodesThatLetNobodyInAreNoBackup(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		h := e.Person(t, "ada@example.com").WithCodes(t, 10).Desk(t)
		e.Set(t, policy.Document{"methods": []string{"totp", "push", "passkey"}})
		want(t, "where there are none any more", e.Devices.Begin(ctx(), h), "push_needs_backup")
		e.Set(t, policy.Document{"methods": []string{"totp", "push", "passkey", "recovery"}})
		want(t, "where there are", e.Devices.Begin(ctx(), h), "ok")
	})
}

func TestWhatPairingNeeds(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		for _, row := range []struct {
			settings policy.Document
			guarded  bool
			answer   string
		}{
			{policy.Document{"push.requires": "totp"}, false, "push_needs_totp"},
			{policy.Document{"push.requires": "totp"}, true, "ok"},
			{policy.Document{"push.requires": "any_backup"}, false, "push_needs_backup"},
			{policy.Document{"push.requires": "any_backup"}, true, "ok"},
			{policy.Document{"push.requires": "none"}, false, "ok"},
		} {
			e.Set(t, row.settings)
			p := e.Person(t, e.Clock.Now().Format("p150405")+"@example.com")
			if row.guarded {
				p.WithApp(t, "Phone").WithCodes(t, 10)
			}
			want(t, row.answer, e.Devices.Begin(ctx(), p.Desk(t)), row.answer)
			e.Advance(t, time.Second)
		}
	})
}

// Whoever photographed a code and is later has nothing; neither has whoever comes with a
// code of before, or one that never was.
func TestACodeIsUsedOnce(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		p := e.Guarded(t, "ada@example.com")
		h := p.Desk(t)
		old := begin(t, e, h)
		shown := begin(t, e, h)
		want(t, "a code of before", e.Phone(t, "Thief's").Claim(old.Code, ""), "pairing_over")
		want(t, "no code", e.Phone(t, "Thief's").Claim("", ""), "pairing_over")
		want(t, "a code that never was", e.Phone(t, "Thief's").Claim("AAAAAAAAAAAAAAAAAAAAAA", ""), "pairing_over")
		n := e.Node(t)
		counts := accounttest.Race(20, func(i int) error {
			phone := e.Phone(t, "Phone")
			if i%2 == 1 {
				phone = phone.On(n)
			}
			if i%3 == 0 {
				return phone.Claim("", strings.ToLower(shown.Short))
			}
			return phone.Claim(shown.Code, "")
		})
		if counts["ok"] != 1 {
			t.Errorf("twenty claims at once: %v, want one", counts)
		}
		e.Advance(t, 5*time.Minute)
		want(t, "once more", e.Phone(t, "Thief's").Claim(shown.Code, ""), "pairing_over")
	})
}

// Two phones that join by one token at once are one device.
func TestJoiningIsDoneOnce(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		p := e.Guarded(t, "ada@example.com")
		h := p.Desk(t)
		phone := e.Phone(t, "Pixel 9")
		must(t, phone.Claim(begin(t, e, h).Code, ""))
		j := phone.Joining(t)
		counts := accounttest.Race(10, func(int) error {
			_, err := e.Devices.Join(ctx(), accounttest.Workspace, phone.Claimed.Token, j)
			return err
		})
		if counts["ok"] != 1 || counts["pairing_over"] != 9 {
			t.Errorf("%v, want one", counts)
		}
		devices, err := e.Store.Read().ListDevices(ctx(), accounttest.Workspace, p.ID)
		if err != nil || len(devices) != 1 {
			t.Errorf("%d devices, %v", len(devices), err)
		}
	})
}

// Each step may take five minutes and no more.
func TestEachStepEnds(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		const life = 300 * time.Second
		p := e.Guarded(t, "ada@example.com")
		for _, wait := range []time.Duration{life - time.Second, life} {
			answer := "ok"
			if wait == life {
				answer = "pairing_over"
			}
			h := p.Desk(t)
			shown := begin(t, e, h)
			e.Advance(t, wait)
			want(t, "claiming, after "+wait.String(), e.Phone(t, "Pixel 9").Claim(shown.Code, ""), answer)
			_, err := e.Devices.Current(ctx(), h)
			want(t, "its page", err, answer)

			h = p.Desk(t)
			phone := e.Phone(t, "Pixel 9")
			shown = begin(t, e, h)
			e.Advance(t, life-time.Second) // late, and in time
			must(t, phone.Claim(shown.Code, ""))
			if left := time.Unix(phone.Claimed.ExpiresAt, 0).Sub(e.Clock.Now()); left > life || left < life-time.Second {
				t.Errorf("of the time to join the phone is told %s", left)
			}
			e.Advance(t, wait)
			want(t, "joining, after "+wait.String(), phone.Join(phone.Joining(t)), answer)

			h = p.Desk(t)
			phone = joined(t, e, h)
			e.Advance(t, wait)
			want(t, "confirming, after "+wait.String(), e.Devices.Confirm(ctx(), h, phone.Digits(t)), answer)

			h = p.Desk(t)
			phone = joined(t, e, h)
			must(t, e.Devices.Confirm(ctx(), h, phone.Digits(t)))
			e.Advance(t, wait)
			want(t, "asking again, after "+wait.String(), e.Devices.AskAgain(ctx(), h), answer)
			e.Advance(t, 10*time.Minute)
		}
	})
}

// Approving the first question when the pairing is over makes no device active.
func TestTheFirstQuestionEndsWithItsPairing(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		for name, end := range map[string]func(p *accounttest.Person, h account.Holder){
			"cancelled": func(_ *accounttest.Person, h account.Holder) { must(t, e.Devices.Cancel(ctx(), h)) },
			"the session ended": func(_ *accounttest.Person, h account.Holder) {
				e.Write(t, func(tx *store.Tx) error {
					_, err := tx.EndOtherSessions(tx.Ctx, h.Workspace, h.User, "")
					return err
				})
			},
			"another was begun":   func(_ *accounttest.Person, h account.Holder) { must(t, e.Devices.Begin(ctx(), h)) },
			"the password is new": func(p *accounttest.Person, _ account.Holder) { p.ResetByMail(t, "fourteen pears in the attic") },
		} {
			p := e.Guarded(t, strings.ReplaceAll(name, " ", ".")+"@example.com")
			h := p.Desk(t)
			phone := joined(t, e, h)
			must(t, e.Devices.Confirm(ctx(), h, phone.Digits(t)))
			question := page(t, e, h).Request
			end(p, h)
			_, err := phone.Say(question, push.Approve, question.Number)
			if err == nil || phone.Row(t).State == "active" || p.Has(t, method.Push) != 0 {
				t.Errorf("%s: approving says %v, and the device is %s", name, err, phone.Row(t).State)
			}
			e.Advance(t, time.Minute)
		}
	})
}

// A first question that was denied, or mistyped, is asked again.
func TestTheFirstQuestionIsAskedAgain(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		p := e.Guarded(t, "ada@example.com")
		h := p.Desk(t)
		phone := joined(t, e, h)
		must(t, e.Devices.Confirm(ctx(), h, phone.Digits(t)))
		first := page(t, e, h).Request
		state, err := phone.Say(first, push.Approve, "x")
		if err != nil || state != approve.Mismatch {
			t.Errorf("another number: %s, %v", state, err)
		}
		if phone.Row(t).State != "confirmed" {
			t.Errorf("the device is %s", phone.Row(t).State)
		}
		must(t, e.Devices.AskAgain(ctx(), h))
		second := page(t, e, h).Request
		_, err = phone.Say(first, push.Approve, first.Number)
		want(t, "the first one, once more", err, "request_over")
		_, err = phone.Say(second, push.Approve, second.Number)
		want(t, "the second", err, "ok")
		if phone.Row(t).State != "active" {
			t.Errorf("the device is %s", phone.Row(t).State)
		}
		want(t, "asking again when it is active", e.Devices.AskAgain(ctx(), h), "pairing_over")
	})
}

// The first question is not asked without end.
func TestTheFirstQuestionIsNotAskedWithoutEnd(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		p := e.Guarded(t, "ada@example.com")
		h := p.Desk(t)
		phone := joined(t, e, h)
		must(t, e.Devices.Confirm(ctx(), h, phone.Digits(t)))
		answers := map[string]int{}
		for range 20 {
			answers[accounttest.Answer(e.Devices.AskAgain(ctx(), h))]++
		}
		if answers["ok"] != 9 || answers["too_many_pairings"] != 11 {
			t.Errorf("asked twenty times more: %v, want nine", answers)
		}
	})
}

// Who does not want to wait hears how it stands, on both databases.
func TestTheStateWithoutWaiting(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		p := e.Guarded(t, "ada@example.com")
		phone := joined(t, e, p.Desk(t))
		at, cancel := context.WithCancel(ctx())
		cancel() // as a wait of no time is
		state, err := e.Devices.WaitState(at, accounttest.Workspace, phone.Claimed.Token, "joined")
		if err != nil || state != "joined" {
			t.Errorf("a pairing is %q, %v", state, err)
		}
		state, err = e.Devices.WaitState(at, accounttest.Workspace, "par_none.x", "")
		if err != nil || state != "over" {
			t.Errorf("one that there is not is %q, %v", state, err)
		}
	})
}

// Whoever mistypes the first question again and again has nobody's sign-in in their hand:
// it locks no phones.
func TestMistypingTheFirstQuestionLocksNothing(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		p := e.Guarded(t, "ada@example.com")
		h := p.Desk(t)
		phone := joined(t, e, h)
		must(t, e.Devices.Confirm(ctx(), h, phone.Digits(t)))
		for range 4 {
			state, err := phone.Say(page(t, e, h).Request, push.Approve, "x")
			if err != nil || state != approve.Mismatch {
				t.Fatalf("%s, %v", state, err)
			}
			must(t, e.Devices.AskAgain(ctx(), h))
		}
		question := page(t, e, h).Request
		_, err := phone.Say(question, push.Approve, question.Number)
		want(t, "the right number", err, "ok")
		if n := len(e.MailsTo(t, message.PushLocked, p.Email)); n != 0 {
			t.Errorf("%d mails that the phones are locked", n)
		}
		e.Advance(t, time.Minute)
		at := e.Browser("192.0.2.1").First(t, p)
		if at.Phone == nil {
			t.Error("the next sign-in does not ask the phone")
		}
	})
}

// A device that never was a second factor goes without a mail that one is gone.
func TestADeviceThatLeavesItsPairing(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		p := e.Guarded(t, "ada@example.com")
		h := p.Desk(t)
		phone := joined(t, e, h)
		want(t, "removing itself", e.Devices.Remove(ctx(), phone.Row(t), accounttest.PhonePlace()), "ok")
		want(t, "confirming it", e.Devices.Confirm(ctx(), h, phone.Digits(t)), "pairing_over")
		if n := len(e.MailsTo(t, message.MethodRemoved, p.Email)); n != 0 {
			t.Errorf("%d mails that a second factor is gone", n)
		}
		_, err := e.Store.Read().GetSession(ctx(), h.Workspace, h.Session)
		want(t, "the session that paired it", err, "ok")
	})
}

// What others began counts, so that many sessions cannot pair more than the most; what
// this session began itself does not stand in its own way.
func TestBeginningTheLastOneAgain(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		p := e.Guarded(t, "ada@example.com")
		last := p.Desk(t)
		joined(t, e, last)
		for range 9 {
			e.Advance(t, 10*time.Second)
			joined(t, e, p.Desk(t))
		}
		want(t, "one more", e.Devices.Begin(ctx(), p.Desk(t)), "too_many_devices")
		want(t, "the first again", e.Devices.Begin(ctx(), last), "ok")
	})
}
