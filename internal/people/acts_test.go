package people_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/limit"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/store"
)

// Each act of an administrator upon somebody is told to them, and in the log with its
// reason; by an auditor, or without a reason, nothing of it happens.
func TestEachActIsToldAndLogged(t *testing.T) {
	type act func(ctx context.Context, p *people.Service, a account.Account, by people.By) error
	for _, row := range []struct {
		name  string
		do    act
		event string
		mail  message.Kind
		by    countersign.Role
	}{
		{"signing out", func(ctx context.Context, p *people.Service, a account.Account, by people.By) error {
			return p.SignOut(ctx, a, by)
		}, "session.all_ended", message.SignedOut, countersign.Administrator},
		{"locking", func(ctx context.Context, p *people.Service, a account.Account, by people.By) error {
			return p.Disable(ctx, a, by)
		}, "user.disabled", message.AccountLocked, countersign.Administrator},
		{"ending locks", func(ctx context.Context, p *people.Service, a account.Account, by people.By) error {
			return p.EndLocks(ctx, a, by)
		}, "user.unlocked", message.AccountUnlocked, countersign.Administrator},
		{"requiring", func(ctx context.Context, p *people.Service, a account.Account, by people.By) error {
			return p.Require(ctx, a, policy.Requirement{Required: true}, by)
		}, "user.requirement_changed", message.RequirementBegan, countersign.Administrator},
		{"resetting", func(ctx context.Context, p *people.Service, a account.Account, by people.By) error {
			_, err := p.ResetSecondFactor(ctx, a, by)
			return err
		}, "two_factor.reset", message.AdminReset, countersign.Administrator},
		{"another role", func(ctx context.Context, p *people.Service, a account.Account, by people.By) error {
			return p.SetRole(ctx, a, countersign.Auditor, by)
		}, "role.changed", message.RoleChanged, countersign.Owner},
		{"deleting", func(ctx context.Context, p *people.Service, a account.Account, by people.By) error {
			return p.Delete(ctx, a, by)
		}, "user.deleted", message.AccountDeleted, countersign.Administrator},
	} {
		t.Run(row.name, func(t *testing.T) {
			both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
				ctx := context.Background()
				_, admins := desk(t, e, "admin@example.com", row.by)
				_, readers := desk(t, e, "reader@example.com", countersign.Auditor)
				ben := e.Guarded(t, "ben@example.com")
				e.Browser("192.0.2.1").SignIn(t, ben)
				guess(t, e, ben)
				a := ben.Account(t)
				silent := admins
				silent.Reason = ""
				accounttest.Want(t, "without a reason", row.do(ctx, p, a, silent), "reason_short")
				accounttest.Want(t, "by an auditor", row.do(ctx, p, a, readers), "beyond_role")
				if e.Count(t, row.event, "") != 0 || len(e.MailsTo(t, row.mail, ben.Email)) != 0 {
					t.Fatal("it happened all the same")
				}
				accounttest.Want(t, "by whom it is for", row.do(ctx, p, a, admins), "ok")
				if e.Count(t, row.event, why) != 1 {
					t.Error("it is not in the log, or without its reason")
				}
				mail := e.Mail(t, row.mail, ben.Email)
				if !strings.Contains(mail.Text, "Ada Lovelace") || strings.Contains(mail.Text, why) {
					t.Errorf("the mail does not say by whom, or says why:\n%s", mail.Text)
				}
			})
		})
	}
}

// guess locks somebody by wrong codes.
func guess(t *testing.T, e *accounttest.Engine, who *accounttest.Person) {
	t.Helper()
	b := e.Browser("192.0.2.3")
	at := b.First(t, who)
	for range limit.Batch {
		_ = b.Second(at, method.TOTP, who.Wrong())
	}
}

