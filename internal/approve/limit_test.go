package approve_test

import (
	"fmt"
	"testing"
	"time"

	"countersign/internal/account/accounttest"
	"countersign/internal/approve"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/method/push"
	"countersign/internal/store/rows"
)

func TestThreeQuestionsWaitAtOnce(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		a := asks(t, e, "ada@example.com")
		first := a.asked(t, "att_1")
		a.asked(t, "att_2")
		a.asked(t, "att_3")
		_, err := a.ask(t, "att_4")
		want(t, "a fourth sign-in", err, "too_many_requests")
		_, err = a.ask(t, "att_3")
		want(t, "the third, once more", err, "ok")
		a.withdraw(t, first.Requester)
		_, err = a.ask(t, "att_4")
		want(t, "the fourth, when one was left", err, "ok")
		_, err = a.ask(t, "att_5")
		want(t, "a fifth", err, "too_many_requests")
		a.e.Advance(t, approve.Life)
		_, err = a.ask(t, "att_5")
		want(t, "the fifth, when all have ended unanswered", err, "ok")
	})
}

// rung are the moments at which a person's phones rang.
func (a asking) rung(t *testing.T) []time.Time {
	t.Helper()
	all, err := a.e.Store.Read().ListRecentRequests(ctx(), rows.ListRecentRequestsParams{
		WorkspaceID: accounttest.Workspace, UserID: a.p.ID, Most: 10_000,
	})
	must(t, err)
	var at []time.Time
	for _, row := range all {
		if row.Rung == 1 && row.Kind != string(approve.Test) {
			at = append(at, time.UnixMilli(row.CreatedAt))
		}
	}
	return at
}

// within expects that no phone rang more often than a person should bear.
func within(t *testing.T, rung []time.Time) {
	t.Helper()
	for time, most := range map[time.Duration]int{5 * time.Minute: 3, time.Hour: 8, 24 * time.Hour: 20} {
		for _, end := range rung {
			n := 0
			for _, at := range rung {
				if d := end.Sub(at); d >= 0 && d < time {
					n++
				}
			}
			if n > most {
				t.Errorf("the phone rang %d times in %v, want %d at most", n, time, most)
			}
		}
	}
}

// Somebody who asks and asks, and leaves each question before it is answered, makes the
// phone ring so often and no more. What does not ring is there when the app is opened.
func TestTheBudget(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		a := asks(t, e, "ada@example.com")
		n := 0
		once := func() rows.Request {
			n++
			row := a.asked(t, fmt.Sprint("att_", n))
			if waiting := a.phone.Waiting(t); len(waiting) != 1 || waiting[0].ID != row.ID {
				t.Fatalf("the app lists %d requests", len(waiting))
			}
			return row
		}
		for began := e.Clock.Now(); e.Clock.Now().Sub(began) < time.Hour; e.Advance(t, 100*time.Second) {
			a.withdraw(t, once().Requester)
		}
		if got := len(a.rung(t)); got != 8 {
			t.Errorf("in the first hour it rang %d times, want 8", got)
		}
		for range 22 * 4 {
			a.withdraw(t, once().Requester)
			e.Advance(t, 15*time.Minute)
		}
		if got := len(a.rung(t)); got != 20 {
			t.Errorf("on the first day it rang %d times, want 20", got)
		}
		within(t, a.rung(t))
		row := once()
		if row.Rung != 0 {
			t.Error("it rings a 21st time on one day")
		}
		a.approve(t, row)
		e.Advance(t, time.Second)
		if once().Rung != 1 {
			t.Error("after an approval it does not ring")
		}
	})
}

// Whoever has the password and signs in a hundred times in ten minutes makes the phone
// ring within the budget, whether they wait, leave, or ask again.
func TestAHundredSignInsWithTheRightPassword(t *testing.T) {
	for name, then := range map[string]func(t *testing.T, a asking, b *accounttest.Browser) error{
		"and wait": func(t *testing.T, a asking, b *accounttest.Browser) error { b.First(t, a.p); return nil },
		"and leave": func(t *testing.T, a asking, b *accounttest.Browser) error {
			return a.e.SignIn.Cancel(ctx(), accounttest.Workspace, b.First(t, a.p).ID, b.Visitor())
		},
		"and ask again": func(t *testing.T, a asking, b *accounttest.Browser) error {
			at := b.First(t, a.p)
			err := a.e.SignIn.AskPhone(ctx(), at, b.Visitor())
			if answer := accounttest.Answer(err); answer != "ok" && answer != "too_many_requests" {
				return err
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, e *accounttest.Engine) {
				a := asks(t, e, "ada@example.com")
				for i := range 100 {
					must(t, then(t, a, e.Browser(fmt.Sprintf("203.0.113.%d", i))))
					e.Advance(t, 6*time.Second)
				}
				rung := a.rung(t)
				within(t, rung)
				if len(rung) == 0 || len(rung) > 6 {
					t.Errorf("it rang %d times in ten minutes", len(rung))
				}
			})
		})
	}
}

