package device_test

import (
	"strings"
	"testing"

	"countersign/internal/account/accounttest"
	"countersign/internal/approve"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/policy"
)

// What the platform says decides which key is asked for.
func TestWhichKeyAPlatformIsAskedFor(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		h := e.Guarded(t, "ada@example.com").Desk(t)
		for _, row := range []struct{ platform, client, resident, attachment string }{
			{"Android", "Chrome", "discouraged", "platform"},
			{"Android", "Firefox", "discouraged", "platform"},
			{"iOS", "Safari", "required", "platform"},
			{"iPadOS", "Safari", "required", "platform"},
			{"iPadOS", "Firefox", "required", "platform"},
			{"Linux", "Firefox", "discouraged", ""},
			{"Linux", "Chrome", "discouraged", "platform"},
		} {
			must(t, e.Devices.Begin(ctx(), h))
			current, err := e.Devices.Current(ctx(), h)
			must(t, err)
			phone := e.Phone(t, "Phone")
			phone.About.Platform, phone.About.Client = row.platform, row.client
			must(t, phone.Claim(current.Code, ""))
			selection, _ := phone.Claimed.WebAuthn["authenticatorSelection"].(map[string]any)
			attachment, _ := selection["authenticatorAttachment"].(string)
			if selection["residentKey"] != row.resident || attachment != row.attachment {
				t.Errorf("%s on %s is asked for %v", row.client, row.platform, selection)
			}
		}
	})
}

// Mails and pages name a command line as what it is: it has a PIN, and no biometric.
func TestACommandLineIsNamedAsOne(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.Set(t, policy.Document{"push.terminal_devices": "on"})
		p := e.Guarded(t, "ada@example.com")
		h := p.Desk(t)
		host := e.Phone(t, "Build host")
		host.About.Kind = approve.KindTerminal
		must(t, p.Pair(t, h, host))
		for _, c := range p.Credentials(t) {
			named, err := e.Enrol.Method(ctx(), h, c)
			must(t, err)
			if want := map[string]string{"totp": "totp", "recovery": "recovery", "push": "terminal"}[c.Kind]; named != want {
				t.Errorf("a credential of kind %s is called %s", c.Kind, named)
			}
			if c.Kind != string(method.Push) {
				continue
			}
			must(t, e.Enrol.MakeDefault(ctx(), h, c.ID))
			must(t, e.Enrol.Rename(ctx(), h, c.ID, "Old host"))
			_, err = e.Enrol.Remove(ctx(), h, c.ID)
			must(t, err)
		}
		for _, kind := range []message.Kind{message.MethodAdded, message.DefaultChanged, message.MethodRenamed, message.MethodRemoved} {
			mails := e.MailsTo(t, kind, p.Email)
			if len(mails) != 1 || !strings.Contains(mails[0].Text, "Command line, PIN only") {
				t.Errorf("%s: %+v", kind, mails)
			}
		}
	})
}
