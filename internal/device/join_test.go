package device_test

import (
	"fmt"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account/accounttest"
	"countersign/internal/device"
	"countersign/internal/message"
	"countersign/internal/method/push"
	"countersign/internal/method/push/pushtest"
	"countersign/internal/policy"
)

// What a phone sends of its keys has to hold, all of it: nothing else joins.
func TestJoiningWithWhatDoesNotHold(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		p := e.Guarded(t, "ada@example.com")
		other := e.Phone(t, "Another's")
		elsewhere := push.Site{RPID: "evil.example", Origin: "https://evil.example"}
		for name, row := range map[string]struct {
			bend   func(phone *accounttest.Phone, j *device.Joining)
			answer string
		}{
			"all right":           {func(*accounttest.Phone, *device.Joining) {}, "ok"},
			"no key":              {func(_ *accounttest.Phone, j *device.Joining) { j.Key = nil }, "pairing_refused"},
			"a key off the curve": {func(_ *accounttest.Phone, j *device.Joining) { j.Key = append([]byte{}, j.Key...); j.Key[9] ^= 1 }, "pairing_refused"},
			"another's key":       {func(_ *accounttest.Phone, j *device.Joining) { j.Key = other.Point() }, "pairing_refused"},
			"another's signature": {func(_ *accounttest.Phone, j *device.Joining) { j.Signature = other.Sign([]byte("x")) }, "pairing_refused"},
			"no signature":        {func(_ *accounttest.Phone, j *device.Joining) { j.Signature = nil }, "pairing_refused"},
			"a signature over another code": {func(phone *accounttest.Phone, j *device.Joining) {
				pairing := phone.Pairing()
				pairing.Code = "AAAAAAAAAAAAAAAAAAAAAA"
				challenge, err := pairing.Challenge()
				must(t, err)
				j.Signature = phone.Sign(challenge)
			}, "pairing_refused"},
			"a signature over another pairing": {func(phone *accounttest.Phone, j *device.Joining) {
				pairing := phone.Pairing()
				pairing.ID = "par_other"
				challenge, err := pairing.Challenge()
				must(t, err)
				j.Signature = phone.Sign(challenge)
			}, "pairing_refused"},
			"a credential for another challenge": {func(phone *accounttest.Phone, j *device.Joining) {
				j.Credential = phone.Register([]byte("another challenge of 32 octets !"))
			}, "pairing_refused"},
			"a credential of another site": {func(phone *accounttest.Phone, j *device.Joining) {
				phone.Site = elsewhere
				j.Credential = phone.Register(phone.Challenge())
			}, "pairing_refused"},
			"another's credential": {func(phone *accounttest.Phone, j *device.Joining) {
				j.Credential = other.Register(phone.Challenge())
			}, "pairing_refused"},
			"an assertion for a credential": {func(phone *accounttest.Phone, j *device.Joining) {
				j.Credential = phone.Assert(phone.Challenge())
			}, "pairing_refused"},
			"no credential": {func(_ *accounttest.Phone, j *device.Joining) { j.Credential = nil }, "pairing_refused"},
			"no verification of its user": {func(phone *accounttest.Phone, j *device.Joining) {
				phone.Flags = pushtest.Present
				j.Credential = phone.Register(phone.Challenge())
			}, "biometrics_missing"},
			"no biometrics, it says": {func(_ *accounttest.Phone, j *device.Joining) { j.Status.Biometrics = false }, "biometrics_missing"},
			"backed up though it cannot be": {func(phone *accounttest.Phone, j *device.Joining) {
				phone.Flags |= pushtest.BackedUp
				j.Credential = phone.Register(phone.Challenge())
			}, "pairing_refused"},
			"synced": {func(phone *accounttest.Phone, j *device.Joining) {
				phone.Flags |= pushtest.Eligible | pushtest.BackedUp
				j.Credential = phone.Register(phone.Challenge())
			}, "ok"},
			"pushes to the inside": {func(_ *accounttest.Phone, j *device.Joining) {
				j.Status.Push = &message.Subscription{Endpoint: "https://127.0.0.1/push", P256dh: "x", Auth: "x"}
			}, "push_endpoint"},
		} {
			h := p.Desk(t)
			phone := e.Phone(t, "Pixel 9")
			must(t, phone.Claim(begin(t, e, h).Code, ""))
			j := phone.Joining(t)
			row.bend(phone, &j)
			want(t, name, phone.Join(j), row.answer)
			wanted := int64(0)
			if name == "synced" {
				wanted = 1
			}
			if row.answer == "ok" && phone.Row(t).BackedUp != wanted {
				t.Errorf("%s: the device's key is backed up: %d", name, phone.Row(t).BackedUp)
			}
			e.Advance(t, time.Minute)
		}
		want(t, "another's token", other.Join(device.Joining{}), "pairing_over")
	})
}

