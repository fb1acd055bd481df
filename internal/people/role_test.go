package people_test

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"countersign"
	"countersign/internal/account/accounttest"
	"countersign/internal/audit"
	"countersign/internal/message"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/store/rows"
)

var rounds = flag.Int("rounds", 20, "how often two people act upon each other at once")

const why = "asked for by telephone"

// desk signs somebody of a role in with both factors, and returns them and who they are in
// what they do.
func desk(t *testing.T, e *accounttest.Engine, email string, role countersign.Role) (*accounttest.Person, people.By) {
	t.Helper()
	p := e.Guarded(t, email)
	ranked(t, e, p, role)
	return p, at(t, e, p)
}

func ranked(t *testing.T, e *accounttest.Engine, p *accounttest.Person, role countersign.Role) {
	t.Helper()
	e.Exec(t, fmt.Sprintf("UPDATE users SET role = '%s' WHERE id = '%s'", role, p.ID))
}

// at is a new session of somebody.
func at(t *testing.T, e *accounttest.Engine, p *accounttest.Person) people.By {
	t.Helper()
	b := e.Browser("192.0.2.9")
	b.SignIn(t, p)
	return people.Session(b.Holder(t), why)
}

func TestARoleIsChanged(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		_, by := desk(t, e, "ada@example.com", countersign.Owner)
		ben, bens := desk(t, e, "ben@example.com", countersign.Member)
		accounttest.Want(t, "no role", p.SetRole(ctx, ben.Account(t), "root", by), "role_unknown")
		accounttest.Want(t, "the change", p.SetRole(ctx, ben.Account(t), countersign.HelpDesk, by), "ok")
		accounttest.Want(t, "the same again", p.SetRole(ctx, ben.Account(t), countersign.HelpDesk, by), "ok")
		if got := ben.Account(t).User.Role; got != countersign.HelpDesk {
			t.Errorf("the role is %s", got)
		}
		events := slices.DeleteFunc(e.Events(t), func(ev rows.Event) bool { return ev.Kind != "role.changed" })
		if len(events) != 1 {
			t.Fatalf("%d events, want one", len(events))
		}
		detail := audit.Detail(events[0])
		if detail["before"] != "user" || detail["after"] != "helpdesk" || detail["reason"] != why || events[0].ActorID != string(by.Actor.User) {
			t.Errorf("the event is %+v", events[0])
		}
		mail := e.Mail(t, message.RoleChanged, "ben@example.com")
		for _, want := range []string{"Help desk", "User", "Ada Lovelace"} {
			if !strings.Contains(mail.Text, want) {
				t.Errorf("the mail lacks %q:\n%s", want, mail.Text)
			}
		}
		// The power of the new role is there at once, in the session of before.
		cleo := e.Guarded(t, "cleo@example.com")
		accounttest.Want(t, "what the new role reaches", p.Disable(ctx, cleo.Account(t), bens), "ok")
		accounttest.Want(t, "back", p.SetRole(ctx, ben.Account(t), countersign.Member, by), "ok")
		_, err := p.Enable(ctx, cleo.Account(t), bens)
		accounttest.Want(t, "what a lost role reaches, in the same session", err, "beyond_role")
	})
}

// Whatever is asked of the one who acts is asked of everybody, and by the rules: no page
// could forget it.
func TestWhatIsAskedOfWhoeverActs(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		ada, by := desk(t, e, "ada@example.com", countersign.Owner)
		admin, admins := desk(t, e, "admin@example.com", countersign.Administrator)
		_, desks := desk(t, e, "desk@example.com", countersign.HelpDesk)
		ben := e.Guarded(t, "ben@example.com")
		plain := e.Person(t, "plain@example.com")
		ranked(t, e, plain, countersign.Administrator)
		single := at(t, e, plain)
		coded := e.Browser("192.0.2.7")
		coded.SignInBy(t, admin, admin.Codes[0])
		old := e.Browser("192.0.2.6")
		old.SignIn(t, ada)
		e.Advance(t, policy.FreshFor)
		late := people.Session(old.Holder(t), why)
		silent := by
		silent.Reason = " no "
		for _, row := range []struct {
			sentence string
			who      *accounttest.Person
			by       people.By
			refusal  string
		}{
			{"without a reason", ben, silent, "reason_short"},
			{"long after the proof", ben, late, "fresh_proof_required"},
			{"without a second factor", ben, single, "two_factors_required"},
			{"on oneself", ada, by, "not_on_oneself"},
			{"an owner, by an administrator", ada, admins, "beyond_role"},
			{"an administrator, by the help desk", admin, desks, "beyond_role"},
			{"somebody below, signed in by a recovery code", ben, people.Session(coded.Holder(t), why), "fresh_proof_required"},
			{"somebody below", ben, desks, "ok"},
		} {
			accounttest.Want(t, row.sentence, p.Disable(ctx, row.who.Account(t), row.by), row.refusal)
		}
		accounttest.Want(t, "a role, by an administrator", p.SetRole(ctx, ben.Account(t), countersign.Auditor, admins), "beyond_role")
	})
}

// Two owners demote each other at once: one stays, whoever was first.
func TestTwoOwnersDemoteEachOther(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		ada, grace := e.Guarded(t, "ada@example.com"), e.Guarded(t, "grace@example.com")
		ranked(t, e, ada, countersign.Owner)
		ranked(t, e, grace, countersign.Owner)
		adas, graces := at(t, e, ada), at(t, e, grace)
		node := e
		if !e.Store.SQLite() {
			node = e.Node(t)
		}
		there := &people.Service{Accounts: node.Accounts, Store: node.Store, Now: node.Clock.Now}
		for round := range *rounds {
			ranked(t, e, ada, countersign.Owner)
			ranked(t, e, grace, countersign.Owner)
			e.Exec(t, "DELETE FROM rates") // nobody does this to one person as often
			answers := make([]string, 2)
			accounttest.Together(round,
				func() { answers[0] = accounttest.Answer(p.SetRole(ctx, grace.Account(t), countersign.Member, adas)) },
				func() {
					answers[1] = accounttest.Answer(there.SetRole(ctx, ada.Account(t), countersign.Member, graces))
				},
			)
			slices.Sort(answers)
			owners, err := e.Store.Read().CountOwners(ctx, accounttest.Workspace)
			if err != nil || owners != 1 {
				t.Fatalf("round %d: %d owners are left, %v: %v", round, owners, err, answers)
			}
			// The second is no owner any more when its turn comes.
			if !slices.Equal(answers, []string{"beyond_role", "ok"}) {
				t.Fatalf("round %d: %v", round, answers)
			}
		}
	})
}
