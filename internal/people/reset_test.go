package people_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account/accounttest"
	"countersign/internal/audit"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/people"
	"countersign/internal/policy"
)

func TestAResetByAPersonFollowsTheSettings(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		_, desks := desk(t, e, "desk@example.com", countersign.HelpDesk)
		ben := e.Guarded(t, "ben@example.com")
		e.Set(t, policy.Document{"recovery.admin_reset": "never"})
		_, err := p.ResetSecondFactor(ctx, ben.Account(t), desks)
		accounttest.Want(t, "where nobody may (S4-17)", err, "reset_never")
		e.Set(t, policy.Document{"recovery.admin_reset": "allowed"})
		waits, err := p.ResetSecondFactor(ctx, ben.Account(t), desks)
		accounttest.Want(t, "where the help desk may", err, "ok")
		if waits != "" || ben.Has(t, method.TOTP) != 0 {
			t.Error("nothing was reset")
		}
		if e.Count(t, "two_factor.reset", why) != 1 || len(e.MailsTo(t, message.AdminReset, ben.Email)) != 1 {
			t.Error("the reset is not in the log with its reason, or not told")
		}
		if strings.Contains(e.Mail(t, message.AdminReset, ben.Email).Text, why) {
			t.Error("the reason is in the mail")
		}
	})
}

// Two administrators are two different people, each freshly proven: the first asks, the
// second confirms within a day, and both are in the event.
func TestAResetByTwoAdministrators(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		e.Set(t, policy.Document{"recovery.admin_reset": "two_admins"})
		ada, adas := desk(t, e, "ada@example.com", countersign.HelpDesk)
		grace, graces := desk(t, e, "grace@example.com", countersign.HelpDesk)
		_, readers := desk(t, e, "reader@example.com", countersign.Auditor)
		ben := e.Guarded(t, "ben@example.com")
		ask := func(by people.By) countersign.ResetID {
			t.Helper()
			id, err := p.ResetSecondFactor(ctx, ben.Account(t), by)
			if err != nil || id == "" {
				t.Fatalf("asking: %q, %v", id, err)
			}
			return id
		}
		id := ask(adas)
		if again := ask(adas); again != id {
			t.Errorf("a second click asks again: %s and %s", id, again)
		}
		if ben.Has(t, method.TOTP) != 1 || len(e.MailsTo(t, message.ResetAsked, ben.Email)) != 1 {
			t.Error("one administrator was enough, or the person was not told")
		}
		_, err := p.ResetSecondFactor(ctx, ben.Account(t), graces)
		accounttest.Want(t, "asking for the same by another", err, "reset_waits")
		accounttest.Want(t, "the first once more", p.ConfirmReset(ctx, ws, id, adas), "reset_same_person")
		accounttest.Want(t, "the first in another session", p.ConfirmReset(ctx, ws, id, at(t, e, ada)), "reset_same_person")
		accounttest.Want(t, "the shell", p.ConfirmReset(ctx, ws, id, people.Shell()), "reset_same_person")
		accounttest.Want(t, "an auditor", p.ConfirmReset(ctx, ws, id, readers), "beyond_role")
		accounttest.Want(t, "one that is none", p.ConfirmReset(ctx, ws, "rst_none", graces), "no_such_reset")
		late := e.Browser("192.0.2.6")
		late.SignIn(t, grace)
		stale := late.Holder(t)
		stale.Fresh = false
		accounttest.Want(t, "a second one without a fresh proof", p.ConfirmReset(ctx, ws, id, people.Session(stale, "")), "fresh_proof_required")
		list, err := p.WaitingResets(ctx, ws)
		if err != nil || len(list) != 1 || list[0].ID != id || list[0].Email != ben.Email || list[0].Reason != why || list[0].AskedBy != ada.ID {
			t.Errorf("what waits: %+v, %v", list, err)
		}
		graces = at(t, e, grace)
		outcomes := accounttest.Race(8, func(int) error { return p.ConfirmReset(ctx, ws, id, graces) })
		if outcomes["ok"] != 1 || outcomes["reset_over"] != 7 {
			t.Errorf("eight confirmations at once: %v", outcomes)
		}
		if ben.Has(t, method.TOTP) != 0 {
			t.Error("nothing was reset")
		}
		for _, event := range e.Events(t) {
			if detail := audit.Detail(event); event.Kind == "two_factor.reset" && (detail["asked_by"] != string(ada.ID) || detail["confirmed_by"] != string(grace.ID) || detail["reason"] != why) {
				t.Errorf("the event tells %v", detail)
			}
		}
		if e.Count(t, "two_factor.reset", "two_admins") != 1 {
			t.Error("no event, or several")
		}
	})
}

