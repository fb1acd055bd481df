package signin_test

import (
	"errors"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/method/totp"
	"countersign/internal/policy"
	"countersign/internal/signin"
	"countersign/internal/store"
)

// many is how many submit at once: a thousand, or fewer where each commits
// alone.
func many(e *accounttest.Engine) int {
	if e.Store.SQLite() {
		return 1000
	}
	return 200
}

// attempts begins sign-ins that all wait for the second step, in turn on each
// node.
func attempts(t *testing.T, all []*accounttest.Engine, p *accounttest.Person, n int) ([]*accounttest.Browser, []signin.Attempt) {
	t.Helper()
	browsers, waiting := make([]*accounttest.Browser, n), make([]signin.Attempt, n)
	for i := range n {
		browsers[i] = all[i%len(all)].Browser("192.0.2.1")
		waiting[i] = browsers[i].First(t, p)
	}
	return browsers, waiting
}

// A thousand parallel submissions, over two nodes and several sign-ins, give
// one success (security.md 6).
func TestATimeBasedCodeWorksOnce(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		browsers, waiting := attempts(t, nodes(t, e), ada, 8)
		right := ada.Code()
		counts := race(many(e), func(i int) error {
			return browsers[i%8].Second(waiting[i%8], method.TOTP, right)
		})
		if counts["ok"] != 1 {
			t.Errorf("%v, want one ok", counts)
		}
		if n := e.Count(t, "proof.accepted", `"method":"totp"`); n != 1 {
			t.Errorf("%d events of acceptance", n)
		}
	})
}

// The same with nothing but the credential's version and the unique index as
// the judge: the lock is out of the way.
func TestATimeBasedCodeWorksOnceWithoutTheLock(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		all := nodes(t, e)
		right, hers := ada.Code(), ada.Account(t)
		for range 5 {
			race(40, func(i int) error {
				_, err := all[i%2].Accounts.Answer(ctx(), account.Answer{
					Account: hers, Kind: method.TOTP, Proof: right,
					Accept: func(*store.Tx, account.Proven) error { return nil },
				})
				return errors.Join(err, e.Store.Write(ctx(), func(tx *store.Tx) error { return e.Accounts.Unlock(tx, hers.User) }))
			})
		}
		if n := e.Count(t, "proof.accepted", `"method":"totp"`); n != 1 {
			t.Errorf("%d events of acceptance, want 1", n)
		}
	})
}

func TestARecoveryCodeWorksOnceAndForItsOwnerOnly(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada, bob := e.Guarded(t, "ada@example.com"), e.Guarded(t, "bob@example.com")
		browsers, waiting := attempts(t, nodes(t, e), ada, 8)
		counts := race(many(e), func(i int) error {
			return browsers[i%8].Second(waiting[i%8], method.Recovery, ada.Codes[0])
		})
		if counts["ok"] != 1 {
			t.Errorf("%v, want one ok", counts)
		}
		e.Advance(t, time.Hour)
		b := e.Browser("192.0.2.1")
		want(t, "a used code", b.Second(b.First(t, ada), method.Recovery, ada.Codes[0]), "recovery_used")
		want(t, "ada's code for bob", b.Second(b.First(t, bob), method.Recovery, ada.Codes[1]), "recovery_wrong")
		want(t, "the next code, typed as people do", b.Second(b.First(t, ada), method.Recovery, " "+ada.Codes[1][:5]+ada.Codes[1][6:]), "ok")
	})
}

func TestAnAttemptIsFinishedAndRedeemedOnce(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Person(t, "ada@example.com")
		all := nodes(t, e)
		b := e.Browser("192.0.2.1")
		at := b.First(t, ada)
		counts := race(200, func(i int) error {
			_, err := all[i%2].SignIn.Finish(ctx(), at, b.Visitor(), accounttest.Later)
			return err
		})
		if counts["ok"] != 1 || counts["step_over"] != 199 {
			t.Errorf("finishing: %v, want one ok", counts)
		}
		bob := e.Guarded(t, "bob@example.com")
		proof, err := b.AnswerLater(b.First(t, bob), method.TOTP, bob.Code())
		want(t, "the code", err, "ok")
		counts = race(100, func(i int) error { return e.Browser("192.0.2.2").On(all[i%2]).Redeem(proof) })
		if counts["ok"] != 1 || counts["attempt_over"] != 99 {
			t.Errorf("redeeming: %v, want one ok", counts)
		}
	})
}

