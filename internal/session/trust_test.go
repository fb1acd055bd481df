package session_test

import (
	"testing"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

const newPassword = "eleven herons by the canal"

// A trusted browser is let in by the password, and the session that begins so has proved
// one factor: nothing is fresh, and nothing that wants the second factor is done.
func TestATrustedBrowserIsNotAsked(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		e.Set(t, policy.Document{"trusted_browser_days": 30})
		b := e.Browser("192.0.2.1")
		if !b.SignIn(t, ada).AskTrust {
			t.Error("nobody asks whether to trust the browser")
		}
		want(t, "yes", b.Trust(t), "ok")
		want(t, "a second click", b.Trust(t), "ok")
		e.Advance(t, time.Hour)
		cookie := b.Cookie()
		at := b.First(t, ada)
		if at.Step != policy.StepDone || !at.Trusted {
			t.Fatalf("the step is %s", at.Step)
		}
		proof := b.Complete(t, at.ID)
		if proof.AskTrust || proof.Second != policy.TrustedBrowser || !proof.SecondAt.IsZero() {
			t.Errorf("the proof is %+v", proof)
		}
		c, h := b.Session(t), b.Holder(t)
		if c.Level != policy.LevelFull || h.Fresh || h.HadSecond || c.MayTrust() {
			t.Errorf("level %v, fresh %v, had a second factor %v, may trust %v", c.Level, h.Fresh, h.HadSecond, c.MayTrust())
		}
		for _, act := range []account.Act{account.ActPassword, account.ActSecondFactor, account.ActTurnOff, account.ActExport, account.ActTrust} {
			want(t, string(act), h.NeedFresh(act), "fresh_proof_required")
		}
		link := rows.Link{UserID: ada.ID}
		want(t, "the final button of turning off", e.Accounts.CheckTurnOffLink(h, link), "second_factor_of_trust")
		want(t, "trust by trust", b.Trust(t), "trust_not_allowed")
		if b.Cookie() == cookie || b.Cookie() == "" {
			t.Error("the cookie did not turn")
		}
		want(t, "a code", b.Prove(t, method.TOTP, ada.NextCode(t)), "ok")
		if h = b.Holder(t); !h.Fresh || !h.HadSecond {
			t.Error("a code in the session is no fresh proof")
		}
		want(t, "the button, after a code", e.Accounts.CheckTurnOffLink(h, link), "ok")
		if b.Session(t).SecondFor != "" || e.Count(t, "browser.trusted", "until") != 1 || e.Count(t, "browser.trust_used", "") != 1 {
			t.Errorf("%d events of trusting, %d of its use", e.Count(t, "browser.trusted", ""), e.Count(t, "browser.trust_used", ""))
		}
		if n := len(e.MailsTo(t, message.BrowserTrusted, ada.Email)); n != 1 {
			t.Errorf("%d mails, want 1", n)
		}
		list, err := e.Sessions.Trusted(ctx(), b.Session(t))
		if err != nil || len(list) != 1 || list[0].ID != b.Session(t).BrowserID {
			t.Errorf("the list is %v, %v", list, err)
		}
	})
}

// A browser has one cookie, which a sign-in by somebody else there replaces: two people's
// trust in one browser does not last, and neither has the other's.
func TestTrustOfTwoPeopleInOneBrowser(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada, eve := e.Guarded(t, "ada@example.com"), e.Guarded(t, "eve@example.com")
		b := ada.Trusted(t, "192.0.2.1")
		e.Advance(t, time.Minute)
		if at := b.First(t, eve); at.Trusted || at.Step != policy.StepSecond {
			t.Fatalf("ada's trust lets eve in: %+v", at)
		}
		b.SignIn(t, eve)
		want(t, "eve trusts it", b.Trust(t), "ok")
		if at := b.First(t, ada); at.Trusted || at.Step != policy.StepSecond {
			t.Errorf("ada's trust outlasts eve's sign-in: %+v", at)
		}
		if at := b.First(t, eve); !at.Trusted {
			t.Error("eve's trust does not let her in")
		}
	})
}

