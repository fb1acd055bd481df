package people_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/people"
	"countersign/internal/store"
)

// Whoever uses a link takes its person first: a link that was taken before the person, in
// one transaction, and after them, in another that ends all their links, has the two wait
// for each other, and everybody else of that person behind them.
func TestALinkIsTakenAfterItsPerson(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		if e.Store.SQLite() {
			return // one writes at a time
		}
		ctx := context.Background()
		ada := e.Guarded(t, "ada@example.com")
		address, err := p.RescueLink(ctx, ada.Account(t), people.Shell())
		if err != nil {
			t.Fatal(err)
		}
		link := linkOf(t, e, account.LinkRescue, address)

		var all sync.WaitGroup
		held, let := make(chan struct{}), make(chan struct{})
		all.Go(func() {
			err := e.Store.Write(ctx, func(tx *store.Tx) error {
				_, err := tx.LockUser(tx.Ctx, link.WorkspaceID, link.UserID)
				close(held)
				<-let
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
		<-held
		all.Go(func() {
			err := p.UseRescue(ctx, link, people.Accepted{Password: goodPassword}, nothing)
			accounttest.Want(t, "a rescue whose link was ended while it waited for the person", err, "link_used")
		})
		time.Sleep(300 * time.Millisecond) // so that the rescue comes as far as it can
		ended := make(chan error, 1)
		go func() {
			ended <- e.Store.Write(ctx, func(tx *store.Tx) error {
				_, err := tx.VoidLinksOfUser(tx.Ctx, tx.NowMilli(), link.WorkspaceID, link.UserID)
				return err
			})
		}()
		select {
		case err := <-ended:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(5 * time.Second):
			t.Error("the rescue waits for the person, and keeps others from the link")
		}
		close(let)
		all.Wait()
	})
}
