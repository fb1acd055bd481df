package people_test

import (
	"context"
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
)

const ws = accounttest.Workspace

// pool makes one with settings.
func pool(t *testing.T, p *people.Service, name string, doc policy.Document) countersign.PoolID {
	t.Helper()
	made, err := p.CreatePool(context.Background(), ws, name, people.Shell())
	if err != nil {
		t.Fatal(err)
	}
	_, version, err := p.Pool(context.Background(), ws, made.ID)
	if err != nil {
		t.Fatal(err)
	}
	err = p.StorePoolDocument(context.Background(), ws, made.ID, doc, version, people.Shell())
	if err != nil {
		t.Fatal(err)
	}
	return made.ID
}

// What help tells everybody holds in every pool, or it says that it depends (S1-29).
func TestWhatIsToldToEverybodyHoldsInEveryPool(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		for _, row := range []struct{ sentence, workspace, guests, want string }{
			{"the pool has the workspace's", "never", "", "never"},
			{"the pool says the same", "two_admins", "two_admins", "two_admins"},
			{"the pool says something else", "allowed", "never", ""},
		} {
			doc := policy.Document{}
			if row.guests != "" {
				doc["recovery.admin_reset"] = row.guests
			}
			e.Set(t, policy.Document{"recovery.admin_reset": row.workspace})
			id := pool(t, p, row.sentence, doc)
			w, err := p.Accounts.Workspace(t.Context(), ws)
			if err != nil {
				t.Fatal(err)
			}
			got, err := p.Accounts.AdminReset(t.Context(), ws, w.SettingsVersion)
			if err != nil || got != row.want {
				t.Errorf("%s: %q, %v, want %q", row.sentence, got, err, row.want)
			}
			accounttest.Want(t, "deleting the pool", p.DeletePool(t.Context(), ws, id, people.Shell()), "ok")
		}
	})
}

func TestPoolsAreMadeNamedAndDeleted(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		_, by := desk(t, e, "ada@example.com", countersign.Administrator)
		_, desks := desk(t, e, "desk@example.com", countersign.HelpDesk)
		_, err := p.CreatePool(ctx, ws, "Staff", desks)
		accounttest.Want(t, "a pool by the help desk", err, "beyond_role")
		staff, err := p.CreatePool(ctx, ws, " Staff ", by)
		accounttest.Want(t, "a pool", err, "ok")
		_, err = p.CreatePool(ctx, ws, "STAFF", by)
		accounttest.Want(t, "one of the same name", err, "pool_name_taken")
		_, err = p.CreatePool(ctx, ws, "", by)
		accounttest.Want(t, "one without a name", err, "name_empty")
		accounttest.Want(t, "its own name in capitals", p.RenamePool(ctx, ws, staff.ID, "STAFF", by), "ok")
		accounttest.Want(t, "another's name", p.RenamePool(ctx, ws, staff.ID, "everybody", by), "pool_name_taken")
		accounttest.Want(t, "a name for none", p.RenamePool(ctx, ws, "pool_none", "Guests", by), "no_such_pool")
		accounttest.Want(t, "deleting what takes everybody in", p.DeletePool(ctx, ws, countersign.DefaultPool, by), "pool_needed")
		ben := e.Person(t, "ben@example.com")
		accounttest.Want(t, "moving", p.Move(ctx, ben.Account(t), staff.ID, policy.Unaffected, by), "ok")
		accounttest.Want(t, "deleting one with somebody in it", p.DeletePool(ctx, ws, staff.ID, by), "pool_not_empty")
		pools, version, err := p.Pools(ctx, ws)
		if err != nil || len(pools) != 2 || pools[1].Name != "STAFF" || pools[1].People != 1 || pools[0].People != 2 {
			t.Errorf("%+v, %v", pools, err)
		}
		rules := []policy.PoolRule{{Kind: policy.ByDomain, Value: "example.com", Pool: staff.ID}}
		accounttest.Want(t, "a rule", p.StorePoolRules(ctx, ws, rules, version, by), "ok")
		accounttest.Want(t, "moving back", p.Move(ctx, ben.Account(t), countersign.DefaultPool, policy.Unaffected, by), "ok")
		accounttest.Want(t, "deleting", p.DeletePool(ctx, ws, staff.ID, by), "ok")
		rules, _, err = p.PoolRules(ctx, ws)
		if err != nil || len(rules) != 0 {
			t.Errorf("rules into a pool that is gone: %v, %v", rules, err)
		}
		for kind, n := range map[string]int{"pool.created": 1, "pool.renamed": 1, "pool.deleted": 1, "pool.rules_changed": 1, "user.moved": 2} {
			if got := e.Count(t, kind, ""); got != n {
				t.Errorf("%d events %s, want %d", got, kind, n)
			}
		}
	})
}

