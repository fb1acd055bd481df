package approve_test

import (
	"testing"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/approve"
	"countersign/internal/method"
	"countersign/internal/policy"
)

// credential is the person's of a kind.
func (a asking) credential(t *testing.T, kind method.Kind) countersign.CredentialID {
	t.Helper()
	for _, c := range a.p.Credentials(t) {
		if c.Kind == string(kind) {
			return c.ID
		}
	}
	t.Fatalf("there is no %s", kind)
	return ""
}

// prove has an act approved on the phone, as a fresh proof of a browser's session.
func (a asking) prove(t *testing.T, b *accounttest.Browser, act account.Act) {
	t.Helper()
	a.e.Advance(t, time.Second)
	must(t, a.e.Sessions.AskPhone(ctx(), b.Session(t), act, string(act), b.Place()))
	a.approve(t, a.phone.Waiting(t)[0])
	token, err := a.e.Sessions.ProvePhone(ctx(), b.Session(t), act, b.Place())
	must(t, err)
	b.SetToken(token)
}

// What a phone shows is what will happen: its approval is good for the act that it showed
// and for no other, nor upon another thing.
func TestAnApprovalIsGoodForWhatThePhoneShowed(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		a := asks(t, e, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, a.p)
		e.Advance(t, time.Hour)
		app, phone := a.credential(t, method.TOTP), a.credential(t, method.Push)
		act := account.ActRename.Of(phone)
		rename := func(id countersign.CredentialID) error {
			return e.Enrol.Rename(ctx(), b.Holder(t), id, "Work phone")
		}
		prove := func(act account.Act) error {
			token, err := e.Sessions.ProvePhone(ctx(), b.Session(t), act, b.Place())
			if err == nil {
				b.SetToken(token)
			}
			return err
		}
		want(t, "without a proof", rename(phone), "fresh_proof_required")
		must(t, e.Sessions.AskPhone(ctx(), b.Session(t), act, "Rename Pixel 9", b.Place()))
		row := a.phone.Waiting(t)[0]
		if row.Act != string(act) || approve.Shown(row).Act != "Rename Pixel 9" {
			t.Errorf("the phone is asked %q, and shows %q", row.Act, approve.Shown(row).Act)
		}
		a.approve(t, row)
		want(t, "on the page of another act", prove(account.ActTurnOff), "step_over")
		want(t, "on its own page", prove(act), "ok")
		want(t, "a second time", prove(act), "step_over")

		second := func(_ any, err error) error { return err }
		want(t, "renaming another", rename(app), "fresh_proof_required")
		want(t, "removing the same", second(e.Enrol.Remove(ctx(), b.Holder(t), phone)), "fresh_proof_required")
		want(t, "a default", e.Enrol.MakeDefault(ctx(), b.Holder(t), phone), "fresh_proof_required")
		want(t, "another app in its place", e.Enrol.BeginApp(ctx(), b.Holder(t), app), "fresh_proof_required")
		want(t, "one more app", e.Enrol.BeginApp(ctx(), b.Holder(t), ""), "fresh_proof_required")
		want(t, "one more phone", e.Devices.Begin(ctx(), b.Holder(t)), "fresh_proof_required")
		want(t, "new codes", second(e.Enrol.NewCodes(ctx(), b.Holder(t))), "fresh_proof_required")
		want(t, "turning it off", second(e.Accounts.TurnOff(ctx(), b.Holder(t))), "fresh_proof_required")
		want(t, "another password", second(e.Accounts.ChangePassword(ctx(), b.Holder(t), "fourteen pears in the attic")), "fresh_proof_required")
		want(t, "another address", e.Accounts.AskEmailChange(ctx(), b.Holder(t), "ada@example.net"), "fresh_proof_required")
		want(t, "what it showed", rename(phone), "ok")
		e.Advance(t, 10*time.Minute)
		want(t, "ten minutes later", rename(phone), "fresh_proof_required")
	})
}

