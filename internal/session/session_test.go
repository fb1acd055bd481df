package session_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/store"
)

// The level is computed from what is stored, at each request (security.md 4).
func TestTheLevelIsComputedAnew(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Person(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		level := func(when string, want policy.Level, why policy.Reason) {
			t.Helper()
			c := b.Session(t)
			if c.Level != want || c.Reason != why {
				t.Errorf("%s: level %v %q, want %v %q", when, c.Level, c.Reason, want, why)
			}
		}
		level("with a password and nothing more", policy.LevelFull, policy.ReasonNone)
		e.Set(t, policy.Document{"require_second_factor": "required"})
		level("once a second factor is required", policy.LevelEnrol, policy.ReasonRequired)
		e.Set(t, policy.Document{"require_second_factor": "required from 2026-11-22"})
		level("required from tomorrow", policy.LevelFull, policy.ReasonNone)
		e.Advance(t, 11*time.Hour)
		b.SignIn(t, ada)
		e.Advance(t, time.Hour)
		level("when tomorrow has come", policy.LevelEnrol, policy.ReasonRequired)
		e.Set(t, policy.Document{"require_second_factor": "optional"})
		e.Write(t, func(tx *store.Tx) error {
			_, err := tx.SetUserRequirement(tx.Ctx, "required", accounttest.Workspace, ada.ID)
			return err
		})
		level("required of this person", policy.LevelEnrol, policy.ReasonRequired)
		ada.WithApp(t, "Phone")
		level("once a factor is stored that the session has not proven", policy.LevelFirst, policy.ReasonSecond)
		want(t, "proving it", b.Prove(t, method.TOTP, ada.Code()), "ok")
		level("proven, without codes", policy.LevelEnrol, policy.ReasonCodes)
		ada.WithCodes(t, 1)
		level("with codes", policy.LevelFull, policy.ReasonNone)
		user := ada.Account(t).User
		keep := b.Holder(t).Keep()
		e.Write(t, func(tx *store.Tx) error { return e.Accounts.Reset(tx, user, keep) })
		level("after a reset that kept the session", policy.LevelEnrol, policy.ReasonRequired)
	})
}

func TestFreshIsTheSecondFactorWhereThereIsOne(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		if !b.Holder(t).Fresh {
			t.Error("not fresh right after the sign-in")
		}
		e.Advance(t, 10*time.Minute)
		if b.Holder(t).Fresh {
			t.Error("fresh after ten minutes")
		}
		h := b.Holder(t)
		e.Write(t, func(tx *store.Tx) error {
			token, err := e.Accounts.StepUp(tx, h, account.Raise{First: true})
			b.SetToken(token)
			return err
		})
		if b.Holder(t).Fresh {
			t.Error("a password is a fresh proof though there is a second factor")
		}
		want(t, "a recovery code", b.Prove(t, method.Recovery, ada.Codes[0]), "ok")
		if m := e.MailsTo(t, message.RecoveryUsed, ada.Email); len(m) != 1 || !strings.Contains(m[0].Text, fmt.Sprintf("%d recovery codes are left", len(ada.Codes)-1)) {
			t.Errorf("a recovery code was used in a session, and %d mails tell of it", len(m))
		}
		if !b.Holder(t).Fresh {
			t.Error("a recovery code is no fresh proof")
		}
		if c := b.Session(t); c.CodesLeft != 9 {
			t.Errorf("%d codes left, want 9", c.CodesLeft)
		}
	})
}

// Each step up gives a new token, and the old one is dead (security.md 19).
func TestAStepUpTurnsTheToken(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		before := b.Session(t)
		seen := []string{b.Token()}
		for i := range 3 {
			want(t, "a step up", b.Prove(t, method.Recovery, ada.Codes[i]), "ok")
			if c := b.Session(t); c.ID != before.ID || c.UserID != ada.ID {
				t.Errorf("another session: %s of %s", c.ID, c.UserID)
			}
			thief := e.Browser("192.0.2.1")
			for _, old := range seen {
				thief.SetToken(old)
				_, err := thief.LoadSession()
				want(t, "an older token", err, "signed_out")
			}
			seen = append(seen, b.Token())
		}
		unturned := func(c session.Current) error {
			return e.Store.Write(ctx(), func(tx *store.Tx) error { return c.Unturned(tx) })
		}
		now := b.Session(t)
		want(t, "a request of before a step up", unturned(before), "step_over")
		want(t, "a request of now", unturned(now), "ok")
		want(t, "signing out", e.Sessions.End(ctx(), now, now.ID, b.Place()), "ok")
		want(t, "a request of before it was signed out", unturned(now), "step_over")
	})
}

