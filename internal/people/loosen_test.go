package people_test

import (
	"context"
	"strings"
	"testing"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/people"
	"countersign/internal/policy"
)

// strict is a workspace that wants two administrators, with a pool where one is enough and
// one where nobody resets: it returns both, in this order.
func strict(t *testing.T, p *people.Service) (countersign.PoolID, countersign.PoolID) {
	t.Helper()
	was := rulesOf(t, p)
	next := was.With(file(t, `recovery.admin_reset = "two_admins"
[pool.Loose]
recovery.admin_reset = "allowed"
[pool.Never]
recovery.admin_reset = "never"
`), false)
	accounttest.Want(t, "the settings", put(p, next, was.Version), "ok")
	is := rulesOf(t, p)
	return is.PoolNamed("Loose"), is.PoolNamed("Never")
}

// By no change of settings does anybody but an owner make it easier to reset others, and
// whoever makes it harder may.
func TestWhoLoosensResets(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		_, owners := desk(t, e, "owner@example.com", countersign.Owner)
		_, admins := desk(t, e, "admin@example.com", countersign.Administrator)
		desk(t, e, "other@example.com", countersign.Owner)
		desk(t, e, "desk@example.com", countersign.HelpDesk)
		told := func() int {
			n := 0
			for _, name := range []string{"owner", "other", "admin", "desk"} {
				n += len(e.MailsTo(t, message.ResetsLoosened, name+"@example.com"))
			}
			return n
		}
		for _, row := range []struct {
			sentence, file string
			by             people.By
			refusal        string
			mails          int
		}{
			{"stricter, by an administrator", "recovery.admin_reset = \"never\"\n[pool.Loose]\nrecovery.admin_reset = \"two_admins\"", admins, "ok", 0},
			{"looser", "recovery.admin_reset = \"allowed\"", admins, "owners_loosen", 0},
			{"a little looser in a pool", "recovery.admin_reset = \"two_admins\"\n[pool.Never]\nrecovery.admin_reset = \"two_admins\"", admins, "owners_loosen", 0},
			{"not set any more", "totp.max = 3", admins, "owners_loosen", 0},
			{"looser in a pool", "recovery.admin_reset = \"two_admins\"\n[pool.Never]\nrecovery.admin_reset = \"allowed\"", admins, "owners_loosen", 0},
			{"not set any more in a pool", "recovery.admin_reset = \"two_admins\"\n[pool.Never]\ntotp.max = 3", admins, "owners_loosen", 0},
			{"a new pool that is looser", "recovery.admin_reset = \"two_admins\"\n[pool.New]\nrecovery.admin_reset = \"allowed\"", admins, "owners_loosen", 0},
			{"anything else", "recovery.admin_reset = \"two_admins\"\ntotp.max = 3\n[pool.Never]\nrecovery.admin_reset = \"never\"\ntotp.max = 2", admins, "ok", 0},
			{"looser, by an owner", "recovery.admin_reset = \"allowed\"\n[pool.Never]\nrecovery.admin_reset = \"two_admins\"", owners, "ok", 2},
			{"looser, by the shell", "recovery.admin_reset = \"allowed\"", people.Shell(), "ok", 3},
		} {
			strict(t, p)
			was := rulesOf(t, p)
			before := told()
			err := p.StoreRules(context.Background(), ws, was.With(file(t, row.file), true), was.Version, row.by)
			accounttest.Want(t, row.sentence, err, row.refusal)
			if is := rulesOf(t, p); row.refusal != "ok" && (is.Version != was.Version || len(policy.Changes(was.Rules, is.Rules)) > 0) {
				t.Errorf("%s: it was stored all the same", row.sentence)
			}
			if mails := told() - before; mails != row.mails {
				t.Errorf("%s: %d mails, want %d", row.sentence, mails, row.mails)
			}
		}
		if len(e.MailsTo(t, message.ResetsLoosened, "desk@example.com")) != 0 {
			t.Error("the help desk is told")
		}
	})
}

