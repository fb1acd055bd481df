package account_test

import (
	"testing"
	"time"

	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/store"
)

func TestTurningOffByAFreshProof(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b, phone := e.Browser("192.0.2.1"), e.Browser("192.0.2.3")
		phone.SignIn(t, ada)
		b.SignIn(t, ada)
		e.Advance(t, 10*time.Minute)
		_, err := e.Accounts.TurnOff(ctx(), b.Holder(t))
		want(t, "without a fresh proof", err, "fresh_proof_required")
		want(t, "proving", b.Prove(t, method.TOTP, ada.Code()), "ok")
		h := b.Holder(t)
		token, err := e.Accounts.TurnOff(ctx(), h)
		want(t, "turning off", err, "ok")
		if token == "" || len(ada.Credentials(t)) != 0 {
			t.Errorf("token %q, credentials left: %d", token, len(ada.Credentials(t)))
		}
		_, err = b.LoadSession()
		want(t, "the session under its old token", err, "signed_out")
		b.SetToken(token)
		_, err = e.Accounts.TurnOff(ctx(), h)
		want(t, "turning off what is off", err, "no_second_factor")
		_, err = phone.LoadSession()
		want(t, "the other session", err, "signed_out")
		if c := b.Session(t); c.Level != policy.LevelFull {
			t.Errorf("the session's level is %v", c.Level)
		}
		if n := len(e.MailsTo(t, message.TwoFactorOff, ada.Email)); n != 1 {
			t.Errorf("%d mails, want 1", n)
		}
		if at := e.Browser("192.0.2.1").First(t, ada); at.Step != policy.StepDone {
			t.Errorf("the next sign-in asks for %s", at.Step)
		}
	})
}

func TestTurningOffIsImpossibleWhileRequired(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		e.Set(t, policy.Document{"require_second_factor": "required"})
		_, err := e.Accounts.TurnOff(ctx(), b.Holder(t))
		want(t, "required by the workspace", err, "required_by_workspace")
		e.Set(t, policy.Document{"require_second_factor": "required from 2026-11-22"})
		e.Write(t, func(tx *store.Tx) error {
			_, err := tx.SetUserRequirement(tx.Ctx, "required", accounttest.Workspace, ada.ID)
			return err
		})
		_, err = e.Accounts.TurnOff(ctx(), b.Holder(t))
		want(t, "required of this person", err, "required_by_user")
		if ada.Has(t, method.TOTP) != 1 {
			t.Error("the app is gone")
		}
	})
}

func TestTurningOffByMail(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.Set(t, policy.Document{"turn_off": "email"})
		ada, eve := e.Guarded(t, "ada@example.com"), e.Guarded(t, "eve@example.com")
		b, hers := e.Browser("192.0.2.1"), e.Browser("198.51.100.9")
		b.SignIn(t, ada)
		hers.SignIn(t, eve)
		ask := func() string {
			e.Advance(t, 5*time.Minute)
			want(t, "proving", b.Prove(t, method.TOTP, ada.Code()), "ok")
			token, err := e.Accounts.TurnOff(ctx(), b.Holder(t))
			if err != nil || token != "" {
				t.Fatalf("asking: token %q, %v", token, err)
			}
			return e.Token(t, message.TurnOffConfirm, ada.Email)
		}
		still := func(sentence string) {
			t.Helper()
			if ada.Has(t, method.TOTP) != 1 {
				t.Fatalf("%s: it is off", sentence)
			}
		}
		find := func(token string) error {
			_, err := e.Accounts.FindLink(ctx(), accounttest.Workspace, account.LinkTurnOff, token)
			return err
		}
		token := ask()
		still("after asking")
		want(t, "opening the link", find(token), "ok")
		still("after opening the link")
		link := e.Link(t, message.TurnOffConfirm, ada.Email, account.LinkTurnOff)
		want(t, "in somebody else's session", second(e.Accounts.FinishTurnOff(ctx(), hers.Holder(t), link)), "link_other_account")
		still("somebody else's session")

		h := b.Holder(t)
		h.HadSecond = false
		want(t, "in a session without a second factor", second(e.Accounts.FinishTurnOff(ctx(), h, link)), "second_factor_required")
		h = b.Holder(t)
		h.Level = policy.LevelEnrol
		want(t, "in a session that is not full", second(e.Accounts.FinishTurnOff(ctx(), h, link)), "second_factor_required")

		token = ask()
		want(t, "the older of two", second(e.Accounts.FinishTurnOff(ctx(), b.Holder(t), link)), "link_used")
		link = e.Link(t, message.TurnOffConfirm, ada.Email, account.LinkTurnOff)
		e.Advance(t, 30*time.Minute)
		want(t, "opening it after half an hour", find(token), "link_expired")
		want(t, "the button after half an hour", second(e.Accounts.FinishTurnOff(ctx(), b.Holder(t), link)), "link_expired")
		still("an expired link")

		ask()
		link = e.Link(t, message.TurnOffConfirm, ada.Email, account.LinkTurnOff)
		e.Set(t, policy.Document{"require_second_factor": "required"})
		want(t, "once it is required", second(e.Accounts.FinishTurnOff(ctx(), b.Holder(t), link)), "required_by_workspace")
		still("required")
		e.Set(t, policy.Document{"require_second_factor": "optional"})

		final := b.Holder(t)
		all := nodes(t, e)
		counts := race(50, func(i int) error { return second(all[i%2].Accounts.FinishTurnOff(ctx(), final, link)) })
		if counts["ok"] != 1 || counts["link_used"] != 49 {
			t.Errorf("%v, want one ok", counts)
		}
		if len(ada.Credentials(t)) != 0 || eve.Has(t, method.TOTP) != 1 {
			t.Error("ada's is not off, or eve's is")
		}
		if e.Count(t, "two_factor.off", "") != 1 || e.Count(t, "two_factor.off_asked", "") != 3 {
			t.Error("events are missing")
		}
	})
}