func TestAResetThatWaitsEnds(t *testing.T) {
	for _, row := range []struct {
		sentence string
		end      func(t *testing.T, e *accounttest.Engine, p *people.Service, asker, ben *accounttest.Person, id countersign.ResetID)
	}{
		{"when the asker lost the role", func(t *testing.T, _ *accounttest.Engine, p *people.Service, asker, _ *accounttest.Person, _ countersign.ResetID) {
			t.Helper()
			accounttest.Want(t, "demoting", p.SetRole(context.Background(), asker.Account(t), countersign.Member, people.Shell()), "ok")
			accounttest.Want(t, "and back", p.SetRole(context.Background(), asker.Account(t), countersign.HelpDesk, people.Shell()), "ok")
		}},
		{"when the row alone says that they lost it", func(t *testing.T, e *accounttest.Engine, _ *people.Service, asker, _ *accounttest.Person, _ countersign.ResetID) {
			t.Helper()
			ranked(t, e, asker, countersign.Auditor)
		}},
		{"when the asker is locked", func(t *testing.T, _ *accounttest.Engine, p *people.Service, asker, _ *accounttest.Person, _ countersign.ResetID) {
			t.Helper()
			accounttest.Want(t, "locking", p.Disable(context.Background(), asker.Account(t), people.Shell()), "ok")
		}},
		{"when the asker is deleted", func(t *testing.T, _ *accounttest.Engine, p *people.Service, asker, _ *accounttest.Person, _ countersign.ResetID) {
			t.Helper()
			accounttest.Want(t, "deleting", p.Delete(context.Background(), asker.Account(t), people.Shell()), "ok")
		}},
		{"after a day", func(t *testing.T, e *accounttest.Engine, _ *people.Service, _, _ *accounttest.Person, _ countersign.ResetID) {
			t.Helper()
			e.Advance(t, 24*time.Hour)
		}},
		{"when the person was reset otherwise", func(t *testing.T, _ *accounttest.Engine, p *people.Service, _, ben *accounttest.Person, _ countersign.ResetID) {
			t.Helper()
			_, err := p.ResetSecondFactor(context.Background(), ben.Account(t), people.Shell())
			accounttest.Want(t, "resetting", err, "ok")
		}},
		{"when it was withdrawn", func(t *testing.T, e *accounttest.Engine, p *people.Service, asker, _ *accounttest.Person, id countersign.ResetID) {
			t.Helper()
			accounttest.Want(t, "withdrawing", p.WithdrawReset(context.Background(), ws, id, at(t, e, asker)), "ok")
			if e.Count(t, "two_factor.reset_withdrawn", string(id)) != 1 {
				t.Error("no event tells of it")
			}
		}},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
				ctx := context.Background()
				e.Set(t, policy.Document{"recovery.admin_reset": "two_admins"})
				ada, adas := desk(t, e, "ada@example.com", countersign.HelpDesk)
				grace := e.Guarded(t, "grace@example.com")
				ranked(t, e, grace, countersign.HelpDesk)
				ben := e.Guarded(t, "ben@example.com")
				id, err := p.ResetSecondFactor(ctx, ben.Account(t), adas)
				accounttest.Want(t, "asking", err, "ok")
				row.end(t, e, p, ada, ben, id)
				had := ben.Has(t, method.TOTP)
				accounttest.Want(t, "confirming", p.ConfirmReset(ctx, ws, id, at(t, e, grace)), "reset_over")
				if ben.Has(t, method.TOTP) != had {
					t.Error("it was reset")
				}
				list, err := p.WaitingResets(ctx, ws)
				if err != nil || len(list) != 0 {
					t.Errorf("it still waits: %+v, %v", list, err)
				}
			})
		})
	}
}

// Whose own second factor was reset may have asked with what a thief had: that ends with it.
func TestAResetEndsWhatItsPersonAskedFor(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		e.Set(t, policy.Document{"recovery.admin_reset": "two_admins"})
		ada, adas := desk(t, e, "ada@example.com", countersign.Administrator)
		_, graces := desk(t, e, "grace@example.com", countersign.Administrator)
		ben := e.Guarded(t, "ben@example.com")
		id, err := p.ResetSecondFactor(ctx, ben.Account(t), adas)
		if err != nil || id == "" {
			t.Fatalf("asking: %q, %v", id, err)
		}
		_, err = p.ResetSecondFactor(ctx, ada.Account(t), people.Shell())
		accounttest.Want(t, "resetting the one who asked", err, "ok")
		accounttest.Want(t, "confirming it then", p.ConfirmReset(ctx, ws, id, graces), "reset_over")
		if ben.Has(t, method.TOTP) == 0 {
			t.Error("it was reset all the same")
		}
	})
}
