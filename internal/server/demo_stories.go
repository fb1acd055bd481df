package server

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/message"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

const (
	demoWorkspace = "Alder & Finch"
	demoDay       = 24 * time.Hour
)

// role is one person of the cast with what happens to them.
type role struct {
	name  string
	rank  countersign.Role
	lang  string
	zone  string
	about string
	agent string
	days  int // how long ago they came
	story func(ctx context.Context, a *actor) error
}

// tellStories lets everybody live through the last weeks, and returns them.
func tellStories(ctx context.Context, s *Server, clock *storyClock) ([]DemoAccount, error) {
	st := &stage{
		Parts: s.Parts, clock: clock, begin: clock.Now(),
		sessions: &session.Service{Accounts: s.Parts.Accounts, Store: s.Parts.Store, Now: clock.Now},
		sealer:   audit.NewSealer(s.Parts.Audit, slog.New(slog.DiscardHandler)),
	}
	defer clock.end()
	var accounts []DemoAccount
	for i, r := range cast() {
		a := &actor{
			stage: st, lang: r.lang, zone: r.zone,
			DemoAccount: DemoAccount{Name: r.name, Email: address(r.name), Role: r.rank, About: r.about},
			place:       countersign.Place{IP: fmt.Sprintf("198.51.100.%d", 20+i), UserAgent: r.agent},
		}
		clock.set(st.begin.Add(-time.Duration(r.days) * demoDay).Add(time.Duration(i*7%50) * time.Minute))
		err := r.story(ctx, a)
		if err == nil {
			err = a.sealed(ctx)
		}
		if err != nil {
			return nil, fmt.Errorf("tell the story of %s: %w", r.name, err)
		}
		if clock.Now().After(st.begin) {
			return nil, fmt.Errorf("the story of %s ends in the future", r.name)
		}
		accounts = append(accounts, a.DemoAccount)
	}
	clock.set(st.begin)
	return accounts, st.keepMessages(ctx)
}

// keepMessages puts what was posted in the stories where development shows it,
// as of then: a worker that found it now would call most of it expired.
func (st *stage) keepMessages(ctx context.Context) error {
	return st.Store.Write(ctx, func(tx *store.Tx) error {
		for _, urgency := range message.Urgencies() {
			posted, err := tx.ClaimMessages(tx.Ctx, rows.ClaimMessagesParams{
				LeaseUntil: tx.NowMilli(), Now: tx.NowMilli(), Channel: "email", Urgency: int64(urgency), WorkspaceID: countersign.DefaultWorkspace, Most: 10_000,
			})
			if err != nil {
				return fmt.Errorf("collect the messages: %w", err)
			}
			for _, m := range posted {
				_, err = tx.MarkKept(tx.Ctx, m.CreatedAt, m.WorkspaceID, m.ID)
				if err != nil {
					return fmt.Errorf("keep a message: %w", err)
				}
			}
		}
		return nil
	})
}

// address is first.last@example.com, in plain letters.
func address(name string) string {
	plain := strings.NewReplacer("á", "a", "é", "e", "í", "i", "ó", "o", "ü", "u", "’", "").Replace(strings.ToLower(name))
	return strings.ReplaceAll(plain, " ", ".") + "@example.com"
}

// ago goes to a moment before the real now.
func (a *actor) ago(d time.Duration) { a.clock.set(a.begin.Add(-d)) }

// invited makes the account by an invitation that is not accepted.
func invited(ctx context.Context, a *actor) error {
	user, err := a.People.Create(ctx, countersign.DefaultWorkspace, people.NewUser{Email: a.Email, Name: a.Name, Role: a.Role}, people.Shell())
	a.id = user.ID
	return err
}

// joined accepts the invitation a little later.
func joined(ctx context.Context, a *actor) error {
	err := invited(ctx, a)
	if err != nil {
		return err
	}
	a.clock.pass(3*time.Hour + 12*time.Minute)
	return a.accept(ctx)
}

// protected joins, sets up an app and saves the codes.
func protected(device string) func(context.Context, *actor) error {
	return func(ctx context.Context, a *actor) error {
		return inOrder(ctx, a, joined, app(device), saved)
	}
}

func saved(ctx context.Context, a *actor) error { return a.saveCodes(ctx) }

type step = func(context.Context, *actor) error

