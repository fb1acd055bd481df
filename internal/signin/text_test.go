package signin_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"countersign/internal/account/accounttest"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/method/sms"
	"countersign/internal/policy"
)

const mobile = "+4915123456789"

// other is a code that is not this one.
func other(code string) string {
	if code[0] == '9' {
		return "0" + code[1:]
	}
	return string(code[0]+1) + code[1:]
}

func TestATextIsSentWithThePassword(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.AllowTexts(t, "DE")
		ada := e.Guarded(t, "ada@example.com").WithNumber(t, mobile)
		b := e.Browser("192.0.2.1")
		at := b.First(t, ada)
		texts := e.Texts(t, mobile)
		at = b.Attempt(t, at.ID)
		if len(texts) != 1 || at.Text == nil || at.Text.State != "sent" || at.Text.Country != "DE" {
			t.Fatalf("%d texts; the attempt has %+v", len(texts), at.Text)
		}
		code := e.TextedCode(t, mobile)
		if want := code + " is your Countersign code. It expires in 3 minutes. Never share it.\n\n@signin.example.com #" + code; texts[0] != want {
			t.Errorf("the text says %q, want %q", texts[0], want)
		}
		want(t, "another code", b.Second(at, method.SMS, other(code)), "sms_wrong")
		want(t, "the code", b.Second(at, method.SMS, code), "ok")
		s := b.Session(t)
		if got := strings.Join(policy.AMR(s.First, s.Second), " "); got != "pwd sms mfa" || s.Level != policy.LevelFull {
			t.Errorf("amr %s, level %d", got, s.Level)
		}
		want(t, "again", b.Second(at, method.SMS, code), "step_over")
		if n := e.Count(t, "text.sent", "•••• 89"); n != 1 {
			t.Errorf("%d events tell of the text", n)
		}
		for _, event := range e.Events(t) {
			if strings.Contains(event.Detail, "23456") || strings.Contains(event.Detail, code) {
				t.Errorf("the event %s holds the number or the code: %s", event.Kind, event.Detail)
			}
		}
		if log := e.Log.String(); strings.Contains(log, "23456") || strings.Contains(log, code) {
			t.Error("the log holds the number or the code")
		}
	})
}

func TestATextedCodeAnswersItsAttempt(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.AllowTexts(t, "DE")
		ada := e.Guarded(t, "ada@example.com").WithNumber(t, mobile)
		b, c := e.Browser("192.0.2.1"), e.Browser("192.0.2.2")
		at := b.First(t, ada)
		first := e.TextedCode(t, mobile)
		e.Advance(t, time.Second)
		elsewhere := c.First(t, ada)
		second := e.TextedCode(t, mobile)
		if first != second {
			want(t, "the code of another sign-in", b.Second(at, method.SMS, second), "sms_wrong")
		}
		want(t, "another at once", b.AskText(at), "text_again")
		e.Advance(t, sms.Again)
		want(t, "another later", b.AskText(at), "ok")
		newest := e.TextedCode(t, mobile)
		if newest != first {
			want(t, "the code before it", b.Second(at, method.SMS, first), "sms_wrong")
		}
		e.Advance(t, sms.Life-time.Millisecond)
		want(t, "the newest, at the last moment", b.Second(b.Attempt(t, at.ID), method.SMS, newest), "ok")
		e.Advance(t, 2*time.Second)
		// The attempt lives longer than its code.
		want(t, "the other's, three minutes later", c.Second(elsewhere, method.SMS, second), "sms_over")
		want(t, "which cost no try: a new one", c.AskText(elsewhere), "ok")
		want(t, "is taken", c.Second(c.Attempt(t, elsewhere.ID), method.SMS, e.TextedCode(t, mobile)), "ok")
	})
}

// Five wrong codes end a code; ten of whatever kind, the right and the wrong method mixed,
// pause the second factor.
func TestWrongTextedCodesCountWithTheOthers(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.AllowTexts(t, "DE")
		ada := e.Guarded(t, "ada@example.com").WithNumber(t, mobile)
		b := e.Browser("192.0.2.1")
		at := b.First(t, ada)
		code := e.TextedCode(t, mobile)
		for i := range sms.Tries {
			err := b.Second(at, method.SMS, other(code))
			want(t, fmt.Sprint("wrong code ", i+1), err, map[bool]string{false: "sms_wrong", true: "sms_wrong_left"}[i >= 2])
		}
		want(t, "the right one after five", b.Second(at, method.SMS, code), "sms_over")
		for range 4 {
			_ = b.Second(at, method.TOTP, "000000")
		}
		e.Advance(t, sms.Again)
		want(t, "another", b.AskText(at), "ok")
		code = e.TextedCode(t, mobile)
		want(t, "the tenth", b.Second(at, method.SMS, other(code)), "locked_second")
		want(t, "the right one during the pause", b.Second(at, method.SMS, code), "locked_second")
		e.Advance(t, sms.Again)
		want(t, "a text during the pause", b.AskText(at), "locked_second")
		if n := len(e.MailsTo(t, message.TooManyTries, ada.Email)); n != 1 {
			t.Errorf("%d mails tell of the pause", n)
		}
	})
}

func TestWhereNoTextIsSent(t *testing.T) {
	for name, change := range map[string]func(e *accounttest.Engine){
		"nobody sends them":   func(e *accounttest.Engine) { e.Accounts.Texting = false },
		"the country is off":  func(e *accounttest.Engine) { e.AllowTexts(t, "US") },
		"the method is off":   func(e *accounttest.Engine) { e.Set(t, policy.Document{"methods": []any{"totp", "recovery"}}) },
		"no country is named": func(e *accounttest.Engine) { e.AllowTexts(t, "none") },
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, e *accounttest.Engine) {
				e.AllowTexts(t, "DE")
				ada := e.Guarded(t, "ada@example.com").WithNumber(t, mobile)
				change(e)
				b := e.Browser("192.0.2.1")
				at := b.First(t, ada)
				if n := len(e.Texts(t, mobile)); n != 0 {
					t.Errorf("%d texts", n)
				}
				if b.AskText(at) == nil {
					t.Error("a text can be asked for")
				}
				if b.Second(at, method.SMS, "123456") == nil {
					t.Error("a code that was never sent is taken")
				}
				want(t, "the app", b.Second(at, method.TOTP, ada.NextCode(t)), "ok")
			})
		})
	}
}

// The right password may be a stranger's. Who has it uses up what strangers have, and not
// what the person's own browser has.
func TestAStrangerUsesUpStrangersTexts(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		e.AllowTexts(t, "DE")
		ada := e.Guarded(t, "ada@example.com").WithNumber(t, mobile)
		home := e.Browser("192.0.2.1")
		at := home.First(t, ada)
		want(t, "signing in at home", home.Second(at, method.SMS, e.TextedCode(t, mobile)), "ok")
		before := len(e.Texts(t, mobile))
		for range 9 {
			e.Browser("198.51.100.1").First(t, ada)
		}
		if n := len(e.Texts(t, mobile)) - before; n != 4 {
			t.Errorf("%d texts for a stranger in the quarter of an hour, want 4 after the first one", n)
		}
		stranger := e.Browser("198.51.100.1")
		want(t, "asking again", stranger.AskText(stranger.First(t, ada)), "too_many_texts")
		e.Advance(t, time.Second)
		before = len(e.Texts(t, mobile))
		at = home.First(t, ada)
		if n := len(e.Texts(t, mobile)) - before; n != 1 {
			t.Errorf("%d texts at home, want 1", n)
		}
		want(t, "at home again", home.Second(at, method.SMS, e.TextedCode(t, mobile)), "ok")
	})
}