// A pool's own document counts over the workspace's, on every node, at once; what
// a person has set up stays when it is no longer asked for.
func TestWhatAPoolSets(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		node := e.Node(t)
		ada := e.Guarded(t, "ada@example.com")
		strict := pool(t, p, "Strict", nil)
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		accounttest.Want(t, "moving", p.Move(ctx, ada.Account(t), strict, policy.Unaffected, people.Shell()), "ok")
		if b.On(node).Session(t).Required != policy.NotRequired {
			t.Error("the pool requires before it does")
		}
		_, version, err := p.Pool(ctx, ws, strict)
		if err != nil {
			t.Fatal(err)
		}
		doc := policy.Document{"require_second_factor": "required", "second_factors": []string{"totp"}, "recovery.effect": "reset"}
		store := func(d policy.Document) error { return p.StorePoolDocument(ctx, ws, strict, d, version, people.Shell()) }
		accounttest.Want(t, "a key of the workspace", store(policy.Document{"words": "backup"}), "settings_invalid")
		accounttest.Want(t, "a value that is none", store(policy.Document{"totp.max": 9}), "settings_invalid")
		accounttest.Want(t, "the document", store(doc), "ok")
		accounttest.Want(t, "over a change that came between", store(doc), "changed_meanwhile")
		for _, on := range []*accounttest.Engine{e, node} {
			s := b.On(on).Session(t)
			if s.Required != policy.ByPool || s.Account.Settings.RecoveryEffect != policy.EffectReset {
				t.Errorf("the pool's document does not count: %+v", s.Account.Settings)
			}
		}
		// The workspace's own documents conflict with it as well: both are what one person saw.
		workspaceDoc, old, err := p.Document(ctx, ws)
		if err != nil {
			t.Fatal(err)
		}
		accounttest.Want(t, "the workspace", p.StoreDocument(ctx, ws, workspaceDoc, old, people.Shell()), "ok")
		accounttest.Want(t, "the pool, as read before", p.StorePoolDocument(ctx, ws, strict, doc, old, people.Shell()), "changed_meanwhile")
		if e.Count(t, "pool.settings_changed", "(default) → required") != 1 {
			t.Error("the change is not in the log with before and after")
		}
		if ada.Has(t, "totp") != 1 {
			t.Error("the move took something away")
		}
	})
}

// Somebody who moves is written to where the new pool asks something else of them.
func TestAMoveIsToldWhereItMatters(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		same := pool(t, p, "Same", nil)
		other := pool(t, p, "Other", policy.Document{"require_second_factor": "required"})
		ben := e.Guarded(t, "ben@example.com")
		for _, row := range []struct {
			sentence string
			to       countersign.PoolID
			answer   string
			mails    int
		}{
			{"into one that asks the same", same, "ok", 0},
			{"into the one they are in", same, "ok", 0},
			{"into one that asks more", other, "ok", 1},
			{"into none", "pool_none", "no_such_pool", 1},
			{"back", countersign.DefaultPool, "ok", 2},
		} {
			accounttest.Want(t, row.sentence, p.Move(ctx, ben.Account(t), row.to, policy.Unaffected, people.Shell()), row.answer)
			if n := len(e.MailsTo(t, message.PoolChanged, ben.Email)); n != row.mails {
				t.Errorf("%s: %d mails, want %d", row.sentence, n, row.mails)
			}
		}
		if n := e.Count(t, "user.moved", ""); n != 3 {
			t.Errorf("%d events, want three", n)
		}
		for _, event := range e.Events(t) {
			if event.Kind == "user.moved" && audit.Detail(event)["before"] == audit.Detail(event)["after"] {
				t.Errorf("the event tells %s", event.Detail)
			}
		}
	})
}