// What finds everything as it is to become writes no event and no mail, and says so where
// somebody could take it for done.
func TestActsThatChangeNothing(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		_, admins := desk(t, e, "admin@example.com", countersign.Administrator)
		_, owners := desk(t, e, "owner@example.com", countersign.Owner)
		ben, bare, shut := e.Guarded(t, "ben@example.com"), e.Person(t, "bare@example.com"), e.Guarded(t, "shut@example.com")
		pool, err := p.CreatePool(ctx, ws, "Staff", owners)
		if err != nil {
			t.Fatal(err)
		}
		rules := []policy.PoolRule{{Kind: policy.ByDomain, Value: "acme.example", Pool: pool.ID}}
		_, version, err := p.PoolRules(ctx, ws)
		if err != nil {
			t.Fatal(err)
		}
		accounttest.Want(t, "rules", p.StorePoolRules(ctx, ws, rules, version, owners), "ok")
		accounttest.Want(t, "locking", p.Disable(ctx, shut.Account(t), admins), "ok")
		for range limit.Batch - 1 { // which is no lock
			b := e.Browser("192.0.2.3")
			_ = b.Second(b.First(t, ben), method.TOTP, ben.Wrong())
		}
		e.Exec(t, "DELETE FROM attempts")
		e.Exec(t, "DELETE FROM browsers")
		was := rulesOf(t, p)
		before, mails := len(e.Events(t)), len(e.Mails(t))
		for _, row := range []struct {
			sentence string
			do       func(by people.By) error
			refusal  string
		}{
			{"ending locks where there is none", func(by people.By) error { return p.EndLocks(ctx, ben.Account(t), by) }, "not_locked"},
			{"signing out who is signed in nowhere", func(by people.By) error { return p.SignOut(ctx, ben.Account(t), by) }, "not_signed_in"},
			{"resetting who has nothing", func(by people.By) error { _, err := p.ResetSecondFactor(ctx, bare.Account(t), by); return err }, "nothing_to_reset"},
			{"locking who is locked", func(by people.By) error { return p.Disable(ctx, shut.Account(t), by) }, "ok"},
			{"letting in who is in", func(by people.By) error { _, err := p.Enable(ctx, ben.Account(t), by); return err }, "ok"},
			{"requiring nothing", func(by people.By) error { return p.Require(ctx, ben.Account(t), policy.Requirement{}, by) }, "ok"},
			{"the same pool", func(by people.By) error {
				return p.Move(ctx, ben.Account(t), countersign.DefaultPool, policy.Unaffected, by)
			}, "ok"},
			{"the same name of a pool", func(by people.By) error { return p.RenamePool(ctx, ws, pool.ID, "Staff", by) }, "ok"},
			{"the same rules", func(by people.By) error { return p.StorePoolRules(ctx, ws, rules, was.Version, by) }, "ok"},
		} {
			accounttest.Want(t, row.sentence, row.do(admins), row.refusal)
		}
		accounttest.Want(t, "the same role", p.SetRole(ctx, ben.Account(t), countersign.Member, owners), "ok")
		if events, sent := e.Events(t), len(e.Mails(t)); len(events) != before || sent != mails {
			t.Errorf("%d events and %d mails of what did not happen", len(events)-before, sent-mails)
		}
		if is := rulesOf(t, p); is.Version != was.Version {
			t.Errorf("the settings have version %d, after %d", is.Version, was.Version)
		}
		e.Set(t, policy.Document{"recovery.admin_reset": "two_admins"})
		waits, err := p.ResetSecondFactor(ctx, bare.Account(t), admins)
		accounttest.Want(t, "asking for a reset of who has nothing", err, "nothing_to_reset")
		if waits != "" {
			t.Error("it waits for a second administrator")
		}
	})
}

func TestSigningOutEverywhere(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		ben := e.Guarded(t, "ben@example.com")
		b, trusted := e.Browser("192.0.2.1"), ben.Trusted(t, "192.0.2.2")
		b.SignIn(t, ben)
		accounttest.Want(t, "signing out", p.SignOut(ctx, ben.Account(t), people.Shell()), "ok")
		for _, browser := range []*accounttest.Browser{b, trusted} {
			_, err := browser.LoadSession()
			accounttest.Want(t, "a session", err, "signed_out")
		}
		if at := trusted.First(t, ben); at.Step != policy.StepSecond {
			t.Errorf("a browser that was trusted is asked %q", at.Step)
		}
		invited, err := p.Create(ctx, ws, people.NewUser{Email: "new@example.com", Name: "New", Role: countersign.Member}, people.Shell())
		if err != nil {
			t.Fatal(err)
		}
		accounttest.Want(t, "somebody invited", p.SignOut(ctx, account.Account{User: invited}, people.Shell()), "not_active")
	})
}

