package signin_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/signin"
	"countersign/internal/store"
)

func TestBothStepsLeadToASession(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		at := b.Attempt(t, b.Start(t, ada.Email))
		if at.Step != policy.StepFirst || at.Account.User.ID != "" || at.Credentials != nil {
			t.Errorf("before the first factor the attempt says %+v", at)
		}
		at = b.First(t, ada)
		if at.Step != policy.StepSecond || len(at.Credentials) != 2 {
			t.Errorf("after the password: step %s with %d credentials", at.Step, len(at.Credentials))
		}
		proof, err := b.Answer(at, method.TOTP, ada.Code())
		want(t, "the app's code", err, "ok")
		if proof.First != "password" || proof.Second != "totp" || proof.Effect != "" {
			t.Errorf("proof %+v", proof)
		}
		if c := b.Session(t); c.Level != policy.LevelFull || c.UserID != ada.ID {
			t.Errorf("level %v of %s", c.Level, c.UserID)
		}
	})
}

// Step state is the server's: what is out of order, repeated, forged or late
// never advances anything (security.md 3).
func TestNoStepIsSkipped(t *testing.T) {
	rows := []struct {
		sentence string
		answer   string
		try      func(t *testing.T, e *accounttest.Engine, b *accounttest.Browser, p *accounttest.Person) error
	}{
		{"finishing before the password", "step_over", func(t *testing.T, _ *accounttest.Engine, b *accounttest.Browser, p *accounttest.Person) error {
			_, err := b.Finish(b.Start(t, p.Email))
			return err
		}},
		{"the code before the password", "step_over", func(t *testing.T, _ *accounttest.Engine, b *accounttest.Browser, p *accounttest.Person) error {
			return b.Second(b.Attempt(t, b.Start(t, p.Email)), method.TOTP, p.Code())
		}},
		{"the code with a forged step, before the password", "step_over", func(t *testing.T, _ *accounttest.Engine, b *accounttest.Browser, p *accounttest.Person) error {
			at := b.Attempt(t, b.Start(t, p.Email))
			at.Step, at.Account = policy.StepSecond, p.Account(t)
			return b.Second(at, method.TOTP, p.Code())
		}},
		{"finishing after the password alone", "step_over", func(t *testing.T, _ *accounttest.Engine, b *accounttest.Browser, p *accounttest.Person) error {
			_, err := b.Finish(b.First(t, p).ID)
			return err
		}},
		{"finishing with a forged step, after the password alone", "step_over", func(t *testing.T, e *accounttest.Engine, b *accounttest.Browser, p *accounttest.Person) error {
			at := b.First(t, p)
			at.Step = policy.StepDone
			_, err := e.SignIn.Finish(ctx(), at, b.Visitor(), accounttest.Later)
			return err
		}},
		{"the password a second time", "step_over", func(t *testing.T, _ *accounttest.Engine, b *accounttest.Browser, p *accounttest.Person) error {
			return b.Password(b.First(t, p), p.Password)
		}},
		{"the password once more, from a page of before", "step_over", func(t *testing.T, _ *accounttest.Engine, b *accounttest.Browser, p *accounttest.Person) error {
			at := b.Attempt(t, b.Start(t, p.Email))
			want(t, "the password", b.Password(at, p.Password), "ok")
			return b.Password(at, p.Password)
		}},
		{"no password", "password_empty", func(t *testing.T, _ *accounttest.Engine, b *accounttest.Browser, p *accounttest.Person) error {
			return b.TryPassword(t, p.Email, "")
		}},
		{"no code", "totp_empty", func(t *testing.T, _ *accounttest.Engine, b *accounttest.Browser, p *accounttest.Person) error {
			return b.Second(b.First(t, p), method.TOTP, " ")
		}},
		{"a second code from a page of before", "step_over", func(t *testing.T, _ *accounttest.Engine, b *accounttest.Browser, p *accounttest.Person) error {
			at := b.First(t, p)
			want(t, "the code", b.Second(at, method.TOTP, p.Code()), "ok")
			return b.Second(at, method.TOTP, p.NextCode(t))
		}},
		{"another browser that has the address", "attempt_over", func(t *testing.T, e *accounttest.Engine, b *accounttest.Browser, p *accounttest.Person) error {
			_, err := e.Browser("192.0.2.1").Load(b.First(t, p).ID)
			return err
		}},
		{"a browser without the cookie", "attempt_over", func(t *testing.T, e *accounttest.Engine, b *accounttest.Browser, p *accounttest.Person) error {
			_, err := e.SignIn.Load(ctx(), accounttest.Workspace, b.First(t, p).ID, signin.Visitor{Place: b.Place()})
			return err
		}},
		{"a copy of the cookie of before the password", "attempt_over", func(t *testing.T, e *accounttest.Engine, b *accounttest.Browser, p *accounttest.Person) error {
			at, copied := b.Attempt(t, b.Start(t, p.Email)), b.Visitor()
			want(t, "the password", b.Password(at, p.Password), "ok")
			_, err := e.SignIn.Load(ctx(), accounttest.Workspace, at.ID, copied)
			return err
		}},
		{"an attempt that was never begun", "attempt_over", func(_ *testing.T, _ *accounttest.Engine, b *accounttest.Browser, _ *accounttest.Person) error {
			_, err := b.Load("att_00000000000000000000000000")
			return err
		}},
		{"another workspace", "attempt_over", func(t *testing.T, e *accounttest.Engine, b *accounttest.Browser, p *accounttest.Person) error {
			_, err := e.SignIn.Load(ctx(), "wsp_other", b.First(t, p).ID, b.Visitor())
			return err
		}},
		{"ten minutes after it began", "attempt_over", func(t *testing.T, e *accounttest.Engine, b *accounttest.Browser, p *accounttest.Person) error {
			id := b.Start(t, p.Email)
			e.Advance(t, 10*time.Minute)
			_, err := b.Load(id)
			return err
		}},
		{"ten minutes after the password, from a page of before", "step_over", func(t *testing.T, e *accounttest.Engine, b *accounttest.Browser, p *accounttest.Person) error {
			at := b.First(t, p)
			e.Advance(t, 10*time.Minute)
			return b.Second(at, method.TOTP, p.Code())
		}},
		{"finishing ten minutes after the password", "step_over", func(t *testing.T, e *accounttest.Engine, b *accounttest.Browser, p *accounttest.Person) error {
			at := b.First(t, e.Person(t, "plain."+p.Email))
			e.Advance(t, 10*time.Minute)
			_, err := e.SignIn.Finish(ctx(), at, b.Visitor(), accounttest.Later)
			return err
		}},
		{"after it was cancelled", "attempt_over", func(t *testing.T, e *accounttest.Engine, b *accounttest.Browser, p *accounttest.Person) error {
			at := b.First(t, p)
			want(t, "cancelling", e.SignIn.Cancel(ctx(), accounttest.Workspace, at.ID, b.Visitor()), "ok")
			want(t, "a code from a page of before", b.Second(at, method.TOTP, p.Code()), "step_over")
			_, err := b.Load(at.ID)
			return err
		}},
		{"after another browser tried to cancel it, it goes on", "ok", func(t *testing.T, e *accounttest.Engine, b *accounttest.Browser, p *accounttest.Person) error {
			at := b.First(t, p)
			want(t, "cancelling", e.SignIn.Cancel(ctx(), accounttest.Workspace, at.ID, e.Browser("192.0.2.9").Visitor()), "ok")
			return b.Second(at, method.TOTP, p.Code())
		}},
		{"finishing a second time", "attempt_over", func(t *testing.T, _ *accounttest.Engine, b *accounttest.Browser, p *accounttest.Person) error {
			at := b.First(t, p)
			want(t, "the code", b.Second(at, method.TOTP, p.Code()), "ok")
			_, err := b.Finish(at.ID)
			return err
		}},
		{"redeeming a proof a second time", "attempt_over", func(t *testing.T, e *accounttest.Engine, b *accounttest.Browser, p *accounttest.Person) error {
			return e.Browser("192.0.2.1").Redeem(b.SignIn(t, p))
		}},
		{"redeeming a proof that was never given", "attempt_over", func(t *testing.T, _ *accounttest.Engine, b *accounttest.Browser, p *accounttest.Person) error {
			at := b.First(t, p)
			return b.Redeem(countersign.Proof{Workspace: accounttest.Workspace, User: p.ID, Attempt: at.ID, First: "password", Second: "totp"})
		}},
	}
	both(t, func(t *testing.T, e *accounttest.Engine) {
		for i, row := range rows {
			p := e.Guarded(t, fmt.Sprintf("p%d@example.com", i))
			want(t, row.sentence, row.try(t, e, e.Browser("192.0.2.1"), p), row.answer)
			e.Advance(t, time.Minute)
		}
	})
}

