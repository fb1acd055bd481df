package approve_test

import (
	"testing"
	"time"

	"countersign"
	"countersign/internal/account/accounttest"
	"countersign/internal/approve"
	"countersign/internal/method"
	"countersign/internal/method/push"
	"countersign/internal/policy"
)

// An approval is used once, by the one who asked, while the question lives.
func TestAnApprovalIsUsedOnce(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		a, eve := asks(t, e, "ada@example.com"), asks(t, e, "eve@example.com")
		row := a.asked(t, "att_1")
		want(t, "before it was approved", a.redeem(row, "att_1"), "request_over")
		a.approve(t, row)
		want(t, "by another sign-in", a.redeem(row, "att_2"), "request_over")
		want(t, "by nobody", a.redeem(row, ""), "request_over")
		want(t, "for another question", eve.redeem(eve.asked(t, "att_e"), "att_1"), "request_over")
		counts := accounttest.Race(20, func(int) error { return a.redeem(row, "att_1") })
		if counts["ok"] != 1 || counts["request_over"] != 19 {
			t.Errorf("twenty at once: %v, want one", counts)
		}
		late := a.asked(t, "att_3")
		a.approve(t, late)
		e.Advance(t, time.UnixMilli(late.ExpiresAt).Sub(e.Clock.Now()))
		want(t, "when the question's life is over", a.redeem(late, "att_3"), "request_over")
		intime := a.asked(t, "att_4")
		a.approve(t, intime)
		e.Advance(t, time.UnixMilli(intime.ExpiresAt).Sub(e.Clock.Now())-time.Millisecond)
		want(t, "at the last moment", a.redeem(intime, "att_4"), "ok")
	})
}

// The whole of a sign-in: the phone is asked with the password, and its approval finishes
// that sign-in, in that browser, and no other.
func TestASignInByPhone(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		a := asks(t, e, "ada@example.com")
		b, other := e.Browser("192.0.2.1"), e.Browser("192.0.2.2")
		at, elsewhere := b.First(t, a.p), other.First(t, a.p)
		if at.Phone == nil || at.Phone.State != approve.Pending || len(at.Phone.Number) != 2 {
			t.Fatalf("after the password the phone is asked %+v", at.Phone)
		}
		enter := func(b *accounttest.Browser, id countersign.AttemptID) error {
			at, err := b.Load(id)
			if err != nil {
				return err
			}
			opening := e.Sessions.Open(b.Request(), b.Place())
			_, _, err = e.SignIn.ApprovedOnPhone(ctx(), at, b.Visitor(), opening.Redeem)
			return err
		}
		want(t, "before it is approved", enter(b, at.ID), "step_over")
		waiting := a.phone.Waiting(t)
		if len(waiting) != 2 || waiting[1].ID != at.Phone.ID && waiting[0].ID != at.Phone.ID {
			t.Fatalf("the phone lists %d questions", len(waiting))
		}
		for _, row := range waiting {
			if row.ID == at.Phone.ID {
				a.approve(t, row)
			}
		}
		want(t, "in another sign-in", enter(other, elsewhere.ID), "step_over")
		want(t, "in another browser", enter(other, at.ID), "attempt_over")
		want(t, "where it was asked", enter(b, at.ID), "ok")
		want(t, "a second time", enter(b, at.ID), "attempt_over")
		if n := e.Count(t, "signin.completed", `"second":"push"`); n != 1 {
			t.Errorf("%d sign-ins completed by phone, want one", n)
		}
	})
}

