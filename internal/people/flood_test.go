package people_test

import (
	"context"
	"fmt"
	"testing"

	"countersign"
	"countersign/internal/account/accounttest"
	"countersign/internal/message"
	"countersign/internal/people"
)

// Nobody makes us write to everybody as often as they click (security.md 29).
func TestCampaignsWithoutEnd(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		_, admins := desk(t, e, "admin@example.com", countersign.Administrator)
		ben := e.Person(t, "ben@example.com")
		last := ""
		for range 10 {
			err := p.SetRequirement(ctx, ws, people.Requiring{Value: "required", Version: version(t, p), Campaign: people.NewCampaign()}, admins)
			last = countersign.CodeOf(err)
			mailAll(t, e, p)
		}
		if n := mailed(t, e, ben); last != "too_many_mails" || n > 3 {
			t.Errorf("ten campaigns in a row: %d mails to one person, and the last answer is %q", n, last)
		}
	})
}

// Nor to whoever comes next, filter by filter.
func TestRemindersWithoutEnd(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		_, admins := desk(t, e, "admin@example.com", countersign.Administrator)
		sent := 0
		for i := range 14 {
			e.Person(t, fmt.Sprintf("p%d@example.com", i))
			err := p.RemindMany(ctx, ws, people.NewCampaign(), people.Filter{}, admins)
			if err != nil {
				accounttest.Want(t, "a further reminder", err, "too_many_mails")
				continue
			}
			sent++
		}
		if sent != 10 {
			t.Errorf("%d reminders to all in a row, want ten", sent)
		}
	})
}

// To invite, delete and invite again is to write to the same mailbox.
func TestInvitationsWithoutEnd(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		_, by := desk(t, e, "ada@example.com", countersign.Owner)
		last := ""
		for range 10 {
			user, err := p.Create(ctx, ws, people.NewUser{Email: "Ben@example.com", Name: "Ben", Role: countersign.Member}, by)
			last = countersign.CodeOf(err)
			if err != nil {
				break
			}
			a, err := p.Find(ctx, ws, string(user.ID))
			if err != nil {
				t.Fatal(err)
			}
			accounttest.Want(t, "deleting", p.Delete(ctx, a, by), "ok")
		}
		if n := len(e.MailsTo(t, message.Invitation, "Ben@example.com")); last != "too_many_mails" || n > 4 {
			t.Errorf("%d invitations to one mailbox, and the last answer is %q", n, last)
		}
		list := []people.Invitee{{Line: 1, Email: "ben@example.com", Name: "Ben"}, {Line: 2, Email: "cleo@example.com", Name: "Cleo"}}
		done, err := p.InviteAll(ctx, ws, list, countersign.Member, "", by)
		if err != nil || done[0].Code != "too_many_mails" || done[1].Code != "" {
			t.Errorf("a list with that address: %+v, %v", done, err)
		}
	})
}

// To lock somebody who has not come yet and let them in again invites them anew.
func TestLockingDoesNotInviteWithoutEnd(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		_, by := desk(t, e, "ada@example.com", countersign.Owner)
		user, err := p.Create(ctx, ws, people.NewUser{Email: "ben@example.com", Name: "Ben", Role: countersign.Member}, by)
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			a, err := p.Find(ctx, ws, string(user.ID))
			if err != nil {
				t.Fatal(err)
			}
			accounttest.Want(t, "locking", p.Disable(ctx, a, by), "ok")
			_, err = p.Enable(ctx, a, by)
			if err != nil {
				accounttest.Want(t, "letting in again", err, "too_many_mails")
				break
			}
		}
		if n := len(e.MailsTo(t, message.Invitation, "ben@example.com")); n > 4 {
			t.Errorf("%d invitations to one mailbox", n)
		}
	})
}

// Nobody uses up what somebody else may do: whoever locks a person and lets them in again,
// over and over, does not keep an owner from locking them.
func TestWhoActsOftenStopsNobodyElse(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		_, helps := desk(t, e, "desk@example.com", countersign.HelpDesk)
		_, owners := desk(t, e, "owner@example.com", countersign.Owner)
		ben := e.Guarded(t, "ben@example.com").Account(t)
		last := ""
		for range 12 {
			last = countersign.CodeOf(p.Disable(ctx, ben, helps))
			if last != "" {
				break
			}
			_, err := p.Enable(ctx, ben, helps)
			accounttest.Want(t, "letting in again", err, "ok")
		}
		if last != "acts_often" {
			t.Fatalf("locking without end is answered %q", last)
		}
		accounttest.Want(t, "an owner locks", p.Disable(ctx, ben, owners), "ok")
		_, err := p.Enable(ctx, ben, owners)
		accounttest.Want(t, "and lets in again", err, "ok")
	})
}
