package people_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
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
)

// give has the help desk give somebody a code.
func give(t *testing.T, p *people.Service, who *accounttest.Person, by people.By) string {
	t.Helper()
	given, err := p.GiveHelpCode(context.Background(), who.Account(t), 10, "", by)
	if err != nil {
		t.Fatalf("giving a code: %v", err)
	}
	return given.Code
}

func TestWhoIsGivenACode(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		_, desks := desk(t, e, "desk@example.com", countersign.HelpDesk)
		other, _ := desk(t, e, "other@example.com", countersign.HelpDesk)
		ben, bare := e.Guarded(t, "ben@example.com"), e.Person(t, "bare@example.com")
		silent := desks
		silent.Reason = ""
		for _, row := range []struct {
			sentence string
			who      *accounttest.Person
			minutes  int
			by       people.By
			setting  string
			refusal  string
		}{
			{"for a day", ben, 1440, desks, "allowed", "help_minutes"},
			{"without a reason", ben, 10, silent, "allowed", "reason_short"},
			{"for one of the same rank", other, 10, desks, "allowed", "beyond_role"},
			{"by the shell", ben, 10, people.Shell(), "allowed", "beyond_role"},
			{"where nobody may", ben, 10, desks, "never", "reset_never"},
			{"where two have to", ben, 10, desks, "two_admins", "help_code_off"},
			{"for somebody without a second factor", bare, 10, desks, "allowed", "has_no_second_factor"},
			{"for somebody who lost the phone", ben, 60, desks, "allowed", "ok"},
		} {
			e.Set(t, policy.Document{"recovery.admin_reset": row.setting})
			given, err := p.GiveHelpCode(ctx, row.who.Account(t), row.minutes, "", row.by)
			accounttest.Want(t, row.sentence, err, row.refusal)
			if (err == nil) != (given.Code != "") {
				t.Errorf("%s: the code is %q", row.sentence, given.Code)
			}
			if err == nil && !given.Until.Equal(e.Clock.Now().Add(time.Hour)) {
				t.Errorf("it works until %v", given.Until)
			}
		}
		if e.Count(t, "help_code.given", why) != 1 {
			t.Error("it is not in the log, with its reason, once")
		}
		mail := e.Mail(t, message.HelpCodeGiven, ben.Email)
		if !strings.Contains(mail.Text, "Ada Lovelace") || !strings.Contains(mail.Text, why) {
			t.Errorf("the mail does not say by whom and why:\n%s", mail.Text)
		}
	})
}

// Nobody is let in without the second factor again and again, and never without a mail.
func TestActsWithoutEnd(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		_, desks := desk(t, e, "desk@example.com", countersign.HelpDesk)
		ben, cleo := e.Guarded(t, "ben@example.com"), e.Guarded(t, "cleo@example.com")
		for range 5 {
			give(t, p, ben, desks)
		}
		_, err := p.GiveHelpCode(ctx, ben.Account(t), 10, "", desks)
		accounttest.Want(t, "the sixth code", err, "acts_often")
		var refusal *countersign.Error
		if !errors.As(err, &refusal) || refusal.RetryAfter <= 0 || refusal.RetryAfter > 12*time.Minute {
			t.Errorf("it does not say how long to wait: %v", err)
		}
		if n, m := e.Count(t, "help_code.given", why), len(e.MailsTo(t, message.HelpCodeGiven, ben.Email)); n != 5 || m != 5 {
			t.Errorf("%d codes and %d mails", n, m)
		}
		give(t, p, cleo, desks) // somebody else has a count of their own
		e.Advance(t, 12*time.Minute)
		give(t, p, ben, desks)
		for range 30 { // the shell is not refused, and heard each time
			accounttest.Want(t, "locking", p.Disable(ctx, cleo.Account(t), people.Shell()), "ok")
			_, err := p.Enable(ctx, cleo.Account(t), people.Shell())
			accounttest.Want(t, "unlocking", err, "ok")
		}
		if n := len(e.MailsTo(t, message.AccountLocked, cleo.Email)); n != 30 {
			t.Errorf("30 locks and %d mails", n)
		}
	})
}

