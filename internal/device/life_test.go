package device_test

import (
	"encoding/base64"
	"regexp"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/httpsig"
	"countersign/internal/account/accounttest"
	"countersign/internal/device"
	"countersign/internal/method"
	"countersign/internal/method/push"
	"countersign/internal/method/totp"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/store"
)

// signIn signs a phone in again, at a time by its own clock.
func signIn(t *testing.T, e *accounttest.Engine, phone *accounttest.Phone, at time.Time) error {
	t.Helper()
	challenge, err := push.SignInChallenge(accounttest.URL, string(phone.ID), at)
	must(t, err)
	return e.Devices.SignIn(ctx(), phone.Row(t), at.Unix(), phone.Assert(challenge), accounttest.PhonePlace())
}

// codeIn is the code in a mail.
func codeIn(t *testing.T, text string) string {
	t.Helper()
	found := regexp.MustCompile(`\b\d{3}[ \x{a0}]?\d{3}\b`).FindString(text)
	if found == "" {
		t.Fatalf("no code in the mail:\n%s", text)
	}
	return strings.NewReplacer(" ", "", " ", "").Replace(found)
}

func nonce(octets int) string { return base64.RawURLEncoding.EncodeToString(seal.Bytes(octets)) }

// A call is its device's, of this minute, and of one that changes something there is one.
func TestWhoCalls(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		p := e.Guarded(t, "ada@example.com")
		phone, other := p.WithPhone(t, "Pixel 9"), p.WithPhone(t, "Tablet")
		who := func(s httpsig.Signature, once bool) error {
			d, err := e.Devices.Authenticate(ctx(), accounttest.Workspace, s, once)
			if err == nil && d.ID != phone.ID {
				t.Errorf("the call is taken for one of %s", d.ID)
			}
			return err
		}
		for _, row := range []struct {
			sentence string
			change   func(*httpsig.Params)
			answer   string
		}{
			{"as it should be", nil, "ok"},
			{"a minute late", func(p *httpsig.Params) { p.Created = p.Created.Add(-time.Minute) }, "ok"},
			{"a minute early", func(p *httpsig.Params) { p.Created = p.Created.Add(time.Minute) }, "ok"},
			{"more than a minute late", func(p *httpsig.Params) { p.Created = p.Created.Add(-62 * time.Second) }, "device_clock"},
			{"more than a minute early", func(p *httpsig.Params) { p.Created = p.Created.Add(62 * time.Second) }, "device_clock"},
			{"in another device's name", func(p *httpsig.Params) { p.KeyID = string(other.ID) }, "device_signature"},
			{"in nobody's name", func(p *httpsig.Params) { p.KeyID = "dev_none" }, "device_unknown"},
			{"for another purpose", func(p *httpsig.Params) { p.Tag = "countersign-access" }, "device_signature"},
			{"with the shortest nonce", func(p *httpsig.Params) { p.Nonce = nonce(16) }, "ok"},
			{"with the longest nonce", func(p *httpsig.Params) { p.Nonce = nonce(48) }, "ok"},
			{"with a nonce that may come again", func(p *httpsig.Params) { p.Nonce = nonce(15) }, "device_signature"},
			{"with a nonce that fills the table", func(p *httpsig.Params) { p.Nonce = nonce(49) }, "device_signature"},
			{"with the longest nonce that a field can have", func(p *httpsig.Params) { p.Nonce = strings.Repeat("n", 128) }, "device_signature"},
			{"with a nonce of other letters", func(p *httpsig.Params) { p.Nonce = strings.Repeat("+", 22) }, "device_signature"},
		} {
			want(t, row.sentence, who(phone.Call(t, row.change), true), row.answer)
		}
		call := phone.Call(t, nil)
		want(t, "a call that reads", who(call, false), "ok")
		want(t, "the same, twice", who(call, false), "ok")
		counts := accounttest.Race(20, func(int) error { return who(call, true) })
		if counts["ok"] != 1 || counts["device_replayed"] != 19 {
			t.Errorf("a call that changes something, twenty times: %v, want one", counts)
		}
		e.Advance(t, 30*time.Second)
		want(t, "later", who(call, true), "device_replayed")
		must(t, e.Devices.Remove(ctx(), phone.Row(t), accounttest.PhonePlace()))
		want(t, "of a device that was removed", who(phone.Call(t, nil), true), "device_unknown")
	})
}

