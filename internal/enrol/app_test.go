package enrol_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account/accounttest"
	"countersign/internal/enrol"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/method/totp"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// vouched signs a person in who may enrol the first factor: a mailed code was
// given.
func vouched(t *testing.T, e *accounttest.Engine, p *accounttest.Person) *accounttest.Browser {
	t.Helper()
	e.Advance(t, time.Second) // so that its mail is the newest
	b := e.Browser("192.0.2.1")
	b.SignIn(t, p)
	h := b.Holder(t)
	want(t, "sending a code", e.Accounts.SendCode(ctx(), h), "ok")
	token, err := e.Accounts.CheckCode(ctx(), h, e.MailedCode(t, p.Email))
	want(t, "the mailed code", err, "ok")
	b.SetToken(token)
	return b
}

// pend begins an app and returns what waits.
func pend(t *testing.T, e *accounttest.Engine, b *accounttest.Browser, replaces countersign.CredentialID) enrol.Pending {
	t.Helper()
	h := b.Holder(t)
	want(t, "beginning", e.Enrol.BeginApp(ctx(), h, replaces), "ok")
	pending, err := e.Enrol.PendingApp(ctx(), h)
	want(t, "the pending app", err, "ok")
	return pending
}

// confirm confirms a pending app, keeps the new token, and gives the secret to
// the person.
func confirm(t *testing.T, e *accounttest.Engine, b *accounttest.Browser, p *accounttest.Person, pending enrol.Pending, name string) enrol.Confirmed {
	t.Helper()
	done, err := e.Enrol.ConfirmApp(ctx(), b.Holder(t), pending.ID, name, accounttest.Code(e, pending.Secret))
	want(t, "confirming "+name, err, "ok")
	b.SetToken(done.Token)
	p.Secret, p.App = pending.Secret, pending.ID
	return done
}

func TestTheFirstApp(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Person(t, "ada@example.com")
		b := vouched(t, e, ada)
		pending := pend(t, e, b, "")
		if !strings.HasPrefix(pending.URI, "otpauth://totp/Countersign:ada%40example.com?secret="+pending.Key) || len(pending.Key) != 32 {
			t.Errorf("URI %s, key %s", pending.URI, pending.Key)
		}
		h := b.Holder(t)
		_, err := e.Enrol.ConfirmApp(ctx(), h, pending.ID, "", "12")
		if text := err.Error(); !strings.Contains(text, "name_empty") || !strings.Contains(text, "totp_too_few") {
			t.Errorf("name and code missing: %v", err)
		}
		for _, row := range []struct{ sentence, name, code, answer string }{
			{"no name", "  ", accounttest.Code(e, pending.Secret), "name_empty"},
			{"a name of 41 characters", strings.Repeat("ä", 41), accounttest.Code(e, pending.Secret), "name_long"},
			{"a name with a tag", "<b>", accounttest.Code(e, pending.Secret), "name_characters"},
			{"no code", "Phone", "", "totp_empty"},
			{"a wrong code", "Phone", other(e, pending.Secret), "totp_wrong"},
		} {
			_, err := e.Enrol.ConfirmApp(ctx(), h, pending.ID, row.name, row.code)
			want(t, row.sentence, err, row.answer)
		}
		if ada.Has(t, method.TOTP) != 0 || b.Session(t).SecondFactors != 0 {
			t.Error("an app that is not confirmed counts")
		}
		if at := e.Browser("192.0.2.2").First(t, ada); at.Step != policy.StepDone {
			t.Error("an app that is not confirmed is asked for")
		}
		old := b.Token()
		done := confirm(t, e, b, ada, pending, strings.Repeat("ä", 40))
		if !done.First || !done.CodesWait || done.CodesMailed || done.Token == old {
			t.Errorf("%+v", done)
		}
		if c := b.Session(t); c.Second != "totp" || c.Level != policy.LevelEnrol || c.Reason != policy.ReasonCodes {
			t.Errorf("second %q, level %v %q; want the codes to be saved first", c.Second, c.Level, c.Reason)
		}
		if u := ada.Account(t).User; u.DefaultMethod != "totp" {
			t.Errorf("default %q", u.DefaultMethod)
		}
		other := e.Browser("192.0.2.2")
		want(t, "the code that confirmed, at a sign-in", other.Second(other.First(t, ada), method.TOTP, ada.Code()), "totp_used")
		want(t, "the next code", other.Second(other.First(t, ada), method.TOTP, ada.NextCode(t)), "ok")
		if len(e.MailsTo(t, message.TwoFactorOn, ada.Email)) != 1 || e.Count(t, "two_factor.on", "") != 1 {
			t.Error("nobody was told")
		}
		_, err = e.Enrol.ConfirmApp(ctx(), b.Holder(t), pending.ID, "Phone", ada.NextCode(t))
		want(t, "confirming it again", err, "enrolment_over")
	})
}

