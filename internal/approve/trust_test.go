package approve_test

import (
	"testing"
	"time"

	"countersign/internal/account/accounttest"
	"countersign/internal/approve"
	"countersign/internal/method/push"
	"countersign/internal/policy"
	"countersign/internal/store"
)

// The phone is not rung for a sign-in that asks nothing; that of another browser rings it.
func TestATrustedBrowserDoesNotRing(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		a := asks(t, e, "ada@example.com")
		b := a.p.Trusted(t, "192.0.2.1")
		e.Advance(t, time.Minute)
		made := e.Count(t, "request.made", "")
		if b.Asked(t, a.p) || e.Count(t, "request.made", "") != made || len(a.phone.Waiting(t)) != 0 {
			t.Error("the phone was rung for a trusted browser")
		}
		b.Complete(t, b.First(t, a.p).ID)
		if !e.Browser("192.0.2.2").Asked(t, a.p) || len(a.phone.Waiting(t)) != 1 {
			t.Error("the phone was not rung for another one")
		}
	})
}

// "It was not me" and a lock by wrong numbers say that somebody has the password: it is
// enough in no browser any more. A denial alone says less, and takes nothing.
func TestWhatAPhoneSaysEndsTrust(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		for sentence, row := range map[string]struct {
			decision push.Decision
			number   bool
			state    approve.State
			times    int
			asked    bool
		}{
			"a denial":                    {push.Deny, false, approve.Denied, 1, false},
			"a report":                    {push.Report, false, approve.Reported, 1, true},
			"ten approvals of other ones": {push.Approve, true, approve.Mismatch, 10, true},
		} {
			a := asks(t, e, string(row.decision)+"@example.com")
			b := a.p.Trusted(t, "192.0.2.1")
			for range row.times {
				e.Advance(t, 30*time.Minute)
				must(t, unlockPhones(e, a))
				question := a.asked(t, "att_x", known)
				number := ""
				if row.number {
					number = other(question)
				}
				a.say(t, question, row.decision, number, row.state)
			}
			if asked := b.Asked(t, a.p); asked != row.asked {
				t.Errorf("after %s the second factor is asked: %v", sentence, asked)
			}
		}
	})
}

// A fresh proof by the phone for trusting this browser is good for that alone.
func TestTrustByAnApproval(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		a := asks(t, e, "ada@example.com")
		e.Set(t, policy.Document{"trusted_browser_days": 30})
		b := e.Browser("192.0.2.1")
		b.SignIn(t, a.p)
		e.Advance(t, time.Hour)
		a.prove(t, b, "export")
		want(t, "with an approval of another act", b.Trust(t), "fresh_proof_required")
		a.prove(t, b, "trust")
		want(t, "with an approval of this one", b.Trust(t), "ok")
		if b.Asked(t, a.p) {
			t.Error("the browser is not trusted")
		}
	})
}

// unlockPhones lets a person's phones be asked again, and leaves wrong numbers counted.
func unlockPhones(e *accounttest.Engine, a asking) error {
	return e.Store.Write(ctx(), func(tx *store.Tx) error {
		user, err := tx.GetUser(tx.Ctx, accounttest.Workspace, a.p.ID)
		if err != nil {
			return err
		}
		return e.Accounts.EndPeace(tx, user)
	})
}