// The credential of a phone that was synced stays so: one that says otherwise is another.
func TestASyncedKeyStaysOne(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		p := e.Guarded(t, "ada@example.com")
		phone := e.Phone(t, "iPhone")
		phone.Flags |= pushtest.Eligible | pushtest.BackedUp
		must(t, p.Pair(t, p.Desk(t), phone))
		want(t, "signing out", e.Devices.SignOut(ctx(), phone.Row(t), accounttest.PhonePlace()), "ok")
		phone.Flags = pushtest.Present | pushtest.Verified
		want(t, "signing in with a key that is not synced", signIn(t, e, phone, e.Clock.Now()), "sign_in_refused")
		phone.Flags |= pushtest.Eligible | pushtest.BackedUp
		want(t, "with the synced one", signIn(t, e, phone, e.Clock.Now()), "ok")
	})
}

func TestThreeWrongDigits(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		p := e.Guarded(t, "ada@example.com")
		h := p.Desk(t)
		phone := joined(t, e, h)
		digits := phone.Digits(t)
		want(t, "nothing", e.Devices.Confirm(ctx(), h, " "), "confirm_empty")
		want(t, "the first wrong one", e.Devices.Confirm(ctx(), h, others(digits)), "confirm_wrong")
		want(t, "the second", e.Devices.Confirm(ctx(), h, others(digits)), "confirm_wrong")
		want(t, "the third", e.Devices.Confirm(ctx(), h, others(digits)), "pairing_over")
		want(t, "the right ones", e.Devices.Confirm(ctx(), h, digits), "pairing_over")
		if phone.Row(t).State != "revoked" {
			t.Errorf("the device is %s", phone.Row(t).State)
		}
		phone = joined(t, e, h)
		digits = phone.Digits(t)
		counts := accounttest.Race(20, func(int) error { return e.Devices.Confirm(ctx(), h, others(digits)) })
		if counts["confirm_wrong"] != 2 || counts["pairing_over"] != 18 {
			t.Errorf("twenty wrong ones at once: %v, want two tries and the end", counts)
		}
		phone = joined(t, e, h)
		want(t, "the right ones, as people type", e.Devices.Confirm(ctx(), h, phone.Digits(t)[:3]+" "+phone.Digits(t)[3:]), "ok")
		want(t, "the right ones, again", e.Devices.Confirm(ctx(), h, phone.Digits(t)), "ok")
		want(t, "others, then", e.Devices.Confirm(ctx(), h, others(phone.Digits(t))), "pairing_over")
	})
}

// The digits of one pairing confirm no other, and no other session's page confirms it.
func TestDigitsOfAnother(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada, eve := e.Guarded(t, "ada@example.com"), e.Guarded(t, "eve@example.com")
		hers, evil, second := ada.Desk(t), eve.Desk(t), ada.Desk(t)
		phone, thief := joined(t, e, hers), joined(t, e, evil)
		want(t, "eve's digits on ada's page", e.Devices.Confirm(ctx(), hers, thief.Digits(t)), "confirm_wrong")
		want(t, "ada's digits on eve's page", e.Devices.Confirm(ctx(), evil, phone.Digits(t)), "confirm_wrong")
		want(t, "ada's digits in another session of hers", e.Devices.Confirm(ctx(), second, phone.Digits(t)), "pairing_over")
		want(t, "where they belong", e.Devices.Confirm(ctx(), hers, phone.Digits(t)), "ok")
		gone := ada.Desk(t)
		late := joined(t, e, gone)
		stranger := gone
		stranger.Session = "ses_gone"
		want(t, "a session that ended", e.Devices.Confirm(ctx(), stranger, late.Digits(t)), "signed_out")
	})
}

// By mail: the code is typed on the phone, and names the phone.
func TestConfirmingByMail(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		p := e.Guarded(t, "ada@example.com")
		h := p.Desk(t)
		phone := joined(t, e, h)
		confirm := func(code string) error {
			return e.Devices.ConfirmHere(ctx(), accounttest.Workspace, phone.Claimed.Token, code)
		}
		_, err := e.Devices.Send(ctx(), accounttest.Workspace, phone.Claimed.Token)
		want(t, "where it is not allowed", err, "pairing_over")
		e.Set(t, policy.Document{"pairing.confirm": []any{"email"}})
		want(t, "before it was sent", confirm("123456"), "pairing_over")
		to, err := e.Devices.Send(ctx(), accounttest.Workspace, phone.Claimed.Token)
		if err != nil || to != "a•••@example.com" {
			t.Fatalf("sent to %q, %v", to, err)
		}
		code := codeIn(t, e.Mail(t, message.PairingCode, p.Email).Text)
		want(t, "on the page", e.Devices.Confirm(ctx(), p.Desk(t), code), "pairing_over")
		want(t, "a wrong code", confirm(others(code)), "confirm_wrong")
		want(t, "the digits of the phone", confirm(phone.Digits(t)), "confirm_wrong")
		want(t, "the mailed code", confirm(code), "ok")
		// The answer may have been lost.
		question := page(t, e, h).Request
		want(t, "again", confirm(code), "ok")
		for range 4 {
			want(t, "another code, then", confirm(others(code)), "pairing_over")
		}
		if phone.Row(t).State != "confirmed" || page(t, e, h).Request.ID != question.ID {
			t.Errorf("the device is %s, and its question another", phone.Row(t).State)
		}
		_, err = e.Devices.Send(ctx(), accounttest.Workspace, phone.Claimed.Token)
		want(t, "another mail, then", err, "pairing_over")
		e.Advance(t, 5*time.Minute)
		want(t, "when the pairing is over", confirm(code), "pairing_over")
	})
}

