package account_test

import (
	"fmt"
	"testing"
	"time"

	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/store"
)

// rounds is how often each race is run; where it starts differs each time.
const rounds = 12

// signInAll goes through a sign-in as far as it gets.
func signInAll(e *accounttest.Engine, b *accounttest.Browser, p accounttest.Person, code string) {
	id, err := e.SignIn.Start(ctx(), accounttest.Workspace, p.Email, "", b.Visitor())
	if err != nil {
		return
	}
	at, err := b.Load(id)
	if err != nil || b.Password(at, p.Password) != nil {
		return
	}
	at, err = b.Load(id)
	if err != nil {
		return
	}
	if at.Step == policy.StepSecond {
		_ = b.Second(at, method.TOTP, code)
		return
	}
	_, _ = b.Enter(id)
}

// Whatever the order in which two nodes come to it, a sign-in with the old
// secret leaves no session behind once the change has committed.
func TestNoSessionOutlivesAChangeThatRacesWithIt(t *testing.T) {
	for _, row := range []struct {
		sentence string
		change   func(e *accounttest.Engine, p accounttest.Person, a account.Account) error
	}{
		{"the password is changed", func(e *accounttest.Engine, _ accounttest.Person, a account.Account) error {
			hash, err := e.Accounts.NewPassword(ctx(), newPassword, e.Browser("192.0.2.1").Place())
			if err != nil {
				return err
			}
			return e.Store.Write(ctx(), func(tx *store.Tx) error {
				return e.Accounts.StorePassword(tx, a.User, hash, account.Keep{})
			})
		}},
		{"an administrator resets the second factor", func(e *accounttest.Engine, _ accounttest.Person, a account.Account) error {
			return e.Store.Write(ctx(), func(tx *store.Tx) error { return e.Accounts.Reset(tx, a.User, account.Keep{}) })
		}},
		{"the account is disabled", func(e *accounttest.Engine, p accounttest.Person, a account.Account) error {
			return e.Store.Write(ctx(), func(tx *store.Tx) error {
				_, err := tx.SetUserState(tx.Ctx, "disabled", accounttest.Workspace, p.ID)
				if err != nil {
					return err
				}
				return e.Accounts.Void(tx, a.User, account.Keep{})
			})
		}},
	} {
		both(t, func(t *testing.T, e *accounttest.Engine) {
			other := e.Node(t)
			for round := range rounds {
				p := e.Guarded(t, fmt.Sprintf("p%d@example.com", round))
				thieves := []*accounttest.Browser{e.Browser("198.51.100.1"), e.Browser("198.51.100.2").On(other)}
				a, now, next := p.Account(t), p.Code(), accounttest.CodeAfter(e, p.Secret)
				var changed error
				accounttest.Together(round,
					func() { signInAll(e, thieves[0], *p, now) },
					func() { signInAll(other, thieves[1], *p, next) },
					func() { changed = row.change(other, *p, a) },
				)
				want(t, row.sentence, changed, "ok")
				for i, thief := range thieves {
					c, err := thief.LoadSession()
					// After a reset the password alone signs in; such a session
					// began under what is stored now.
					if err == nil && c.Second != "" {
						t.Errorf("%s, round %d: session %d lives on: %+v", row.sentence, round, i, c.Session)
					}
				}
			}
		})
	}
}

// A request for a link or a code that races with a change of password leaves no
// link that works.
func TestNoLinkOutlivesAChangeThatRacesWithIt(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		other := e.Node(t)
		for round := range rounds {
			p := e.Guarded(t, fmt.Sprintf("p%d@example.com", round))
			thief := e.Browser("198.51.100.1")
			thief.SignIn(t, p)
			h, a := thief.Holder(t), p.Account(t)
			hash, err := e.Accounts.NewPassword(ctx(), newPassword, h.Place)
			want(t, "hashing", err, "ok")
			to := fmt.Sprintf("thief%d@example.net", round)
			accounttest.Together(round,
				func() { _ = e.Accounts.AskEmailChange(ctx(), h, to) },
				func() {
					err = other.Store.Write(ctx(), func(tx *store.Tx) error {
						return other.Accounts.StorePassword(tx, a.User, hash, account.Keep{})
					})
				},
			)
			want(t, "changing", err, "ok")
			if len(e.MailsTo(t, message.EmailChangeConfirm, to)) == 0 {
				continue
			}
			_, err = e.Accounts.FindLink(ctx(), accounttest.Workspace, account.LinkEmail, e.Token(t, message.EmailChangeConfirm, to))
			want(t, fmt.Sprintf("round %d: the thief's link", round), err, "link_used")
		}
	})
}

// Two changes of one password at once: one wins, the other is told.
func TestTwoChangesOfOnePassword(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Person(t, "ada@example.com")
		all := nodes(t, e)
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		h, a := b.Holder(t), ada.Account(t)
		counts := race(20, func(i int) error {
			hash, err := all[i%2].Accounts.NewPassword(ctx(), newPassword, h.Place)
			if err != nil {
				return err
			}
			return all[i%2].Store.Write(ctx(), func(tx *store.Tx) error {
				return all[i%2].Accounts.StorePassword(tx, a.User, hash, h.Keep())
			})
		})
		if counts["ok"] != 1 || counts["changed_meanwhile"] != 19 {
			t.Errorf("%v, want one ok", counts)
		}
		if got := ada.Account(t).User.PasswordVersion; got != a.User.PasswordVersion+1 {
			t.Errorf("version %d, was %d", got, a.User.PasswordVersion)
		}
	})
}

// The password step meets a change that is under way on another node: it waits
// for it, and the old password is wrong.
func TestThePasswordStepWaitsForAChangeUnderWay(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Person(t, "ada@example.com")
		other := e.Node(t)
		a := ada.Account(t)
		hash, err := other.Accounts.NewPassword(ctx(), newPassword, e.Browser("192.0.2.1").Place())
		want(t, "hashing", err, "ok")
		changed := make(chan struct{})
		committed := make(chan error, 1)
		go func() {
			committed <- other.Store.Write(ctx(), func(tx *store.Tx) error {
				err := other.Accounts.StorePassword(tx, a.User, hash, account.Keep{})
				close(changed)
				time.Sleep(300 * time.Millisecond)
				return err
			})
		}()
		<-changed
		thief := e.Browser("198.51.100.9")
		want(t, "the old password", thief.TryPassword(t, ada.Email, ada.Password), "wrong_credentials")
		want(t, "the change", <-committed, "ok")
		ada.Password = newPassword
		want(t, "the new password", thief.TryPassword(t, ada.Email, ada.Password), "ok")
	})
}
