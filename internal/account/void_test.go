package account_test

import (
	"errors"
	"testing"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/signin"
	"countersign/internal/store"
)

// elsewhere is everything of one person that was started in another browser.
type elsewhere struct {
	browser      *accounttest.Browser
	attempt      signin.Attempt
	proof        countersign.Proof
	reset, email string
}

// begin leaves all of it alive: a session, a known browser, a sign-in half way,
// one that is finished and not redeemed, a reset link, a link to a new address,
// and a mailed code.
func begin(t *testing.T, e *accounttest.Engine, p *accounttest.Person) elsewhere {
	t.Helper()
	o := elsewhere{browser: e.Browser("198.51.100.9")}
	o.browser.SignIn(t, p)
	h := o.browser.Holder(t)
	want(t, "a mailed code", e.Accounts.SendCode(ctx(), h), "ok")
	want(t, "a new address", e.Accounts.AskEmailChange(ctx(), h, "new."+p.Email), "ok")
	o.email = e.Token(t, message.EmailChangeConfirm, "new."+p.Email)
	want(t, "a reset", e.Accounts.Forgot(ctx(), accounttest.Workspace, p.Email, h.Place), "ok")
	o.reset = e.Token(t, message.PasswordReset, p.Email)
	var err error
	o.proof, err = o.browser.AnswerLater(o.browser.First(t, p), method.TOTP, p.NextCode(t))
	want(t, "the code", err, "ok")
	o.attempt = o.browser.First(t, p)
	return o
}

// alive lists what still works.
func (o elsewhere) alive(t *testing.T, e *accounttest.Engine, p *accounttest.Person) []string {
	t.Helper()
	var works []string
	note := func(what string, err error) {
		if err == nil {
			works = append(works, what)
		}
	}
	_, err := o.browser.LoadSession()
	note("session", err)
	_, err = o.browser.Load(o.attempt.ID)
	note("attempt", err)
	if o.browser.Attempt(t, o.browser.Start(t, p.Email)).Known {
		note("browser", nil)
	}
	_, err = e.Accounts.FindLink(ctx(), accounttest.Workspace, account.LinkReset, o.reset)
	note("reset link", err)
	_, err = e.Accounts.FindLink(ctx(), accounttest.Workspace, account.LinkEmail, o.email)
	note("address link", err)
	// The last, for it ends the session that the browser had.
	note("proof", e.Browser("203.0.113.1").Redeem(o.proof))
	return works
}

// A change of password or factor ends all that was started before, in its own
// transaction (security.md 18).
func TestAChangeEndsWhatWasStartedBefore(t *testing.T) {
	changes := []struct {
		sentence string
		do       func(t *testing.T, e *accounttest.Engine, p *accounttest.Person, b *accounttest.Browser)
	}{
		{"the password is changed", func(t *testing.T, e *accounttest.Engine, _ *accounttest.Person, b *accounttest.Browser) {
			_, err := e.Accounts.ChangePassword(ctx(), b.Holder(t), newPassword)
			want(t, "changing", err, "ok")
		}},
		{"the password is reset", func(t *testing.T, _ *accounttest.Engine, p *accounttest.Person, _ *accounttest.Browser) {
			p.ResetByMail(t, newPassword)
		}},
		{"an app is added", func(t *testing.T, e *accounttest.Engine, _ *accounttest.Person, b *accounttest.Browser) {
			h := b.Holder(t)
			want(t, "beginning", e.Enrol.BeginApp(ctx(), h, ""), "ok")
			pending, err := e.Enrol.PendingApp(ctx(), h)
			want(t, "the pending app", err, "ok")
			_, err = e.Enrol.ConfirmApp(ctx(), h, pending.ID, "Tablet", accounttest.Code(e, pending.Secret))
			want(t, "confirming", err, "ok")
		}},
		{"an app is removed", func(t *testing.T, e *accounttest.Engine, p *accounttest.Person, b *accounttest.Browser) {
			old := p.App
			p.WithApp(t, "Tablet")
			_, err := e.Enrol.Remove(ctx(), b.Holder(t), old)
			want(t, "removing", err, "ok")
		}},
		{"the address is changed", func(t *testing.T, e *accounttest.Engine, p *accounttest.Person, b *accounttest.Browser) {
			want(t, "asking", e.Accounts.AskEmailChange(ctx(), b.Holder(t), "other."+p.Email), "ok")
			link := e.Link(t, message.EmailChangeConfirm, "other."+p.Email, account.LinkEmail)
			want(t, "changing", second(e.Accounts.ChangeEmail(ctx(), b.Holder(t), link)), "ok")
		}},
		{"it is turned off", func(t *testing.T, e *accounttest.Engine, _ *accounttest.Person, b *accounttest.Browser) {
			_, err := e.Accounts.TurnOff(ctx(), b.Holder(t))
			want(t, "turning off", err, "ok")
		}},
		{"an administrator resets it", func(t *testing.T, e *accounttest.Engine, p *accounttest.Person, _ *accounttest.Browser) {
			user := p.Account(t).User
			e.Write(t, func(tx *store.Tx) error { return e.Accounts.Reset(tx, user, account.Keep{}) })
		}},
	}
	both(t, func(t *testing.T, e *accounttest.Engine) {
		for i, row := range changes {
			p := e.Guarded(t, string(rune('a'+i))+"@example.com")
			o := begin(t, e, p)
			b := e.Browser("192.0.2.1")
			b.SignIn(t, p)
			row.do(t, e, p, b)
			if works := o.alive(t, e, p); len(works) > 0 {
				t.Errorf("when %s, these still work elsewhere: %v", row.sentence, works)
			}
		}
	})
}

