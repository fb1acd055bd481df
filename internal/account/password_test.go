package account_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/limit"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/password"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

const newPassword = "fourteen pears in the attic"

// A reset never skips the second factor and gives no session (security.md 20).
func TestAPasswordReset(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b, phone := e.Browser("192.0.2.1"), e.Browser("192.0.2.3")
		b.SignIn(t, ada)
		phone.SignIn(t, ada)
		half := phone.First(t, ada)
		want(t, "asking", e.Accounts.Forgot(ctx(), accounttest.Workspace, "ADA@example.com", b.Place()), "ok")
		link := e.Link(t, message.PasswordReset, ada.Email, account.LinkReset)
		want(t, "too short a password", e.Accounts.ResetPassword(ctx(), link, "short", b.Place()), "password_too_short")
		want(t, "a password made of the address", e.Accounts.ResetPassword(ctx(), link, "ada@example.com", b.Place()), "password_guessable")
		all := nodes(t, e)
		counts := race(100, func(i int) error { return all[i%2].Accounts.ResetPassword(ctx(), link, newPassword, b.Place()) })
		if counts["ok"] != 1 || counts["link_used"] != 99 {
			t.Fatalf("%v, want one ok", counts)
		}
		for name, browser := range map[string]*accounttest.Browser{"the browser that asked": b, "another": phone} {
			_, err := browser.LoadSession()
			want(t, "the session of "+name, err, "signed_out")
			if at := browser.Attempt(t, browser.Start(t, ada.Email)); at.Known {
				t.Errorf("%s is still known", name)
			}
		}
		want(t, "a sign-in that was half way", phone.Second(half, method.TOTP, ada.NextCode(t)), "step_over")
		want(t, "the old password", b.TryPassword(t, ada.Email, ada.Password), "wrong_credentials")
		ada.Password = newPassword
		at := b.First(t, ada)
		if at.Step != policy.StepSecond {
			t.Errorf("after the reset the step is %s, want second", at.Step)
		}
		if n := len(e.MailsTo(t, message.PasswordChanged, ada.Email)); n != 1 {
			t.Errorf("%d mails tell of it, want 1", n)
		}
		if e.Count(t, "password.reset", "") != 1 || e.Count(t, "password.reset_asked", "") != 1 {
			t.Error("events are missing")
		}
		_, err := e.Accounts.FindLink(ctx(), accounttest.Workspace, account.LinkReset, e.Token(t, message.PasswordReset, ada.Email))
		want(t, "the used link", err, "link_used")
	})
}

func TestAResetLink(t *testing.T) {
	find := func(e *accounttest.Engine, kind account.LinkKind, token string) error {
		_, err := e.Accounts.FindLink(ctx(), accounttest.Workspace, kind, token)
		return err
	}
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Person(t, "ada@example.com")
		place := countersign.Place{IP: "192.0.2.1"}
		ask := func(email string) {
			want(t, "asking for "+email, e.Accounts.Forgot(ctx(), accounttest.Workspace, email, place), "ok")
		}
		ask(ada.Email)
		first := e.Token(t, message.PasswordReset, ada.Email)
		e.Advance(t, time.Minute)
		ask(ada.Email)
		second := e.Token(t, message.PasswordReset, ada.Email)
		want(t, "the older of two", find(e, account.LinkReset, first), "link_used")
		want(t, "the newer of two", find(e, account.LinkReset, second), "ok")
		want(t, "as a link of another kind", find(e, account.LinkTurnOff, second), "link_unknown")
		want(t, "a made-up link", find(e, account.LinkReset, "made-up"+second[7:]), "link_unknown")
		want(t, "no link", find(e, account.LinkReset, ""), "link_unknown")
		link := e.Link(t, message.PasswordReset, ada.Email, account.LinkReset)
		_, err := e.Accounts.FindLink(ctx(), "wsp_other", account.LinkReset, second)
		want(t, "in another workspace", err, "link_unknown")
		e.Advance(t, 30*time.Minute)
		want(t, "after half an hour", find(e, account.LinkReset, second), "link_expired")
		want(t, "after half an hour, from a page of before", e.Accounts.ResetPassword(ctx(), link, newPassword, place), "link_expired")

		ask(ada.Email)
		link = e.Link(t, message.PasswordReset, ada.Email, account.LinkReset)
		ada.Set(t, countersign.Disabled)
		want(t, "of somebody who is disabled", e.Accounts.ResetPassword(ctx(), link, newPassword, place), "link_expired")
		e.Advance(t, time.Hour)
		before := len(e.Mails(t))
		ask(ada.Email)
		ask("nobody@example.com")
		if n := len(e.Mails(t)) - before; n != 0 {
			t.Errorf("%d mails to nobody and to somebody who is disabled", n)
		}
		want(t, "what is no address", e.Accounts.Forgot(ctx(), accounttest.Workspace, "nobody", place), "email_malformed")
	})
}