// The method that the browser used last, which is asked first, is not forgotten for trust.
func TestTrustIsNoMethod(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b := ada.Trusted(t, "192.0.2.1")
		b.Complete(t, b.First(t, ada).ID)
		if last := b.First(t, ada).Browser.LastMethod; last != string(method.TOTP) {
			t.Errorf("the last method is %q", last)
		}
	})
}

// What ends a browser's trust, and what does not (security.md 18). b is the trusted browser, with a fresh
// session; other is somebody's with the same account.
func TestWhatEndsTrust(t *testing.T) {
	changes := []struct {
		sentence string
		asked    bool
		do       func(t *testing.T, e *accounttest.Engine, p *accounttest.Person, b *accounttest.Browser)
	}{
		{"signing out", false, func(t *testing.T, e *accounttest.Engine, _ *accounttest.Person, b *accounttest.Browser) {
			c := b.Session(t)
			want(t, "signing out", e.Sessions.End(ctx(), c, c.ID, b.Place()), "ok")
		}},
		{"a new name of a device", false, func(t *testing.T, e *accounttest.Engine, p *accounttest.Person, b *accounttest.Browser) {
			want(t, "renaming", e.Enrol.Rename(ctx(), b.Holder(t), p.App, "Tablet"), "ok")
		}},
		{"another browser that is trusted, and no more", false, func(t *testing.T, e *accounttest.Engine, p *accounttest.Person, b *accounttest.Browser) {
			other := p.Trusted(t, "198.51.100.9")
			want(t, "it", e.Sessions.Untrust(ctx(), b.Session(t), other.Session(t).BrowserID, b.Place()), "ok")
			if !other.Asked(t, p) {
				t.Error("the other one is trusted still")
			}
		}},
		{"29 days", false, func(t *testing.T, e *accounttest.Engine, _ *accounttest.Person, _ *accounttest.Browser) {
			e.Advance(t, 29*24*time.Hour)
		}},
		{"30 days", true, func(t *testing.T, e *accounttest.Engine, _ *accounttest.Person, _ *accounttest.Browser) {
			e.Advance(t, 30*24*time.Hour)
		}},
		{"a clock that went back for a year", true, func(t *testing.T, e *accounttest.Engine, _ *accounttest.Person, _ *accounttest.Browser) {
			e.Advance(t, -365*24*time.Hour)
		}},
		{"the setting is off", true, func(t *testing.T, e *accounttest.Engine, _ *accounttest.Person, _ *accounttest.Browser) {
			e.Set(t, policy.Document{"trusted_browser_days": 0})
		}},
		{"the setting is 7 days, a week after", true, func(t *testing.T, e *accounttest.Engine, _ *accounttest.Person, _ *accounttest.Browser) {
			e.Advance(t, 7*24*time.Hour)
			e.Set(t, policy.Document{"trusted_browser_days": 7})
		}},
		{"the setting is 90 days, a month after", true, func(t *testing.T, e *accounttest.Engine, _ *accounttest.Person, _ *accounttest.Browser) {
			e.Advance(t, 30*24*time.Hour)
			e.Set(t, policy.Document{"trusted_browser_days": 90})
		}},
		{"it is taken from this one", true, func(t *testing.T, e *accounttest.Engine, _ *accounttest.Person, b *accounttest.Browser) {
			want(t, "it", e.Sessions.Untrust(ctx(), b.Session(t), b.Session(t).BrowserID, b.Place()), "ok")
			want(t, "once more", e.Sessions.Untrust(ctx(), b.Session(t), b.Session(t).BrowserID, b.Place()), "no_such_browser")
		}},
		{"it is taken from all, elsewhere", true, func(t *testing.T, e *accounttest.Engine, p *accounttest.Person, b *accounttest.Browser) {
			other := e.Browser("198.51.100.9")
			other.SignIn(t, p)
			want(t, "all", e.Sessions.Untrust(ctx(), other.Session(t), "", other.Place()), "ok")
			b.Session(t) // a session that proved its second factor stays
		}},
		{"all others are signed out, elsewhere", true, func(t *testing.T, e *accounttest.Engine, p *accounttest.Person, _ *accounttest.Browser) {
			other := e.Browser("198.51.100.9")
			other.SignIn(t, p)
			_, err := e.Sessions.EndOthers(ctx(), other.Session(t), other.Place())
			want(t, "ending", err, "ok")
		}},
		{"all others are signed out, here", true, func(t *testing.T, e *accounttest.Engine, _ *accounttest.Person, b *accounttest.Browser) {
			token, err := e.Sessions.EndOthers(ctx(), b.Session(t), b.Place())
			want(t, "ending", err, "ok")
			b.SetToken(token)
		}},
		{"its session is ended elsewhere", true, func(t *testing.T, e *accounttest.Engine, p *accounttest.Person, b *accounttest.Browser) {
			other := e.Browser("198.51.100.9")
			other.SignIn(t, p)
			want(t, "ending", e.Sessions.End(ctx(), other.Session(t), b.Session(t).ID, other.Place()), "ok")
		}},
		{"the password is changed here", true, func(t *testing.T, e *accounttest.Engine, p *accounttest.Person, b *accounttest.Browser) {
			_, err := e.Accounts.ChangePassword(ctx(), b.Holder(t), newPassword)
			want(t, "changing", err, "ok")
			p.Password = newPassword
		}},
		{"the password is reset by mail", true, func(t *testing.T, _ *accounttest.Engine, p *accounttest.Person, _ *accounttest.Browser) {
			p.ResetByMail(t, newPassword)
			p.Password = newPassword
		}},
		{"an app is added here", true, func(t *testing.T, e *accounttest.Engine, _ *accounttest.Person, b *accounttest.Browser) {
			h := b.Holder(t)
			want(t, "beginning", e.Enrol.BeginApp(ctx(), h, ""), "ok")
			pending, err := e.Enrol.PendingApp(ctx(), h)
			want(t, "the pending app", err, "ok")
			_, err = e.Enrol.ConfirmApp(ctx(), h, pending.ID, "Tablet", accounttest.Code(e, pending.Secret))
			want(t, "confirming", err, "ok")
		}},
		{"an app is replaced here", true, func(t *testing.T, e *accounttest.Engine, p *accounttest.Person, b *accounttest.Browser) {
			h := b.Holder(t)
			want(t, "beginning", e.Enrol.BeginApp(ctx(), h, p.App), "ok")
			pending, err := e.Enrol.PendingApp(ctx(), h)
			want(t, "the pending app", err, "ok")
			_, err = e.Enrol.ConfirmApp(ctx(), h, pending.ID, "Tablet", accounttest.Code(e, pending.Secret))
			want(t, "confirming", err, "ok")
		}},
		{"an app is removed here", true, func(t *testing.T, e *accounttest.Engine, p *accounttest.Person, b *accounttest.Browser) {
			old := p.App
			p.WithApp(t, "Tablet")
			_, err := e.Enrol.Remove(ctx(), b.Holder(t), old)
			want(t, "removing", err, "ok")
		}},
		{"the address is changed here", true, func(t *testing.T, e *accounttest.Engine, p *accounttest.Person, b *accounttest.Browser) {
			want(t, "asking", e.Accounts.AskEmailChange(ctx(), b.Holder(t), "other."+p.Email), "ok")
			link := e.Link(t, message.EmailChangeConfirm, "other."+p.Email, account.LinkEmail)
			_, err := e.Accounts.ChangeEmail(ctx(), b.Holder(t), link)
			want(t, "changing", err, "ok")
			p.Email = "other." + p.Email
		}},
		{"a recovery code resets everything, and an app is set up again", true, func(t *testing.T, e *accounttest.Engine, p *accounttest.Person, _ *accounttest.Browser) {
			user := p.Account(t).User
			e.Write(t, func(tx *store.Tx) error { return e.Accounts.Reset(tx, user, account.Keep{}) })
			p.WithApp(t, "New phone")
		}},
		{"nine wrong codes elsewhere", false, func(t *testing.T, e *accounttest.Engine, p *accounttest.Person, _ *accounttest.Browser) {
			guess(t, e, p, 9)
		}},
		{"ten wrong codes elsewhere, which lock", true, func(t *testing.T, e *accounttest.Engine, p *accounttest.Person, _ *accounttest.Browser) {
			guess(t, e, p, 10)
		}},
	}
	both(t, func(t *testing.T, e *accounttest.Engine) {
		for i, row := range changes {
			p := e.Guarded(t, string(rune('a'+i))+"@example.com")
			b := p.Trusted(t, "192.0.2.1")
			if b.Asked(t, p) {
				t.Fatalf("before %s, it is not trusted", row.sentence)
			}
			row.do(t, e, p, b)
			if asked := b.Asked(t, p); asked != row.asked {
				t.Errorf("after %s the second factor is asked: %v", row.sentence, asked)
			}
		}
	})
}

