package people_test

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/store/storetest"
)

const goodPassword = "violet anchor seven lamps"

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// both runs a test on each database, with the people of a whole engine.
func both(t *testing.T, test func(t *testing.T, e *accounttest.Engine, p *people.Service)) {
	accounttest.Both(t, func(t *testing.T, e *accounttest.Engine) {
		test(t, e, &people.Service{Accounts: e.Accounts, Store: e.Store, Now: e.Clock.Now})
	})
}

func nothing(*store.Tx, rows.User) error { return nil }

func linkOf(t *testing.T, e *accounttest.Engine, kind account.LinkKind, address string) rows.Link {
	t.Helper()
	link, err := e.Accounts.FindLink(context.Background(), accounttest.Workspace, kind, address[strings.LastIndexByte(address, '/')+1:])
	if err != nil {
		t.Fatalf("find the link: %v", err)
	}
	return link
}

func owner() people.FirstOwner {
	return people.FirstOwner{Workspace: "Acme", Name: "Ada Bright", Email: "ada@example.com", Password: goodPassword}
}

func TestTheFirstOwnerIsMadeOnce(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		older, err := p.SetupLink(ctx, accounttest.Workspace)
		if err != nil {
			t.Fatal(err)
		}
		address, err := p.SetupLink(ctx, accounttest.Workspace)
		if err != nil {
			t.Fatal(err)
		}
		_, err = e.Accounts.FindLink(ctx, accounttest.Workspace, account.LinkSetup, older[strings.LastIndexByte(older, '/')+1:])
		accounttest.Want(t, "an older address is dead once a newer was made", err, "link_used")
		link := linkOf(t, e, account.LinkSetup, address)
		weak := owner()
		weak.Password, weak.Email = "short", "nobody"
		err = p.FinishSetup(ctx, link, weak, nothing)
		if countersign.KindOf(err) != countersign.Invalid {
			t.Errorf("a form with two wrong fields: got %v, want Invalid", err)
		}
		outcomes := accounttest.Race(20, func(int) error { return p.FinishSetup(ctx, link, owner(), nothing) })
		if outcomes["ok"] != 1 {
			t.Errorf("twenty parallel posts of one set-up: %v, want one success", outcomes)
		}
		_, err = p.SetupLink(ctx, accounttest.Workspace)
		accounttest.Want(t, "a set-up address after there is an owner", err, "already_set_up")
	})
}

func TestAnInvitationMakesAnAccount(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		user, err := p.Create(ctx, accounttest.Workspace, people.NewUser{Email: "Ben@Example.com", Name: "Ben Reed", Role: countersign.Member}, people.Shell())
		if err != nil {
			t.Fatal(err)
		}
		if user.State != countersign.Invited {
			t.Errorf("state %q, want invited", user.State)
		}
		_, err = p.Create(ctx, accounttest.Workspace, people.NewUser{Email: "ben@example.COM", Name: "Other", Role: countersign.Member}, people.Shell())
		accounttest.Want(t, "another spelling of the same address", err, "email_taken")
		link := e.Link(t, message.Invitation, "Ben@Example.com", account.LinkInvitation)
		err = p.Accept(ctx, link, people.Accepted{Name: "", Password: goodPassword}, nothing)
		accounttest.Want(t, "accepting without a name", err, "name_empty")
		err = p.Accept(ctx, link, people.Accepted{Name: "Ben", Password: goodPassword}, nothing)
		if err != nil {
			t.Fatalf("accept: %v", err)
		}
		err = p.Accept(ctx, link, people.Accepted{Name: "Ben", Password: goodPassword}, nothing)
		accounttest.Want(t, "accepting twice", err, "link_used")
		a, err := p.Find(ctx, accounttest.Workspace, string(user.ID))
		if err != nil {
			t.Fatal(err)
		}
		if a.User.State != countersign.Active || a.User.EmailVerifiedAt == 0 || a.User.Name != "Ben" {
			t.Errorf("after accepting: state %q, verified %d, name %q", a.User.State, a.User.EmailVerifiedAt, a.User.Name)
		}
	})
}