// What changes between two steps counts at once.
func TestAChangeBetweenTheSteps(t *testing.T) {
	rows := []struct {
		sentence string
		change   func(t *testing.T, e *accounttest.Engine, p *accounttest.Person)
		// answers to: the code, to finishing with a page of before
		second, finish string
	}{
		{"the password is reset", func(t *testing.T, _ *accounttest.Engine, p *accounttest.Person) {
			p.ResetByMail(t, "fourteen pears in the attic")
		}, "step_over", "step_over"},
		{"the account is disabled", func(t *testing.T, _ *accounttest.Engine, p *accounttest.Person) {
			p.Set(t, countersign.Disabled)
		}, "signed_out", "attempt_over"},
		{"the account is deleted", func(t *testing.T, e *accounttest.Engine, p *accounttest.Person) {
			e.Write(t, func(tx *store.Tx) error {
				_, err := tx.DeleteUser(tx.Ctx, accounttest.Workspace, p.ID)
				return err
			})
		}, "signed_out", "attempt_over"},
		{"two-factor authentication is reset", func(t *testing.T, e *accounttest.Engine, p *accounttest.Person) {
			e.Write(t, func(tx *store.Tx) error {
				return e.Accounts.Reset(tx, p.Account(t).User, account.Keep{})
			})
		}, "step_over", "step_over"},
	}
	both(t, func(t *testing.T, e *accounttest.Engine) {
		for i, row := range rows {
			name := string(rune('a' + i))
			ada, eve := e.Guarded(t, name+"1@example.com"), e.Person(t, name+"2@example.com")
			b := e.Browser("192.0.2.1")
			half, whole := b.First(t, ada), b.First(t, eve)
			if whole.Step != policy.StepDone {
				t.Fatalf("step %s", whole.Step)
			}
			row.change(t, e, ada)
			row.change(t, e, eve)
			want(t, row.sentence+": the code", b.Second(half, method.TOTP, ada.NextCode(t)), row.second)
			_, err := e.SignIn.Finish(ctx(), whole, b.Visitor(), accounttest.Later)
			want(t, row.sentence+": finishing", err, row.finish)
			_, err = b.Load(whole.ID)
			want(t, row.sentence+": the page", err, "attempt_over")
		}
	})
}