// other returns a code that no app with this secret shows about now.
func other(e *accounttest.Engine, secret []byte) string {
	for n := 0; ; n++ {
		code, step, right := fmt.Sprintf("%06d", n), totp.Step(e.Clock.Now()), false
		for drift := int64(-2); drift <= 2; drift++ {
			right = right || totp.Code(secret, step+drift) == code
		}
		if !right {
			return code
		}
	}
}

// The password alone must not let a thief enrol his own phone: the first factor
// needs a mailed code, or a browser or a link that vouches.
func TestWhoMayEnrolTheFirstApp(t *testing.T) {
	byLink := func(entry string) func(t *testing.T, e *accounttest.Engine, p *accounttest.Person) *accounttest.Browser {
		return func(t *testing.T, e *accounttest.Engine, p *accounttest.Person) *accounttest.Browser {
			b := e.Browser("192.0.2.1")
			user := p.Account(t).User
			var id countersign.AttemptID
			e.Write(t, func(tx *store.Tx) error {
				var err error
				id, err = e.SignIn.StartFromLink(tx, user, entry, b.Visitor())
				return err
			})
			b.Complete(t, id)
			return b
		}
	}
	byForm := func(t *testing.T, e *accounttest.Engine, p *accounttest.Person) *accounttest.Browser {
		b := e.Browser("192.0.2.1")
		b.SignIn(t, p)
		return b
	}
	after := func(d time.Duration, do func(*testing.T, *accounttest.Engine, *accounttest.Person) *accounttest.Browser) func(*testing.T, *accounttest.Engine, *accounttest.Person) *accounttest.Browser {
		return func(t *testing.T, e *accounttest.Engine, p *accounttest.Person) *accounttest.Browser {
			b := do(t, e, p)
			e.Advance(t, d)
			return b
		}
	}
	again := func(t *testing.T, p *accounttest.Person, b *accounttest.Browser) *accounttest.Browser {
		b.SignIn(t, p)
		return b
	}
	rowsOf := []struct {
		sentence, answer string
		sign             func(*testing.T, *accounttest.Engine, *accounttest.Person) *accounttest.Browser
	}{
		{"a browser that is new", "email_proof_required", byForm},
		{"a browser that is new, with a mailed code", "ok", vouched},
		{"an invitation", "ok", byLink(policy.EntryInvitation)},
		{"the set-up link", "ok", byLink(policy.EntrySetup)},
		{"a rescue link", "ok", byLink(policy.EntryRescue)},
		{"an entry that somebody made up", "email_proof_required", byLink("admin")},
		{"a browser known for a day", "email_proof_required", func(t *testing.T, e *accounttest.Engine, p *accounttest.Person) *accounttest.Browser {
			return again(t, p, after(24*time.Hour, byForm)(t, e, p))
		}},
		{"a browser known for longer than a day", "ok", func(t *testing.T, e *accounttest.Engine, p *accounttest.Person) *accounttest.Browser {
			return again(t, p, after(24*time.Hour+time.Second, byForm)(t, e, p))
		}},
		{"a browser known for longer, once the password was reset", "email_proof_required", func(t *testing.T, e *accounttest.Engine, p *accounttest.Person) *accounttest.Browser {
			b := after(25*time.Hour, byForm)(t, e, p)
			p.ResetByMail(t, "fourteen pears in the attic")
			return again(t, p, b)
		}},
		{"a password that is ten minutes old", "fresh_proof_required", after(10*time.Minute, vouched)},
	}
	both(t, func(t *testing.T, e *accounttest.Engine) {
		for i, row := range rowsOf {
			p := e.Person(t, fmt.Sprintf("p%d@example.com", i))
			want(t, row.sentence, e.Enrol.BeginApp(ctx(), row.sign(t, e, p).Holder(t), ""), row.answer)
		}
	})
}