// A typed code withdraws what the phone still shows, and so does leaving.
func TestWhatWithdraws(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		a := asks(t, e, "ada@example.com")
		for name, end := range map[string]func(b *accounttest.Browser) error{
			"a typed code": func(b *accounttest.Browser) error {
				return b.Second(b.First(t, a.p), method.TOTP, a.p.NextCode(t))
			},
			"leaving": func(b *accounttest.Browser) error {
				return e.SignIn.Cancel(ctx(), accounttest.Workspace, b.First(t, a.p).ID, b.Visitor())
			},
			"a new password": func(b *accounttest.Browser) error {
				b.First(t, a.p)
				a.p.ResetByMail(t, "fourteen pears in the attic")
				a.p.Password = "fourteen pears in the attic"
				return nil
			},
			"another factor that is removed": func(b *accounttest.Browser) error {
				other := a.p.WithPhone(t, "Tablet")
				h := a.p.Desk(t)
				b.First(t, a.p)
				_, err := e.Enrol.Remove(ctx(), h, other.Row(t).CredentialID)
				return err
			},
			"a phone that removes itself": func(b *accounttest.Browser) error {
				other := a.p.WithPhone(t, "Tablet")
				b.First(t, a.p)
				return e.Devices.Remove(ctx(), other.Row(t), accounttest.PhonePlace())
			},
		} {
			b := e.Browser("192.0.2.1")
			before := len(a.phone.Waiting(t))
			want(t, name, end(b), "ok")
			if n := len(a.phone.Waiting(t)); before != 0 || n != 0 {
				t.Errorf("%s: the phone shows %d questions, before %d", name, n, before)
			}
			a.later(t, 10*time.Minute)
		}
	})
}

// What was approved and not used yet ends with a change, too.
func TestAChangeEndsAnApproval(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		for i, change := range []func(a asking){
			func(a asking) { a.p.ResetByMail(t, "fourteen pears in the attic") },
			func(a asking) { a.p.WithPhone(t, "Tablet") },
			func(a asking) {
				_, err := e.Enrol.Remove(ctx(), a.p.Desk(t), a.phone.Row(t).CredentialID)
				must(t, err)
			},
			func(a asking) { must(t, e.Devices.Remove(ctx(), a.phone.Row(t), accounttest.PhonePlace())) },
		} {
			a := asks(t, e, string(rune('a'+i))+"@example.com")
			row := a.asked(t, "att_1")
			a.approve(t, row)
			change(a)
			want(t, string(rune('a'+i))+": an approval of before", a.redeem(row, "att_1"), "request_over")
		}
	})
}

// Devices that cannot answer are not asked, and do not approve; a denial is heard from
// all but one that was signed out.
func TestDevicesThatAreNotAsked(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		for name, row := range map[string]struct {
			trouble       func(a asking)
			approve, deny string
		}{
			"signed out": {func(a asking) {
				must(t, e.Devices.SignOut(ctx(), a.phone.Row(t), accounttest.PhonePlace()))
			}, "device_signed_out", "device_signed_out"},
			"too old": {func(asking) { e.Set(t, policy.Document{"push.min_app_version": "2.0.0"}) }, "device_version", "ok"},
			"without biometrics": {func(a asking) {
				status := a.phone.Status
				status.Biometrics = false
				_, err := e.Devices.Hello(ctx(), a.phone.Row(t), "1.0.0", status)
				must(t, err)
			}, "device_biometrics", "ok"},
			"a command line where none is allowed": {func(asking) {
				e.Set(t, policy.Document{"push.terminal_devices": "off"})
			}, "device_signed_out", "device_signed_out"},
			"removed": {func(a asking) {
				must(t, e.Devices.Remove(ctx(), a.phone.Row(t), accounttest.PhonePlace()))
			}, "device_unknown", "device_unknown"},
		} {
			e.Set(t, policy.Document{"push.min_app_version": "none", "push.terminal_devices": "on"})
			p := e.Guarded(t, string(name[0])+string(name[1])+"@example.com")
			a := asking{e, p, e.Phone(t, "Pixel 9")}
			if name[0] == 'a' {
				a.phone.About.Kind = approve.KindTerminal
			}
			must(t, p.Pair(t, p.Desk(t), a.phone))
			e.Advance(t, time.Minute)
			q := a.asked(t, "att_1")
			row.trouble(a)
			_, err := a.phone.Say(q, push.Approve, q.Number)
			want(t, name+": it approves", err, row.approve)
			_, err = a.phone.Say(q, push.Deny, "")
			want(t, name+": it denies", err, row.deny)
			_, err = a.ask(t, "att_2")
			want(t, name+": asking it", err, "no_phone")
			if a.usable(t) {
				t.Errorf("%s: it is asked first", name)
			}
		}
	})
}