// Signing out keeps the keys; signing in again takes both.
func TestSigningOutAndIn(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		p := e.Guarded(t, "ada@example.com")
		phone, other := p.WithPhone(t, "Pixel 9"), p.WithPhone(t, "Tablet")
		now := e.Clock.Now()
		out := func() error { return e.Devices.SignOut(ctx(), phone.Row(t), accounttest.PhonePlace()) }
		want(t, "signing out", out(), "ok")
		want(t, "twice", out(), "ok")
		_, err := e.Devices.Still(ctx(), phone.Row(t))
		want(t, "a call that waits", err, "device_signed_out")
		_, err = e.Devices.Test(ctx(), phone.Row(t), accounttest.PhonePlace())
		want(t, "a test", err, "device_signed_out")
		_, err = e.Devices.Code(ctx(), phone.Row(t))
		want(t, "its own code's secret", err, "device_signed_out")

		challenge, err := push.SignInChallenge(accounttest.URL, string(phone.ID), now)
		must(t, err)
		try := func(at time.Time, assertion []byte) error {
			return e.Devices.SignIn(ctx(), phone.Row(t), at.Unix(), assertion, accounttest.PhonePlace())
		}
		want(t, "with another phone's biometric", try(now, other.Assert(challenge)), "sign_in_refused")
		want(t, "with the biometric over another time", try(now.Add(time.Second), phone.Assert(challenge)), "sign_in_refused")
		want(t, "at another time", signIn(t, e, phone, now.Add(-2*time.Minute)), "device_clock")
		want(t, "in the future", signIn(t, e, phone, now.Add(2*time.Minute)), "device_clock")
		want(t, "without an assertion", try(now, nil), "sign_in_refused")
		e.Set(t, policy.Document{"push.min_app_version": "2.0.0"})
		want(t, "with an app that is too old", signIn(t, e, phone, now), "device_version")
		e.Set(t, policy.Document{"push.min_app_version": "none"})
		want(t, "with the biometric", signIn(t, e, phone, now), "ok")
		_, err = e.Devices.Still(ctx(), phone.Row(t))
		want(t, "a call that waits, then", err, "ok")
	})
}

// The phone's own codes count once, like an app's, and only while the phone is signed in;
// before its secret was given there are none.
func TestThePhonesOwnCodes(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		p := e.Person(t, "ada@example.com")
		e.Set(t, policy.Document{"push.requires": "none"})
		early := joined(t, e, p.Desk(t))
		_, err := e.Devices.Code(ctx(), early.Row(t))
		want(t, "of a phone that nobody confirmed", err, "device_state")
		phone := p.WithPhone(t, "Pixel 9")
		secret := secretOf(t, e, p, phone)
		b := e.Browser("192.0.2.1")
		want(t, "before it was given", b.Second(b.First(t, p), method.TOTP, totp.Code(secret, totp.Step(e.Clock.Now()))), "totp_wrong")
		given, err := e.Devices.Code(ctx(), phone.Row(t))
		must(t, err)
		secret = secretOf(t, e, p, phone)
		if string(given) != string(secret) {
			t.Fatalf("the secret is given as %x", given)
		}
		next := func() string {
			e.Advance(t, totp.Period)
			return totp.Code(secret, totp.Step(e.Clock.Now()))
		}
		code := next()
		want(t, "its code", b.Second(b.First(t, p), method.TOTP, code), "ok")
		want(t, "the same code again", b.Second(b.First(t, p), method.TOTP, code), "totp_used")
		must(t, e.Devices.SignOut(ctx(), phone.Row(t), accounttest.PhonePlace()))
		want(t, "signed out", b.Second(b.First(t, p), method.TOTP, next()), "totp_wrong")
		want(t, "signing in", signIn(t, e, phone, e.Clock.Now()), "ok")
		want(t, "signed in again", b.Second(b.First(t, p), method.TOTP, next()), "ok")
	})
}

