package people_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/store/storetest"
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

// Two administrators have asked for the reset of each other, and both are confirmed at once
// while others are locked, demoted and deleted who have asked as well: each ends what the
// other takes. Whoever is first is reset, and what that person had asked for is over; nobody
// waits for somebody who waits for them.
func TestResetsThatEndEachOther(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, _ *people.Service) {
		ctx := context.Background()
		e.Set(t, policy.Document{"recovery.admin_reset": "two_admins"})
		if !e.Store.SQLite() {
			// Longer than a transaction may take: nobody breaks a circle of those who wait, and
			// they fail. It counts for who connects from now on.
			storetest.AsSuperuser(t, "ALTER ROLE countersign SET deadlock_timeout = '60s'")
			t.Cleanup(func() { storetest.AsSuperuser(t, "ALTER ROLE countersign RESET deadlock_timeout") })
		}
		node := e.Node(t)
		p := &people.Service{Accounts: node.Accounts, Store: node.Store, Now: node.Clock.Now}
		_, adas := desk(t, e, "ada@example.com", countersign.Owner)
		_, graces := desk(t, e, "grace@example.com", countersign.Owner)
		ben, dan, eve := e.Guarded(t, "ben@example.com"), e.Guarded(t, "dan@example.com"), e.Guarded(t, "eve@example.com")
		n := 0
		ask := func(by, of *accounttest.Person, life time.Duration) countersign.ResetID {
			n++
			id := countersign.ResetID(fmt.Sprintf("rst_%06d", n))
			e.Write(t, func(tx *store.Tx) error {
				return tx.InsertReset(tx.Ctx, rows.InsertResetParams{
					WorkspaceID: ws, ID: id, UserID: of.ID, AskedBy: by.ID, Reason: why, CreatedAt: tx.NowMilli(), ExpiresAt: tx.Now.Add(life).UnixMilli(),
				})
			})
			return id
		}
		for round := range *rounds {
			for _, one := range []*accounttest.Person{ben, dan, eve} {
				ranked(t, e, one, countersign.Administrator)
				e.Exec(t, fmt.Sprintf("UPDATE users SET state = 'active' WHERE id = '%s'", one.ID))
			}
			e.Exec(t, "DELETE FROM reset_requests")
			e.Exec(t, "DELETE FROM rates") // nobody does this to one person as often
			// What nobody confirmed in time still lies there as one that waits.
			before := []func(){
				func() { ask(ben, dan, -time.Second) }, func() { ask(dan, ben, -time.Second) }, func() { ask(eve, ben, -time.Second) }, func() { ask(eve, dan, -time.Second) },
			}
			for i := range before {
				before[(i+round)%len(before)]()
			}
			var ofBen, ofDan countersign.ResetID
			if round%2 == 0 {
				ofBen, ofDan = ask(dan, ben, time.Hour), ask(ben, dan, time.Hour)
			} else {
				ofDan, ofBen = ask(ben, dan, time.Hour), ask(dan, ben, time.Hour)
			}
			answers := make([]string, 3)
			accounttest.Together(round,
				func() { answers[0] = accounttest.Answer(p.ConfirmReset(ctx, ws, ofBen, adas)) },
				func() { answers[1] = accounttest.Answer(p.ConfirmReset(ctx, ws, ofDan, graces)) },
				func() {
					if round%3 == 0 {
						answers[2] = accounttest.Answer(p.Disable(ctx, eve.Account(t), people.Shell()))
					} else {
						answers[2] = accounttest.Answer(p.SetRole(ctx, eve.Account(t), countersign.Member, people.Shell()))
					}
				},
			)
			slices.Sort(answers[:2])
			if !slices.Equal(answers, []string{"ok", "reset_over", "ok"}) {
				t.Fatalf("round %d: %v", round, answers)
			}
		}
		// An account that is deleted takes what it asked for, and what was asked about it.
		for round := range 3 {
			fred := e.Guarded(t, fmt.Sprintf("fred%d@example.com", round))
			ranked(t, e, fred, countersign.Administrator)
			ranked(t, e, dan, countersign.Administrator)
			ask(dan, fred, -time.Second)
			ofDan := ask(fred, dan, time.Hour)
			ask(dan, fred, time.Hour)
			answers := make([]string, 2)
			accounttest.Together(round,
				func() { answers[0] = accounttest.Answer(p.ConfirmReset(ctx, ws, ofDan, adas)) },
				func() { answers[1] = accounttest.Answer(p.Delete(ctx, fred.Account(t), people.Shell())) },
			)
			if answers[1] != "ok" || answers[0] != "ok" && answers[0] != "reset_over" {
				t.Fatalf("with a deletion: %v", answers)
			}
		}
	})
}