// What waits is stable for 15 minutes, also in a second tab, and is shown to
// its own session only.
func TestASecretThatWaits(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b, elsewhere := e.Browser("192.0.2.1"), e.Browser("192.0.2.2")
		b.SignIn(t, ada)
		elsewhere.SignIn(t, ada)
		first := pend(t, e, b, "")
		all := nodes(t, e)
		h := b.Holder(t)
		counts := race(30, func(i int) error { return all[i%2].Enrol.BeginApp(ctx(), h, "") })
		if counts["ok"] != 30 {
			t.Errorf("%v", counts)
		}
		if again := pend(t, e, b, ""); again.ID != first.ID || again.Key != first.Key {
			t.Error("a refresh or a second tab has another secret")
		}
		_, err := e.Enrol.PendingApp(ctx(), elsewhere.Holder(t))
		want(t, "in another session", err, "enrolment_over")
		theirs := pend(t, e, elsewhere, "")
		if theirs.Key == first.Key {
			t.Error("two sessions share a secret")
		}
		_, err = e.Enrol.ConfirmApp(ctx(), elsewhere.Holder(t), first.ID, "Mine", accounttest.Code(e, first.Secret))
		want(t, "confirming what another session began", err, "enrolment_over")
		if again := pend(t, e, b, ""); again.ID != first.ID {
			t.Error("another session's enrolment disturbed this one")
		}
		e.Advance(t, 9*time.Minute)
		if again := pend(t, e, b, ""); again.ID != first.ID {
			t.Error("another secret after nine minutes")
		}
		want(t, "proving", b.Prove(t, method.TOTP, ada.Code()), "ok")
		e.Advance(t, 6*time.Minute)
		_, err = e.Enrol.PendingApp(ctx(), b.Holder(t))
		want(t, "after 15 minutes", err, "enrolment_over")
		_, err = e.Enrol.ConfirmApp(ctx(), b.Holder(t), first.ID, "Late", accounttest.Code(e, first.Secret))
		want(t, "its code after 15 minutes", err, "enrolment_over")
		if again := pend(t, e, b, ""); again.Key == first.Key {
			t.Error("the same secret after 15 minutes")
		}
	})
}

// Two sessions confirm at once: the first ends the other, so exactly one counts
// (and the cap of totp.max is not overrun).
func TestTwoConfirmationsAtOnce(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		other := e.Node(t)
		for round := range 8 {
			p := e.Person(t, fmt.Sprintf("p%d@example.com", round))
			one, two := vouched(t, e, p), vouched(t, e, p).On(other)
			a, b := pend(t, e, one, ""), pend(t, other, two, "")
			ha, hb := one.Holder(t), two.Holder(t)
			var errA, errB error
			accounttest.Together(round,
				func() { _, errA = e.Enrol.ConfirmApp(ctx(), ha, a.ID, "One", accounttest.Code(e, a.Secret)) },
				func() { _, errB = other.Enrol.ConfirmApp(ctx(), hb, b.ID, "Two", accounttest.Code(e, b.Secret)) },
			)
			got := []string{code(errA), code(errB)}
			if (got[0] == "ok") == (got[1] == "ok") || p.Has(t, method.TOTP) != 1 {
				t.Errorf("round %d: %v, %d apps", round, got, p.Has(t, method.TOTP))
			}
		}
		// And one session twice.
		p := e.Person(t, "ada@example.com")
		b := vouched(t, e, p)
		pending, h := pend(t, e, b, ""), b.Holder(t)
		all := []*accounttest.Engine{e, other}
		counts := race(40, func(i int) error {
			_, err := all[i%2].Enrol.ConfirmApp(ctx(), h, pending.ID, "Phone", accounttest.Code(e, pending.Secret))
			return err
		})
		if counts["ok"] != 1 || p.Has(t, method.TOTP) != 1 {
			t.Errorf("%v, want one ok", counts)
		}
	})
}

