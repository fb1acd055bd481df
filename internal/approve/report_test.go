package approve_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/approve"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/method/push"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// "It was not me" takes everything away that came since somebody had the password, and
// leaves what was there before.
func TestAReport(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		a := asks(t, e, "ada@example.com")
		home := e.Browser("192.0.2.1")
		home.SignIn(t, a.p)
		e.Advance(t, 20*time.Minute)

		thief, second, third := e.Browser("203.0.113.7"), e.Browser("203.0.113.7"), e.Browser("203.0.113.7")
		at := thief.First(t, a.p)
		if at.Phone == nil {
			t.Fatal("the phone was not asked")
		}
		e.Advance(t, time.Second)
		other := second.First(t, a.p) // asks as well
		third.SignIn(t, a.p)          // with a code: a session younger than the first factor
		waiting := a.phone.Waiting(t)
		if len(waiting) != 2 {
			t.Fatalf("%d questions wait, want two", len(waiting))
		}
		a.say(t, waiting[1], push.Report, "", approve.Reported)

		_, err := home.LoadSession()
		want(t, "the session of before", err, "ok")
		_, err = third.LoadSession()
		want(t, "the session that began since", err, "signed_out")
		_, err = thief.Load(at.ID)
		want(t, "the sign-in that was reported", err, "attempt_over")
		_, err = second.Load(other.ID)
		want(t, "the other sign-in", err, "attempt_over")
		if left := a.phone.Waiting(t); len(left) != 0 {
			t.Errorf("the phone still shows %d questions of sign-ins that ended", len(left))
		}
		for kind, n := range map[string]int{"request.reported": 1, "password.doubted": 1} {
			if got := e.Count(t, kind, ""); got != n {
				t.Errorf("%d events %s, want %d", got, kind, n)
			}
		}
		if n := len(e.MailsTo(t, message.RequestReported, a.p.Email)); n != 1 {
			t.Errorf("%d mails, want one", n)
		}

		_, err = a.ask(t, "att_1", from("198.51.100.1"))
		want(t, "asking from elsewhere", err, "push_locked")
		_, err = a.ask(t, "att_1", known)
		want(t, "asking at a known browser", err, "push_locked")
		e.Advance(t, 23*time.Hour)
		_, err = a.ask(t, "att_1", known)
		want(t, "most of a day later", err, "push_locked")

		b := e.Browser("192.0.2.9")
		signedIn := b.First(t, a.p)
		if signedIn.Phone != nil || signedIn.Step != policy.StepSecond {
			t.Errorf("while it is locked, a sign-in asks %+v", signedIn.Phone)
		}
		want(t, "another factor", b.Second(signedIn, method.TOTP, a.p.NextCode(t)), "ok")
		_, err = a.ask(t, "att_2", from("198.51.100.1"))
		want(t, "after another factor was used", err, "ok")
		_, err = a.ask(t, "att_3")
		want(t, "from where it was reported, within a day", err, "push_source")
		_, err = a.ask(t, "att_3", known)
		want(t, "a known browser there", err, "ok")
		e.Advance(t, time.Hour)
		_, err = a.ask(t, "att_4")
		want(t, "a day after the report", err, "ok")
	})
}

// Where the phone takes the password's place, a stranger who is reported sees what one
// sees whom the phone denied, or whose address has no phone; and has a sign-in in which
// nothing is right any more.
func TestAReportedStrangerLearnsNothing(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.Set(t, policy.Document{"first_factors": []any{"password", "push"}})
		a, nobody := asks(t, e, "ada@example.com"), "nobody@example.com"
		seen := map[string][]approve.State{}
		for name, row := range map[string]struct {
			address string
			answer  func(rows.Request)
		}{
			"reported": {a.p.Email, func(row rows.Request) { a.say(t, row, push.Report, "", approve.Reported) }},
			"denied":   {a.p.Email, func(row rows.Request) { a.deny(t, row) }},
			"nobody":   {nobody, func(rows.Request) {}},
		} {
			a.leaveAlone(t)
			must(t, e.Store.Write(ctx(), func(tx *store.Tx) error { return e.Accounts.EndPeace(tx, a.p.Account(t).User) }))
			thief, other := e.Browser("203.0.113."+fmt.Sprint(len(name))), e.Browser("203.0.113.99")
			id, idle := thief.Start(t, row.address), other.Start(t, row.address)
			must(t, e.SignIn.AskPhone(ctx(), thief.Attempt(t, id), thief.Visitor()))
			for _, asked := range a.phone.Waiting(t) {
				row.answer(asked)
			}
			look := func(moment string) {
				t.Helper()
				at, err := thief.Load(id)
				want(t, name+", "+moment, err, "ok")
				if err != nil || at.Phone == nil {
					t.Fatalf("%s, %s: %+v", name, moment, at.Phone)
				}
				is, cancel := context.WithCancel(ctx())
				cancel() // as a wait of no time is
				state, err := e.SignIn.WaitPhone(is, at.WorkspaceID, at.Phone, at.Phone.State)
				if err != nil || state != at.Phone.State || len(at.Phone.Number) != 2 {
					t.Errorf("%s, %s: the page hears %s, %v, and shows %+v", name, moment, state, err, at.Phone)
				}
				seen[name] = append(seen[name], at.Phone.State)
				_, _, err = e.SignIn.ApprovedOnPhone(ctx(), at, thief.Visitor(), accounttest.Later)
				want(t, name+", going on, "+moment, err, "step_over")
			}
			look("at once")
			must(t, e.SignIn.AskPhone(ctx(), thief.Attempt(t, id), thief.Visitor()))
			look("asked again")
			e.Advance(t, approve.Life)
			look("at its end")
			if _, err := other.Load(idle); err != nil {
				t.Errorf("%s: a sign-in that asked nothing is over: %v", name, err)
			}
			right := map[string]string{"denied": "ok"}[name]
			want(t, name+", with the right password", thief.Password(thief.Attempt(t, id), a.p.Password), cmp.Or(right, "wrong_credentials"))
			e.Advance(t, time.Hour)
		}
		for name, states := range seen {
			if !slices.Equal(states, seen["nobody"]) {
				t.Errorf("%s shows %v, nobody %v", name, states, seen["nobody"])
			}
		}
	})
}

// A report of a fresh proof ends the session that asked, which is somebody else's.
func TestAReportOfAFreshProof(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		a := asks(t, e, "ada@example.com")
		home := e.Browser("192.0.2.1")
		home.SignIn(t, a.p)
		e.Advance(t, time.Hour)
		stolen := e.Browser("203.0.113.7")
		stolen.SignIn(t, a.p)
		e.Advance(t, time.Minute)
		must(t, e.Sessions.AskPhone(ctx(), stolen.Session(t), account.ActTurnOff, "Turn it off", stolen.Place()))
		at, cancel := context.WithCancel(ctx())
		cancel() // as a wait of no time is
		state, err := e.Sessions.WaitPhone(at, stolen.Session(t), account.ActTurnOff, approve.Pending)
		if err != nil || state != approve.Pending {
			t.Errorf("its page hears %q, %v", state, err)
		}
		row := a.phone.Waiting(t)[0]
		if approve.Shown(row).Act != "Turn it off" || row.Kind != string(approve.FreshProof) {
			t.Errorf("the phone shows %s", row.Display)
		}
		a.say(t, row, push.Report, "", approve.Reported)
		_, err = stolen.LoadSession()
		want(t, "the session that asked", err, "signed_out")
		_, err = home.LoadSession()
		want(t, "the one of before", err, "ok")
	})
}
