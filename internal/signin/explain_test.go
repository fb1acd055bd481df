package signin_test

import (
	"context"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account/accounttest"
	"countersign/internal/limit"
	"countersign/internal/method/push"
	"countersign/internal/policy"
	"countersign/internal/signin"
)

// toldOf is how a sign-in with the password would go.
func toldOf(t *testing.T, e *accounttest.Engine, p *accounttest.Person, from signin.Situation) policy.Path {
	t.Helper()
	explained, err := e.SignIn.Explain(context.Background(), accounttest.Workspace, p.ID, from)
	if err != nil {
		t.Fatal(err)
	}
	if len(explained.Paths) == 0 || explained.Paths[0].First != "password" {
		t.Fatalf("told is %+v", explained)
	}
	return explained.Paths[0]
}

// really compares what was told of a stranger's browser with a sign-in in one.
func really(t *testing.T, e *accounttest.Engine, p *accounttest.Person, what string) policy.Path {
	t.Helper()
	b := e.Browser("192.0.2.9")
	path := toldOf(t, e, p, signin.Situation{IP: "192.0.2.9"})
	at := b.Attempt(t, b.First(t, p).ID)
	starts := ""
	switch {
	case at.Phone != nil:
		starts = policy.Push
	case at.Text != nil:
		starts = policy.SMS
	}
	if path.Step != at.Step || path.Chosen.First != at.Choose().First || path.Starts != starts {
		t.Errorf("%s: told is %+v; the sign-in is at %s, asks %q, started %q", what, path, at.Step, at.Choose().First, starts)
	}
	return path
}

func TestAPhoneThatRestsIsToldOf(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.AllowTexts(t, "DE")
		ada := e.Guarded(t, "ada@example.com")
		phone := ada.WithPhone(t, "Pixel")
		e.Advance(t, time.Hour)
		if path := really(t, e, ada, "a phone"); path.Starts != policy.Push || path.Unrung != "" {
			t.Errorf("of a phone that answers is told %+v", path)
		}
		for range 2 {
			e.Advance(t, time.Second)
			e.Browser("192.0.2.9").First(t, ada)
			asked := phone.Waiting(t)
			if _, err := phone.Say(asked[len(asked)-1], push.Deny, ""); err != nil {
				t.Fatal(err)
			}
		}
		if path := really(t, e, ada, "a phone that rests"); path.Starts != "" || path.Unrung != "resting" {
			t.Errorf("of a phone that rests is told %+v", path)
		}
		ada.WithNumber(t, mobile)
		if path := really(t, e, ada, "a number that is the default"); path.Starts != policy.SMS || path.Unrung != "" {
			t.Errorf("of a number is told %+v", path)
		}
		e.Exec(t, "UPDATE users SET default_method = 'push'")
		if path := really(t, e, ada, "a phone that rests, and a number"); path.Unrung != "resting" {
			t.Errorf("of a number beside it is told %+v", path)
		}
		e.Advance(t, time.Hour)
		if path := really(t, e, ada, "a phone that rested"); path.Starts != policy.Push {
			t.Errorf("of one that rested is told %+v", path)
		}
	})
}

