package account_test

import (
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/message"
	"countersign/internal/policy"
	"countersign/internal/store/rows"
)

func TestChangingTheAddress(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		e.Person(t, "taken@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		h := b.Holder(t)
		want(t, "the same address in another spelling", e.Accounts.AskEmailChange(ctx(), h, "ADA@Example.com"), "email_same")
		want(t, "no address", e.Accounts.AskEmailChange(ctx(), h, "ada"), "email_malformed")
		want(t, "an address with a name", e.Accounts.AskEmailChange(ctx(), h, "Ada <ada2@example.com>"), "email_malformed")
		want(t, "an address that somebody has", e.Accounts.AskEmailChange(ctx(), h, "taken@example.com"), "ok")
		want(t, "a free address", e.Accounts.AskEmailChange(ctx(), h, "ada@example.org"), "ok")
		if n := len(e.MailsTo(t, message.EmailChangeConfirm, "taken@example.com")); n != 0 {
			t.Errorf("%d mails to somebody else's address", n)
		}
		if ada.Account(t).User.Email != "ada@example.com" {
			t.Error("the address changed before it was confirmed")
		}
		want(t, "a reset, asked at the old address", e.Accounts.Forgot(ctx(), accounttest.Workspace, ada.Email, b.Place()), "ok")
		old := e.Token(t, message.PasswordReset, ada.Email)

		link := e.Link(t, message.EmailChangeConfirm, "ada@example.org", account.LinkEmail)
		all := nodes(t, e)
		tokens := make([]string, 50)
		counts := race(len(tokens), func(i int) error {
			token, err := all[i%2].Accounts.ChangeEmail(ctx(), h, link)
			if err == nil {
				tokens[i] = token
			}
			return err
		})
		if counts["ok"] != 1 || counts["link_used"] != 49 {
			t.Fatalf("%v, want one ok", counts)
		}
		_, err := b.LoadSession()
		want(t, "the session under its old token", err, "signed_out")
		b.SetToken(strings.Join(tokens, ""))
		for _, to := range []string{"ada@example.com", "ada@example.org"} {
			if n := len(e.MailsTo(t, message.EmailChanged, to)); n != 1 {
				t.Errorf("%d mails to %s tell of it, want 1", n, to)
			}
		}
		_, err = e.Accounts.FindLink(ctx(), accounttest.Workspace, account.LinkReset, old)
		want(t, "the reset link in the old mailbox", err, "link_used")
		want(t, "signing in with the old address", b.TryPassword(t, ada.Email, ada.Password), "wrong_credentials")
		ada.Email = "ada@example.org"
		want(t, "signing in with the new one", b.TryPassword(t, ada.Email, ada.Password), "ok")
		b.Session(t)
	})
}

func TestTheAddressDoesNotChange(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		for i, row := range []struct {
			sentence, answer string
			try              func(p *accounttest.Person, h account.Holder, to string) error
		}{
			{"without a fresh proof", "fresh_proof_required", func(_ *accounttest.Person, h account.Holder, to string) error {
				h.Fresh = false
				return e.Accounts.AskEmailChange(ctx(), h, to)
			}},
			{"when the link is half an hour old", "link_expired", func(_ *accounttest.Person, h account.Holder, to string) error {
				want(t, "asking", e.Accounts.AskEmailChange(ctx(), h, to), "ok")
				link := e.Link(t, message.EmailChangeConfirm, to, account.LinkEmail)
				e.Advance(t, 30*time.Minute)
				return second(e.Accounts.ChangeEmail(ctx(), h, link))
			}},
			{"when somebody took the address meanwhile", "email_taken", func(_ *accounttest.Person, h account.Holder, to string) error {
				want(t, "asking", e.Accounts.AskEmailChange(ctx(), h, to), "ok")
				link := e.Link(t, message.EmailChangeConfirm, to, account.LinkEmail)
				e.Person(t, to)
				return second(e.Accounts.ChangeEmail(ctx(), h, link))
			}},
			{"when the password was reset meanwhile", "link_used", func(p *accounttest.Person, h account.Holder, to string) error {
				want(t, "asking", e.Accounts.AskEmailChange(ctx(), h, to), "ok")
				token := e.Token(t, message.EmailChangeConfirm, to)
				p.ResetByMail(t, newPassword)
				_, err := e.Accounts.FindLink(ctx(), accounttest.Workspace, account.LinkEmail, token)
				return err
			}},
			{"for somebody who was disabled meanwhile", "signed_out", func(p *accounttest.Person, h account.Holder, to string) error {
				want(t, "asking", e.Accounts.AskEmailChange(ctx(), h, to), "ok")
				link := e.Link(t, message.EmailChangeConfirm, to, account.LinkEmail)
				p.Set(t, countersign.Disabled)
				return second(e.Accounts.ChangeEmail(ctx(), h, link))
			}},
			{"in a session that ended", "signed_out", func(p *accounttest.Person, h account.Holder, to string) error {
				p.ResetByMail(t, newPassword)
				return e.Accounts.AskEmailChange(ctx(), h, to)
			}},
		} {
			p := e.Guarded(t, string(rune('a'+i))+"@example.com")
			b := e.Browser("192.0.2.1")
			b.SignIn(t, p)
			to := p.Email[:1] + "@example.org"
			want(t, row.sentence, row.try(p, b.Holder(t), to), row.answer)
			if got := p.Account(t).User.Email; got != p.Email {
				t.Errorf("%s: the address is %s", row.sentence, got)
			}
		}
	})
}