func TestAnInvitationEndsAfterAWeekAndWithTheAccount(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		_, err := p.Create(ctx, accounttest.Workspace, people.NewUser{Email: "cleo@example.com", Name: "Cleo", Role: countersign.Member}, people.Shell())
		if err != nil {
			t.Fatal(err)
		}
		link := e.Link(t, message.Invitation, "cleo@example.com", account.LinkInvitation)
		a, err := p.Find(ctx, accounttest.Workspace, "cleo@example.com")
		if err != nil {
			t.Fatal(err)
		}
		err = p.Disable(ctx, a, people.Shell())
		if err != nil {
			t.Fatal(err)
		}
		err = p.Accept(ctx, link, people.Accepted{Name: "Cleo", Password: goodPassword}, nothing)
		accounttest.Want(t, "an invitation of a disabled account", err, "link_expired")
		e.Advance(t, 8*24*time.Hour)
		_, err = p.RescueLink(ctx, a, people.Shell())
		if err != nil && countersign.CodeOf(err) != "user_disabled" {
			t.Errorf("rescue of a disabled account: %v", err)
		}
	})
}

func TestTheLastOwnerStays(t *testing.T) {
	both(t, func(t *testing.T, _ *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		var owners []account.Account
		for _, email := range []string{"one@example.com", "two@example.com"} {
			_, err := p.Create(ctx, accounttest.Workspace, people.NewUser{Email: email, Name: "Owner", Role: countersign.Owner, Password: goodPassword}, people.Shell())
			if err != nil {
				t.Fatal(err)
			}
			a, err := p.Find(ctx, accounttest.Workspace, email)
			if err != nil {
				t.Fatal(err)
			}
			owners = append(owners, a)
		}
		// Each removes the other at once; one of the two must stay.
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for i := range owners {
			wg.Go(func() {
				if i == 0 {
					errs[i] = p.Disable(ctx, owners[i], people.Shell())
					return
				}
				errs[i] = p.Delete(ctx, owners[i], people.Shell())
			})
		}
		wg.Wait()
		refused := 0
		for _, err := range errs {
			if countersign.CodeOf(err) == "last_owner" {
				refused++
			} else if err != nil {
				t.Errorf("removing an owner: %v", err)
			}
		}
		if refused != 1 {
			t.Errorf("%d of two removals were refused, want one", refused)
		}
	})
}

func TestADisabledUserIsOutAtOnce(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		err := p.Disable(ctx, ada.Account(t), people.Shell())
		if err != nil {
			t.Fatal(err)
		}
		_, err = b.LoadSession()
		accounttest.Want(t, "a session of a disabled user", err, "signed_out")
		err = e.Browser("192.0.2.2").TryPassword(t, "ada@example.com", "whatever it is")
		accounttest.Want(t, "a password of a disabled user", err, "wrong_credentials")
		_, err = p.Enable(ctx, ada.Account(t), people.Shell())
		if err != nil {
			t.Fatal(err)
		}
		e.Browser("192.0.2.3").SignIn(t, ada)
	})
}

func TestEnablingSomebodyWithoutAPasswordInvitesThemAnew(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		const email = "cleo@example.com"
		_, err := p.Create(ctx, accounttest.Workspace, people.NewUser{Email: email, Name: "Cleo", Role: countersign.Member}, people.Shell())
		if err != nil {
			t.Fatal(err)
		}
		old := e.Link(t, message.Invitation, email, account.LinkInvitation)
		a, err := p.Find(ctx, accounttest.Workspace, email)
		if err != nil {
			t.Fatal(err)
		}
		err = p.Disable(ctx, a, people.Shell())
		if err != nil {
			t.Fatal(err)
		}
		e.Advance(t, time.Minute) // mails of one moment have no order
		for _, row := range []struct {
			sentence string
			invited  bool
		}{
			{"enabling a disabled one", true},
			{"enabling one who is enabled", false},
		} {
			invited, err := p.Enable(ctx, a, people.Shell())
			if err != nil || invited != row.invited {
				t.Errorf("%s: invited %v, %v; want %v", row.sentence, invited, err, row.invited)
			}
		}
		if n := len(e.MailsTo(t, message.Invitation, email)); n != 2 {
			t.Errorf("%d invitations were mailed, want 2", n)
		}
		in := people.Accepted{Name: "Cleo", Password: goodPassword}
		accounttest.Want(t, "the invitation of before", p.Accept(ctx, old, in, nothing), "link_used")
		link := e.Link(t, message.Invitation, email, account.LinkInvitation)
		accounttest.Want(t, "the new invitation", p.Accept(ctx, link, in, nothing), "ok")
	})
}