// The former device's codes work until the new one is confirmed, and not a
// moment longer; recovery codes survive.
func TestChangingTheDevice(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		oldApp, oldSecret := ada.App, ada.Secret
		want(t, "replacing somebody else's", e.Enrol.BeginApp(ctx(), b.Holder(t), e.Guarded(t, "eve@example.com").App), "no_such_credential")
		pending := pend(t, e, b, oldApp)
		if pending.Replaces != oldApp {
			t.Errorf("replaces %q", pending.Replaces)
		}
		other := e.Browser("192.0.2.2")
		want(t, "the former device, before", other.Second(other.First(t, ada), method.TOTP, ada.NextCode(t)), "ok")
		e.Advance(t, totp.Period)
		confirm(t, e, b, ada, pending, "phone")
		want(t, "the former device, after", other.Second(other.First(t, ada), method.TOTP, accounttest.Code(e, oldSecret)), "totp_wrong")
		want(t, "the new device", other.Second(other.First(t, ada), method.TOTP, ada.NextCode(t)), "ok")
		want(t, "a recovery code", other.Second(other.First(t, ada), method.Recovery, ada.Codes[0]), "ok")
		if ada.Has(t, method.TOTP) != 1 || len(e.MailsTo(t, message.MethodReplaced, ada.Email)) != 1 || e.Count(t, "credential.replaced", "") != 1 {
			t.Error("not one app, or nobody was told")
		}
	})
}

func TestWhereOneAppIsAllowedAFurtherOneReplacesIt(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.Set(t, policy.Document{"totp.max": 1})
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		old := ada.App
		pending := pend(t, e, b, "")
		if pending.Replaces != old {
			t.Fatalf("replaces %q, want the only one", pending.Replaces)
		}
		confirm(t, e, b, ada, pending, "Tablet")
		if ada.Has(t, method.TOTP) != 1 {
			t.Errorf("%d apps, want 1", ada.Has(t, method.TOTP))
		}
	})
}

// What waits to replace an app that is gone does not become one more.
func TestAReplacementOfWhatIsGone(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		old := ada.App
		ada.WithApp(t, "Tablet")
		pending := pend(t, e, b, old)
		token, err := e.Enrol.Remove(ctx(), b.Holder(t), old)
		want(t, "removing", err, "ok")
		b.SetToken(token)
		_, err = e.Enrol.ConfirmApp(ctx(), b.Holder(t), pending.ID, "New", accounttest.Code(e, pending.Secret))
		want(t, "confirming", err, "enrolment_over")
		if ada.Has(t, method.TOTP) != 1 {
			t.Errorf("%d apps, want 1", ada.Has(t, method.TOTP))
		}
	})
}

func TestFiveAppsAndTheirNames(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		pending := pend(t, e, b, "")
		for sentence, name := range map[string]string{"the same name": "Phone", "in capitals": "PHONE", "with spaces": "  phone ", "in full-width letters": "Ｐｈｏｎｅ"} {
			_, err := e.Enrol.ConfirmApp(ctx(), b.Holder(t), pending.ID, name, accounttest.Code(e, pending.Secret))
			want(t, sentence, err, "name_taken")
		}
		for i := range 4 {
			confirm(t, e, b, ada, pend(t, e, b, ""), fmt.Sprintf("Phone %d", i))
			e.Advance(t, time.Second)
		}
		want(t, "a sixth", e.Enrol.BeginApp(ctx(), b.Holder(t), ""), "too_many_apps")
		list, err := e.Enrol.List(ctx(), b.Holder(t))
		if err != nil || len(list) != 6 {
			t.Errorf("%d credentials, %v; want five apps and the codes", len(list), err)
		}
		if len(e.MailsTo(t, message.MethodAdded, ada.Email)) != 4 || e.Count(t, "credential.added", "") != 4 {
			t.Error("nobody was told")
		}
	})
}

