package enrol_test

import (
	"testing"
	"time"

	"countersign/internal/account/accounttest"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/policy"
)

// enrolled signs a person in and confirms a first app; the codes wait.
func enrolled(t *testing.T, e *accounttest.Engine, email string) (*accounttest.Person, *accounttest.Browser) {
	t.Helper()
	p := e.Person(t, email)
	b := vouched(t, e, p)
	confirm(t, e, b, p, pend(t, e, b, ""), "Phone")
	e.Advance(t, 30*time.Second)
	return p, b
}

func TestCodesCountOnceTheyAreSaved(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada, b := enrolled(t, e, "ada@example.com")
		h := b.Holder(t)
		waiting, err := e.Enrol.WaitingCodes(ctx(), h)
		want(t, "the waiting codes", err, "ok")
		if len(waiting.Codes) != 10 || waiting.Expired {
			t.Fatalf("%+v", waiting)
		}
		again, err := e.Enrol.WaitingCodes(ctx(), h)
		if err != nil || again.ID != waiting.ID || again.Codes[0] != waiting.Codes[0] {
			t.Error("a refresh shows other codes")
		}
		other := e.Browser("192.0.2.2")
		want(t, "a code that is not saved", other.Second(other.First(t, ada), method.Recovery, waiting.Codes[0]), "recovery_wrong")
		want(t, "without the tick", e.Enrol.SaveCodes(ctx(), h, waiting.ID, false), "codes_not_saved")
		want(t, "codes that do not exist", e.Enrol.SaveCodes(ctx(), h, "crd_x", true), "codes_over")
		want(t, "the app in place of codes", e.Enrol.SaveCodes(ctx(), h, ada.App, true), "codes_over")
		all := nodes(t, e)
		counts := race(30, func(i int) error { return all[i%2].Enrol.SaveCodes(ctx(), h, waiting.ID, true) })
		if counts["ok"] != 1 || counts["codes_over"] != 29 {
			t.Errorf("%v, want one ok", counts)
		}
		if c := b.Session(t); c.Level != policy.LevelFull || c.CodesLeft != 10 {
			t.Errorf("level %v, %d codes", c.Level, c.CodesLeft)
		}
		_, err = e.Enrol.WaitingCodes(ctx(), h)
		want(t, "showing them once more", err, "no_codes_waiting")
		want(t, "a saved code", other.Second(other.First(t, ada), method.Recovery, waiting.Codes[0]), "ok")
		if e.Count(t, "recovery.created", "") != 1 || e.Count(t, "recovery.saved", "") != 1 {
			t.Error("events are missing")
		}
	})
}

func TestANewSetKillsTheOldOneWhenItIsSaved(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b, other := e.Browser("192.0.2.1"), e.Browser("192.0.2.2")
		b.SignIn(t, ada)
		h := b.Holder(t)
		stale := h
		stale.Fresh = false
		_, err := e.Enrol.NewCodes(ctx(), stale)
		want(t, "without a fresh proof", err, "fresh_proof_required")
		for range 3 {
			_, err = e.Enrol.NewCodes(ctx(), h)
			want(t, "new codes", err, "ok")
		}
		waiting, err := e.Enrol.WaitingCodes(ctx(), h)
		want(t, "the waiting codes", err, "ok")
		_, err = e.Enrol.WaitingCodes(ctx(), stale)
		want(t, "showing them later, in the session that made them", err, "ok")
		want(t, "an old code, before", other.Second(other.First(t, ada), method.Recovery, ada.Codes[0]), "ok")
		want(t, "saving", e.Enrol.SaveCodes(ctx(), h, waiting.ID, true), "ok")
		want(t, "an old code, after", other.Second(other.First(t, ada), method.Recovery, ada.Codes[1]), "recovery_wrong")
		want(t, "a new code", other.Second(other.First(t, ada), method.Recovery, waiting.Codes[9]), "ok")
		if ada.Has(t, method.Recovery) != 1 || len(ada.Credentials(t)) != 2 {
			t.Errorf("%d sets", ada.Has(t, method.Recovery))
		}
	})
}

