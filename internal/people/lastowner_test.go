package people_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account/accounttest"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/store"
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
		accounttest.Want(t, "the only one", p.Move(ctx, ada.Account(t), apps, policy.Unaffected, people.Shell()), "owners_locked_out")
		ben := keyOwner(t, e, "ben@example.com")
		accounttest.Want(t, "where another owner gets in", p.Move(ctx, ben.Account(t), apps, policy.LockedOut, people.Shell()), "ok")
		accounttest.Want(t, "the one who is left", p.Move(ctx, ada.Account(t), apps, policy.Unaffected, people.Shell()), "owners_locked_out")
		cleo := e.Person(t, "cleo@example.com")
		accounttest.Want(t, "somebody without a role", p.Move(ctx, cleo.Account(t), apps, policy.Unaffected, people.Shell()), "ok")
	})
}

// An owner whom the settings shut out does not keep a workspace.
func TestTheLastOwnerWhoGetsInStays(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		ada, ben := keyOwner(t, e, "ada@example.com"), keyOwner(t, e, "ben@example.com")
		apps := apps(t, p)
		accounttest.Want(t, "moving one", p.Move(ctx, ben.Account(t), apps, policy.LockedOut, people.Shell()), "ok")
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
			outcomes := accounttest.Race(2, func(i int) error { return p.Move(ctx, all[i].Account(t), apps, policy.LockedOut, people.Shell()) })
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

// meanwhile changes the settings of a pool in a transaction that stays open until act waits
// for it, and returns what act then comes to.
func meanwhile(t *testing.T, e *accounttest.Engine, pool countersign.PoolID, settings string, act func() error) error {
	t.Helper()
	begun, changed, acted := make(chan struct{}), make(chan error, 1), make(chan error, 1)
	go func() {
		begun := sync.OnceFunc(func() { close(begun) })
		changed <- e.Store.Write(context.Background(), func(tx *store.Tx) error {
			defer begun() // also where it fails
			_, err := tx.LockWorkspace(tx.Ctx, accounttest.Workspace)
			if err != nil {
				return err
			}
			w, err := tx.GetWorkspace(tx.Ctx, accounttest.Workspace)
			if err == nil {
				_, err = tx.StorePoolSettings(tx.Ctx, settings, accounttest.Workspace, pool)
			}
			if err == nil {
				_, err = tx.RaiseSettings(tx.Ctx, accounttest.Workspace, w.SettingsVersion)
			}
			begun()
			time.Sleep(300 * time.Millisecond)
			return err
		})
	}()
	<-begun
	go func() { acted <- act() }()
	if err := <-changed; err != nil {
		t.Fatal(err)
	}
	return <-acted
}

// What a move does to somebody is judged by the settings that it comes into, and not by
// those of the page that said what is to be accepted.
func TestAMoveSeesTheSettingsOfMeanwhile(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		ownerOf(t, e, "boss@example.com").WithApp(t, "App")
		apps := apps(t, p)
		const open, closed = `{"second_factors":["totp","passkey"]}`, `{"second_factors":["totp"]}`
		for i := range 2 { // who comes first is not left to chance here
			who := keyOwner(t, e, fmt.Sprintf("key%d@example.com", i))
			e.Exec(t, fmt.Sprintf("UPDATE users SET role = 'user' WHERE id = '%s'", who.ID))
			accounttest.Want(t, "opening", meanwhile(t, e, apps, open, func() error { return nil }), "ok")
			a := who.Account(t)
			_, effect, err := p.MoveImpact(ctx, a, apps)
			if err != nil || effect != policy.Unaffected {
				t.Fatalf("before, the move does %q, %v", effect, err)
			}
			got := meanwhile(t, e, apps, closed, func() error { return p.Move(ctx, a, apps, effect, people.Shell()) })
			accounttest.Want(t, "while the pool shuts out", got, "move_accept")
			if now := who.Account(t).User.PoolID; now != countersign.DefaultPool {
				t.Errorf("who was to be moved is in %s", now)
			}
			accounttest.Want(t, "another effect accepted", p.Move(ctx, a, apps, policy.MustSetUp, people.Shell()), "move_accept")
			got = meanwhile(t, e, apps, open, func() error { return p.Move(ctx, a, apps, policy.Unaffected, people.Shell()) })
			accounttest.Want(t, "while it opens", got, "ok")
			accounttest.Want(t, "back", p.Move(ctx, a, countersign.DefaultPool, policy.Unaffected, people.Shell()), "ok")
			accounttest.Want(t, "closing", meanwhile(t, e, apps, closed, func() error { return nil }), "ok")
			accounttest.Want(t, "accepted", p.Move(ctx, a, apps, policy.LockedOut, people.Shell()), "ok")
		}
	})
}

// Neither waits for the other for ever, whoever comes first.
func TestAMoveAndTheSettingsAtOnce(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ownerOf(t, e, "boss@example.com").WithApp(t, "App")
		apps, who := apps(t, p), keyOwner(t, e, "key@example.com")
		e.Exec(t, fmt.Sprintf("UPDATE users SET role = 'user' WHERE id = '%s'", who.ID))
		for range *rounds {
			e.Exec(t, fmt.Sprintf("UPDATE users SET pool_id = '%s'", countersign.DefaultPool))
			was := rulesOf(t, p)
			accounttest.Want(t, "opening", put(p, was.With(file(t, "[pool.Apps]\nsecond_factors = [\"totp\", \"passkey\"]\n"), false), was.Version), "ok")
			was = rulesOf(t, p)
			next, a := was.With(file(t, "[pool.Apps]\nsecond_factors = [\"totp\"]\n"), false), who.Account(t)
			got := accounttest.Race(2, func(i int) error {
				if i == 0 {
					return p.Move(context.Background(), a, apps, policy.Unaffected, people.Shell())
				}
				return put(p, next, was.Version)
			})
			if moved := who.Account(t).User.PoolID == apps; got["ok"]+got["move_accept"] != 2 || moved != (got["ok"] == 2) {
				t.Fatalf("both at once: %v, moved: %v", got, moved)
			}
		}
	})
}