func TestAFactorEnrolledAfterThePasswordIsAsked(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Person(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		at := b.First(t, ada)
		if at.Step != policy.StepDone {
			t.Fatalf("step %s, want done: there is no second factor", at.Step)
		}
		ada.WithApp(t, "Phone")
		_, err := e.SignIn.Finish(ctx(), at, b.Visitor(), accounttest.Later)
		want(t, "finishing with a page of before", err, "step_over")
		if at := b.Attempt(t, at.ID); at.Step != policy.StepSecond {
			t.Errorf("step %s, want second", at.Step)
		}
	})
}

// A proof that was given and not yet redeemed dies with the secret it was
// given under.
func TestAChangeBetweenFinishAndTheSession(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		for i, change := range []func(p *accounttest.Person){
			func(p *accounttest.Person) { p.ResetByMail(t, "fourteen pears in the attic") },
			func(p *accounttest.Person) { p.Set(t, countersign.Disabled) },
			func(p *accounttest.Person) {
				e.Write(t, func(tx *store.Tx) error { return e.Accounts.Reset(tx, p.Account(t).User, account.Keep{}) })
			},
		} {
			p := e.Guarded(t, string(rune('a'+i))+"@example.com")
			b := e.Browser("192.0.2.1")
			proof, err := b.AnswerLater(b.First(t, p), method.TOTP, p.NextCode(t))
			want(t, "the code", err, "ok")
			change(p)
			want(t, "redeeming", b.Redeem(proof), "attempt_over")
		}
	})
}

func TestSigningInAsBWhileSignedInAsA(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada, bob := e.Guarded(t, "ada@example.com"), e.Guarded(t, "bob@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		hers, device := b.Token(), b.Visitor().Browser
		at := b.First(t, bob)
		if at.Known {
			t.Error("ada's browser is taken for one that bob signed in with")
		}
		want(t, "ada's code for bob", b.Second(at, method.TOTP, ada.NextCode(t)), "totp_wrong")
		if c := b.Session(t); c.UserID != ada.ID {
			t.Errorf("half way through bob's sign-in the session is %s", c.UserID)
		}
		want(t, "bob's code", b.Second(at, method.TOTP, bob.Code()), "ok")
		if c := b.Session(t); c.UserID != bob.ID {
			t.Errorf("the session is %s, want bob's", c.UserID)
		}
		if b.Visitor().Browser == device {
			t.Error("bob's browser has the token that ada's had")
		}
		b.SetToken(hers)
		_, err := b.LoadSession()
		want(t, "ada's session in this browser", err, "signed_out")
	})
}

// What Start leaves behind is the same for everybody but for the user's id.
func TestKnownAndUnknownAccountsBeginAlike(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.Guarded(t, "ada@example.com")
		off := e.Guarded(t, "off@example.com")
		off.Set(t, countersign.Disabled)
		b := e.Browser("192.0.2.1")
		var seen []signin.Attempt
		for _, email := range []string{"ada@example.com", "nobody@example.com", "off@example.com"} {
			at := b.Attempt(t, b.Start(t, email))
			want(t, email, b.Password(at, "not the password"), "wrong_credentials")
			at = b.Attempt(t, at.ID)
			at.ID, at.UserID, at.Identifier = "", "", ""
			seen = append(seen, at)
		}
		for _, other := range seen[1:] {
			if diff := cmp.Diff(seen[0], other); diff != "" {
				t.Errorf("attempts differ:\n%s", diff)
			}
		}
		want(t, "a disabled account's right password", b.TryPassword(t, off.Email, off.Password), "wrong_credentials")
	})
}