// Nothing ends when the change does not happen: the two are one transaction.
func TestAChangeThatFailsEndsNothing(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		p := e.Guarded(t, "ada@example.com")
		o := begin(t, e, p)
		user := p.Account(t).User
		err := e.Store.Write(ctx(), func(tx *store.Tx) error {
			err := e.Accounts.Reset(tx, user, account.Keep{})
			return errors.Join(err, errors.New("the disk is full"))
		})
		if err == nil {
			t.Fatal("no error")
		}
		if works := o.alive(t, e, p); len(works) != 6 {
			t.Errorf("only these still work: %v", works)
		}
		if p.Has(t, method.TOTP) != 1 || p.Has(t, method.Recovery) != 1 {
			t.Error("credentials are gone")
		}
	})
}

// A session that ended while its request was under way leaves nothing behind.
func TestAnEndedSessionChangesNothing(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("198.51.100.9")
		b.SignIn(t, ada)
		h := b.Holder(t)
		want(t, "beginning", e.Enrol.BeginApp(ctx(), h, ""), "ok")
		pending, err := e.Enrol.PendingApp(ctx(), h)
		want(t, "the pending app", err, "ok")
		_, err = e.Enrol.NewCodes(ctx(), h)
		want(t, "new codes", err, "ok")
		codes, err := e.Enrol.WaitingCodes(ctx(), h)
		want(t, "the waiting codes", err, "ok")
		ada.ResetByMail(t, newPassword)
		before := len(e.Events(t))
		for act, err := range map[string]error{
			"a new password":   second(e.Accounts.ChangePassword(ctx(), h, newPassword+"x")),
			"a new address":    e.Accounts.AskEmailChange(ctx(), h, "thief@example.net"),
			"a mailed code":    e.Accounts.SendCode(ctx(), h),
			"checking a code":  second(e.Accounts.CheckCode(ctx(), h, "123456")),
			"turning off":      second(e.Accounts.TurnOff(ctx(), h)),
			"beginning an app": e.Enrol.BeginApp(ctx(), h, ""),
			"confirming":       second(e.Enrol.ConfirmApp(ctx(), h, pending.ID, "Mine", accounttest.Code(e, pending.Secret))),
			"new codes":        second(e.Enrol.NewCodes(ctx(), h)),
			"saving codes":     e.Enrol.SaveCodes(ctx(), h, codes.ID, true),
			"renaming":         e.Enrol.Rename(ctx(), h, ada.App, "Mine"),
			"removing":         second(e.Enrol.Remove(ctx(), h, ada.App)),
			"the default":      e.Enrol.MakeDefault(ctx(), h, ada.App),
		} {
			want(t, act, err, "signed_out")
		}
		if n := len(e.Events(t)); n != before {
			t.Errorf("%d events of what never happened", n-before)
		}
		if mails := e.MailsTo(t, message.EmailChangeConfirm, "thief@example.net"); len(mails) != 0 {
			t.Error("a link went to the thief's address")
		}
	})
}

// A session with one factor of two changes nothing, whatever it says of itself.
func TestAHalfSessionChangesNothing(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Person(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		ada.WithApp(t, "Phone")
		h := b.Holder(t)
		want(t, "an address", e.Accounts.AskEmailChange(ctx(), h, "thief@example.net"), "fresh_proof_required")
		want(t, "a mailed code", e.Accounts.SendCode(ctx(), h), "second_factor_required")
		want(t, "checking a code", second(e.Accounts.CheckCode(ctx(), h, "123456")), "second_factor_required")
		want(t, "saving codes", e.Enrol.SaveCodes(ctx(), h, "crd_x", true), "second_factor_required")
	})
}

func second[T any](_ T, err error) error { return err }