// Most phones never use a code. Their secret is not to be had for ever.
func TestTheOwnCodesSecretIsForTheFirstHour(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		phone := e.Guarded(t, "ada@example.com").WithPhone(t, "Pixel 9")
		ask := func() error {
			_, err := e.Devices.Code(ctx(), phone.Row(t))
			return err
		}
		want(t, "the first time", ask(), "ok")
		e.Advance(t, 59*time.Minute)
		want(t, "again, an hour after it was paired", ask(), "ok")
		e.Advance(t, time.Minute)
		want(t, "whoever has come by the key later", ask(), "code_given")
		hello, err := e.Devices.Hello(ctx(), phone.Row(t), "1.0.0", phone.Status)
		if err != nil || hello.Code {
			t.Errorf("hello says that it may ask: %v", err)
		}

		late := e.Guarded(t, "grace@example.com").WithPhone(t, "Tablet")
		e.Advance(t, 24*time.Hour)
		_, err = e.Devices.Code(ctx(), late.Row(t))
		want(t, "one that was given none yet", err, "ok")
		_, err = e.Devices.Code(ctx(), late.Row(t))
		want(t, "and asks again", err, "code_given")
	})
}

// An answer that was lost is made good by asking again, until one of the codes counted:
// each answer has a secret of its own, and the one before is dead.
func TestALostSecretOfThePhonesOwnCodes(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		p := e.Person(t, "ada@example.com")
		e.Set(t, policy.Document{"push.requires": "none"})
		phone := p.WithPhone(t, "Pixel 9")
		b := e.Browser("192.0.2.1")
		code := func(secret []byte) string { return totp.Code(secret, totp.Step(e.Clock.Now())) }
		may := func(sentence string, want bool) {
			t.Helper()
			hello, err := e.Devices.Hello(ctx(), phone.Row(t), "1.0.0", phone.Status)
			if err != nil || hello.Code != want {
				t.Errorf("%s, hello says %t, %v", sentence, hello.Code, err)
			}
		}
		lost, err := e.Devices.Code(ctx(), phone.Row(t))
		want(t, "asking", err, "ok")
		may("when nobody knows whether it arrived", true)
		// An approval is a use of the phone, and none of its codes.
		at := b.First(t, p)
		question := phone.Waiting(t)[0]
		_, err = phone.Say(question, push.Approve, question.Number)
		must(t, err)
		at, err = b.Load(at.ID)
		must(t, err)
		_, _, err = e.SignIn.ApprovedOnPhone(ctx(), at, b.Visitor(), accounttest.Later)
		want(t, "a sign-in by approval between", err, "ok")
		kept, err := e.Devices.Code(ctx(), phone.Row(t))
		want(t, "asking again", err, "ok")
		if string(kept) == string(lost) {
			t.Error("the same secret was given twice")
		}
		if at := used(t, e, p, phone); at == 0 {
			t.Error("with the secret it was forgotten that the phone had approved")
		}
		e.Advance(t, totp.Period)
		want(t, "a code of the answer that was lost", b.Second(b.First(t, p), method.TOTP, code(lost)), "totp_wrong")
		want(t, "a code of the last answer", b.Second(b.First(t, p), method.TOTP, code(kept)), "ok")
		may("when a code counted", false)
		_, err = e.Devices.Code(ctx(), phone.Row(t))
		want(t, "asking when a code counted", err, "code_given")
		e.Advance(t, totp.Period)
		want(t, "the next code", b.Second(b.First(t, p), method.TOTP, code(kept)), "ok")
		if n := e.Count(t, "device.code_given", "Pixel 9"); n != 2 {
			t.Errorf("%d events for two answers", n)
		}
	})
}