// After two questions in a row that came to nothing, the phone is quiet for a quarter of
// an hour, and another way is asked first.
func TestQuietAfterTwo(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		for name, end := range map[string]func(a asking, row rows.Request){
			"denied": func(a asking, row rows.Request) { a.deny(t, row) },
			"ended":  func(a asking, _ rows.Request) { a.later(t, approve.Life) },
			"late":   func(asking, rows.Request) { e.Advance(t, approve.Life) }, // and not yet swept
		} {
			a := asks(t, e, name+"@example.com")
			end(a, a.asked(t, "att_1"))
			e.Advance(t, time.Second)
			if !a.usable(t) {
				t.Errorf("%s once: the phone is not asked first", name)
			}
			end(a, a.asked(t, "att_2"))
			if a.usable(t) {
				t.Errorf("%s twice: the phone is asked first", name)
			}
			if row := a.asked(t, "att_3"); row.Rung != 0 {
				t.Errorf("%s twice: it rings", name)
			}
			a.withdraw(t, "att_3")
			e.Advance(t, 15*time.Minute-time.Second)
			if a.usable(t) {
				t.Errorf("%s twice, a second before the quarter of an hour is over: the phone is asked first", name)
			}
			e.Advance(t, time.Second)
			if row := a.asked(t, "att_4"); row.Rung != 1 || !a.usable(t) {
				t.Errorf("%s twice, a quarter of an hour later: rings %d", name, row.Rung)
			}
		}
	})
}

// An approval of a question that did not ring ends the rest.
func TestAnApprovalEndsTheRest(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		a := asks(t, e, "ada@example.com")
		for n, answer := range []func(*testing.T, rows.Request){a.deny, a.deny, a.approve} {
			answer(t, a.asked(t, fmt.Sprint("att_", n)))
			e.Advance(t, time.Second)
		}
		if row := a.asked(t, "att_4"); row.Rung != 1 {
			t.Error("after an approval it does not ring")
		}
	})
}

func TestThreeMismatchesLock(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		a := asks(t, e, "ada@example.com")
		wrong := func(n int) {
			row := a.asked(t, fmt.Sprint("att_", n))
			a.say(t, row, push.Approve, other(row), approve.Mismatch)
			e.Advance(t, 20*time.Minute)
		}
		wrong(1)
		wrong(2)
		if n := len(e.MailsTo(t, message.PushLocked, a.p.Email)); n != 0 {
			t.Errorf("%d mails of a lock after two", n)
		}
		wrong(3)
		_, err := a.ask(t, "att_4")
		want(t, "after three", err, "push_locked")
		_, err = a.ask(t, "att_4", known)
		want(t, "after three, at a known browser", err, "push_locked")
		if n := len(e.MailsTo(t, message.PushLocked, a.p.Email)); n != 1 || a.usable(t) {
			t.Errorf("%d mails of a lock, want one; asked first: %v", n, a.usable(t))
		}
		b := e.Browser("192.0.2.1")
		at := b.First(t, a.p)
		want(t, "the phone, in a sign-in", e.SignIn.AskPhone(ctx(), at, b.Visitor()), "push_locked")
		want(t, "another factor", b.Second(at, method.TOTP, a.p.NextCode(t)), "ok")
		_, err = a.ask(t, "att_5")
		want(t, "after another factor was used", err, "ok")
		a.withdraw(t, "att_5")
		wrong(6)
		wrong(7)
		wrong(8)
		_, err = a.ask(t, "att_9")
		want(t, "after three more", err, "push_locked")
		e.Advance(t, 24*time.Hour)
		_, err = a.ask(t, "att_9")
		want(t, "a day later", err, "ok")
	})
}

