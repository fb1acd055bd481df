package account_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/message"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// A reset that is asked for at the old address in the moment in which it changes leads
// nowhere: whoever reads the old mailbox is not the person any more.
func TestAResetBesideAChangeOfAddress(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		if e.Store.SQLite() {
			return // one writes at a time
		}
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		h := b.Holder(t)
		want(t, "asking", e.Accounts.AskEmailChange(ctx(), h, "ada@example.org"), "ok")
		link := e.Link(t, message.EmailChangeConfirm, "ada@example.org", account.LinkEmail)
		want(t, "a reset before", e.Accounts.Forgot(ctx(), accounttest.Workspace, "ada@example.com", b.Place()), "ok")
		e.Advance(t, time.Second)
		held, let := make(chan struct{}), make(chan struct{})
		go func() {
			_ = e.Store.Write(ctx(), func(tx *store.Tx) error {
				_, err := tx.DeleteOldRates(tx.Ctx, 1<<60) // holds the rate that a reset takes first
				if err != nil {
					t.Error(err)
				}
				close(held)
				<-let
				return errors.New("undo")
			})
		}()
		<-held
		done := make(chan error, 1)
		go func() { done <- e.Accounts.Forgot(ctx(), accounttest.Workspace, "ada@example.com", b.Place()) }()
		time.Sleep(300 * time.Millisecond)
		want(t, "changing the address", second(e.Accounts.ChangeEmail(ctx(), h, link)), "ok")
		close(let)
		want(t, "the reset meanwhile", <-done, "ok")
		reset, err := e.Accounts.FindLink(ctx(), accounttest.Workspace, account.LinkReset, e.Token(t, message.PasswordReset, "ada@example.com"))
		if err == nil {
			err = e.Accounts.ResetPassword(ctx(), reset, "fourteen pears in the attic", b.Place())
		}
		if countersign.KindOf(err) != countersign.Gone {
			t.Errorf("the link in the old mailbox sets a password: %v", err)
		}
	})
}

// What fails while the owner of a link is read is not told as a link that is over.
func TestALinkWhoseOwnerCannotBeReadIsNotOver(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		link := rows.Link{WorkspaceID: accounttest.Workspace, UserID: ada.ID, ExpiresAt: e.Clock.Now().Add(time.Hour).UnixMilli()}
		_, err := e.Accounts.OfLink(ctx(), link)
		want(t, "a link", err, "ok")
		gone := link
		gone.UserID = "usr_gone"
		_, err = e.Accounts.OfLink(ctx(), gone)
		want(t, "a link of nobody", err, "link_expired")
		want(t, "closing", e.Store.Close(), "ok")
		_, err = e.Accounts.OfLink(context.Background(), link)
		if err == nil || countersign.KindOf(err) == countersign.Gone {
			t.Errorf("without a database: %v", err)
		}
	})
}

// A rush with one person's links, while somebody has the person's row, leaves connections
// for everybody else.
func TestARushOfLinksLeavesConnections(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		if e.Store.SQLite() {
			return // who waits there has no connection
		}
		ada, grace := e.Guarded(t, "ada@example.com"), e.Guarded(t, "grace@example.com")
		place := countersign.Place{IP: "192.0.2.1"}
		want(t, "asking", e.Accounts.Forgot(ctx(), accounttest.Workspace, "ada@example.com", place), "ok")
		link := e.Link(t, message.PasswordReset, ada.Email, account.LinkReset)
		held, let := make(chan struct{}), make(chan struct{})
		over := make(chan error, 41)
		go func() {
			over <- e.Node(t).Store.Write(ctx(), func(tx *store.Tx) error {
				_, err := tx.LockUser(tx.Ctx, accounttest.Workspace, ada.ID)
				close(held)
				<-let
				return err
			})
		}()
		<-held
		for range 40 {
			go func() { over <- e.Accounts.ResetPassword(ctx(), link, "fourteen pears in the attic", place) }()
		}
		time.Sleep(time.Second)
		brief, cancel := context.WithTimeout(ctx(), 5*time.Second)
		defer cancel()
		_, err := e.Store.Read().GetUser(brief, accounttest.Workspace, grace.ID)
		if err != nil {
			t.Errorf("somebody else meanwhile: %v", err)
		}
		close(let)
		reset := 0
		for range 41 {
			if <-over == nil {
				reset++
			}
		}
		if reset != 2 { // whoever held the row, and one of the forty
			t.Errorf("%d of them succeeded", reset)
		}
	})
}