// used is when a phone was used last, by any of its ways.
func used(t *testing.T, e *accounttest.Engine, p *accounttest.Person, phone *accounttest.Phone) int64 {
	t.Helper()
	row, err := e.Store.Read().GetCredential(ctx(), accounttest.Workspace, p.ID, phone.Row(t).CredentialID)
	must(t, err)
	return row.UsedAt
}

// secretOf opens the secret of a phone's own codes, as it is stored.
func secretOf(t *testing.T, e *accounttest.Engine, p *accounttest.Person, phone *accounttest.Phone) []byte {
	t.Helper()
	row, err := e.Store.Read().GetCredential(ctx(), accounttest.Workspace, p.ID, phone.Row(t).CredentialID)
	must(t, err)
	secret, err := e.Ring.Open(row.Secret, store.SecretPlace(row.ID))
	must(t, err)
	return secret
}

// The last second factor is not removed from the phone, whoever else is removed at once.
func TestTheLastSecondFactorStays(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.Set(t, policy.Document{"push.requires": "none"})
		p := e.Person(t, "ada@example.com").WithCodes(t, 10)
		phone, other := p.WithPhone(t, "Pixel 9"), p.WithPhone(t, "Tablet")
		both := []*accounttest.Phone{phone, other}
		rows := []string{string(phone.ID), string(other.ID)}
		counts := accounttest.Race(2, func(i int) error {
			return e.Devices.Remove(ctx(), both[i].Row(t), accounttest.PhonePlace())
		})
		if counts["ok"] != 1 || counts["last_second_factor"] != 1 || p.Has(t, method.Push) != 1 {
			t.Errorf("both of %v at once: %v, and %d are left", rows, counts, p.Has(t, method.Push))
		}
		for _, one := range both {
			if one.Row(t).State == "active" {
				want(t, "the last", e.Devices.Remove(ctx(), one.Row(t), accounttest.PhonePlace()), "last_second_factor")
				p.WithApp(t, "App")
				want(t, "beside an app", e.Devices.Remove(ctx(), one.Row(t), accounttest.PhonePlace()), "ok")
			}
			want(t, "once it is gone", e.Devices.Remove(ctx(), one.Row(t), accounttest.PhonePlace()), "device_unknown")
		}
	})
}

// What a device says at its start is kept, and does not let a removed one back in.
func TestHello(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		p := e.Guarded(t, "ada@example.com")
		phone := p.WithPhone(t, "Pixel 9")
		status := phone.Status
		status.Biometrics, status.Notifications = false, "shouted"
		hello, err := e.Devices.Hello(ctx(), phone.Row(t), "1.0.1", status)
		if err != nil || hello.Trouble != "biometrics" || hello.State != "active" || !hello.Code || hello.Pushes {
			t.Errorf("%+v, %v", hello, err)
		}
		row := phone.Row(t)
		if row.Version != "1.0.1" || row.Biometrics != 0 || row.Notifications != "none" {
			t.Errorf("kept is %s, %d, %s", row.Version, row.Biometrics, row.Notifications)
		}
		must(t, e.Devices.Remove(ctx(), row, accounttest.PhonePlace()))
		_, err = e.Devices.Hello(ctx(), row, "1.0.2", phone.Status)
		want(t, "a device that was removed meanwhile", err, "device_unknown")
		if got := phone.Row(t); got.State != "revoked" || got.Version != "1.0.1" || len(got.Subscription) != 0 {
			t.Errorf("it is %s, %s", got.State, got.Version)
		}
	})
}