// Each node knows the session before it ends, and refuses it at once afterwards.
func TestASessionEnds(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		other := e.Node(t)
		for i, row := range []struct {
			sentence, answer string
			try              func(b *accounttest.Browser, p *accounttest.Person) error
		}{
			{"a request in eleven hours and 59 minutes", "ok", func(_ *accounttest.Browser, _ *accounttest.Person) error {
				e.Advance(t, 12*time.Hour-time.Minute)
				return nil
			}},
			{"no request for twelve hours", "signed_out", func(*accounttest.Browser, *accounttest.Person) error {
				e.Advance(t, 12*time.Hour)
				return nil
			}},
			{"a request every eleven hours, for less than seven days", "ok", func(b *accounttest.Browser, _ *accounttest.Person) error {
				for range 15 {
					e.Advance(t, 11*time.Hour)
					err := e.Sessions.Touch(ctx(), b.Session(t), b.Place())
					if err != nil {
						return err
					}
				}
				return nil
			}},
			{"a request every eleven hours, for seven days", "signed_out", func(b *accounttest.Browser, _ *accounttest.Person) error {
				for range 15 {
					e.Advance(t, 11*time.Hour)
					err := e.Sessions.Touch(ctx(), b.Session(t), b.Place())
					if err != nil {
						return err
					}
				}
				e.Advance(t, 3*time.Hour)
				return nil
			}},
			{"the clock was an hour ahead when it began", "ok", func(*accounttest.Browser, *accounttest.Person) error {
				e.Advance(t, -time.Hour)
				return nil
			}},
			{"the clock was a year ahead when it began", "signed_out", func(*accounttest.Browser, *accounttest.Person) error {
				e.Advance(t, -365*24*time.Hour)
				return nil
			}},
			{"the person is disabled", "signed_out", func(_ *accounttest.Browser, p *accounttest.Person) error {
				p.Set(t, countersign.Disabled)
				return nil
			}},
			{"it is signed out", "signed_out", func(b *accounttest.Browser, _ *accounttest.Person) error {
				c := b.Session(t)
				return e.Sessions.End(ctx(), c, c.ID, b.Place())
			}},
			{"the cookie is another", "signed_out", func(b *accounttest.Browser, _ *accounttest.Person) error {
				b.SetToken(b.Token()[1:] + "A")
				return nil
			}},
			{"the cookie is empty", "signed_out", func(b *accounttest.Browser, _ *accounttest.Person) error {
				b.SetToken("")
				return nil
			}},
		} {
			p := e.Guarded(t, fmt.Sprintf("p%d@example.com", i))
			b := e.Browser("192.0.2.1")
			b.SignIn(t, p)
			for range 2 {
				b.Session(t)
				b.On(other).Session(t)
			}
			want(t, row.sentence, row.try(b, p), "ok")
			_, err := b.On(e).LoadSession()
			want(t, row.sentence, err, row.answer)
			_, err = b.On(other).LoadSession()
			want(t, row.sentence+", on another node", err, row.answer)
		}
	})
}

func TestASessionOfAnotherWorkspaceIsNone(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		b := e.Browser("192.0.2.1")
		b.SignIn(t, e.Person(t, "ada@example.com"))
		_, err := e.Sessions.Load(b.Request(), "wsp_other")
		want(t, "the token in another workspace", err, "signed_out")
	})
}