// No sign-in is finished, and no code spent, whose session is missing: when the one
// cannot be made, the other has not happened.
func TestAFinishedSignInHasItsSession(t *testing.T) {
	fault := errors.New("no row for the session")
	faulty := func(*store.Tx, countersign.Proof) error { return fault }
	both(t, func(t *testing.T, e *accounttest.Engine) {
		for name, row := range map[string]struct {
			person *accounttest.Person
			finish func(b *accounttest.Browser, at signin.Attempt, p *accounttest.Person, redeem signin.Redeem) error
		}{
			"by the password": {e.Person(t, "ada@example.com"), func(b *accounttest.Browser, at signin.Attempt, _ *accounttest.Person, redeem signin.Redeem) error {
				_, err := e.SignIn.Finish(ctx(), at, b.Visitor(), redeem)
				return err
			}},
			"by a code": {e.Guarded(t, "bob@example.com"), func(b *accounttest.Browser, at signin.Attempt, p *accounttest.Person, redeem signin.Redeem) error {
				_, err := e.SignIn.Second(ctx(), at, method.TOTP, p.Code(), b.Visitor(), redeem)
				return err
			}},
			"by a recovery code": {e.Guarded(t, "eve@example.com"), func(b *accounttest.Browser, at signin.Attempt, p *accounttest.Person, redeem signin.Redeem) error {
				_, err := e.SignIn.Second(ctx(), at, method.Recovery, p.Codes[0], b.Visitor(), redeem)
				return err
			}},
		} {
			b := e.Browser("192.0.2.1")
			at := b.First(t, row.person)
			completed, accepted := e.Count(t, "signin.completed", ""), e.Count(t, "proof.accepted", "")
			mails := len(e.MailsTo(t, message.NewSignIn, row.person.Email))
			err := row.finish(b, at, row.person, faulty)
			if !errors.Is(err, fault) {
				t.Errorf("%s, finishing without a session answers %v", name, err)
			}
			if e.Count(t, "signin.completed", "") != completed || len(e.MailsTo(t, message.NewSignIn, row.person.Email)) != mails {
				t.Errorf("%s: a sign-in that has no session is told as completed", name)
			}
			if e.Count(t, "proof.accepted", "") != accepted {
				t.Errorf("%s: a proof that no session came of is told as accepted", name)
			}
			opening := e.Sessions.Open(b.Request(), b.Place())
			want(t, name+", once more", row.finish(b, at, row.person, opening.Redeem), "ok")
		}
	})
}

// One attempt, two right answers at once: one counts, the other is given back
// and can be used again.
func TestAProofThatPassedNothingIsNotSpent(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		at := b.First(t, ada)
		want(t, "the code", b.Second(at, method.TOTP, ada.Code()), "ok")
		want(t, "a recovery code for the step that is over", b.Second(at, method.Recovery, ada.Codes[0]), "step_over")
		other := b.First(t, ada)
		want(t, "the recovery code, where it is asked", b.Second(other, method.Recovery, ada.Codes[0]), "ok")
	})
}

// One step of drift each way, and never a step at or before the last accepted
// one, whichever attempt, browser or node it comes from.
func TestDriftAndReplay(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		all := nodes(t, e)
		e.Advance(t, 10*totp.Period)
		now := totp.Step(e.Clock.Now())
		at := func(step int64) string { return totp.Code(ada.Secret, step) }
		for i, row := range []struct {
			sentence, code, answer string
		}{
			{"two steps behind", at(now - 2), "totp_wrong"},
			{"two steps ahead", at(now + 2), "totp_wrong"},
			{"one step behind", at(now - 1), "ok"},
			{"the same code again", at(now - 1), "totp_used_left"},
			{"the present step", at(now), "ok"},
			{"the step before the accepted one", at(now - 1), "totp_used_left"},
			{"one step ahead", at(now + 1), "ok"},
			{"the present step after the one ahead", at(now), "totp_used_left"},
		} {
			b := all[i%2].Browser("192.0.2.1")
			got := code(b.Second(b.First(t, ada), method.TOTP, row.code))
			if got != row.answer && got+"_left" != row.answer {
				t.Errorf("%s: got %s, want %s", row.sentence, got, row.answer)
			}
		}
	})
}