// Codes are mailed again when they are asked for, and not without end.
func TestMailsOfAPairingAreLimited(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.Set(t, policy.Document{"pairing.confirm": []any{"email"}})
		p := e.Guarded(t, "ada@example.com")
		phone := joined(t, e, p.Desk(t))
		answers := map[string]int{}
		for range 20 {
			_, err := e.Devices.Send(ctx(), accounttest.Workspace, phone.Claimed.Token)
			answers[accounttest.Answer(err)]++
		}
		if answers["ok"] != 10 || answers["too_many_mails"] != 10 {
			t.Errorf("asked for twenty times: %v, want ten", answers)
		}
		if n := len(e.MailsTo(t, message.PairingCode, p.Email)); n != 10 {
			t.Errorf("%d mails, want ten", n)
		}
	})
}

// The log names what confirmed a device, also where both ways were begun.
func TestWhatConfirmedIt(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.Set(t, policy.Document{"pairing.confirm": []any{"code", "email"}})
		p := e.Guarded(t, "ada@example.com")
		for _, way := range []string{"code", "email"} {
			h := p.Desk(t)
			phone := joined(t, e, h)
			_, err := e.Devices.Send(ctx(), accounttest.Workspace, phone.Claimed.Token)
			must(t, err)
			if way == "code" {
				must(t, e.Devices.Confirm(ctx(), h, phone.Digits(t)))
			} else {
				code := codeIn(t, e.Mail(t, message.PairingCode, p.Email).Text)
				must(t, e.Devices.ConfirmHere(ctx(), accounttest.Workspace, phone.Claimed.Token, code))
			}
			question := page(t, e, h).Request
			_, err = phone.Say(question, push.Approve, question.Number)
			must(t, err)
			if n := e.Count(t, "device.paired", `"confirmed_by":"`+way+`"`); n != 1 {
				t.Errorf("%d devices were confirmed by %s, want one", n, way)
			}
			e.Advance(t, time.Minute)
		}
	})
}

// Whoever tries short codes, from however many addresses, ends those that are open. The
// code of a picture goes on.
func TestGuessingShortCodes(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		p := e.Guarded(t, "ada@example.com")
		shown := begin(t, e, p.Desk(t))
		guess := func(network, i int) error {
			phone := e.Phone(t, "Thief's")
			_, err := e.Devices.Claim(ctx(), accounttest.Workspace, "", fmt.Sprintf("ZZZZ-%04d", i), phone.About,
				countersign.Place{IP: fmt.Sprintf("203.0.113.%d", network)})
			return err
		}
		for i := range 10 {
			want(t, "a guess", guess(1, i), "pairing_over")
		}
		want(t, "the eleventh guess from one address", guess(1, 11), "too_many_claims")
		for i := range 10 {
			want(t, "a guess from elsewhere", guess(2, i), "pairing_over")
		}
		want(t, "the short code, after twenty guesses", e.Phone(t, "Pixel 9").Claim("", "ABCD-EFGH"), "pairing_over")
		want(t, "the open short code, after more", e.Phone(t, "Pixel 9").Claim("", shown.Short), "pairing_over")
		phone := e.Phone(t, "Pixel 9")
		want(t, "the picture", phone.Claim(shown.Code, ""), "ok")
	})
}

// A program that the workspace does not let in uses no code up.
func TestProgramsThatAreNotLetIn(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.Set(t, policy.Document{"push.min_app_version": "1.10.0", "push.terminal_devices": "off"})
		p := e.Guarded(t, "ada@example.com")
		shown := begin(t, e, p.Desk(t))
		for _, row := range []struct{ kind, version, answer string }{
			{"app", "1.9.0", "device_version"},
			{"app", "", "device_version"},
			{"app", "new", "device_version"},
			{"terminal", "1.10.0", "no_terminals"},
			{"watch", "1.10.0", "device_kind"},
			{"app", "1.10.0", "ok"},
		} {
			phone := e.Phone(t, "Pixel 9")
			phone.About.Kind, phone.About.Version = row.kind, row.version
			want(t, row.kind+" "+row.version, phone.Claim(shown.Code, ""), row.answer)
		}
	})
}