func TestARescueNeverSkipsTheSecondFactor(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		ada := e.Guarded(t, "ada@example.com")
		address, err := p.RescueLink(ctx, ada.Account(t), people.Shell())
		if err != nil {
			t.Fatal(err)
		}
		b := e.Browser("192.0.2.1")
		var id countersign.AttemptID
		err = p.UseRescue(ctx, linkOf(t, e, account.LinkRescue, address), people.Accepted{Password: goodPassword}, func(tx *store.Tx, user rows.User) error {
			var err error
			id, err = e.SignIn.StartFromLink(tx, user, policy.EntryRescue, b.Visitor())
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		at := b.Attempt(t, id)
		if at.Step != policy.StepSecond {
			t.Errorf("step after a rescue: %q, want the second factor", at.Step)
		}
		if len(e.MailsTo(t, message.PasswordRescued, "ada@example.com")) != 1 {
			t.Error("the person was not told of the rescue")
		}
	})
}

func TestAResetByTheShellVoidsEverything(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		e.Set(t, policy.Document{"recovery.admin_reset": "never"})
		ada := e.Guarded(t, "ada@example.com").WithCodes(t, 3)
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		_, err := p.ResetSecondFactor(ctx, ada.Account(t), people.Shell())
		if err != nil {
			t.Fatal(err)
		}
		if n := len(ada.Credentials(t)); n != 0 {
			t.Errorf("%d credentials after a reset, want none", n)
		}
		_, err = b.LoadSession()
		accounttest.Want(t, "a session from before the reset", err, "signed_out")
		if len(e.MailsTo(t, message.AdminReset, "ada@example.com")) != 1 || e.Count(t, "two_factor.reset", "shell") != 1 {
			t.Error("the reset was not told, or not written to the log")
		}
	})
}

func TestSettingsAreStoredOnce(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		doc, version, err := p.Document(ctx, accounttest.Workspace)
		if err != nil {
			t.Fatal(err)
		}
		err = p.StoreDocument(ctx, accounttest.Workspace, doc.With(policy.Document{"totp.max": 9}), version, people.Shell())
		accounttest.Want(t, "a value out of range", err, "settings_invalid")
		err = p.StoreDocument(ctx, accounttest.Workspace, doc.With(policy.Document{"words": "backup"}), version, people.Shell())
		if err != nil {
			t.Fatal(err)
		}
		err = p.StoreDocument(ctx, accounttest.Workspace, doc.With(policy.Document{"words": "recovery"}), version, people.Shell())
		accounttest.Want(t, "a change over one that came between", err, "changed_meanwhile")
		settings, err := e.Accounts.Settings(ctx, accounttest.Workspace, countersign.DefaultPool)
		if err != nil {
			t.Fatal(err)
		}
		if !settings.Backup() {
			t.Error("the change does not count at once")
		}
	})
}

// The number is the person's own, so it is in the export whole, and once.
func TestTheExportHasTheNumber(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		const number = "+4915123456789"
		e.AllowTexts(t, "DE")
		ada := e.Guarded(t, "ada@example.com").WithNumber(t, number)
		e.Person(t, "grace@example.com").WithNumber(t, "+4915198765432")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		data, err := p.Export(context.Background(), b.Holder(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range data.SecondSteps {
			if want := map[bool]string{true: number}[step.Kind == string(method.SMS)]; step.Number != want {
				t.Errorf("%s: the number is %q, want %q", step.Kind, step.Number, want)
			}
		}
		text, err := json.Marshal(data)
		if err != nil || strings.Count(string(text), `"number":"`+number+`"`) != 1 || strings.Contains(string(text), "98765") {
			t.Errorf("%v, %s", err, text)
		}
	})
}

func TestExportIsTheirsAndHoldsNoSecret(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		stale := b.Holder(t)
		stale.Fresh = false
		_, err := p.Export(ctx, stale)
		accounttest.Want(t, "an export without a fresh proof", err, "fresh_proof_required")
		data, err := p.Export(ctx, b.Holder(t))
		if err != nil {
			t.Fatal(err)
		}
		if data.Email != "ada@example.com" || len(data.SecondSteps) == 0 || len(data.Browsers) != 1 || len(data.Activity) == 0 {
			t.Errorf("export: %+v", data)
		}
		if data.Browsers[0].TrustedUntil != nil {
			t.Error("the browser is called trusted")
		}
		trusted := ada.Trusted(t, "192.0.2.2")
		data, err = p.Export(ctx, trusted.Holder(t))
		until := e.Clock.Now().AddDate(0, 0, 30)
		if err != nil || len(data.Browsers) != 2 || !slices.ContainsFunc(data.Browsers, func(b people.ExportedBrowser) bool {
			return b.TrustedUntil != nil && b.TrustedUntil.Equal(until)
		}) {
			t.Errorf("the export of a trusted browser, %v: %+v", err, data.Browsers)
		}
	})
}