func TestRenamingRemovingAndTheDefault(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada, eve := e.Guarded(t, "ada@example.com"), e.Guarded(t, "eve@example.com")
		phone := ada.App
		ada.WithApp(t, "Tablet")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		h := b.Holder(t)
		stale := h
		stale.Fresh = false
		for _, row := range []struct {
			sentence, answer string
			err              error
		}{
			{"renaming without a fresh proof", "fresh_proof_required", e.Enrol.Rename(ctx(), stale, phone, "New")},
			{"renaming to the other's name", "name_taken", e.Enrol.Rename(ctx(), h, phone, "tablet")},
			{"renaming to nothing", "name_empty", e.Enrol.Rename(ctx(), h, phone, " ")},
			{"renaming to 41 characters", "name_long", e.Enrol.Rename(ctx(), h, phone, strings.Repeat("x", 41))},
			{"renaming somebody else's", "no_such_credential", e.Enrol.Rename(ctx(), h, eve.App, "Mine")},
			{"renaming the recovery codes", "no_such_credential", e.Enrol.Rename(ctx(), h, ada.CodesID, "Mine")},
			{"renaming", "ok", e.Enrol.Rename(ctx(), h, phone, "Old phone")},
			{"renaming in another case", "ok", e.Enrol.Rename(ctx(), h, phone, "OLD phone")},
			{"a default without a fresh proof", "fresh_proof_required", e.Enrol.MakeDefault(ctx(), stale, phone)},
			{"somebody else's default", "no_such_credential", e.Enrol.MakeDefault(ctx(), h, eve.App)},
			{"the default", "ok", e.Enrol.MakeDefault(ctx(), h, phone)},
			{"removing without a fresh proof", "fresh_proof_required", second(e.Enrol.Remove(ctx(), stale, phone))},
			{"removing somebody else's", "no_such_credential", second(e.Enrol.Remove(ctx(), h, eve.App))},
			{"removing the recovery codes", "no_such_credential", second(e.Enrol.Remove(ctx(), h, ada.CodesID))},
		} {
			want(t, row.sentence, row.err, row.answer)
		}
		all := nodes(t, e)
		apps := []countersign.CredentialID{phone, ada.App}
		counts := race(30, func(i int) error { return second(all[i%2].Enrol.Remove(ctx(), h, apps[i/2%2])) })
		if counts["ok"] != 1 || counts["last_second_factor"] == 0 || ada.Has(t, method.TOTP) != 1 {
			t.Errorf("%v, %d apps left; want one", counts, ada.Has(t, method.TOTP))
		}
		for kind, n := range map[string]int{"credential.renamed": 2, "default.changed": 1, "credential.removed": 1} {
			if got := e.Count(t, kind, ""); got != n {
				t.Errorf("%d events %s, want %d", got, kind, n)
			}
		}
		for kind, n := range map[message.Kind]int{message.MethodRenamed: 2, message.DefaultChanged: 1, message.MethodRemoved: 1} {
			if got := len(e.MailsTo(t, kind, ada.Email)); got != n {
				t.Errorf("%d mails %s, want %d", got, kind, n)
			}
		}
	})
}

// A secret whose row was exchanged for another's cannot be confirmed.
func TestASwappedPendingSecretIsAFault(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada, eve := e.Guarded(t, "ada@example.com"), e.Guarded(t, "eve@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		pending := pend(t, e, b, "")
		var sealed []byte
		for _, c := range eve.Credentials(t) {
			if c.ID == eve.App {
				sealed = c.Secret
			}
		}
		e.Write(t, func(tx *store.Tx) error {
			_, err := tx.ResealSecret(tx.Ctx, rows.ResealSecretParams{Secret: sealed, WorkspaceID: accounttest.Workspace, ID: pending.ID, Version: 1})
			return err
		})
		_, err := e.Enrol.ConfirmApp(ctx(), b.Holder(t), pending.ID, "Mine", eve.Code())
		if countersign.KindOf(err) != countersign.Internal || err == nil {
			t.Errorf("confirming: %v, want a fault", err)
		}
		_, err = e.Enrol.PendingApp(ctx(), b.Holder(t))
		if countersign.KindOf(err) != countersign.Internal || err == nil {
			t.Errorf("showing: %v, want a fault", err)
		}
	})
}

func TestShortKeysForCompatibility(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.Set(t, policy.Document{"totp.key_chars": 16})
		ada := e.Person(t, "ada@example.com")
		b := vouched(t, e, ada)
		pending := pend(t, e, b, "")
		if len(pending.Key) != 16 {
			t.Errorf("a key of %d characters", len(pending.Key))
		}
		confirm(t, e, b, ada, pending, "Phone")
	})
}

func second[T any](_ T, err error) error { return err }
