package people_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/method"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/signin"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// A number whose country gets no texts any more is none that is left, and none that a
// sign-in asks.
func TestANumberWithoutACountryIsNotWhatIsLeft(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		e.AllowTexts(t, "DE", "US")
		ada := ownerOf(t, e, "ada@example.com").WithNumber(t, "+4915123456789").WithApp(t, "App")
		desk, was := ada.Desk(t), rulesOf(t, p)
		accounttest.Want(t, "the country goes", put(p, was.With(file(t, "sms.countries = [\"US\"]\n"), false), was.Version), "ok")
		if at := e.Browser("192.0.2.1").First(t, ada); at.Choose().First != string(method.TOTP) || at.Texts() {
			t.Errorf("a sign-in asks for %+v", at.Choose())
		}
		x, err := e.SignIn.Explain(ctx, accounttest.Workspace, ada.ID, signin.Situation{})
		if err != nil || x.Paths[0].Chosen.First != string(method.TOTP) || len(x.Paths[0].Chosen.Offered) != 1 {
			t.Errorf("what happens is %+v, %v", x, err)
		}
		_, err = e.Enrol.Remove(ctx, desk, credentialOf(t, ada, method.TOTP))
		accounttest.Want(t, "removing the app", err, "last_second_factor")
		was = rulesOf(t, p)
		accounttest.Want(t, "the country comes again", put(p, was.With(file(t, "sms.countries = [\"DE\"]\n"), false), was.Version), "ok")
		_, err = e.Enrol.Remove(ctx, desk, credentialOf(t, ada, method.TOTP))
		accounttest.Want(t, "removing the app beside a number that gets texts", err, "ok")
	})
}

// What happens after a tap on the phone offers nothing that cannot answer either.
func TestWhatFollowsATapAnswers(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		e.AllowTexts(t, "DE", "US")
		ada := ownerOf(t, e, "ada@example.com").WithNumber(t, "+4915123456789").WithApp(t, "App").WithCodes(t, 1)
		ada.WithPhone(t, "Pixel")
		was := rulesOf(t, p)
		accounttest.Want(t, "a tap begins", put(p, was.With(file(t, `first_factors = ["password", "push"]
push.confirm = "tap"
sms.countries = ["US"]
`), false), was.Version), "ok")
		offered := func() map[string][]string {
			x, err := e.SignIn.Explain(context.Background(), accounttest.Workspace, ada.ID, signin.Situation{})
			if err != nil {
				t.Fatal(err)
			}
			out := map[string][]string{}
			for _, path := range x.Paths {
				out[path.First] = path.Chosen.Offered
			}
			return out
		}
		if got := offered()[policy.FirstTap]; !slices.Contains(got, string(method.TOTP)) || !slices.Contains(got, policy.Recovery) || slices.Contains(got, policy.SMS) {
			t.Errorf("after a tap: %v", offered())
		}
		e.Exec(t, "UPDATE credentials SET counter = 0 WHERE kind = 'recovery'")
		if got := offered()[policy.FirstTap]; !slices.Contains(got, string(method.TOTP)) || slices.Contains(got, policy.Recovery) {
			t.Errorf("after a tap, when all codes are spent: %v", offered())
		}
	})
}

// acmeOf is a second workspace whose owner Ada has a passkey, and a passkey alone, of a time
// when its host name was not kept.
func acmeOf(t *testing.T, e *accounttest.Engine, p *people.Service) (countersign.WorkspaceID, account.Account) {
	t.Helper()
	ctx := context.Background()
	acme := made(t, p, "Acme", "acme.example.com")
	setUp(t, e, p, acme.ID, acme.SetUp, owner())
	ada, err := e.Accounts.Find(ctx, acme.ID, "ada@example.com")
	if err != nil {
		t.Fatal(err)
	}
	e.Write(t, func(tx *store.Tx) error {
		err := tx.InsertCredential(tx.Ctx, rows.InsertCredentialParams{WorkspaceID: acme.ID, ID: "crd_1", UserID: ada.User.ID, Kind: policy.Passkey, Name: "Key", NameKey: "key", State: "active", Secret: []byte{1}})
		if err != nil {
			return err
		}
		return tx.InsertPasskey(tx.Ctx, acme.ID, []byte{1}, "crd_1")
	})
	return acme.ID, ada
}

// second gives a workspace another owner, who has a password alone.
func second(t *testing.T, e *accounttest.Engine, p *people.Service, id countersign.WorkspaceID) account.Account {
	t.Helper()
	_, err := p.Create(context.Background(), id, people.NewUser{Email: "ben@example.com", Name: "Ben", Role: countersign.Owner, Password: "correct-horse battery 9"}, people.Shell())
	if err != nil {
		t.Fatal(err)
	}
	ben, err := e.Accounts.Find(context.Background(), id, "ben@example.com")
	if err != nil {
		t.Fatal(err)
	}
	return ben
}