// Unlocking ends every lock of wrong answers, the lasting one too, and nothing else.
func TestLocksAreEnded(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		ben := e.Guarded(t, "ben@example.com")
		lock := func() { guess(t, e, ben) }
		lock()
		b := e.Browser("192.0.2.4")
		accounttest.Want(t, "the right code during the lock", b.Second(b.First(t, ben), method.TOTP, ben.Code()), "locked_second")
		accounttest.Want(t, "ending it", p.EndLocks(ctx, ben.Account(t), people.Shell()), "ok")
		accounttest.Want(t, "the right code", b.Second(b.First(t, ben), method.TOTP, ben.Code()), "ok")
		lock()
		accounttest.Want(t, "locking", p.Disable(ctx, ben.Account(t), people.Shell()), "ok")
		accounttest.Want(t, "ending locks of who is locked out", p.EndLocks(ctx, ben.Account(t), people.Shell()), "user_disabled")
		_, err := p.Enable(ctx, ben.Account(t), people.Shell())
		accounttest.Want(t, "unlocking", err, "ok")
		c := e.Browser("192.0.2.5")
		accounttest.Want(t, "the right code after that", c.Second(c.First(t, ben), method.TOTP, ben.NextCode(t)), "ok")
		if ben.Has(t, method.TOTP) != 1 || len(e.MailsTo(t, message.AccountUnlocked, ben.Email)) != 2 {
			t.Error("something was lost, or the person was not told twice")
		}
	})
}

// Who is locked until somebody ends it, and who waits after wrong passwords, is seen to be.
func TestLocksAreShown(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		ben, ada := e.Guarded(t, "ben@example.com"), e.Guarded(t, "ada@example.com")
		shows := func(who *accounttest.Person, paused, waits bool) {
			t.Helper()
			shown, err := p.Show(ctx, ws, who.ID)
			accounttest.Want(t, "showing a person", err, "ok")
			if shown.Paused != paused || shown.Waits != waits {
				t.Errorf("%s is paused: %v, waits: %v", who.Email, shown.Paused, shown.Waits)
			}
			lines, err := p.Search(ctx, ws, people.Filter{Standing: store.Locked}, "", "", 10)
			accounttest.Want(t, "looking for who is locked", err, "ok")
			n := int64(0)
			for _, line := range lines.People {
				if line.ID == who.ID && line.Paused {
					n++
				}
			}
			counted, err := e.Store.Read().CountLocked(ctx, ws, e.Clock.Now().UnixMilli())
			if err != nil || (n == 1) != paused || n == 1 != (len(counted) == 1 && counted[0].People == 1) {
				t.Errorf("%s is listed %d times, counted %v, %v", who.Email, n, counted, err)
			}
		}
		shows(ben, false, false)
		guess(t, e, ben)
		shows(ben, true, true)
		e.Exec(t, fmt.Sprintf("UPDATE guesses SET tries = %d WHERE subject = '%s' AND sort = 'second'", limit.RuleOf(limit.SecondFactor).Most, ben.ID))
		e.Advance(t, 26*time.Hour)
		b := e.Browser("192.0.2.4")
		accounttest.Want(t, "a code, a day later", b.Second(b.First(t, ben), method.TOTP, ben.Code()), "locked_second_lasting")
		shows(ben, true, true)
		accounttest.Want(t, "ending it", p.EndLocks(ctx, ben.Account(t), people.Shell()), "ok")
		shows(ben, false, false)
		for range limit.Batch {
			_ = b.TryPassword(t, ada.Email, "not the password")
		}
		shows(ada, false, true)
		accounttest.Want(t, "ending that", p.EndLocks(ctx, ada.Account(t), people.Shell()), "ok")
		shows(ada, false, false)
	})
}

