package signin_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account/accounttest"
	"countersign/internal/limit"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/method/passkey"
	"countersign/internal/method/passkey/passkeytest"
	"countersign/internal/policy"
	"countersign/internal/signin"
)

// keyed is a person with an authenticator app, saved codes and a passkey.
func keyed(t *testing.T, e *accounttest.Engine, email string, key *passkeytest.Key) *accounttest.Person {
	t.Helper()
	p := e.Guarded(t, email)
	b := e.Browser("192.0.2.99")
	b.SignIn(t, p)
	_, err := b.AddPasskey(t, key, "Key")
	want(t, "adding a passkey", err, "ok")
	return p
}

func TestAPasskeyIsTheSecondStep(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		key, synced := e.SecurityKey(t), e.SecurityKey(t).Synced()
		ada, grace := keyed(t, e, "ada@example.com", key), keyed(t, e, "grace@example.com", synced)
		for _, row := range []struct {
			person *accounttest.Person
			key    *passkeytest.Key
			second string
			amr    string
		}{
			{ada, key, policy.Passkey, "pwd hwk user mfa"},
			{grace, synced, policy.PasskeySynced, "pwd swk user mfa"},
		} {
			b := e.Browser("192.0.2.1")
			want(t, "the second step", b.SecondByPasskey(b.First(t, row.person), row.key), "ok")
			s := b.Session(t)
			if s.Second != row.second || s.Level != policy.LevelFull {
				t.Errorf("the session has %q, level %d", s.Second, s.Level)
			}
			if got := strings.Join(policy.AMR(s.First, s.Second), " "); got != row.amr {
				t.Errorf("amr %s; want %s", got, row.amr)
			}
		}
		b := e.Browser("192.0.2.1")
		want(t, "somebody else's", b.SecondByPasskey(b.First(t, ada), synced), "passkey_wrong")
	})
}

// A proof belongs to its attempt, counts once, and is no code: what is not one is told so
// and costs no try.
func TestAPasskeyAnswersItsAttempt(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		key := e.SecurityKey(t)
		ada := keyed(t, e, "ada@example.com", key)
		b, c := e.Browser("192.0.2.1"), e.Browser("192.0.2.2")
		at, other := b.First(t, ada), c.First(t, ada)
		proof := key.Sign(e.SignIn.AskPasskey(at))
		want(t, "in another attempt", c.Second(other, method.Passkey, proof), "passkey_wrong")
		want(t, "nothing", b.Second(at, method.Passkey, ""), "passkey_empty")
		want(t, "no passkey", b.Second(at, method.Passkey, `{"id":"AA"}`), "passkey_bad_char")
		want(t, "its attempt", b.Second(at, method.Passkey, proof), "ok")
		want(t, "again", b.Second(at, method.Passkey, proof), "step_over")
	})
}

func TestAPasskeyThatCounts(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		key := e.SecurityKey(t)
		ada := keyed(t, e, "ada@example.com", key)
		b := e.Browser("192.0.2.1")
		copied := *key
		want(t, "the second step", b.SecondByPasskey(b.First(t, ada), key), "ok")
		want(t, "a copy of it", b.SecondByPasskey(b.First(t, ada), &copied), "passkey_used")
		copied.Counter--
		copied.Counter--
		want(t, "an older copy", b.SecondByPasskey(b.First(t, ada), &copied), "passkey_wrong")
		e.Set(t, policy.Document{"passkey.verify": "required"})
		key.Flags = passkeytest.Present
		want(t, "without a PIN where it is asked", b.SecondByPasskey(b.First(t, ada), key), "passkey_wrong_left")
		key.Flags |= passkeytest.Verified
		e.Set(t, policy.Document{"methods": []string{"totp", "recovery"}})
		want(t, "where it is off", b.SecondByPasskey(b.First(t, ada), key), "passkey_wrong_left")
	})
}

// Wrong passkeys and wrong codes have one budget.
func TestWrongPasskeysCountWithCodes(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		key := e.SecurityKey(t)
		ada := keyed(t, e, "ada@example.com", key)
		b := e.Browser("192.0.2.1")
		key.RPID = "signin.example.net"
		at := b.First(t, ada)
		for i, answer := range []string{"totp_wrong", "passkey_wrong", "totp_wrong_left", "passkey_wrong_left"} {
			if i%2 == 0 {
				want(t, "a wrong code", b.Second(at, method.TOTP, ada.Wrong()), answer)
			} else {
				want(t, "a wrong passkey", b.SecondByPasskey(at, key), answer)
			}
		}
		for range limit.Batch - 4 {
			_ = b.SecondByPasskey(at, key)
		}
		key.RPID = e.Accounts.Site(accounttest.Workspace).RPID
		want(t, "the right one during the lock", b.SecondByPasskey(b.First(t, ada), key), "locked_second")
		if len(e.MailsTo(t, message.TooManyTries, ada.Email)) != 1 {
			t.Error("nobody is told")
		}
	})
}

func TestAPasskeyIsBothFactors(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		key := e.SecurityKey(t)
		ada := keyed(t, e, "ada@example.com", key)
		b := e.Browser("192.0.2.1")
		proof, err := b.FirstByPasskey(key.Sign(b.AskPasskeyFirst()))
		want(t, "signing in", err, "ok")
		s := b.Session(t)
		if proof.User != ada.ID || s.Level != policy.LevelFull || !s.Holder(b.Place()).Fresh {
			t.Errorf("%+v, level %d", proof, s.Level)
		}
		if got := strings.Join(policy.AMR(s.First, s.Second), " "); got != "hwk user mfa" {
			t.Errorf("amr %s", got)
		}
		if e.Count(t, "signin.completed", `"first":"passkey"`) != 1 || len(e.MailsTo(t, message.NewSignIn, ada.Email)) == 0 {
			t.Error("nobody is told")
		}
	})
}