// The phone of a person who is not let in can be used for nothing, is told nothing of the
// account, and keeps its keys: it works again when they are let in.
func TestThePhoneOfADisabledPerson(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		p := e.Guarded(t, "ada@example.com")
		phone := p.WithPhone(t, "Pixel 9")
		hello := func(version string) (device.Hello, error) {
			return e.Devices.Hello(ctx(), phone.Row(t), version, phone.Status)
		}
		past := func() error {
			_, err := e.Devices.Past(ctx(), phone.Row(t), 0, 10)
			return err
		}
		p.Set(t, countersign.Disabled)
		told, err := hello("1.0.1")
		want(t, "its start", err, "device_signed_out")
		if told != (device.Hello{}) || phone.Row(t).Version != "1.0.0" {
			t.Errorf("it is told %+v, and is %s", told, phone.Row(t).Version)
		}
		want(t, "what was asked", past(), "device_signed_out")
		_, err = e.Devices.Code(ctx(), phone.Row(t))
		want(t, "its codes", err, "device_signed_out")
		want(t, "removing itself", e.Devices.Remove(ctx(), phone.Row(t), accounttest.PhonePlace()), "device_signed_out")
		p.Set(t, countersign.Active)
		told, err = hello("1.0.1")
		if err != nil || told.State != "active" || told.Account != "ada@example.com" || phone.Row(t).Version != "1.0.1" {
			t.Errorf("when they are let in again: %+v, %v", told, err)
		}
		want(t, "what was asked, then", past(), "ok")
		must(t, e.Devices.SignOut(ctx(), phone.Row(t), accounttest.PhonePlace()))
		want(t, "what was asked, signed out", past(), "device_signed_out")
	})
}

// A command line that the workspace does not allow any more is told so at its start.
func TestACommandLineThatIsAllowedNoMore(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.Set(t, policy.Document{"push.terminal_devices": "on"})
		p := e.Guarded(t, "ada@example.com")
		line := e.Phone(t, "Laptop")
		line.About.Kind = "terminal"
		must(t, p.Pair(t, p.Desk(t), line))
		for allowed, answer := range map[string]string{"off": "device_signed_out", "on": "ok"} {
			e.Set(t, policy.Document{"push.terminal_devices": allowed})
			_, err := e.Devices.Hello(ctx(), line.Row(t), "1.0.0", line.Status)
			want(t, "its start, with command lines "+allowed, err, answer)
		}
	})
}

// Tests ring one device alone, and not without end.
func TestTesting(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		p := e.Guarded(t, "ada@example.com")
		phone, other := p.WithPhone(t, "Pixel 9"), p.WithPhone(t, "Tablet")
		for range 4 {
			id, err := e.Devices.Test(ctx(), phone.Row(t), accounttest.PhonePlace())
			must(t, err)
			waiting := phone.Waiting(t)
			if len(waiting) != 1 || waiting[0].ID != id || waiting[0].Mode != "tap" || len(other.Waiting(t)) != 0 {
				t.Errorf("%d wait, and %d on the other", len(waiting), len(other.Waiting(t)))
			}
		}
		_, err := e.Devices.Test(ctx(), phone.Row(t), accounttest.PhonePlace())
		want(t, "the fifth", err, "too_many_tests")
		state, err := phone.Say(phone.Waiting(t)[0], push.Approve, "")
		if err != nil || state != "approved" {
			t.Errorf("%s, %v", state, err)
		}
		p.Set(t, countersign.Disabled)
		_, err = e.Devices.Test(ctx(), phone.Row(t), accounttest.PhonePlace())
		want(t, "a person who was disabled", err, "device_signed_out")
		_, err = e.Devices.Still(ctx(), phone.Row(t))
		want(t, "what waits for one", err, "device_signed_out")
		want(t, "signing in as one", signIn(t, e, phone, e.Clock.Now()), "device_signed_out")
		p.Set(t, countersign.Active)
		want(t, "when they are let in again", signIn(t, e, phone, e.Clock.Now()), "ok")
	})
}