// guess gives wrong codes in a browser that is nobody's, and knows the password.
func guess(t *testing.T, e *accounttest.Engine, p *accounttest.Person, n int) {
	t.Helper()
	thief := e.Browser("198.51.100.66")
	at := thief.First(t, p)
	for range n {
		if err := thief.Second(at, method.TOTP, "000000"); err == nil {
			t.Fatal("a wrong code is right")
		}
	}
}

// The question comes after password and second factor only, and not soon again after "not
// now". What may not be trusted is not trusted by asking past the page either.
func TestWhoMayTrust(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada, bob := e.Guarded(t, "ada@example.com"), e.Person(t, "bob@example.com")
		b := e.Browser("192.0.2.1")
		if b.SignIn(t, ada).AskTrust {
			t.Error("asked with the setting off")
		}
		want(t, "with the setting off", b.Trust(t), "trust_not_allowed")
		e.Set(t, policy.Document{"trusted_browser_days": 30})
		his := e.Browser("192.0.2.2")
		if his.SignIn(t, bob).AskTrust {
			t.Error("asked without a second factor")
		}
		want(t, "without a second factor", his.Trust(t), "trust_not_allowed")
		lost := e.Browser("192.0.2.3")
		if lost.SignInBy(t, ada, ada.Codes[0]).AskTrust {
			t.Error("asked after a recovery code")
		}
		want(t, "after a recovery code", lost.Trust(t), "trust_not_allowed")

		if !b.SignIn(t, ada).AskTrust {
			t.Error("not asked")
		}
		want(t, "not now", e.Sessions.TrustLater(ctx(), b.Session(t), b.Place()), "ok")
		if b.SignIn(t, ada).AskTrust || !b.Session(t).MayTrust() {
			t.Error("asked again at once, or not offered any more")
		}
		e.Advance(t, 30*24*time.Hour)
		if !b.SignIn(t, ada).AskTrust {
			t.Error("never asked again")
		}
		thief := e.Browser("203.0.113.5")
		thief.SetToken(b.Token())
		want(t, "with a stolen session, in a browser without a cookie", thief.Trust(t), "trust_not_allowed")
		eve := e.Browser("203.0.113.5")
		eve.SignIn(t, e.Guarded(t, "eve@example.com"))
		thief.SetCookie(eve.Cookie())
		want(t, "with a stolen session, in a browser known for somebody else", thief.Trust(t), "trust_not_allowed")
		c := b.Session(t)
		want(t, "a code", b.Prove(t, method.TOTP, ada.NextCode(t)), "ok")
		_, err := e.Sessions.Trust(ctx(), c, b.Cookie(), b.Place())
		want(t, "as it was before it was raised", err, "step_over")
		e.Advance(t, 10*time.Minute)
		want(t, "with an old proof", b.Trust(t), "fresh_proof_required")
		want(t, "a recovery code as the proof", b.Prove(t, method.Recovery, ada.Codes[1]), "ok")
		want(t, "with it", b.Trust(t), "trust_not_allowed")
		if n := e.Count(t, "browser.trusted", ""); n != 0 {
			t.Errorf("%d browsers were trusted", n)
		}
	})
}