func TestWhatIsRequiredOfOnePerson(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		ben := e.Person(t, "ben@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ben)
		now := policy.Requirement{Required: true}
		from := func(day int) policy.Requirement {
			return policy.Requirement{Required: true, From: time.Date(2026, 11, day, 0, 0, 0, 0, time.UTC)}
		}
		far := policy.Requirement{Required: true, From: time.Date(2031, 11, 22, 0, 0, 0, 0, time.UTC)}
		for _, row := range []struct {
			sentence    string
			required    policy.Requirement
			answer      string
			level       policy.Level
			began, over int
		}{
			{"required", now, "ok", policy.LevelEnrol, 1, 0},
			{"once more", now, "ok", policy.LevelEnrol, 1, 0},
			{"from a day to come", from(23), "ok", policy.LevelFull, 2, 0},
			{"from today, which has begun", from(21), "requirement_past", policy.LevelFull, 2, 0},
			{"from a day in years", far, "requirement_far", policy.LevelFull, 2, 0},
			{"the same day", from(23), "ok", policy.LevelFull, 2, 0},
			{"not any more", policy.Requirement{}, "ok", policy.LevelFull, 2, 1},
			{"from tomorrow", from(22), "ok", policy.LevelFull, 3, 1},
		} {
			accounttest.Want(t, row.sentence, p.Require(ctx, ben.Account(t), row.required, people.Shell()), row.answer)
			if got := b.Session(t).Level; got != row.level {
				t.Errorf("%s: level %d in the session that there was", row.sentence, got)
			}
			began, over := len(e.MailsTo(t, message.RequirementBegan, ben.Email)), len(e.MailsTo(t, message.RequirementEnded, ben.Email))
			if began != row.began || over != row.over {
				t.Errorf("%s: %d and %d mails", row.sentence, began, over)
			}
		}
		missing := func() int {
			t.Helper()
			lines, err := p.Search(ctx, ws, people.Filter{Standing: store.Missing}, "", "", 10)
			accounttest.Want(t, "looking for who must and has not", err, "ok")
			n := 0
			for _, line := range lines.People {
				if line.Missing {
					n++
				}
			}
			if n != len(lines.People) {
				t.Errorf("%d of %d lines say that it is missing", n, len(lines.People))
			}
			return n
		}
		if missing() != 0 {
			t.Error("a day to come is required of somebody")
		}
		e.Advance(t, 12*time.Hour)
		b.SignIn(t, ben)
		if got := b.Session(t).Level; got != policy.LevelEnrol {
			t.Errorf("the day has come: level %d", got)
		}
		if missing() != 1 {
			t.Error("a day that has come is required of nobody")
		}
		for detail, n := range map[string]int{`"before":"optional"`: 2, `"after":"optional"`: 1, `"after":"required from 2026-11-23"`: 1, `"before":"required from 2026-11-23"`: 1} {
			if got := e.Count(t, "user.requirement_changed", detail); got != n {
				t.Errorf("%d events say %s, want %d", got, detail, n)
			}
		}
	})
}

func TestInvitingAgain(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		_, admins := desk(t, e, "admin@example.com", countersign.Administrator)
		const email = "new@example.com"
		user, err := p.Create(ctx, ws, people.NewUser{Email: email, Name: "New", Role: countersign.Member}, admins)
		if err != nil {
			t.Fatal(err)
		}
		old := e.Link(t, message.Invitation, email, account.LinkInvitation)
		e.Advance(t, time.Minute)
		accounttest.Want(t, "again", p.InviteAgain(ctx, account.Account{User: user}, admins), "ok")
		in := people.Accepted{Name: "New", Password: goodPassword}
		accounttest.Want(t, "the link of before", p.Accept(ctx, old, in, nothing), "link_used")
		for range 2 {
			e.Advance(t, time.Minute) // mails of one moment have no order
			accounttest.Want(t, "again", p.InviteAgain(ctx, account.Account{User: user}, admins), "ok")
		}
		accounttest.Want(t, "a fourth time", p.InviteAgain(ctx, account.Account{User: user}, admins), "too_many_mails")
		link := e.Link(t, message.Invitation, email, account.LinkInvitation)
		accounttest.Want(t, "the newest link", p.Accept(ctx, link, in, nothing), "ok")
		accounttest.Want(t, "somebody who accepted", p.InviteAgain(ctx, account.Account{User: user}, admins), "not_invited")
	})
}

func TestReminding(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		_, admins := desk(t, e, "admin@example.com", countersign.Administrator)
		ben, cleo := e.Person(t, "ben@example.com"), e.Guarded(t, "cleo@example.com")
		e.Exec(t, "UPDATE users SET language = 'de', zone = 'America/New_York' WHERE email = 'ben@example.com'")
		remind := func() error { return p.Remind(ctx, ben.Account(t), admins) }
		accounttest.Want(t, "once", remind(), "ok")
		accounttest.Want(t, "twice on a day", remind(), "reminded_today")
		accounttest.Want(t, "somebody who has one", p.Remind(ctx, cleo.Account(t), admins), "has_second_factor")
		for _, row := range []struct{ require, want string }{
			{"required from 2027-01-31", "30. Januar 2027"}, // where they are, it begins in the evening
			{"required", "bis dahin"},
		} {
			e.Advance(t, 24*time.Hour)
			e.Set(t, policy.Document{"require_second_factor": row.require})
			accounttest.Want(t, "the next day", p.Remind(ctx, ben.Account(t), people.Shell()), "ok")
			mail := e.Mail(t, message.SetUp, ben.Email)
			if !strings.Contains(strings.ToLower(strings.Join(strings.Fields(mail.Text), " ")), strings.ToLower(row.want)) {
				t.Errorf("%s: the mail lacks %q:\n%s", row.require, row.want, mail.Text)
			}
		}
	})
}