// A form that is sent twice, by a reload or a second click, gives one code: the one that was
// read out stays as it was.
func TestAFormGivesOneCode(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		_, desks := desk(t, e, "desk@example.com", countersign.HelpDesk)
		_, others := desk(t, e, "other@example.com", countersign.HelpDesk)
		ben, cleo := e.Guarded(t, "ben@example.com"), e.Guarded(t, "cleo@example.com")
		send := func(who *accounttest.Person, form string, by people.By) (string, error) {
			given, err := p.GiveHelpCode(ctx, who.Account(t), 10, form, by)
			return given.Code, err
		}
		form := people.NewForm()
		var mu sync.Mutex
		var codes []string
		outcomes := accounttest.Race(8, func(int) error {
			code, err := send(ben, form, desks)
			if err == nil {
				mu.Lock()
				codes = append(codes, code)
				mu.Unlock()
			}
			return err
		})
		if outcomes["ok"] != 1 || outcomes["help_code_given"] != 7 || len(codes) != 1 {
			t.Fatalf("eight at once: %v", outcomes)
		}
		if n, m := e.Count(t, "help_code.given", why), len(e.MailsTo(t, message.HelpCodeGiven, ben.Email)); n != 1 || m != 1 {
			t.Errorf("%d events and %d mails", n, m)
		}
		b := e.Browser("192.0.2.1")
		accounttest.Want(t, "the code that was read out", b.Second(b.First(t, ben), method.Recovery, codes[0]), "ok")
		_, err := send(ben, form, desks)
		accounttest.Want(t, "the form, after its code was used", err, "help_code_given")
		// What another form gave is not voided by the first one.
		e.Advance(t, time.Second)
		later, err := send(ben, people.NewForm(), desks)
		accounttest.Want(t, "another form", err, "ok")
		_, err = send(ben, form, desks)
		accounttest.Want(t, "the first form again", err, "help_code_given")
		b = e.Browser("192.0.2.2")
		accounttest.Want(t, "the later code", b.Second(b.First(t, ben), method.Recovery, later), "ok")
		// The form is that of one person, sent by one: nobody uses up another's.
		_, err = send(cleo, form, desks)
		accounttest.Want(t, "for somebody else", err, "ok")
		_, err = send(ben, form, others)
		accounttest.Want(t, "by somebody else", err, "ok")
	})
}

// The code signs in once, after the password, and what comes of it replaces what was lost
// and does nothing else.
func TestACodeOfTheHelpDeskSignsInOnce(t *testing.T) {
	for _, settings := range []policy.Document{nil, {"recovery.effect": "reset"}, {"methods": []string{"totp", "passkey", "push"}}} {
		both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
			e.Set(t, settings)
			_, desks := desk(t, e, "desk@example.com", countersign.HelpDesk)
			ben := e.Person(t, "ben@example.com").WithApp(t, "Phone")
			first := give(t, p, ben, desks)
			code := give(t, p, ben, desks)
			b := e.Browser("192.0.2.1")
			at := b.First(t, ben)
			accounttest.Want(t, "one that was replaced", b.Second(at, method.Recovery, first), "recovery_wrong")
			proof, err := b.Answer(at, method.Recovery, strings.ToUpper(code))
			accounttest.Want(t, "the code", err, "ok")
			if proof.Effect != "helped" || ben.Has(t, method.TOTP) != 1 {
				t.Errorf("%v: effect %q, %d apps", settings, proof.Effect, ben.Has(t, method.TOTP))
			}
			accounttest.Want(t, "the code again", b.Second(b.First(t, ben), method.Recovery, code), "recovery_used")
			if amr := policy.AMR(proof.First, proof.Second); !slices.Equal(amr, []string{"pwd", "otp", "mfa"}) {
				t.Errorf("amr %v", amr)
			}
			if len(e.MailsTo(t, message.HelpCodeUsed, ben.Email)) != 1 || e.Count(t, "proof.accepted", `"method":"help_code"`) != 1 {
				t.Error("the use is not told, or not in the log")
			}
			s := b.Session(t)
			h := b.Holder(t)
			if s.Level != policy.LevelFull || h.HadSecond {
				t.Errorf("the session has level %d, a second factor of its own: %v", s.Level, h.HadSecond)
			}
			for act, want := range map[account.Act]string{
				account.ActSecondFactor: "ok", account.ActChangeDevice.Of(ben.App): "ok", account.ActRemove.Of("crd_1"): "ok",
				account.ActTurnOff: "fresh_proof_required", account.ActPassword: "fresh_proof_required", account.ActEmail: "fresh_proof_required",
				account.ActCodes: "fresh_proof_required", account.ActExport: "fresh_proof_required", account.ActTrust: "fresh_proof_required",
				account.ActRename.Of(ben.App): "fresh_proof_required", account.ActOn(policy.DeedReset, "usr_1"): "fresh_proof_required",
			} {
				accounttest.Want(t, string(act)+" after it", h.NeedFresh(act), want)
			}
			e.Advance(t, policy.FreshFor)
			accounttest.Want(t, "replacing after ten minutes", b.Holder(t).NeedFresh(account.ActSecondFactor), "fresh_proof_required")
		})
	}
}