// What a request for a reset writes is the same for an address that has an
// account and one that has none.
func TestForgotWritesAsMuchForNobody(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.Person(t, "ada@example.com")
		place := countersign.Place{IP: "192.0.2.1"}
		for _, email := range []string{"ada@example.com", "nobody@example.com"} {
			before := len(e.Events(t))
			want(t, email, e.Accounts.Forgot(ctx(), accounttest.Workspace, email, place), "ok")
			if n := len(e.Events(t)) - before; n != 1 {
				t.Errorf("%s: %d events, want 1", email, n)
			}
		}
		// A mailbox is not filled: three mails, then one in five minutes.
		e.Advance(t, time.Hour)
		for range 10 {
			want(t, "again and again", e.Accounts.Forgot(ctx(), accounttest.Workspace, "ada@example.com", place), "ok")
		}
		if n := len(e.MailsTo(t, message.PasswordReset, "ada@example.com")); n != 1+3 {
			t.Errorf("%d mails, want 4", n)
		}
		counts := race(40, func(int) error {
			return e.Accounts.Forgot(ctx(), accounttest.Workspace, "other@example.com", countersign.Place{IP: "2001:db8::7"})
		})
		if counts["ok"] != 20 {
			t.Errorf("%v from one network, want 20", counts)
		}
	})
}

// What is written for nobody lies apart from what was before: voiding older links
// finds none, as it does for most people who forgot, however many strangers asked.
func TestForgotForNobodyTouchesNoOlderLink(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		for i := range 5 {
			email := "nobody-" + strconv.Itoa(i) + "@example.com"
			want(t, email, e.Accounts.Forgot(ctx(), accounttest.Workspace, email, countersign.Place{IP: "192.0.2.1"}), "ok")
		}
		e.Write(t, func(tx *store.Tx) error {
			n, err := tx.VoidLinks(tx.Ctx, rows.VoidLinksParams{
				SpentAt: tx.NowMilli(), WorkspaceID: accounttest.Workspace, Kind: string(account.LinkReset),
			})
			if n != 0 {
				t.Errorf("the next link for nobody would void %d older ones", n)
			}
			return err
		})
	})
}

// The owner's last good link stays alive when somebody asks too often.
func TestAskingTooOftenDoesNotKillTheLink(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Person(t, "ada@example.com")
		place := countersign.Place{IP: "192.0.2.1"}
		for range 8 {
			e.Advance(t, time.Second)
			want(t, "asking", e.Accounts.Forgot(ctx(), accounttest.Workspace, ada.Email, place), "ok")
		}
		link := e.Link(t, message.PasswordReset, ada.Email, account.LinkReset)
		want(t, "the newest link that was mailed", e.Accounts.ResetPassword(ctx(), link, newPassword, place), "ok")
	})
}