// The trust is that of one person in one browser, with the right password, at the form.
func TestTrustIsBound(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada, eve := e.Guarded(t, "ada@example.com"), e.Guarded(t, "eve@example.com")
		b, hers := ada.Trusted(t, "192.0.2.1"), eve.Trusted(t, "192.0.2.2")
		if b.Asked(t, ada) || hers.Asked(t, eve) {
			t.Fatal("they are not trusted")
		}
		for sentence, asked := range map[string]bool{
			"another browser":              e.Browser("192.0.2.1").Asked(t, ada),
			"Eve's account in Ada's":       b.Asked(t, eve),
			"Ada's account in Eve's":       hers.Asked(t, ada),
			"Ada's browser without cookie": func() bool { x := e.Browser(b.IP); x.SetCookie("nothing"); return x.Asked(t, ada) }(),
		} {
			if !asked {
				t.Errorf("%s is let in", sentence)
			}
		}
		want(t, "a wrong password", b.TryPassword(t, ada.Email, "not it"), "wrong_credentials")
		other := e.Browser("192.0.2.1")
		other.SetCookie(b.Cookie())
		at := other.Attempt(t, other.Start(t, ada.Email))
		_, err := other.Enter(at.ID)
		want(t, "finishing before the password", err, "step_over")
		// The password was set by a link a moment ago: the second factor is asked.
		for _, entry := range []string{policy.EntryRescue, policy.EntryInvitation, policy.EntrySetup} {
			var id countersign.AttemptID
			user := ada.Account(t).User
			e.Write(t, func(tx *store.Tx) error {
				var err error
				id, err = e.SignIn.StartFromLink(tx, user, entry, b.Visitor())
				return err
			})
			if at := b.Attempt(t, id); at.Step != policy.StepSecond || at.Trusted {
				t.Errorf("by %s the step is %s", entry, at.Step)
			}
			_, err := b.Enter(id)
			want(t, "finishing a sign-in by "+entry, err, "step_over")
		}
	})
}