// A recovery code that resets everything leaves nothing to compare the second click
// with, and forgets this browser like any other.
func TestTheSecondClickAfterAReset(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.Set(t, policy.Document{"recovery.effect": "reset"})
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		old := b.Visitor().Browser
		at, told := b.First(t, ada), len(e.MailsTo(t, message.NewSignIn, ada.Email))
		proof, err := b.Answer(at, method.Recovery, ada.Codes[0])
		want(t, "the first click", err, "ok")
		want(t, "the second", b.Second(at, method.Recovery, ada.Codes[0]), "step_over")
		if n := e.Count(t, "proof.refused", ""); n != 0 {
			t.Errorf("%d events of refusal, want none", n)
		}
		if !at.Known || proof.BrowserToken == "" || proof.BrowserToken == old {
			t.Errorf("known before: %v; the browser is given the token %q after %q", at.Known, proof.BrowserToken, old)
		}
		if n := len(e.MailsTo(t, message.NewSignIn, ada.Email)) - told; n != 1 {
			t.Errorf("%d mails of a sign-in from a new browser, want one", n)
		}
	})
}

// The second click on one button is no guess: it is answered as what was done
// already, and counted against nobody. Elsewhere the same code is a used one.
func TestTheSecondClickIsNoGuess(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b, other := e.Browser("192.0.2.1"), e.Browser("192.0.2.2")
		at, mine, code := b.First(t, ada), b.Visitor(), ada.Code()
		elsewhere := other.First(t, ada)
		for name, v := range map[string]signin.Visitor{"its own": mine, "another": other.Visitor(), "no": {}} {
			finished, err := e.SignIn.Finished(ctx(), accounttest.Workspace, at.ID, v)
			if finished || err != nil {
				t.Errorf("before it is finished, %s browser hears %v, %v", name, finished, err)
			}
		}
		want(t, "the first click", b.Second(at, method.TOTP, code), "ok")
		want(t, "the second", b.Second(at, method.TOTP, code), "step_over")
		if n := e.Count(t, "proof.refused", `"method":"totp"`); n != 0 {
			t.Errorf("%d events of refusal, want none", n)
		}
		want(t, "in another sign-in", other.Second(elsewhere, method.TOTP, code), "totp_used")
		for name, row := range map[string]struct {
			visitor signin.Visitor
			id      countersign.AttemptID
			want    bool
		}{
			"its own browser": {mine, at.ID, true}, "another browser": {other.Visitor(), at.ID, false}, "nobody": {signin.Visitor{}, at.ID, false},
			"its own browser, of another attempt": {mine, elsewhere.ID, false}, "its own browser, of none": {mine, "att_none", false},
		} {
			finished, err := e.SignIn.Finished(ctx(), accounttest.Workspace, row.id, row.visitor)
			if finished != row.want || err != nil {
				t.Errorf("%s hears %v, %v; want %v", name, finished, err, row.want)
			}
		}
	})
}

// The cookie of a known browser that comes with another browser, or another system, is a
// copy as likely as not: its person is told as of a new one, once.
func TestAKnownCookieInAnotherBrowser(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		for _, step := range []struct {
			what, agent string
			told        int
		}{
			{"a new browser", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", 1},
			{"the same", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", 0},
			{"after an update", "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0", 0},
			{"its cookie on another system", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:141.0) Gecko/20100101 Firefox/141.0", 1},
			{"and again there", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:141.0) Gecko/20100101 Firefox/141.0", 0},
		} {
			e.Advance(t, time.Minute)
			b.Agent = step.agent
			told := len(e.MailsTo(t, message.NewSignIn, ada.Email))
			b.SignIn(t, ada)
			if n := len(e.MailsTo(t, message.NewSignIn, ada.Email)) - told; n != step.told {
				t.Errorf("%s: %d mails, want %d", step.what, n, step.told)
			}
		}
		if n := e.Count(t, "signin.completed", `"browser":"changed"`); n != 1 {
			t.Errorf("%d events tell of a changed browser", n)
		}
	})
}