func TestTheMailAboutResetsThatBecameEasier(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		_, owners := desk(t, e, "owner@example.com", countersign.Owner)
		desk(t, e, "admin@example.com", countersign.Administrator)
		ben := e.Guarded(t, "ben@example.com")
		loose, _ := strict(t, p)
		was := rulesOf(t, p)
		err := p.StoreRules(context.Background(), ws, was.With(file(t, "recovery.admin_reset = \"allowed\"\n[pool.Never]\nrecovery.admin_reset = \"two_admins\""), false), was.Version, owners)
		accounttest.Want(t, "loosening", err, "ok")
		says := func(mail message.Shown, want ...string) {
			t.Helper()
			text := strings.Join(strings.Fields(mail.Text), " ")
			for _, one := range append(want, "By: Ada Lovelace") {
				if !strings.Contains(text, one) {
					t.Errorf("the mail lacks %q:\n%s", one, text)
				}
			}
		}
		says(e.Mail(t, message.ResetsLoosened, "admin@example.com"),
			"Everybody whose identity pool sets nothing else can now be reset by one administrator, or the help desk, alone. Until now: by two administrators together.",
			"People in the identity pool Never can now be reset by two administrators together. Until now: by nobody.")
		if e.Count(t, "settings.changed", `"recovery.admin_reset":"two_admins → allowed"`) != 1 || e.Count(t, "pool.settings_changed", `"recovery.admin_reset":"never → two_admins"`) != 1 {
			t.Error("before and after are not in the log")
		}
		strict(t, p)
		e.Advance(t, policy.FreshFor/10)
		accounttest.Want(t, "moving somebody to where it is easier", p.Move(context.Background(), ben.Account(t), loose, policy.Unaffected, owners), "ok")
		says(e.Mail(t, message.ResetsLoosened, "admin@example.com"),
			"Ada Lovelace was moved to another identity pool and can now be reset by one administrator, or the help desk, alone. Until now: by two administrators together.")
		if e.Count(t, "user.moved", `"recovery.admin_reset":"two_admins → allowed"`) != 1 || len(e.MailsTo(t, message.ResetsLoosened, "owner@example.com")) != 0 {
			t.Error("the move is not in the log with before and after, or whoever did it is told")
		}
	})
}