func TestWhoGetsInByAPasskeyAlone(t *testing.T) {
	for _, row := range []struct {
		sentence string
		settings policy.Document
		change   func(t *testing.T, p *accounttest.Person, key *passkeytest.Key)
		wait     time.Duration
		refusal  string
	}{
		{sentence: "without a PIN", change: func(_ *testing.T, _ *accounttest.Person, k *passkeytest.Key) { k.Flags = passkeytest.Present }, refusal: "passkey_wrong"},
		{sentence: "without saying whose", change: func(_ *testing.T, _ *accounttest.Person, k *passkeytest.Key) { k.User = nil }, refusal: "passkey_unknown"},
		{sentence: "saying another", change: func(_ *testing.T, _ *accounttest.Person, k *passkeytest.Key) { k.User = []byte("usr_other") }, refusal: "passkey_unknown"},
		{sentence: "one that nobody has", change: func(_ *testing.T, _ *accounttest.Person, k *passkeytest.Key) { k.ID = []byte("nobody's") }, refusal: "passkey_unknown"},
		{sentence: "somebody disabled", change: func(t *testing.T, p *accounttest.Person, _ *passkeytest.Key) {
			t.Helper()
			p.Set(t, countersign.Disabled)
		}, refusal: "passkey_unknown"},
		{sentence: "where a password is asked", settings: policy.Document{"first_factors": []string{"password"}}, refusal: "passkey_unknown"},
		{sentence: "where there are none", settings: policy.Document{"methods": []string{"totp", "recovery"}}, refusal: "passkey_unknown"},
		{sentence: "too late", wait: passkey.Life, refusal: "passkey_stale"},
		{sentence: "on another site", change: func(_ *testing.T, _ *accounttest.Person, k *passkeytest.Key) { k.Origin = "https://example.net" }, refusal: "passkey_wrong"},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			both(t, func(t *testing.T, e *accounttest.Engine) {
				key := e.SecurityKey(t)
				ada := keyed(t, e, "ada@example.com", key)
				e.Set(t, row.settings)
				if row.change != nil {
					row.change(t, ada, key)
				}
				b := e.Browser("192.0.2.1")
				answer := key.Sign(b.AskPasskeyFirst())
				e.Advance(t, row.wait)
				_, err := b.FirstByPasskey(answer)
				want(t, row.sentence, err, row.refusal)
				if b.Token() != "" {
					t.Error("it has a session")
				}
			})
		})
	}
}

// An answer works once, and in the browser that asked, on any node.
func TestAPasskeyAloneWorksOnce(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		key := e.SecurityKey(t)
		keyed(t, e, "ada@example.com", key)
		b := e.Browser("192.0.2.1")
		answer := key.Sign(b.AskPasskeyFirst())
		_, err := e.Browser("192.0.2.2").FirstByPasskey(answer)
		want(t, "in another browser", err, "passkey_wrong")
		all := []*accounttest.Browser{b, b.On(e.Node(t))}
		got := accounttest.Race(8, func(i int) error {
			_, err := all[i%2].FirstByPasskey(answer)
			return err
		})
		if got["ok"] != 1 {
			t.Errorf("%v", got)
		}
	})
}

// The key with which a paired phone verifies its owner signs no sign-in (security.md 26).
func TestAPhonesKeyIsNoPasskey(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := keyed(t, e, "ada@example.com", e.SecurityKey(t))
		phone := ada.WithPhone(t, "Phone")
		sign := func(asked map[string]any) string {
			text, _ := asked["challenge"].(string)
			challenge, err := base64.RawURLEncoding.DecodeString(text)
			want(t, "the challenge", err, "ok")
			return string(phone.Assert(challenge))
		}
		b := e.Browser("192.0.2.1")
		_, err := b.FirstByPasskey(sign(b.AskPasskeyFirst()))
		want(t, "alone", err, "passkey_unknown")
		if errors.Is(err, signin.ErrUnknownPasskey) {
			t.Error("the browser is told to forget it")
		}
		at := b.First(t, ada)
		want(t, "as the second step", b.Second(at, method.Passkey, sign(e.SignIn.AskPasskey(at))), "passkey_wrong")
	})
}

// A browser is told to forget a passkey that its person removed, and no other.
func TestWhichPasskeysAreToBeForgotten(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		key := e.SecurityKey(t)
		ada := keyed(t, e, "ada@example.com", key)
		b := e.Browser("192.0.2.1")
		e.Set(t, policy.Document{"first_factors": []string{"password"}})
		_, err := b.FirstByPasskey(key.Sign(b.AskPasskeyFirst()))
		want(t, "where a password is asked", err, "passkey_unknown")
		if errors.Is(err, signin.ErrUnknownPasskey) {
			t.Error("one that is good for the second step is to be forgotten")
		}
		b.SignIn(t, ada)
		_, err = e.Accounts.TurnOff(t.Context(), b.Holder(t))
		want(t, "turning off", err, "ok")
		_, err = b.FirstByPasskey(key.Sign(b.AskPasskeyFirst()))
		want(t, "one that was removed", err, "passkey_unknown")
		if !errors.Is(err, signin.ErrUnknownPasskey) {
			t.Error("one that was removed is kept")
		}
	})
}