func TestCodesThatWaitedTooLong(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada, b := enrolled(t, e, "ada@example.com")
		waiting, err := e.Enrol.WaitingCodes(ctx(), b.Holder(t))
		want(t, "the waiting codes", err, "ok")
		e.Advance(t, 15*time.Minute)
		want(t, "proving", b.Prove(t, method.TOTP, ada.Code()), "ok")
		h := b.Holder(t)
		late, err := e.Enrol.WaitingCodes(ctx(), h)
		if err != nil || !late.Expired || late.Codes != nil {
			t.Errorf("%+v, %v; want that they are shown no more", late, err)
		}
		want(t, "saving them", e.Enrol.SaveCodes(ctx(), h, waiting.ID, true), "codes_over")
		if c := b.Session(t); c.Level != policy.LevelEnrol || c.Reason != policy.ReasonCodes {
			t.Errorf("level %v %q", c.Level, c.Reason)
		}
		_, err = e.Enrol.NewCodes(ctx(), h)
		want(t, "new codes", err, "ok")
		again, err := e.Enrol.WaitingCodes(ctx(), h)
		if err != nil || len(again.Codes) != 10 || again.ID == waiting.ID {
			t.Errorf("%+v, %v", again, err)
		}
	})
}

// Codes are shown in the session that made them, so that nobody saves codes
// that a thief has read.
func TestCodesAreShownInTheirOwnSession(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b, thief := e.Browser("192.0.2.1"), e.Browser("198.51.100.9")
		b.SignIn(t, ada)
		thief.SignIn(t, ada)
		_, err := e.Enrol.NewCodes(ctx(), thief.Holder(t))
		want(t, "new codes", err, "ok")
		read, err := e.Enrol.WaitingCodes(ctx(), thief.Holder(t))
		want(t, "reading them", err, "ok")
		_, err = e.Enrol.WaitingCodes(ctx(), b.Holder(t))
		want(t, "in the owner's session", err, "no_codes_waiting")
		want(t, "the owner saves them", e.Enrol.SaveCodes(ctx(), b.Holder(t), read.ID, true), "codes_over")
	})
}

func TestCodesByMail(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.Set(t, policy.Document{"recovery.delivery": "email"})
		ada := e.Person(t, "ada@example.com")
		b := vouched(t, e, ada)
		done := confirm(t, e, b, ada, pend(t, e, b, ""), "Phone")
		if !done.CodesMailed || done.CodesWait {
			t.Errorf("%+v", done)
		}
		if c := b.Session(t); c.Level != policy.LevelFull {
			t.Errorf("level %v", c.Level)
		}
		first := e.MailedCodes(t, ada.Email)
		if len(first) != 10 {
			t.Fatalf("%d codes in the mail", len(first))
		}
		e.Advance(t, time.Minute)
		mailed, err := e.Enrol.NewCodes(ctx(), b.Holder(t))
		if err != nil || !mailed {
			t.Fatalf("new codes: mailed %v, %v", mailed, err)
		}
		_, err = e.Enrol.WaitingCodes(ctx(), b.Holder(t))
		want(t, "showing them", err, "no_codes_waiting")
		next := e.MailedCodes(t, ada.Email)
		other := e.Browser("192.0.2.2")
		want(t, "a code of the older mail", other.Second(other.First(t, ada), method.Recovery, first[0]), "recovery_wrong")
		want(t, "a code of the newer mail", other.Second(other.First(t, ada), method.Recovery, next[0]), "ok")
	})
}

func TestNoCodesWithoutASecondFactorOrWhereThereAreNone(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		b := e.Browser("192.0.2.1")
		b.SignIn(t, e.Person(t, "ada@example.com"))
		_, err := e.Enrol.NewCodes(ctx(), b.Holder(t))
		want(t, "without a second factor", err, "no_second_factor")
		e.Set(t, policy.Document{"methods": []string{"totp"}})
		eve := e.Person(t, "eve@example.com")
		hers := vouched(t, e, eve)
		done := confirm(t, e, hers, eve, pend(t, e, hers, ""), "Phone")
		if done.CodesWait || done.CodesMailed || hers.Session(t).Level != policy.LevelFull {
			t.Errorf("%+v", done)
		}
		_, err = e.Enrol.NewCodes(ctx(), hers.Holder(t))
		want(t, "where there are none", err, "no_recovery_codes")
	})
}

