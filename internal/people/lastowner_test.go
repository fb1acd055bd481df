package people_test

import (
	"context"
	"fmt"
	"testing"

	"countersign"
	"countersign/internal/account/accounttest"
	"countersign/internal/people"
	"countersign/internal/policy"
)

// apps is a pool where a passkey is no second factor, of a workspace where it is.
func apps(t *testing.T, p *people.Service) countersign.PoolID {
	t.Helper()
	was := rulesOf(t, p)
	next := was.With(file(t, `methods = ["totp", "passkey"]
first_factors = ["password"]
second_factors = ["totp", "passkey"]
[pool.Apps]
second_factors = ["totp"]
`), false)
	accounttest.Want(t, "the settings", put(p, next, was.Version), "ok")
	return rulesOf(t, p).PoolNamed("Apps")
}

// keyOwner is an owner who has a passkey alone.
func keyOwner(t *testing.T, e *accounttest.Engine, email string) *accounttest.Person {
	t.Helper()
	p := ownerOf(t, e, email)
	key, desk := e.SecurityKey(t), p.Desk(t)
	asked, err := e.Enrol.AskPasskey(context.Background(), desk)
	if err != nil {
		t.Fatal(err)
	}
	_, err = e.Enrol.AddPasskey(context.Background(), desk, "Key", key.Create(asked))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// To be moved into a pool where one cannot sign in is to be shut out as by its settings.
func TestAMoveDoesNotShutTheLastOwnerOut(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		ada := keyOwner(t, e, "ada@example.com")
		apps := apps(t, p)
		accounttest.Want(t, "the only one", p.Move(ctx, ada.Account(t), apps, people.Shell()), "owners_locked_out")
		ben := keyOwner(t, e, "ben@example.com")
		accounttest.Want(t, "where another owner gets in", p.Move(ctx, ben.Account(t), apps, people.Shell()), "ok")
		accounttest.Want(t, "the one who is left", p.Move(ctx, ada.Account(t), apps, people.Shell()), "owners_locked_out")
		cleo := e.Person(t, "cleo@example.com")
		accounttest.Want(t, "somebody without a role", p.Move(ctx, cleo.Account(t), apps, people.Shell()), "ok")
	})
}

// An owner whom the settings shut out does not keep a workspace.
func TestTheLastOwnerWhoGetsInStays(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		ada, ben := keyOwner(t, e, "ada@example.com"), keyOwner(t, e, "ben@example.com")
		apps := apps(t, p)
		accounttest.Want(t, "moving one", p.Move(ctx, ben.Account(t), apps, people.Shell()), "ok")
		accounttest.Want(t, "the role of the other", p.SetRole(ctx, ada.Account(t), countersign.Member, people.Shell()), "last_owner")
		accounttest.Want(t, "locking the other", p.Disable(ctx, ada.Account(t), people.Shell()), "last_owner")
		accounttest.Want(t, "deleting the other", p.Delete(ctx, ada.Account(t), people.Shell()), "last_owner")
		accounttest.Want(t, "deleting the one who is shut out", p.Delete(ctx, ben.Account(t), people.Shell()), "ok")
	})
}

// Two owners who move each other, or themselves, at once.
func TestTwoOwnersMoveAtOnce(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		all := []*accounttest.Person{keyOwner(t, e, "ada@example.com"), keyOwner(t, e, "ben@example.com")}
		apps := apps(t, p)
		for range *rounds {
			e.Exec(t, fmt.Sprintf("UPDATE users SET pool_id = '%s'", countersign.DefaultPool))
			outcomes := accounttest.Race(2, func(i int) error { return p.Move(ctx, all[i].Account(t), apps, people.Shell()) })
			if outcomes["ok"] != 1 || outcomes["owners_locked_out"] != 1 {
				t.Fatalf("two moves at once: %v", outcomes)
			}
		}
	})
}

// What a move does to somebody is told before.
func TestWhatAMoveDoesIsTold(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		key, app, bare := keyOwner(t, e, "key@example.com"), e.Person(t, "app@example.com").WithApp(t, "App"), e.Person(t, "bare@example.com")
		apps := apps(t, p)
		strict := pool(t, p, "Strict", policy.Document{"require_second_factor": "required"})
		for _, row := range []struct {
			sentence string
			who      *accounttest.Person
			to       countersign.PoolID
			want     policy.Effect
		}{
			{"a passkey where none is taken", key, apps, policy.LockedOut},
			{"an app where it is taken", app, apps, policy.Unaffected},
			{"nothing where nothing is required", bare, apps, policy.Unaffected},
			{"nothing where a second factor is required", bare, strict, policy.MustSetUp},
			{"the pool of now", key, countersign.DefaultPool, policy.Unaffected},
		} {
			_, got, err := p.MoveImpact(ctx, row.who.Account(t), row.to)
			if err != nil || got != row.want {
				t.Errorf("%s: %q, %v, want %q", row.sentence, got, err, row.want)
			}
		}
		_, _, err := p.MoveImpact(ctx, key.Account(t), "pool_none")
		accounttest.Want(t, "a pool that is not there", err, "no_such_pool")
	})
}