func TestChangingThePassword(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b, thief := e.Browser("192.0.2.1"), e.Browser("198.51.100.9")
		b.SignIn(t, ada)
		thief.SignIn(t, ada)
		old := b.Token()
		e.Advance(t, 10*time.Minute)
		_, err := e.Accounts.ChangePassword(ctx(), b.Holder(t), newPassword)
		want(t, "without a fresh proof", err, "fresh_proof_required")
		want(t, "proving", b.Prove(t, method.TOTP, ada.Code()), "ok")
		if b.Token() == old {
			t.Error("the token is the same after a step up")
		}
		h := b.Holder(t)
		_, err = e.Accounts.ChangePassword(ctx(), h, "password")
		want(t, "a common password", err, "password_common")
		_, err = e.Accounts.ChangePassword(ctx(), h, "")
		want(t, "no password", err, "password_empty")
		token, err := e.Accounts.ChangePassword(ctx(), h, newPassword)
		want(t, "a good one", err, "ok")
		_, err = b.LoadSession()
		want(t, "the session under its old token", err, "signed_out")
		b.SetToken(token)
		b.Session(t)
		_, err = thief.LoadSession()
		want(t, "the other session", err, "signed_out")
		if at := b.Attempt(t, b.Start(t, ada.Email)); !at.Known {
			t.Error("the browser it was changed in is not known any more")
		}
		if at := thief.Attempt(t, thief.Start(t, ada.Email)); at.Known {
			t.Error("the other browser is still known")
		}
		if n := len(e.MailsTo(t, message.PasswordChanged, ada.Email)); n != 1 {
			t.Errorf("%d mails, want 1", n)
		}
	})
}

// A hash that was made under other costs, or brought along, is made anew with
// the next right password, and nothing else changes.
func TestARehashIsNoChange(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Person(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		before := ada.Account(t).User
		n := e.Node(t)
		n.Costly(t)
		want(t, "a sign-in on a node with higher costs", b.On(n).TryPassword(t, ada.Email, ada.Password), "ok")
		after := ada.Account(t).User
		if after.PasswordHash == before.PasswordHash || after.PasswordVersion != before.PasswordVersion {
			t.Errorf("hash changed: %v; version %d, was %d", after.PasswordHash != before.PasswordHash, after.PasswordVersion, before.PasswordVersion)
		}
		b.Session(t)
		want(t, "the password again", b.TryPassword(t, ada.Email, ada.Password), "ok")
	})
}

// Whoever hangs up while a wrong password is judged has guessed all the same: it
// is counted, and the log tells of it.
func TestHangingUpLeavesItsTrace(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		n := e.Node(t)
		slow := password.NewHasher(password.Params{Memory: 16 << 10, Time: 4, Lanes: 1}, 1, time.Now, seal.Bytes)
		t.Cleanup(slow.Close)
		n.Hasher, n.Accounts.Hasher = slow, slow
		user := n.Person(t, "ada@example.com").Account(t).User
		place := e.Browser("192.0.2.1").Place()
		for i, whose := range []*rows.User{&user, &user, nil} {
			request, hangUp := context.WithCancel(ctx())
			go func() {
				for slow.Load().Running == 0 {
					time.Sleep(time.Millisecond)
				}
				hangUp()
			}()
			err := n.Accounts.Password(request, account.PasswordAnswer{
				Workspace: accounttest.Workspace, Email: user.Email, Password: "wrong", User: whose, Place: place,
			})
			want(t, "a wrong password", err, "wrong_password")
			counted, err := e.Store.Read().GetGuesses(ctx(), rows.GetGuessesParams{
				WorkspaceID: accounttest.Workspace, Subject: "192.0.2.1", Sort: string(limit.Address),
			})
			if err != nil || counted.Tries != int64(i+1) {
				t.Errorf("%d are counted, %v; want %d", counted.Tries, err, i+1)
			}
			if got := e.Count(t, "proof.refused", `"why":"wrong"`); got != i+1 {
				t.Errorf("%d are told, want %d", got, i+1)
			}
		}
	})
}