// An administrator who wants to reset somebody alone goes every way that there is, and ends
// with nothing.
func TestOneAdministratorAlone(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		ownerRow, owners := desk(t, e, "owner@example.com", countersign.Owner)
		_, admins := desk(t, e, "admin@example.com", countersign.Administrator)
		puppet := e.Guarded(t, "puppet@example.com")
		former := e.Guarded(t, "former@example.com")
		ranked(t, e, former, countersign.Administrator)
		accounttest.Want(t, "an owner locks an administrator", p.Disable(ctx, former.Account(t), owners), "ok")
		loose, never := strict(t, p)
		ben, cleo := e.Guarded(t, "ben@example.com"), e.Guarded(t, "cleo@example.com")
		accounttest.Want(t, "an administrator makes it harder", p.Move(ctx, cleo.Account(t), never, policy.Unaffected, admins), "ok")
		create := func(role countersign.Role, pool countersign.PoolID) error {
			_, err := p.Create(ctx, ws, people.NewUser{Email: "new@example.com", Name: "New", Role: role, Pool: pool}, admins)
			return err
		}
		list := func(role countersign.Role) error {
			_, err := p.InviteAll(ctx, ws, []people.Invitee{{Line: 1, Email: "list@example.com", Name: "L"}}, role, "", admins)
			return err
		}
		set := func(text string) error {
			was := rulesOf(t, p)
			return p.StoreRules(ctx, ws, was.With(file(t, text), false), was.Version, admins)
		}
		preset := func(name string) error {
			was := rulesOf(t, p)
			doc, err := policy.Preset(name)
			if err != nil {
				t.Fatal(err)
			}
			return p.StoreRules(ctx, ws, was.With(policy.Rules{Workspace: doc}, false), was.Version, admins)
		}
		pool := func(id countersign.PoolID, doc policy.Document) error {
			_, version, err := p.Pool(ctx, ws, id)
			if err != nil {
				t.Fatal(err)
			}
			return p.StorePoolDocument(ctx, ws, id, doc, version, admins)
		}
		domain := func() error {
			rules, version, err := p.PoolRules(ctx, ws)
			if err != nil {
				t.Fatal(err)
			}
			return p.StorePoolRules(ctx, ws, append(rules, policy.PoolRule{Kind: policy.ByDomain, Value: "example.com", Pool: loose}), version, admins)
		}
		asked, err := p.ResetSecondFactor(ctx, ben.Account(t), admins)
		if err != nil || asked == "" {
			t.Fatalf("asking for a reset: %q, %v", asked, err)
		}
		for _, way := range []struct {
			sentence string
			goes     func() error
			refusal  string
		}{
			{"confirming it alone", func() error { return p.ConfirmReset(ctx, ws, asked, admins) }, "reset_same_person"},
			{"a code of the help desk", func() error { _, err := p.GiveHelpCode(ctx, ben.Account(t), 10, "", admins); return err }, "help_code_off"},
			{"a reset where nobody resets", func() error { _, err := p.ResetSecondFactor(ctx, cleo.Account(t), admins); return err }, "reset_never"},
			{"a move to where one is enough", func() error { return p.Move(ctx, ben.Account(t), loose, policy.Unaffected, admins) }, "owners_loosen"},
			{"a move from where nobody resets to where two do", func() error { return p.Move(ctx, cleo.Account(t), countersign.DefaultPool, policy.Unaffected, admins) }, "owners_loosen"},
			{"other settings", func() error { return set(`recovery.admin_reset = "allowed"`) }, "owners_loosen"},
			{"other settings of a pool", func() error { return set("[pool.Never]\nrecovery.admin_reset = \"allowed\"") }, "owners_loosen"},
			{"a pool that sets nothing any more", func() error { return pool(never, policy.Document{}) }, "owners_loosen"},
			{"a preset", func() error { return preset("standard") }, "owners_loosen"},
			{"deleting the pool", func() error { return p.DeletePool(ctx, ws, never, admins) }, "pool_not_empty"},
			{"a rule for the domain, which moves nobody", domain, "ok"},
			{"an administrator of one's own", func() error { return p.SetRole(ctx, puppet.Account(t), countersign.Administrator, admins) }, "beyond_role"},
			{"somebody of the help desk", func() error { return p.SetRole(ctx, puppet.Account(t), countersign.HelpDesk, admins) }, "beyond_role"},
			{"an invitation for an administrator", func() error { return create(countersign.Administrator, "") }, "role_too_high"},
			{"an invitation for the help desk", func() error { return create(countersign.HelpDesk, loose) }, "role_too_high"},
			{"a list of people for the help desk", func() error { return list(countersign.HelpDesk) }, "role_too_high"},
			{"an administrator whom an owner has locked", func() error { _, err := p.Enable(ctx, former.Account(t), admins); return err }, "locked_above"},
			{"deleting another one, for there to be none", func() error { return p.Delete(ctx, former.Account(t), admins) }, "beyond_role"},
			{"one's own role", func() error { return p.SetRole(ctx, ownerRow.Account(t), countersign.Member, admins) }, "beyond_role"},
		} {
			accounttest.Want(t, way.sentence, way.goes(), way.refusal)
			if _, err := p.ResetSecondFactor(ctx, cleo.Account(t), admins); countersign.CodeOf(err) != "reset_never" {
				t.Fatalf("%s: then a reset is answered %v", way.sentence, err)
			}
			if again, err := p.ResetSecondFactor(ctx, ben.Account(t), admins); err != nil || again != asked {
				t.Fatalf("%s: then a reset is answered %q, %v", way.sentence, again, err)
			}
		}
		if ben.Has(t, method.TOTP) != 1 || cleo.Has(t, method.TOTP) != 1 || e.Count(t, "two_factor.reset", "") != 0 {
			t.Error("somebody was reset")
		}
		for _, one := range []struct {
			p    *accounttest.Person
			role countersign.Role
			pool countersign.PoolID
		}{{ben, countersign.Member, countersign.DefaultPool}, {cleo, countersign.Member, never}, {puppet, countersign.Member, countersign.DefaultPool}} {
			if u := one.p.Account(t).User; u.Role != one.role || u.PoolID != one.pool {
				t.Errorf("%s is %s in %s", one.p.Email, u.Role, u.PoolID)
			}
		}
	})
}