// One code that is used up is replaced before anything else goes on.
func TestASingleCodeThatWasUsed(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.Set(t, policy.Document{"recovery.codes": 1})
		ada := e.Person(t, "ada@example.com").WithApp(t, "Phone").WithCodes(t, 1)
		b := e.Browser("192.0.2.1")
		proof := b.SignInBy(t, ada, ada.Codes[0])
		if proof.Effect != "recovered" {
			t.Errorf("%+v", proof)
		}
		if c := b.Session(t); c.Level != policy.LevelEnrol || c.Reason != policy.ReasonCodes {
			t.Errorf("level %v %q", c.Level, c.Reason)
		}
		_, err := e.Enrol.NewCodes(ctx(), b.Holder(t))
		want(t, "a new code", err, "ok")
		waiting, err := e.Enrol.WaitingCodes(ctx(), b.Holder(t))
		if err != nil || len(waiting.Codes) != 1 || len(waiting.Codes[0]) != 24 {
			t.Fatalf("%+v, %v", waiting, err)
		}
		want(t, "saving it", e.Enrol.SaveCodes(ctx(), b.Holder(t), waiting.ID, true), "ok")
		if c := b.Session(t); c.Level != policy.LevelFull {
			t.Errorf("level %v", c.Level)
		}
	})
}

// Password and code together sign in; every old credential, device and code is
// void; a new set-up is forced where one is required.
func TestACodeThatResets(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.Set(t, policy.Document{"recovery.effect": "reset", "require_second_factor": "required"})
		ada := e.Guarded(t, "ada@example.com")
		home, b := e.Browser("192.0.2.9"), e.Browser("192.0.2.1")
		home.SignIn(t, ada)
		half := home.First(t, ada)
		for range 10 {
			at := b.First(t, ada)
			_ = b.Second(at, method.TOTP, ada.Wrong())
		}
		proof := b.SignInBy(t, ada, ada.Codes[0])
		if proof.Effect != "reset" || len(ada.Credentials(t)) != 0 {
			t.Errorf("%+v, %d credentials", proof, len(ada.Credentials(t)))
		}
		if c := b.Session(t); c.Level != policy.LevelEnrol || c.Reason != policy.ReasonRequired {
			t.Errorf("level %v %q, want a new set-up first", c.Level, c.Reason)
		}
		_, err := home.LoadSession()
		want(t, "the session at home", err, "signed_out")
		want(t, "a sign-in half way", home.Second(half, method.TOTP, ada.NextCode(t)), "step_over")
		want(t, "another of the codes", e.Browser("192.0.2.4").Second(half, method.Recovery, ada.Codes[1]), "step_over")
		if len(e.MailsTo(t, message.TwoFactorReset, ada.Email)) != 1 || e.Count(t, "two_factor.reset", "recovery_code") != 1 {
			t.Error("nobody was told")
		}
		want(t, "a new app, in a browser that is not known any more", e.Enrol.BeginApp(ctx(), b.Holder(t), ""), "email_proof_required")
		h := b.Holder(t)
		want(t, "a mailed code", e.Accounts.SendCode(ctx(), h), "ok")
		token, err := e.Accounts.CheckCode(ctx(), h, e.MailedCode(t, ada.Email))
		want(t, "the mailed code", err, "ok")
		b.SetToken(token)
		confirm(t, e, b, ada, pend(t, e, b, ""), "New phone")
		if ada.Has(t, method.TOTP) != 1 {
			t.Error("no new app")
		}
	})
}

// Somebody who lost the phone and signed in with the very last code has nothing
// left to prove with: minutes of delay must not shut the person out.
func TestTheLastCodeCanAlwaysBeReplaced(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.Set(t, policy.Document{"recovery.codes": 1})
		ada := e.Person(t, "ada@example.com").WithApp(t, "Phone").WithCodes(t, 1)
		b := e.Browser("192.0.2.1")
		b.SignInBy(t, ada, ada.Codes[0])
		e.Advance(t, 20*time.Minute)
		h := b.Holder(t)
		if h.Fresh || !h.LastCode {
			t.Fatalf("fresh %v, last code %v", h.Fresh, h.LastCode)
		}
		_, err := e.Enrol.NewCodes(ctx(), h)
		want(t, "a new code, twenty minutes after the last one", err, "ok")
		e.Advance(t, 12*time.Minute)
		waiting, err := e.Enrol.WaitingCodes(ctx(), b.Holder(t))
		want(t, "showing it", err, "ok")
		want(t, "saving it", e.Enrol.SaveCodes(ctx(), b.Holder(t), waiting.ID, true), "ok")
		if b.Holder(t).LastCode {
			t.Error("a session with codes left still needs no proof")
		}
		_, err = e.Enrol.NewCodes(ctx(), b.Holder(t))
		want(t, "another one", err, "fresh_proof_required")
	})
}
