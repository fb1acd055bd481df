package account_test

import (
	"testing"
	"time"

	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/message"
)

// other returns a code of six digits that is not this one.
func other(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

func TestAMailedCodeWorksOnceAndStepsUp(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Person(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		h := b.Holder(t)
		if h.MayEnrolFirst {
			t.Error("a browser that is new needs no mailed code")
		}
		want(t, "sending", e.Accounts.SendCode(ctx(), h), "ok")
		until, err := e.Accounts.CodeSent(ctx(), h)
		if err != nil || !until.Equal(e.Clock.Now().Add(15*time.Minute).Truncate(time.Millisecond)) {
			t.Errorf("works until %v, %v", until, err)
		}
		right, old := e.MailedCode(t, ada.Email), b.Token()
		all := nodes(t, e)
		tokens := make([]string, 100)
		counts := race(len(tokens), func(i int) error {
			token, err := all[i%2].Accounts.CheckCode(ctx(), h, right[:3]+" "+right[3:])
			tokens[i] = token
			return err
		})
		if counts["ok"] != 1 || counts["email_code_over"] != 99 {
			t.Fatalf("%v, want one ok", counts)
		}
		_, err = b.LoadSession()
		want(t, "the session under its old token", err, "signed_out")
		for _, token := range tokens {
			if token != "" && token != old {
				b.SetToken(token)
			}
		}
		if h := b.Holder(t); !h.MayEnrolFirst {
			t.Error("the code does not count")
		}
		if ada.Account(t).User.EmailVerifiedAt == 0 {
			t.Error("the address is not verified")
		}
		e.Advance(t, 10*time.Minute)
		if h := b.Holder(t); h.MayEnrolFirst {
			t.Error("the code still counts after ten minutes")
		}
	})
}

func TestAMailedCodeIsRefused(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		check := func(h account.Holder, typed string) error {
			_, err := e.Accounts.CheckCode(ctx(), h, typed)
			return err
		}
		for i, row := range []struct {
			sentence, answer string
			try              func(ada *accounttest.Person, b *accounttest.Browser, h account.Holder, right string) error
		}{
			{"that is wrong", "email_code_wrong", func(_ *accounttest.Person, _ *accounttest.Browser, h account.Holder, right string) error {
				return check(h, other(right))
			}},
			{"that is too short, and costs no try", "email_code_malformed", func(_ *accounttest.Person, _ *accounttest.Browser, h account.Holder, right string) error {
				for range 10 {
					_ = check(h, right[:5])
				}
				return check(h, right[:5])
			}},
			{"after five wrong ones", "email_code_over", func(_ *accounttest.Person, _ *accounttest.Browser, h account.Holder, right string) error {
				for range 5 {
					want(t, "a wrong one", check(h, other(right)), "email_code_wrong")
				}
				return check(h, right)
			}},
			{"after four wrong ones", "ok", func(_ *accounttest.Person, _ *accounttest.Browser, h account.Holder, right string) error {
				for range 4 {
					want(t, "a wrong one", check(h, other(right)), "email_code_wrong")
				}
				return check(h, right)
			}},
			{"after fifty wrong ones at once", "email_code_over", func(_ *accounttest.Person, _ *accounttest.Browser, h account.Holder, right string) error {
				counts := race(50, func(int) error { return check(h, other(right)) })
				if counts["email_code_wrong"] != 5 {
					t.Errorf("%v, want five evaluated", counts)
				}
				return check(h, right)
			}},
			{"after fifteen minutes", "email_code_over", func(_ *accounttest.Person, _ *accounttest.Browser, h account.Holder, right string) error {
				e.Advance(t, 15*time.Minute)
				return check(h, right)
			}},
			{"once a newer one was sent", "email_code_wrong", func(ada *accounttest.Person, _ *accounttest.Browser, h account.Holder, right string) error {
				e.Advance(t, time.Second)
				want(t, "sending again", e.Accounts.SendCode(ctx(), h), "ok")
				if e.MailedCode(t, ada.Email) == right {
					return e.Accounts.SendCode(ctx(), h) // one in a million
				}
				return check(h, right)
			}},
			{"in another session of the same person", "email_code_over", func(ada *accounttest.Person, _ *accounttest.Browser, _ account.Holder, right string) error {
				two := e.Browser("192.0.2.2")
				two.SignIn(t, ada)
				return check(two.Holder(t), right)
			}},
			{"once the password was reset", "signed_out", func(ada *accounttest.Person, _ *accounttest.Browser, h account.Holder, right string) error {
				ada.ResetByMail(t, newPassword)
				return check(h, right)
			}},
			{"once the address was changed", "email_code_over", func(ada *accounttest.Person, b *accounttest.Browser, _ account.Holder, _ string) error {
				e.Advance(t, 25*time.Hour) // until the browser vouches
				b.SignIn(t, ada)
				h := b.Holder(t)
				want(t, "sending", e.Accounts.SendCode(ctx(), h), "ok")
				right := e.MailedCode(t, ada.Email)
				want(t, "asking", e.Accounts.AskEmailChange(ctx(), h, "new."+ada.Email), "ok")
				link := e.Link(t, message.EmailChangeConfirm, "new."+ada.Email, account.LinkEmail)
				want(t, "changing", second(e.Accounts.ChangeEmail(ctx(), h, link)), "ok")
				return check(h, right)
			}},
		} {
			ada := e.Person(t, string(rune('a'+i))+"@example.com")
			b := e.Browser("192.0.2.1")
			b.SignIn(t, ada)
			h := b.Holder(t)
			want(t, "sending", e.Accounts.SendCode(ctx(), h), "ok")
			want(t, "a code "+row.sentence, row.try(ada, b, h, e.MailedCode(t, ada.Email)), row.answer)
		}
	})
}

func TestAMailboxIsNotFilledWithCodes(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Person(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		h := b.Holder(t)
		counts := race(30, func(int) error { return e.Accounts.SendCode(ctx(), h) })
		if counts["ok"] != 4 || counts["too_many_mails"] != 26 {
			t.Errorf("%v, want four", counts)
		}
		e.Advance(t, 5*time.Minute)
		want(t, "five minutes later", e.Accounts.SendCode(ctx(), h), "ok")
		want(t, "and at once again", e.Accounts.SendCode(ctx(), h), "too_many_mails")
	})
}