// A host is not moved away from under the last owner; and passkeys of a host of before keep
// no workspace.
func TestAMoveOfTheHostLeavesAnOwner(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		acme, ada := acmeOf(t, e, p)
		to := func(host string, meant bool) error {
			return p.ChangeWorkspace(ctx, acme, people.WorkspaceChange{Name: "Acme", Host: host, Move: meant}, people.Shell())
		}
		for _, meant := range []bool{false, true} {
			err := to("login.acme.example", meant)
			accounttest.Want(t, "the only owner has a passkey alone", err, "host_owners_locked_out")
			var refusal *countersign.Error
			if !errors.As(err, &refusal) || refusal.Args["Owners"] != ada.User.Name {
				t.Errorf("named are %+v", refusal)
			}
		}
		ben := second(t, e, p, acme)
		accounttest.Want(t, "with another owner", to("login.acme.example", false), "host_shuts_out")
		accounttest.Want(t, "and it is meant", to("login.acme.example", true), "ok")
		accounttest.Want(t, "deleting the only owner who gets in", p.Delete(ctx, ben, people.Shell()), "last_owner")
		x, err := e.SignIn.Explain(ctx, acme, ada.User.ID, signin.Situation{})
		if err != nil || len(x.Paths[0].Chosen.Offered) != 0 || x.Paths[0].Step != policy.StepSecond {
			t.Errorf("what happens to whom the move shut out is %+v, %v", x, err)
		}
		accounttest.Want(t, "moving back", to("acme.example.com", true), "ok")
		accounttest.Want(t, "and the passkey works again", p.Delete(ctx, ben, people.Shell()), "ok")
	})
}

// Each row is a factor on a ground, and whether it answers there.
func TestWhatAnswers(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, _ *people.Service) {
		e.AllowTexts(t, "DE")
		ada := e.Guarded(t, "ada@example.com").WithNumber(t, "+4915123456789").WithCodes(t, 1)
		phone := ada.WithPhone(t, "Pixel")
		keyed := keyOwner(t, e, "key@example.com")
		of := map[method.Kind]rows.Credential{}
		for _, c := range append(ada.Credentials(t), keyed.Credentials(t)...) {
			if c.State == "active" {
				of[method.Kind(c.Kind)] = c
			}
		}
		for _, row := range []struct {
			sentence string
			change   func(g *account.Ground)
			want     map[method.Kind]bool
		}{
			{"as things are", func(*account.Ground) {}, map[method.Kind]bool{method.TOTP: true, method.SMS: true, method.Recovery: true, method.Push: true, method.Passkey: true}},
			{"another country", func(g *account.Ground) { g.Settings.TextCountries = []string{"US"} }, map[method.Kind]bool{method.TOTP: true, method.Recovery: true, method.Push: true, method.Passkey: true}},
			{"another host", func(g *account.Ground) { g.RPID = "login.acme.example" }, map[method.Kind]bool{method.TOTP: true, method.SMS: true, method.Recovery: true}},
			{"an app alone is taken", func(g *account.Ground) {
				g.Settings.Methods, g.Settings.SecondFactors = []string{"totp"}, []string{"totp"}
			}, map[method.Kind]bool{method.TOTP: true}},
		} {
			g := e.Accounts.GroundOf(ada.Account(t))
			row.change(&g)
			for kind, c := range of {
				if got := e.Accounts.Answers(c, g); got != row.want[kind] {
					t.Errorf("%s: %s answers: %t", row.sentence, kind, got)
				}
			}
			here := g.Here([]rows.Device{phone.Row(t)}, ada.Credentials(t))
			if (len(here) == 1) != (row.sentence != "another host") {
				t.Errorf("%s: phones here: %d", row.sentence, len(here))
			}
		}
		e.Accounts.Texting = false
		if e.Accounts.Answers(of[method.SMS], e.Accounts.GroundOf(ada.Account(t))) {
			t.Error("a number answers where nobody sends texts on")
		}
	})
}

// Another node has moved the host, and this one's book of hosts does not know yet: who gets
// in is judged by the row that the transaction reads.
func TestAHostThatMovedAMomentAgoKeepsAnOwner(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		acme, _ := acmeOf(t, e, p)
		ben := second(t, e, p, acme)
		e.Exec(t, fmt.Sprintf("UPDATE credentials SET rp_id = 'acme.example.com' WHERE workspace_id = '%s'", acme))
		e.Exec(t, fmt.Sprintf("UPDATE workspaces SET host = 'login.acme.example' WHERE id = '%s'", acme))
		accounttest.Want(t, "deleting the only owner who gets in", p.Delete(context.Background(), ben, people.Shell()), "last_owner")
		e.Exec(t, fmt.Sprintf("UPDATE workspaces SET host = 'acme.example.com' WHERE id = '%s'", acme))
		accounttest.Want(t, "the same where the passkey answers", p.Delete(context.Background(), ben, people.Shell()), "ok")
	})
}