func TestATrustedBrowserIsToldOf(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b := ada.Trusted(t, "192.0.2.1")
		own := b.Attempt(t, b.Start(t, ada.Email)).Browser.ID
		for _, row := range []struct {
			sentence string
			from     signin.Situation
			trusted  bool
		}{
			{"a browser that nobody knows", signin.Situation{}, false},
			{"one that is known and supposed to be trusted by nobody", signin.Situation{Known: true}, false},
			{"one that is supposed to be trusted", signin.Situation{Known: true, Trusted: true}, true},
			{"the trusted one itself", signin.Situation{Known: true, Browser: own}, true},
		} {
			path := toldOf(t, e, ada, row.from)
			if path.Trusted != row.trusted || (path.Step == policy.StepDone) != row.trusted {
				t.Errorf("%s: told is %+v", row.sentence, path)
			}
		}
		if b.Asked(t, ada) {
			t.Error("the trusted browser is asked")
		}
		e.Set(t, policy.Document{"trusted_browser_days": 0})
		if path := toldOf(t, e, ada, signin.Situation{Known: true, Browser: own, Trusted: true}); path.Trusted || !b.Asked(t, ada) {
			t.Error("trust is told of where there is none")
		}
		_, err := e.SignIn.Explain(context.Background(), accounttest.Workspace, ada.ID, signin.Situation{Known: true, Browser: "brw_other"})
		want(t, "a browser of nobody", err, "no_such_browser")
		_, err = e.SignIn.Explain(context.Background(), accounttest.Workspace, "usr_nobody", signin.Situation{})
		want(t, "nobody", err, "no_such_user")
	})
}

func TestAPauseIsToldOf(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.9")
		b.SignIn(t, ada)
		want(t, "ten wrong codes", wrongTimes(t, e.Browser("192.0.2.9"), ada, 10), "locked_second")
		if path := toldOf(t, e, ada, signin.Situation{}); path.Paused != 15*time.Minute {
			t.Errorf("told is %v", path.Paused)
		}
		if path := toldOf(t, e, ada, signin.Situation{Known: true}); path.Paused != 0 {
			t.Errorf("of a browser that is known is told %v", path.Paused)
		}
		e.Exec(t, "UPDATE guesses SET tries = 100, locked_until = 0 WHERE sort = 'second'")
		want(t, "after a hundred", wrongTimes(t, e.Browser("192.0.2.9"), ada, 1), "locked_second_lasting")
		if path := toldOf(t, e, ada, signin.Situation{}); path.Paused != limit.Lasting {
			t.Errorf("told is %v", path.Paused)
		}
	})
}

func TestNobodyGetsInWhoIsDisabled(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		for _, state := range []countersign.UserState{countersign.Disabled, countersign.Invited} {
			e.Exec(t, "UPDATE users SET state = '"+string(state)+"'")
			explained, err := e.SignIn.Explain(context.Background(), accounttest.Workspace, ada.ID, signin.Situation{})
			if err != nil || len(explained.Paths) != 0 {
				t.Errorf("%s: %+v, %v", state, explained, err)
			}
		}
	})
}

// The page that asks for the address goes by the default pool: it does not know whose it is.
func TestThePoolOfTheFirstPage(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.Set(t, policy.Document{"first_factors": []string{"password", policy.Push}, "push.confirm": "tap"})
		ada := e.Guarded(t, "ada@example.com")
		ada.WithPhone(t, "Pixel")
		firsts := func() []string {
			explained, err := e.SignIn.Explain(context.Background(), accounttest.Workspace, ada.ID, signin.Situation{})
			if err != nil {
				t.Fatal(err)
			}
			var all []string
			for _, p := range explained.Paths {
				all = append(all, p.First)
			}
			return all
		}
		if got := firsts(); len(got) != 2 || got[1] != policy.FirstTap {
			t.Errorf("told are %v", got)
		}
		e.Exec(t, `INSERT INTO pools (workspace_id, id, name, settings, created_at) VALUES ('wsp_default', 'pool_other', 'Others', '{"first_factors":["password"]}', 0)`)
		e.Exec(t, `UPDATE users SET pool_id = 'pool_other'`)
		if got := firsts(); len(got) != 1 {
			t.Errorf("where the person's pool has none, told are %v", got)
		}
		b := e.Browser("192.0.2.9")
		at := b.Attempt(t, b.Start(t, ada.Email))
		want(t, "asking the phone", e.SignIn.AskPhone(context.Background(), at, b.Visitor()), "ok")
		if at = b.Attempt(t, at.ID); at.Phone == nil || at.Phone.ID != "" {
			t.Errorf("the phone was asked: %+v", at.Phone)
		}
	})
}