// A device decides its own person's questions, and of those for one device only its own.
func TestWhoseQuestions(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		a, eve := asks(t, e, "ada@example.com"), asks(t, e, "eve@example.com")
		row := a.asked(t, "att_1")
		_, err := eve.phone.Say(row, push.Approve, row.Number)
		want(t, "another person's phone", err, "no_such_request")
		_, err = eve.phone.Say(row, push.Deny, "")
		want(t, "another person's denial", err, "no_such_request")
		stolen := a.phone.Answer(e.Approvals.Signed(row, a.phone.ID), push.Approve, row.Number)
		_, err = eve.phone.Send(row.ID, stolen)
		want(t, "her answer in another person's name", err, "no_such_request")
		second := a.p.WithPhone(t, "Tablet")
		e.Advance(t, time.Minute)
		row = a.asked(t, "att_2")
		_, err = second.Send(row.ID, a.phone.Answer(e.Approvals.Signed(row, a.phone.ID), push.Approve, row.Number))
		want(t, "her phone's answer in her tablet's name", err, "decision_refused")
		id, err := e.Devices.Test(ctx(), a.phone.Row(t), accounttest.PhonePlace())
		must(t, err)
		only, err := e.Store.Read().GetRequest(ctx(), accounttest.Workspace, id)
		must(t, err)
		_, err = second.Say(only, push.Deny, "")
		want(t, "a question for the phone alone, answered on the tablet", err, "no_such_request")
		for _, waits := range second.Waiting(t) {
			if waits.ID == id {
				t.Error("the tablet lists a question for the phone alone")
			}
		}
		_, err = a.phone.Send("req_none", stolen)
		want(t, "a question that there is not", err, "no_such_request")
		a.p.Set(t, countersign.Disabled)
		_, err = a.phone.Say(row, push.Deny, "")
		want(t, "a person who was disabled", err, "device_signed_out")
	})
}

// The first decision of any of the person's devices counts, whichever node hears it.
func TestTwoDevicesDecideAtOnce(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		a := asks(t, e, "ada@example.com")
		tablet := a.p.WithPhone(t, "Tablet").On(e.Node(t))
		for round := range 10 {
			a.leaveAlone(t)
			row := a.asked(t, "att_"+string(rune('a'+round)), known)
			var yes, no error
			accounttest.Together(round,
				func() { _, yes = a.phone.Say(row, push.Approve, row.Number) },
				func() { _, no = tablet.Say(row, push.Deny, "") },
			)
			state := a.state(t, row)
			if (yes == nil) == (no == nil) || (yes == nil) != (state == approve.Approved) || (no == nil) != (state == approve.Denied) {
				t.Errorf("approve says %v, deny %v, and it is %s", yes, no, state)
			}
			if err := a.redeem(row, row.Requester); (err == nil) != (yes == nil) {
				t.Errorf("approve says %v, and using it %v", yes, err)
			}
		}
	})
}

// A device that was removed a moment ago decides nothing, though its call was let in.
func TestARemovedDeviceDecidesNothing(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		a := asks(t, e, "ada@example.com")
		tablet := a.p.WithPhone(t, "Tablet")
		e.Advance(t, time.Minute)
		before := tablet.Row(t)
		must(t, e.Devices.Remove(ctx(), before, accounttest.PhonePlace()))
		row := a.asked(t, "att_1")
		q, err := e.Approvals.Question(ctx(), accounttest.Workspace, tablet.ID, row.ID)
		must(t, err)
		q.Device = before
		for _, decision := range []push.Decision{push.Approve, push.Deny, push.Report} {
			number := ""
			if decision == push.Approve {
				number = row.Number
			}
			_, err := e.Approvals.Decide(ctx(), q, row.ID, tablet.Answer(e.Approvals.Signed(row, tablet.ID), decision, number), accounttest.PhonePlace())
			want(t, string(decision), err, "device_unknown")
		}
		if got := a.state(t, row); got != approve.Pending {
			t.Errorf("it is %s", got)
		}
	})
}