// A session that trust let in ends with the trust, and is half of one once the setting is
// off; the session that took the trust away stays.
func TestASessionByTrustEndsWithIt(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b := ada.Trusted(t, "192.0.2.1")
		b.Complete(t, b.First(t, ada).ID)
		desk := e.Browser("192.0.2.9")
		desk.SignIn(t, ada)
		want(t, "one of nobody's", e.Sessions.Untrust(ctx(), desk.Session(t), "brw_none", desk.Place()), "no_such_browser")
		eve := e.Guarded(t, "eve@example.com").Trusted(t, "192.0.2.4")
		want(t, "somebody else's", e.Sessions.Untrust(ctx(), desk.Session(t), eve.Session(t).BrowserID, desk.Place()), "no_such_browser")
		e.Set(t, policy.Document{"trusted_browser_days": 0})
		if c := b.Session(t); c.Level != policy.LevelFirst || c.Reason != policy.ReasonSecond {
			t.Errorf("with the setting off: level %v %q", c.Level, c.Reason)
		}
		want(t, "a change by it", e.Sessions.TrustLater(ctx(), b.Session(t), b.Place()), "second_factor_required")
		e.Set(t, policy.Document{"trusted_browser_days": 30})
		want(t, "taking it away", e.Sessions.Untrust(ctx(), desk.Session(t), b.Session(t).BrowserID, desk.Place()), "ok")
		_, err := b.LoadSession()
		want(t, "the session that it let in", err, "signed_out")
		desk.Session(t)
		eve.Session(t)
	})
}