func TestACodeOfTheHelpDeskEnds(t *testing.T) {
	for _, row := range []struct {
		sentence string
		end      func(t *testing.T, e *accounttest.Engine, p *people.Service, ben *accounttest.Person)
		refusal  string
	}{
		{"after its time", func(t *testing.T, e *accounttest.Engine, _ *people.Service, _ *accounttest.Person) {
			t.Helper()
			e.Advance(t, 10*time.Minute)
		}, "help_code_over"},
		{"with a new password", func(t *testing.T, _ *accounttest.Engine, _ *people.Service, ben *accounttest.Person) {
			t.Helper()
			ben.ResetByMail(t, "seven lamps under violet")
		}, "recovery_wrong"},
		{"with signing out everywhere", func(t *testing.T, _ *accounttest.Engine, p *people.Service, ben *accounttest.Person) {
			t.Helper()
			accounttest.Want(t, "signing out", p.SignOut(context.Background(), ben.Account(t), people.Shell()), "ok")
		}, "recovery_wrong"},
		{"where nobody may help any more", func(t *testing.T, e *accounttest.Engine, _ *people.Service, _ *accounttest.Person) {
			t.Helper()
			e.Set(t, policy.Document{"recovery.admin_reset": "never"})
		}, "recovery_wrong"},
		{"not by itself", func(t *testing.T, e *accounttest.Engine, _ *people.Service, _ *accounttest.Person) {
			t.Helper()
			e.Advance(t, 9*time.Minute)
		}, "ok"},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
				_, desks := desk(t, e, "desk@example.com", countersign.HelpDesk)
				ben := e.Guarded(t, "ben@example.com")
				code := give(t, p, ben, desks)
				row.end(t, e, p, ben)
				b := e.Browser("192.0.2.1")
				accounttest.Want(t, "the code", b.Second(b.First(t, ben), method.Recovery, code), row.refusal)
			})
		})
	}
}

// Whoever types the right code after its time is told so, and it is a wrong try all the
// same; the code that takes its place lets in.
func TestACodeOfTheHelpDeskThatIsOver(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		_, desks := desk(t, e, "desk@example.com", countersign.HelpDesk)
		ben, cleo := e.Guarded(t, "ben@example.com"), e.Guarded(t, "cleo@example.com")
		code, others := give(t, p, ben, desks), give(t, p, cleo, desks)
		e.Advance(t, 10*time.Minute)
		b := e.Browser("192.0.2.1")
		at := b.First(t, ben)
		accounttest.Want(t, "its time is over", b.Second(at, method.Recovery, code), "help_code_over")
		accounttest.Want(t, "so is that of somebody else", b.Second(at, method.Recovery, others), "recovery_wrong")
		if n := e.Count(t, "proof.refused", `"why":"over"`); n != 1 {
			t.Errorf("%d events of a code that is over", n)
		}
		accounttest.Want(t, "the one after it", b.Second(at, method.Recovery, give(t, p, ben, desks)), "ok")

		c := e.Browser("192.0.2.2")
		at = c.First(t, cleo)
		for range limit.RuleOf(limit.Recovery).Most {
			accounttest.Want(t, "again and again", c.Second(at, method.Recovery, others), "help_code_over")
		}
		accounttest.Want(t, "a right one after that", c.Second(at, method.Recovery, give(t, p, cleo, desks)), "locked_recovery")
	})
}

// It is counted with the recovery codes, is nobody else's, is no fresh proof in a session,
// and of many at once one lets in.
func TestACodeOfTheHelpDeskIsGuardedAsOthersAre(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		_, desks := desk(t, e, "desk@example.com", countersign.HelpDesk)
		ben, cleo := e.Guarded(t, "ben@example.com"), e.Guarded(t, "cleo@example.com")
		code := give(t, p, ben, desks)
		c := e.Browser("192.0.2.3")
		accounttest.Want(t, "somebody else's", c.Second(c.First(t, cleo), method.Recovery, code), "recovery_wrong")
		signed := e.Browser("192.0.2.4")
		signed.SignIn(t, ben)
		accounttest.Want(t, "as a fresh proof", signed.Prove(t, method.Recovery, code), "recovery_wrong")

		node := e
		if !e.Store.SQLite() {
			node = e.Node(t)
		}
		acts := make([]func() error, 20)
		for i := range acts {
			b := e.Browser("192.0.2.5").On([]*accounttest.Engine{e, node}[i%2])
			at := b.First(t, ben)
			acts[i] = func() error { return b.Second(at, method.Recovery, code) }
		}
		outcomes := accounttest.Race(len(acts), func(i int) error { return acts[i]() })
		if outcomes["ok"] != 1 {
			t.Errorf("twenty at once: %v", outcomes)
		}
		b := e.Browser("192.0.2.6")
		code = give(t, p, cleo, desks)
		at := b.First(t, cleo)
		for range limit.RuleOf(limit.Recovery).Most {
			_ = b.Second(at, method.Recovery, accounttest.WrongRecovery)
		}
		accounttest.Want(t, "the right one after too many wrong ones", b.Second(at, method.Recovery, code), "locked_recovery")
	})
}