func inOrder(ctx context.Context, a *actor, steps ...step) error {
	for _, s := range steps {
		err := s(ctx, a)
		if err == nil {
			err = a.sealed(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sealed has what happened sealed, as the server that ran at the time did.
func (st *stage) sealed(ctx context.Context) error { return st.sealer.LookWhole(ctx) }

// then joins steps into a story.
func then(steps ...step) step {
	return func(ctx context.Context, a *actor) error { return inOrder(ctx, a, steps...) }
}

// signedIn signs in at a moment before now.
func signedIn(before time.Duration) step {
	return func(ctx context.Context, a *actor) error {
		a.ago(before)
		return a.signIn(ctx)
	}
}

// elsewhere goes on in another browser, which does not know the person.
func elsewhere(agent, ip string) step {
	return func(_ context.Context, a *actor) error {
		a.browser, a.current = nil, nil
		a.place = countersign.Place{IP: ip, UserAgent: agent}
		return nil
	}
}

// founded makes the workspace: the first owner, by the set-up address.
func founded(ctx context.Context, a *actor) error {
	setup, err := a.People.SetupLink(ctx, countersign.DefaultWorkspace)
	if err != nil {
		return err
	}
	a.clock.pass(2 * time.Minute)
	err = a.arrive(ctx, account.LinkSetup, setup, policy.EntrySetup, func(link rows.Link, next people.Then) error {
		return a.People.FinishSetup(ctx, link, people.FirstOwner{
			Workspace: demoWorkspace, Name: a.Name, Email: a.Email, Password: DemoPassword,
			Language: a.lang, Zone: a.zone, Place: a.place,
		}, next)
	})
	if err != nil {
		return err
	}
	return inOrder(ctx, a, app("Pixel 9"), saved)
}

func app(device string) step {
	return func(ctx context.Context, a *actor) error { return a.addApp(ctx, device, "") }
}

// anotherApp adds one more, half a minute after the last code.
func anotherApp(device string) step {
	return func(ctx context.Context, a *actor) error {
		a.clock.pass(40 * time.Second)
		return a.addApp(ctx, device, "")
	}
}

// changedDevice puts a new device in the place of the only one.
func changedDevice(device string) step {
	return func(ctx context.Context, a *actor) error {
		a.clock.pass(time.Minute)
		h, err := a.holder(ctx)
		if err != nil {
			return err
		}
		list, err := a.Enrol.List(ctx, h)
		if err != nil {
			return err
		}
		return a.addApp(ctx, device, list[0].ID)
	}
}

// made gives the account a password without an invitation: the address stays
// unverified.
func made(ctx context.Context, a *actor) error {
	user, err := a.People.Create(ctx, countersign.DefaultWorkspace,
		people.NewUser{Email: a.Email, Name: a.Name, Role: a.Role, Password: DemoPassword}, people.Shell())
	a.id, a.Password = user.ID, true
	return err
}

// disabled puts the account out, some days ago.
func disabled(before time.Duration) step {
	return func(ctx context.Context, a *actor) error {
		a.ago(before)
		loaded, err := a.Accounts.Load(ctx, countersign.DefaultWorkspace, a.id)
		if err != nil {
			return err
		}
		a.Password = false
		return a.People.Disable(ctx, loaded, people.Shell())
	}
}

// reset turns the second factor off as an administrator does.
func reset(before time.Duration) step {
	return func(ctx context.Context, a *actor) error {
		a.ago(before)
		loaded, err := a.Accounts.Load(ctx, countersign.DefaultWorkspace, a.id)
		if err != nil {
			return err
		}
		a.secret, a.Key, a.Codes, a.current = nil, "", nil, nil
		_, err = a.People.ResetSecondFactor(ctx, loaded, people.Shell())
		return err
	}
}

// required asks a second factor of this person alone.
func required(ctx context.Context, a *actor) error {
	return a.Store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.SetUserRequirement(tx.Ctx, "required", countersign.DefaultWorkspace, a.id)
		return err
	})
}

func spent(n int) step {
	return func(ctx context.Context, a *actor) error { return a.spendCodes(ctx, n) }
}

func recovered(before time.Duration) step {
	return func(ctx context.Context, a *actor) error {
		a.ago(before)
		return a.recover(ctx)
	}
}

// locked is a stranger at the second step, a moment ago.
func locked(ctx context.Context, a *actor) error {
	a.ago(3 * time.Minute)
	return a.guess(ctx, countersign.Place{IP: "203.0.113.77", UserAgent: agentFirefox})
}