// Who is deleted and invited again is somebody else: nothing of the account of before is
// left, and nothing of it can be claimed.
func TestAnAddressThatIsInvitedAgain(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		_, admins := desk(t, e, "admin@example.com", countersign.Administrator)
		ben := e.Guarded(t, "ben@example.com")
		old := ben.Account(t).User
		b, trusted := e.Browser("192.0.2.1"), ben.Trusted(t, "192.0.2.2")
		b.SignIn(t, ben)
		holder := b.Holder(t)
		half := e.Browser("192.0.2.3")
		begun := half.First(t, ben)
		accounttest.Want(t, "forgetting the password", e.Accounts.Forgot(ctx, ws, ben.Email, countersign.Place{IP: "192.0.2.4"}), "ok")
		reset := e.Link(t, message.PasswordReset, ben.Email, account.LinkReset)
		accounttest.Want(t, "deleting", p.Delete(ctx, ben.Account(t), admins), "ok")
		user, err := p.Create(ctx, ws, people.NewUser{Email: ben.Email, Name: "Ben", Role: countersign.Member}, admins)
		if err != nil {
			t.Fatal(err)
		}
		if user.ID == old.ID {
			t.Fatal("it has the identifier of before")
		}
		link := e.Link(t, message.Invitation, ben.Email, account.LinkInvitation)
		const another = "horse-staple-battery-17"
		accounttest.Want(t, "accepting", p.Accept(ctx, link, people.Accepted{Name: "Ben", Password: another}, nothing), "ok")
		_, err = b.LoadSession()
		accounttest.Want(t, "the session of before", err, "signed_out")
		_, err = trusted.LoadSession()
		accounttest.Want(t, "another one", err, "signed_out")
		accounttest.Want(t, "the sign-in that had begun", half.Second(begun, method.TOTP, ben.Code()), "signed_out")
		accounttest.Want(t, "the mailed link of before", e.Accounts.ResetPassword(ctx, reset, another+"2", countersign.Place{}), "link_expired")
		accounttest.Want(t, "who asks for the data of before", func() error { _, err := p.Export(ctx, holder); return err }(), "no_such_user")
		left := map[string]int{}
		for name, list := range map[string]func() (int, error){
			"credentials": func() (int, error) { l, err := e.Store.Read().ListCredentials(ctx, ws, user.ID); return len(l), err },
			"devices":     func() (int, error) { l, err := e.Store.Read().ListDevices(ctx, ws, user.ID); return len(l), err },
			"browsers":    func() (int, error) { l, err := e.Store.Read().ListBrowsers(ctx, ws, user.ID); return len(l), err },
		} {
			left[name], err = list()
			if err != nil || left[name] != 0 {
				t.Errorf("%s: it begins with %d, %v", name, left[name], err)
			}
		}
		events, err := p.Activity(ctx, ws, user.ID, "", 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, event := range events {
			if event.UserID != user.ID {
				t.Errorf("its activity has an event of before: %s", event.Kind)
			}
		}
		if user.RequireSecondFactor != "" || user.Role != countersign.Member || user.SignedInAt != 0 {
			t.Errorf("it is %+v", user)
		}
	})
}

// Whoever may delete somebody deletes them out of a lock of their own, or of a lower role.
// Nothing else that is done to somebody ends a lock of a higher one.
func TestALockOutlivesWhatElseIsDone(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		_, owners := desk(t, e, "owner@example.com", countersign.Owner)
		_, admins := desk(t, e, "admin@example.com", countersign.Administrator)
		_, desks := desk(t, e, "desk@example.com", countersign.HelpDesk)
		pool, err := p.CreatePool(ctx, ws, "Staff", owners)
		if err != nil {
			t.Fatal(err)
		}
		ben := e.Guarded(t, "ben@example.com")
		accounttest.Want(t, "locking", p.Disable(ctx, ben.Account(t), owners), "ok")
		for sentence, act := range map[string]func() error{
			"moving":       func() error { return p.Move(ctx, ben.Account(t), pool.ID, policy.Unaffected, admins) },
			"requiring":    func() error { return p.Require(ctx, ben.Account(t), policy.Requirement{Required: true}, admins) },
			"resetting":    func() error { _, err := p.ResetSecondFactor(ctx, ben.Account(t), admins); return err },
			"another role": func() error { return p.SetRole(ctx, ben.Account(t), countersign.Auditor, owners) },
			"the settings": func() error {
				was := rulesOf(t, p)
				return put(p, was.With(file(t, "totp.max = 3\n"), true), was.Version)
			},
			"locking once more": func() error { return p.Disable(ctx, ben.Account(t), admins) },
		} {
			accounttest.Want(t, sentence, act(), "ok")
			if u := ben.Account(t).User; u.State != countersign.Disabled || u.LockedBy != countersign.Owner {
				t.Fatalf("%s: %s is %s, locked by %q", sentence, u.Email, u.State, u.LockedBy)
			}
		}
		accounttest.Want(t, "signing out", p.SignOut(ctx, ben.Account(t), admins), "not_active")
		accounttest.Want(t, "inviting once more", p.InviteAgain(ctx, ben.Account(t), owners), "not_invited")
		accounttest.Want(t, "ending pauses", p.EndLocks(ctx, ben.Account(t), admins), "user_disabled")
		_, err = p.Create(ctx, ws, people.NewUser{Email: ben.Email, Name: "Ben", Role: countersign.Member}, admins)
		accounttest.Want(t, "inviting the address", err, "email_taken")
		for _, row := range []struct {
			by      people.By
			refusal string
		}{{desks, "ok"}, {admins, "ok"}, {owners, "locked_above"}, {people.Shell(), "locked_above"}} {
			who := e.Guarded(t, "cleo@example.com")
			accounttest.Want(t, "locking", p.Disable(ctx, who.Account(t), row.by), "ok")
			accounttest.Want(t, "an administrator deletes", p.Delete(ctx, who.Account(t), admins), row.refusal)
			if row.refusal != "ok" {
				accounttest.Want(t, "an owner deletes", p.Delete(ctx, who.Account(t), owners), "ok")
			}
		}
	})
}