// The lock is told once, however many questions were asked before it and are answered
// wrongly after it; and again when it has ended and there is another.
func TestALockIsToldOnce(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		a := asks(t, e, "ada@example.com")
		for round := 1; round <= 2; round++ {
			var all []rows.Request
			for n, change := range []func(*approve.Ask){from("203.0.113.7"), from("203.0.113.7"), from("203.0.113.7"), known, known} {
				all = append(all, a.asked(t, fmt.Sprint("att_", round, n), change))
			}
			for _, row := range all {
				a.say(t, row, push.Approve, other(row), approve.Mismatch)
			}
			if n := len(e.MailsTo(t, message.PushLocked, a.p.Email)); n != round {
				t.Errorf("%d mails of %d locks", n, round)
			}
			e.Advance(t, 24*time.Hour+time.Second)
		}
	})
}

// One office behind one address is not shut out by what its known machines do; whoever
// tries many accounts from one address is.
func TestLimitsPerSource(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		var people []asking
		for i := range 10 {
			people = append(people, asks(t, e, fmt.Sprintf("p%d@example.com", i)))
		}
		victim := asks(t, e, "ada@example.com")
		for i, a := range people {
			a.deny(t, a.asked(t, "att_known", known))
			_, err := victim.ask(t, fmt.Sprint("att_", i))
			want(t, "while known browsers are denied", err, "ok")
			victim.spare(t, fmt.Sprint("att_", i))
		}
		for i, a := range people[:9] {
			row := a.asked(t, "att_x")
			switch i % 3 {
			case 0:
				a.deny(t, row)
			case 1:
				a.say(t, row, push.Approve, other(row), approve.Mismatch)
			case 2:
				a.say(t, row, push.Report, "", approve.Reported)
			}
		}
		_, err := victim.ask(t, "att_a")
		want(t, "after nine", err, "ok")
		victim.spare(t, "att_a")
		unanswered := people[9]
		unanswered.asked(t, "att_x")
		unanswered.later(t, approve.Life)
		_, err = victim.ask(t, "att_b")
		want(t, "after ten, one unanswered", err, "push_source")
		_, err = victim.ask(t, "att_c", known)
		want(t, "a known browser at the same address", err, "ok")
		victim.spare(t, "att_c")
		_, err = victim.ask(t, "att_d", from("203.0.113.8"))
		want(t, "another address", err, "ok")
		victim.spare(t, "att_d")
		e.Advance(t, 10*time.Minute)
		_, err = victim.ask(t, "att_e")
		want(t, "ten minutes later", err, "ok")
	})
}

// Who rings phones and leaves before anybody answers is counted like who waits.
func TestLeavingIsNotFree(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		victim := asks(t, e, "ada@example.com")
		var people []asking
		for i := range 10 {
			people = append(people, asks(t, e, fmt.Sprintf("p%d@example.com", i)))
		}
		for i, a := range people {
			a.asked(t, "att_x")
			if i%2 == 0 || i == 9 {
				a.withdraw(t, "att_x")
			} else {
				a.asked(t, "att_x") // again, in the place of the first
				a.spare(t, "att_x")
			}
		}
		_, err := victim.ask(t, "att_a")
		want(t, "after ten that were left", err, "push_source")
		_, err = victim.ask(t, "att_b", known)
		want(t, "a known browser at the same address", err, "ok")
	})
}

// A device may answer ten times a minute what comes to nothing, and each is written down;
// then it is told to come back, and nothing is written. One that holds is heard all the
// same: whoever makes a phone send nonsense keeps no "no" of its person from coming.
func TestAnswersPerMinute(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		a := asks(t, e, "ada@example.com")
		e.Advance(t, time.Hour)
		row := a.asked(t, "att_1")
		forged := a.phone.Answer(e.Approvals.Signed(row, a.phone.ID), push.Deny, "")
		forged.Signature[7] ^= 1
		for range 10 {
			_, err := a.phone.Send(row.ID, forged)
			want(t, "a signature that does not hold", err, "decision_refused")
		}
		_, err := a.phone.Send(row.ID, forged)
		want(t, "the eleventh answer", err, "too_many_decisions")
		_, err = a.phone.Send("req_none", forged)
		want(t, "one to no question", err, "too_many_decisions")
		if n := e.Count(t, "request.refused", string(a.phone.ID)); n != 10 || a.state(t, row) != approve.Pending {
			t.Errorf("%d events, want 10; the request is %s", n, a.state(t, row))
		}
		a.deny(t, row)
		e.Advance(t, 6*time.Second)
		_, err = a.phone.Send(row.ID, forged)
		want(t, "one to a question that is over, six seconds later", err, "request_over")
	})
}