// An app that takes another's place is one act from its first page to its last.
func TestAnActOfSeveralPages(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		a := asks(t, e, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, a.p)
		e.Advance(t, time.Hour)
		app := a.credential(t, method.TOTP)
		a.prove(t, b, account.ActChangeDevice.Of(app))
		must(t, e.Enrol.BeginApp(ctx(), b.Holder(t), app))
		pending, err := e.Enrol.PendingApp(ctx(), b.Holder(t))
		must(t, err)
		done, err := e.Enrol.ConfirmApp(ctx(), b.Holder(t), pending.ID, "New tablet", accounttest.Code(e, pending.Secret))
		must(t, err)
		b.SetToken(done.Token)
		// The code of the new app says nothing of an act: it is good for all of them.
		must(t, e.Enrol.Rename(ctx(), b.Holder(t), pending.ID, "Newer tablet"))
	})
}

// Another app takes an app's place by the act that says so, and by no other: not where
// adding one begins it, nor where it was begun before.
func TestAnAppIsReplacedByItsOwnActAlone(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		a := asks(t, e, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, a.p)
		app := a.credential(t, method.TOTP)
		// Begun while the sign-in is fresh, and gone on with under another act.
		must(t, e.Enrol.BeginApp(ctx(), b.Holder(t), app))
		pending, err := e.Enrol.PendingApp(ctx(), b.Holder(t))
		must(t, err)
		e.Advance(t, 11*time.Minute)
		a.prove(t, b, account.ActSecondFactor)
		_, err = e.Enrol.PendingApp(ctx(), b.Holder(t))
		want(t, "its secret", err, "fresh_proof_required")
		_, err = e.Enrol.ConfirmApp(ctx(), b.Holder(t), pending.ID, "Tablet", accounttest.Code(e, pending.Secret))
		want(t, "its end", err, "fresh_proof_required")
		a.prove(t, b, account.ActChangeDevice.Of(app))
		e.Advance(t, 5*time.Minute)
		_, err = e.Enrol.ConfirmApp(ctx(), b.Holder(t), pending.ID, "Tablet", "123456")
		want(t, "when its time is over", err, "enrolment_over")

		e.Set(t, policy.Document{"totp.max": 1})
		e.Advance(t, time.Hour)
		a.prove(t, b, account.ActSecondFactor)
		want(t, "one more where there may be one", e.Enrol.BeginApp(ctx(), b.Holder(t), ""), "fresh_proof_required")
		a.prove(t, b, account.ActChangeDevice.Of(app))
		want(t, "by its own act", e.Enrol.BeginApp(ctx(), b.Holder(t), ""), "ok")
	})
}

// Whoever stole a session wears out the questions of sessions, and not those by which
// the person signs in at home.
func TestTheQuestionsOfAStolenSession(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		a := asks(t, e, "ada@example.com")
		proof := func(q *approve.Ask) { q.Kind, q.Known = approve.FreshProof, true }
		for range 3 {
			a.asked(t, "ses_stolen", proof)
		}
		if row := a.asked(t, "ses_stolen", proof); row.Rung != 0 {
			t.Error("the fourth question of a session rings")
		}
		if row := a.asked(t, "att_1", known); row.Rung == 0 {
			t.Error("then the phone does not ring for a sign-in at home")
		}
		for _, session := range []string{"ses_2", "ses_3"} {
			a.asked(t, session, proof)
		}
		_, err := a.ask(t, "ses_4", proof)
		want(t, "a fourth at once, in sessions", err, "too_many_requests")
		_, err = a.ask(t, "att_1", known)
		want(t, "a sign-in at home beside them", err, "ok")
		e.Advance(t, approve.Life)
		if row := a.asked(t, "att_3", known); row.Rung == 0 {
			t.Error("unanswered questions of sessions keep the phone from ringing at home")
		}
		_, err = a.ask(t, "att_4")
		want(t, "a stranger", err, "ok")
	})
}