func TestRulesPutNewPeopleIntoPools(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		staff, guests := pool(t, p, "Staff", nil), pool(t, p, "Guests", nil)
		store := func(rules ...policy.PoolRule) error {
			_, version, err := p.PoolRules(ctx, ws)
			if err != nil {
				t.Fatal(err)
			}
			return p.StorePoolRules(ctx, ws, rules, version, people.Shell())
		}
		rule := func(domain string, to countersign.PoolID) policy.PoolRule {
			return policy.PoolRule{Kind: policy.ByDomain, Value: domain, Pool: to}
		}
		accounttest.Want(t, "no domain", store(rule("example", staff)), "rules_invalid")
		accounttest.Want(t, "no pool", store(rule("example.com", "pool_none")), "no_such_pool")
		accounttest.Want(t, "two rules", store(rule("example.com", staff), rule("example.org", guests)), "ok")
		accounttest.Want(t, "rules of before", p.StorePoolRules(ctx, ws, nil, 1, people.Shell()), "changed_meanwhile")
		for i, row := range []struct {
			email string
			named countersign.PoolID
			want  countersign.PoolID
		}{
			{"a@Example.com", "", staff},
			{"b@example.org", "", guests},
			{"c@example.net", "", countersign.DefaultPool},
			{"d@example.com", guests, guests},
			{"e@sub.example.com", "", countersign.DefaultPool},
		} {
			user, err := p.Create(ctx, ws, people.NewUser{Email: row.email, Name: fmt.Sprint("N", i), Role: countersign.Member, Pool: row.named}, people.Shell())
			if err != nil || user.PoolID != row.want {
				t.Errorf("%s comes into %s, %v; want %s", row.email, user.PoolID, err, row.want)
			}
		}
		_, err := p.Create(ctx, ws, people.NewUser{Email: "f@example.com", Name: "F", Role: countersign.Member, Pool: "pool_none"}, people.Shell())
		accounttest.Want(t, "an invitation into none", err, "no_such_pool")
		if !slices.ContainsFunc(e.Mails(t), func(m message.Shown) bool {
			return m.To == "d@example.com" && strings.Contains(m.Subject, "invitation")
		}) {
			t.Error("nobody was invited")
		}
	})
}

// Administrators invite: not owners, not with a password of their choice, and with two
// factors.
func TestWhoInvites(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		_, admins := desk(t, e, "admin@example.com", countersign.Administrator)
		_, desks := desk(t, e, "desk@example.com", countersign.HelpDesk)
		plain := e.Person(t, "plain@example.com")
		ranked(t, e, plain, countersign.Owner)
		single := at(t, e, plain)
		n := people.NewUser{Email: "new@example.com", Name: "New", Role: countersign.Member}
		owner, reader, chosen := n, n, n
		reader.Role = countersign.Auditor
		owner.Role, chosen.Password = countersign.Owner, goodPassword
		for _, row := range []struct {
			sentence string
			who      people.NewUser
			by       people.By
			refusal  string
		}{
			{"the help desk", n, desks, "beyond_role"},
			{"an owner without a second factor", n, single, "two_factors_required"},
			{"an owner, by an administrator", owner, admins, "role_too_high"},
			{"an auditor, by an administrator", reader, admins, "role_too_high"},
			{"with a password", chosen, admins, "beyond_role"},
			{"an administrator", n, admins, "ok"},
		} {
			_, err := p.Create(ctx, ws, row.who, row.by)
			accounttest.Want(t, row.sentence, err, row.refusal)
		}
		_, err := p.Create(ctx, "wsp_other", n, admins)
		accounttest.Want(t, "into another workspace", err, "no_such_user")
		version := int64(1)
		accounttest.Want(t, "settings, without a second factor (S3-14)", p.StoreDocument(ctx, ws, policy.Document{"require_second_factor": "required"}, version, single), "two_factors_required")
		accounttest.Want(t, "settings, by the help desk", p.StoreDocument(ctx, ws, policy.Document{}, version, desks), "beyond_role")
		accounttest.Want(t, "settings (S3-15)", p.StoreDocument(ctx, ws, policy.Document{"require_second_factor": "required"}, version, admins), "ok")
	})
}