// A copied cookie is good until the original is used, and one of two that come at once.
func TestTheCookieTurnsWithItsUse(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b := ada.Trusted(t, "192.0.2.1")
		thief := e.Browser("203.0.113.5")
		thief.SetCookie(b.Cookie())
		before := thief.First(t, ada)
		b.Complete(t, b.First(t, ada).ID)
		_, err := thief.Enter(before.ID)
		want(t, "a sign-in that was begun with a copy before", err, "step_over")
		if !thief.Asked(t, ada) {
			t.Error("the copy is good after the original was used")
		}
		if b.Asked(t, ada) {
			t.Error("the original is not")
		}

		const n = 8
		browsers, attempts := make([]*accounttest.Browser, n), make([]countersign.AttemptID, n)
		for i := range n {
			browsers[i] = e.Browser("192.0.2.1")
			browsers[i].SetCookie(b.Cookie())
			attempts[i] = browsers[i].First(t, ada).ID
		}
		got := accounttest.Race(n, func(i int) error { _, err := browsers[i].Enter(attempts[i]); return err })
		if got["ok"] != 1 || got["step_over"] != n-1 {
			t.Errorf("of %d at once: %v", n, got)
		}
	})
}

// Taking the trust away races with a sign-in by it: the sign-in is refused, or its session
// has ended with the trust.
func TestTakingTrustAwayRacesWithASignIn(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada, node := e.Guarded(t, "ada@example.com"), e.Node(t)
		desk := e.Browser("192.0.2.9")
		desk.SignIn(t, ada)
		asked := 0
		for round := range 40 {
			if round%10 == 0 {
				desk.SignIn(t, ada)
			}
			b := ada.Trusted(t, "192.0.2.1")
			c := desk.Session(t)
			id := b.First(t, ada).ID
			browser := b.Session(t).BrowserID
			var entered, taken error
			accounttest.Together(round,
				func() { _, entered = b.Enter(id) },
				func() { taken = node.Sessions.Untrust(ctx(), c, browser, desk.Place()) },
			)
			want(t, "taking it away", taken, "ok")
			if entered == nil {
				_, err := b.LoadSession()
				want(t, "a session that began before", err, "signed_out")
			} else {
				asked++
				want(t, "a sign-in that came after", entered, "step_over")
			}
			if !b.Asked(t, ada) {
				t.Fatal("the browser is trusted still")
			}
		}
		t.Logf("of 40, %d came after", asked)
	})
}

// A copy of the cookie that waited at the second step while the original turned is no
// known browser afterwards, and its sign-in is told as a new one.
func TestACopyThatWaitedWhileTheCookieTurned(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b := ada.Trusted(t, "192.0.2.1")
		e.Advance(t, time.Hour)
		old := b.Cookie()
		thief := e.Browser("192.0.2.66")
		thief.SetCookie(old)
		e.Set(t, policy.Document{"trusted_browser_days": 0})
		at := thief.First(t, ada)
		if at.Step != policy.StepSecond || !at.Known {
			t.Fatalf("the copy stands at %s, known %v", at.Step, at.Known)
		}
		e.Set(t, policy.Document{"trusted_browser_days": 30})
		b.Complete(t, b.First(t, ada).ID)
		e.Advance(t, 31*time.Second)
		told := len(e.MailsTo(t, message.NewSignIn, ada.Email))
		err := thief.Second(at, method.TOTP, ada.NextCode(t))
		if err != nil {
			t.Fatal(err)
		}
		probe := e.Browser("192.0.2.67")
		probe.SetCookie(old)
		if probe.First(t, ada).Known {
			t.Error("the cookie that was turned is known again")
		}
		if n := len(e.MailsTo(t, message.NewSignIn, ada.Email)) - told; n != 1 {
			t.Errorf("%d mails tell of the new sign-in", n)
		}
	})
}