// The help desk ends what it has locked itself, and no lock of a higher role; a lock that
// a higher role puts on top of it is theirs.
func TestWhoEndsALock(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		_, owners := desk(t, e, "owner@example.com", countersign.Owner)
		_, admins := desk(t, e, "admin@example.com", countersign.Administrator)
		_, desks := desk(t, e, "desk@example.com", countersign.HelpDesk)
		_, others := desk(t, e, "other@example.com", countersign.HelpDesk)
		active := e.Guarded(t, "ben@example.com").Account(t)
		row, err := p.Create(ctx, ws, people.NewUser{Email: "new@example.com", Name: "New", Role: countersign.Member}, people.Shell())
		if err != nil {
			t.Fatal(err)
		}
		for _, who := range []account.Account{active, {User: row}} {
			for _, lock := range []struct {
				sentence string
				by       []people.By
				ends     []people.By
				not      []people.By
				keeps    []people.By
			}{
				{"of the help desk", []people.By{desks}, []people.By{others, admins, owners, people.Shell()}, nil, nil},
				{"of an administrator", []people.By{admins}, []people.By{admins, owners, people.Shell()}, []people.By{desks}, nil},
				{"of an owner", []people.By{owners}, []people.By{owners, people.Shell()}, []people.By{desks, admins}, []people.By{admins}},
				{"of the shell", []people.By{people.Shell()}, []people.By{owners, people.Shell()}, []people.By{desks, admins}, []people.By{admins}},
				{"of the help desk, and then of an owner", []people.By{desks, owners}, []people.By{owners}, []people.By{desks, admins}, []people.By{admins}},
				{"of an owner, and then of the help desk", []people.By{owners, desks}, []people.By{owners}, []people.By{desks, admins}, []people.By{admins}},
			} {
				for _, ends := range lock.ends {
					e.Exec(t, "DELETE FROM rates") // invitations are counted
					for _, by := range lock.by {
						accounttest.Want(t, "locking "+who.User.Email, p.Disable(ctx, who, by), "ok")
					}
					for _, not := range lock.not {
						_, err := p.Enable(ctx, who, not)
						accounttest.Want(t, "ending a lock "+lock.sentence+" of "+who.User.Email, err, "locked_above")
					}
					for _, not := range lock.keeps {
						accounttest.Want(t, "deleting, in a lock "+lock.sentence+", "+who.User.Email, p.Delete(ctx, who, not), "locked_above")
					}
					invited, err := p.Enable(ctx, who, ends)
					accounttest.Want(t, "ending a lock "+lock.sentence+" of "+who.User.Email, err, "ok")
					if invited != (who.User.ID == row.ID) {
						t.Errorf("%s is invited: %v", who.User.Email, invited)
					}
					u, err := e.Store.Read().GetUser(ctx, ws, who.User.ID)
					if err != nil || u.State == countersign.Disabled || u.LockedBy != "" {
						t.Errorf("a lock %s leaves %s, locked by %q, %v", lock.sentence, u.State, u.LockedBy, err)
					}
				}
			}
		}
	})
}