func TestEndingSessions(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada, bob := e.Guarded(t, "ada@example.com"), e.Guarded(t, "bob@example.com")
		home, work, phone, his := e.Browser("192.0.2.1"), e.Browser("192.0.2.2"), e.Browser("192.0.2.3"), e.Browser("192.0.2.4")
		for _, b := range []*accounttest.Browser{home, work, phone} {
			b.SignIn(t, ada)
		}
		his.SignIn(t, bob)
		list, err := e.Sessions.List(ctx(), home.Session(t))
		if err != nil || len(list) != 3 {
			t.Fatalf("%d sessions, %v; want 3", len(list), err)
		}
		want(t, "somebody else's", e.Sessions.End(ctx(), home.Session(t), his.Session(t).ID, home.Place()), "no_such_session")
		his.Session(t)
		want(t, "one of the others", e.Sessions.End(ctx(), home.Session(t), work.Session(t).ID, home.Place()), "ok")
		_, err = work.LoadSession()
		want(t, "it", err, "signed_out")
		other := e.Node(t)
		token, err := e.Sessions.EndOthers(ctx(), home.Session(t), home.Place())
		want(t, "all others", err, "ok")
		_, err = phone.On(other).LoadSession()
		want(t, "the phone, on another node", err, "signed_out")
		_, err = home.On(other).LoadSession()
		want(t, "a copy of the cookie that it was done with", err, "signed_out")
		home.SetToken(token)
		home.Session(t)
		his.Session(t)
		c := home.Session(t)
		want(t, "signing out", e.Sessions.End(ctx(), c, c.ID, home.Place()), "ok")
		_, err = e.Sessions.EndOthers(ctx(), c, home.Place())
		want(t, "all others, by a session that ended", err, "signed_out")
		his.Session(t)
		for kind, n := range map[string]int{"session.ended": 1, "session.others_ended": 1, "session.signed_out": 1} {
			if got := e.Count(t, kind, ""); got != n {
				t.Errorf("%d events %s, want %d", got, kind, n)
			}
		}
	})
}

// A session that ends at the same moment as it steps up is over.
func TestAStepUpDoesNotReviveAnEndedSession(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		c, h := b.Session(t), b.Holder(t)
		want(t, "signing out", e.Sessions.End(ctx(), c, c.ID, b.Place()), "ok")
		_, err := e.Accounts.Answer(ctx(), account.Answer{
			Account: c.Account, Kind: method.Recovery, Proof: ada.Codes[0], Known: true,
			Accept: func(tx *store.Tx, _ account.Proven) error {
				_, err := e.Accounts.StepUp(tx, h, account.Raise{Second: "recovery"})
				return err
			},
		})
		want(t, "the step up", err, "signed_out")
		want(t, "noting its use", e.Sessions.Touch(ctx(), c, b.Place()), "ok")
		_, err = b.LoadSession()
		want(t, "the session", err, "signed_out")
		at := b.First(t, ada)
		want(t, "the code, which was given back", b.Second(at, method.Recovery, ada.Codes[0]), "ok")
	})
}

func TestTouchWritesOnceAMinute(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		b := e.Browser("192.0.2.1")
		b.SignIn(t, e.Person(t, "ada@example.com"))
		begun := b.Session(t).SeenAt
		e.Advance(t, 59*time.Second)
		want(t, "touching", e.Sessions.Touch(ctx(), b.Session(t), b.Place()), "ok")
		if b.Session(t).SeenAt != begun {
			t.Error("written within a minute")
		}
		e.Advance(t, time.Second)
		b.IP = "192.0.2.77"
		want(t, "touching", e.Sessions.Touch(ctx(), b.Session(t), b.Place()), "ok")
		if c := b.Session(t); c.SeenAt != begun+60_000 || c.IP != "192.0.2.77" {
			t.Errorf("seen %d from %s", c.SeenAt-begun, c.IP)
		}
	})
}

func TestCookies(t *testing.T) {
	for _, row := range []struct {
		sentence string
		cookies  session.Cookies
		prefix   string
	}{
		{"over HTTPS the cookies are this host's alone", session.Cookies{Secure: true}, "__Host-"},
		{"over plain HTTP, in development, they are not", session.Cookies{}, ""},
	} {
		w := httptest.NewRecorder()
		row.cookies.SetSession(w, "one")
		row.cookies.SetBrowser(w, "two")
		row.cookies.SetBind(w, "three")
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		for _, c := range w.Result().Cookies() { //nolint:bodyclose // a recorder's body is memory
			if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.Secure != row.cookies.Secure {
				t.Errorf("%s: %s", row.sentence, c)
			}
			if c.Name[:len(row.prefix)] != row.prefix {
				t.Errorf("%s: %s", row.sentence, c.Name)
			}
			r.AddCookie(c)
		}
		token, found := row.cookies.Session(r)
		if !found || token != "one" || row.cookies.Browser(r) != "two" || row.cookies.Bind(r) != "three" {
			t.Errorf("%s: read back %q, %q, %q", row.sentence, token, row.cookies.Browser(r), row.cookies.Bind(r))
		}
		if _, found := (session.Cookies{Secure: !row.cookies.Secure}).Session(r); found {
			t.Errorf("%s: a cookie of the other kind is taken", row.sentence)
		}
	}
}