// Whoever stole a password, of an account without a second factor, does not get
// from there to a phone of his own by making the mailbox his own first.
func TestAStolenPasswordDoesNotTakeTheMailbox(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Person(t, "ada@example.com")
		home, thief := e.Browser("192.0.2.1"), e.Browser("198.51.100.9")
		home.SignIn(t, ada)
		e.Advance(t, 25*time.Hour)
		thief.SignIn(t, ada)
		want(t, "the thief", e.Accounts.AskEmailChange(ctx(), thief.Holder(t), "thief@example.net"), "email_proof_required")
		home.SignIn(t, ada)
		want(t, "the owner", e.Accounts.AskEmailChange(ctx(), home.Holder(t), "ada@example.org"), "ok")
	})
}

// A mistyped address must not hand the account to whoever reads mail there.
func TestTheLinkAloneChangesNoAddress(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada, eve := e.Guarded(t, "ada@example.com"), e.Guarded(t, "eve@example.com")
		b, other := e.Browser("192.0.2.1"), e.Browser("192.0.2.2")
		b.SignIn(t, ada)
		other.SignIn(t, eve)
		want(t, "asking", e.Accounts.AskEmailChange(ctx(), b.Holder(t), "ada@example.org"), "ok")
		link := e.Link(t, message.EmailChangeConfirm, "ada@example.org", account.LinkEmail)
		want(t, "somebody else's session", second(e.Accounts.ChangeEmail(ctx(), other.Holder(t), link)), "link_other_account")
		want(t, "no session", second(e.Accounts.ChangeEmail(ctx(), account.Holder{Workspace: accounttest.Workspace}, link)), "link_other_account")
		half := b.Holder(t)
		half.Level = policy.LevelFirst
		want(t, "half a session", second(e.Accounts.ChangeEmail(ctx(), half, link)), "second_factor_required")
		want(t, "the person's own", second(e.Accounts.ChangeEmail(ctx(), b.Holder(t), link)), "ok")
	})
}

// Whoever asks for an address that nobody has reads a row too, somebody else's: the
// time must not tell. That row is nobody's answer.
func TestLookingAnAddressUp(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		lookUp := func(address string) (rows.User, bool) {
			u, found, err := e.Accounts.LookUp(ctx(), accounttest.Workspace, address)
			want(t, address, err, "ok")
			return u, found
		}
		if _, found := lookUp("ada@example.com"); found {
			t.Error("somebody was found where nobody is")
		}
		ada, mia := e.Person(t, "ada@example.com"), e.Person(t, "mia@example.com")
		for address, id := range map[string]countersign.UserID{
			"ada@example.com": ada.ID, " ADA@Example.COM ": ada.ID, "mia@example.com": mia.ID,
			"aaa@example.com": "", "ada@example.co": "", "eve@example.com": "", "zoe@example.com": "", "": "",
		} {
			u, found := lookUp(address)
			if u.ID != id || found != (id != "") {
				t.Errorf("%q is %q (found: %v), want %q", address, u.ID, found, id)
			}
			read, err := e.Store.Read().NearestUser(ctx(), accounttest.Workspace, account.EmailKey(address))
			if err != nil || read.ID == "" {
				t.Errorf("%q: no row was read (%v)", address, err)
			}
		}
		_, found, err := e.Accounts.LookUp(ctx(), "wsp_other", "ada@example.com")
		if found || err != nil {
			t.Errorf("in another workspace: found %v, %v", found, err)
		}
	})
}
