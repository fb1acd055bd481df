package device_test

import (
	"testing"
	"time"

	"countersign/internal/account/accounttest"
	"countersign/internal/method/push"
	"countersign/internal/policy"
)

// What a device is answered in each of its states, as the protocol's document says.
func TestWhatAStateAllows(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.Set(t, policy.Document{"push.terminal_devices": "on"})
		p := e.Guarded(t, "ada@example.com")
		h := p.Desk(t)
		waits := func() *accounttest.Phone { return joined(t, e, p.Desk(t)) }
		confirmed := func() *accounttest.Phone {
			phone := joined(t, e, h)
			must(t, e.Devices.Confirm(ctx(), h, phone.Digits(t)))
			return phone
		}
		paired := func(kind string) *accounttest.Phone {
			phone := e.Phone(t, "Pixel 9")
			phone.About.Kind = kind
			must(t, p.Pair(t, p.Desk(t), phone))
			return phone
		}
		signedOut := func() *accounttest.Phone {
			phone := paired("app")
			must(t, e.Devices.SignOut(ctx(), phone.Row(t), accounttest.PhonePlace()))
			return phone
		}
		barred := func() *accounttest.Phone {
			e.Set(t, policy.Document{"push.terminal_devices": "on"})
			phone := paired("terminal")
			e.Set(t, policy.Document{"push.terminal_devices": "off"})
			return phone
		}
		for _, row := range []struct {
			state, told, account  string
			phone                 func() *accounttest.Phone
			list, past, test      string
			code, out, in, remove string
		}{
			{"joined", "claimed", "a•••@example.com", waits, "ok", "device_signed_out", "device_signed_out", "device_state", "device_state", "device_state", "ok"},
			{"confirmed", "confirmed", "ada@example.com", confirmed, "ok", "device_signed_out", "device_signed_out", "device_state", "device_state", "device_state", "ok"},
			{"active", "active", "ada@example.com", func() *accounttest.Phone { return paired("app") }, "ok", "ok", "ok", "ok", "ok", "ok", "ok"},
			{"signed out", "signed_out", "ada@example.com", signedOut, "device_signed_out", "device_signed_out", "device_signed_out", "device_signed_out", "ok", "ok", "ok"},
			{"a command line that may be none", "", "", barred, "device_signed_out", "device_signed_out", "device_signed_out", "code_given", "ok", "ok", "ok"},
		} {
			phone := row.phone()
			d := phone.Row(t)
			told, err := e.Devices.Hello(ctx(), d, "1.0.0", phone.Status)
			if told.State != row.told || told.Account != row.account || row.told == "" && err == nil {
				t.Errorf("%s: hello says %+v, %v", row.state, told, err)
			}
			_, err = e.Devices.Still(ctx(), d)
			want(t, row.state+": what waits", err, row.list)
			_, err = e.Devices.Past(ctx(), d, 0, 10)
			want(t, row.state+": what was asked", err, row.past)
			_, err = e.Devices.Test(ctx(), d, accounttest.PhonePlace())
			want(t, row.state+": a test", err, row.test)
			_, err = e.Devices.Code(ctx(), d)
			want(t, row.state+": its codes", err, row.code)
			want(t, row.state+": signing out", e.Devices.SignOut(ctx(), d, accounttest.PhonePlace()), row.out)
			want(t, row.state+": signing in", signIn(t, e, phone, e.Clock.Now()), row.in)
			want(t, row.state+": removing itself", e.Devices.Remove(ctx(), d, accounttest.PhonePlace()), row.remove)
			_, err = e.Devices.Still(ctx(), d)
			want(t, row.state+", removed", err, "device_unknown")
			e.Advance(t, time.Minute)
		}
	})
}

// A device that is too old may not approve, and says no all the same; it is told at its
// start, and not refused.
func TestAnOldDeviceSaysNo(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		p := e.Guarded(t, "ada@example.com")
		phone := p.WithPhone(t, "Pixel 9")
		_, err := e.Devices.Test(ctx(), phone.Row(t), accounttest.PhonePlace())
		must(t, err)
		asked := phone.Waiting(t)[0]
		e.Set(t, policy.Document{"push.min_app_version": "2.0.0"})
		told, err := e.Devices.Hello(ctx(), phone.Row(t), "1.0.0", phone.Status)
		if err != nil || told.Trouble != "version" || told.Version != "2.0.0" {
			t.Errorf("hello says %+v, %v", told, err)
		}
		_, err = e.Devices.Still(ctx(), phone.Row(t))
		want(t, "what waits", err, "device_version")
		_, err = phone.Say(asked, push.Approve, "")
		want(t, "approving", err, "device_version")
		state, err := phone.Say(asked, push.Deny, "")
		if err != nil || state != "denied" {
			t.Errorf("denying: %s, %v", state, err)
		}
		want(t, "signing in", signIn(t, e, phone, e.Clock.Now()), "device_version")
	})
}
