package enrol_test

import (
	"testing"
	"time"

	"countersign"
	"countersign/internal/account/accounttest"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/method/passkey"
	"countersign/internal/method/passkey/passkeytest"
	"countersign/internal/policy"
)

func TestTheFirstPasskey(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Person(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		_, err := b.AddPasskey(t, e.SecurityKey(t), "Key")
		want(t, "with a password alone", err, "email_proof_required")
		b = vouched(t, e, ada)
		other := e.Browser("192.0.2.2")
		other.SignIn(t, ada)
		key := e.SecurityKey(t)
		done, err := b.AddPasskey(t, key, "Key")
		want(t, "a passkey", err, "ok")
		if !done.First || !done.CodesWait || ada.Has(t, method.Passkey) != 1 || ada.Account(t).User.DefaultMethod != "passkey" {
			t.Errorf("%+v, %d passkeys, default %s", done, ada.Has(t, method.Passkey), ada.Account(t).User.DefaultMethod)
		}
		if _, err := other.LoadSession(); err == nil {
			t.Error("another session outlives it")
		}
		if len(e.MailsTo(t, message.TwoFactorOn, ada.Email)) != 1 || e.Count(t, "two_factor.on", passkey.ProofBound) != 1 {
			t.Error("nobody is told")
		}
		if got := b.Session(t); got.Second != passkey.ProofBound || got.Level != policy.LevelEnrol || got.Reason != policy.ReasonCodes {
			t.Errorf("the session has %q, level %d, %s", got.Second, got.Level, got.Reason)
		}
	})
}

func TestSeveralPasskeys(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada, grace := e.Guarded(t, "ada@example.com"), e.Guarded(t, "grace@example.com")
		b, c := e.Browser("192.0.2.1"), e.Browser("192.0.2.2")
		b.SignIn(t, ada)
		c.SignIn(t, grace)
		first, second := e.SecurityKey(t), e.SecurityKey(t).Synced()
		for _, row := range []struct {
			sentence, name string
			by             *accounttest.Browser
			key            *passkeytest.Key
			refusal        string
		}{
			{"one", "Key", b, first, "ok"},
			{"a second of the same name", "key", b, second, "name_taken"},
			{"a second", "Laptop", b, second, "ok"},
			{"the same again", "Again", b, first, "passkey_taken"},
			{"somebody else's", "Key", c, first, "passkey_taken"},
			{"without a name", " ", b, e.SecurityKey(t), "name_empty"},
		} {
			_, err := row.by.AddPasskey(t, row.key, row.name)
			want(t, row.sentence, err, row.refusal)
		}
		held := e.Enrol.Passkeys(b.Holder(t), ada.Credentials(t))
		synced := 0
		for _, key := range held.Keys {
			if key.Eligible {
				synced++
			}
		}
		if len(held.Keys) != 2 || synced != 1 || string(held.User) != string(ada.ID) {
			t.Errorf("%d passkeys, %d synced", len(held.Keys), synced)
		}
		asked, err := e.Enrol.AskPasskey(ctx(), b.Holder(t))
		want(t, "asking for one more", err, "ok")
		if list, _ := asked["excludeCredentials"].([]any); len(list) != 2 {
			t.Errorf("%d are left out", len(list))
		}
	})
}

// A passkey lives as other second factors do: it is renamed, made default and removed, and
// what was removed can be added again.
func TestTheLifeOfAPasskey(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		key := e.SecurityKey(t)
		_, err := b.AddPasskey(t, key, "Key")
		want(t, "a passkey", err, "ok")
		id := idOf(t, ada)
		want(t, "renaming", e.Enrol.Rename(ctx(), b.Holder(t), id, "Blue"), "ok")
		want(t, "making default", e.Enrol.MakeDefault(ctx(), b.Holder(t), id), "ok")
		want(t, "putting an app in its place", e.Enrol.BeginApp(ctx(), b.Holder(t), id), "no_such_credential")
		token, err := e.Enrol.Remove(ctx(), b.Holder(t), id)
		want(t, "removing", err, "ok")
		b.SetToken(token)
		if ada.Has(t, method.Passkey) != 0 || len(e.MailsTo(t, message.MethodRemoved, ada.Email)) != 1 {
			t.Error("it is there still, or nobody is told")
		}
		_, err = e.Store.Read().FindPasskey(ctx(), accounttest.Workspace, passkey.Digest(key.ID))
		if err == nil {
			t.Error("its identifier is there still")
		}
		_, err = b.AddPasskey(t, key, "Again")
		want(t, "adding it again", err, "ok")
		token, err = e.Accounts.TurnOff(ctx(), b.Holder(t))
		want(t, "turning off", err, "ok")
		b.SetToken(token)
		_, err = vouched(t, e, ada).AddPasskey(t, key, "After all")
		want(t, "after turning off", err, "ok")
	})
}

func idOf(t *testing.T, p *accounttest.Person) countersign.CredentialID {
	t.Helper()
	for _, c := range p.Credentials(t) {
		if c.Kind == string(method.Passkey) {
			return c.ID
		}
	}
	t.Fatal("no passkey")
	return ""
}

func TestWhoMayAddWhichPasskey(t *testing.T) {
	model := "00000000-0000-0000-0000-000000000007"
	for _, row := range []struct {
		sentence string
		settings policy.Document
		key      func(k *passkeytest.Key)
		wait     time.Duration
		refusal  string
	}{
		{sentence: "as it is", refusal: "ok"},
		{sentence: "without a PIN", key: func(k *passkeytest.Key) { k.Flags = passkeytest.Present }, refusal: "ok"},
		{sentence: "without a PIN where it is asked", settings: policy.Document{"passkey.verify": "required"}, key: func(k *passkeytest.Key) { k.Flags = passkeytest.Present }, refusal: "passkey_unverified"},
		{sentence: "with a PIN where it is asked", settings: policy.Document{"passkey.verify": "required"}, refusal: "ok"},
		{sentence: "of a make that is allowed", settings: policy.Document{"passkey.aaguids": []string{model}}, key: func(k *passkeytest.Key) { k.Model[15] = 7 }, refusal: "ok"},
		{sentence: "of another make", settings: policy.Document{"passkey.aaguids": []string{model}}, refusal: "passkey_model"},
		{sentence: "where there are none", settings: policy.Document{"methods": []string{"totp", "recovery"}}, refusal: "passkeys_off"},
		{sentence: "where they are no factor", settings: policy.Document{"first_factors": []string{"password"}, "second_factors": []string{"totp"}}, refusal: "passkeys_off"},
		{sentence: "where they are the first factor only", settings: policy.Document{"second_factors": []string{"totp"}}, refusal: "ok"},
		{sentence: "on another site", key: func(k *passkeytest.Key) { k.Origin = "https://signin.example.net" }, refusal: "passkey_not_made"},
		{sentence: "without a fresh proof", wait: 11 * time.Minute, refusal: "fresh_proof_required"},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			both(t, func(t *testing.T, e *accounttest.Engine) {
				ada := e.Guarded(t, "ada@example.com")
				e.Set(t, row.settings)
				b := e.Browser("192.0.2.1")
				b.SignIn(t, ada)
				e.Advance(t, row.wait)
				key := e.SecurityKey(t)
				if row.key != nil {
					row.key(key)
				}
				_, err := b.AddPasskey(t, key, "Key")
				want(t, row.sentence, err, row.refusal)
			})
		})
	}
}

// What the browser made is good in the session whose page asked, once, and not for ever.
func TestANewPasskeyBelongsToItsPage(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada, grace := e.Guarded(t, "ada@example.com"), e.Guarded(t, "grace@example.com")
		b, other, c := e.Browser("192.0.2.1"), e.Browser("192.0.2.3"), e.Browser("192.0.2.2")
		b.SignIn(t, ada)
		other.SignIn(t, ada)
		c.SignIn(t, grace)
		asked, err := e.Enrol.AskPasskey(ctx(), b.Holder(t))
		want(t, "asking", err, "ok")
		key := e.SecurityKey(t)
		made := key.Create(asked)
		for sentence, thief := range map[string]*accounttest.Browser{"another session": other, "somebody else": c} {
			_, err = e.Enrol.AddPasskey(ctx(), thief.Holder(t), "Key", made)
			want(t, sentence, err, "passkey_not_made")
		}
		for _, bad := range []string{"{}", "null", "\x01", made + "{"} {
			_, err = e.Enrol.AddPasskey(ctx(), b.Holder(t), "Key", bad)
			want(t, "no passkey", err, "passkey_not_made")
		}
		_, err = e.Enrol.AddPasskey(ctx(), b.Holder(t), "Key", "")
		want(t, "nothing", err, "passkey_empty")
		done, err := e.Enrol.AddPasskey(ctx(), b.Holder(t), "Key", made)
		want(t, "its own page", err, "ok")
		b.SetToken(done.Token)
		token, err := e.Enrol.Remove(ctx(), b.Holder(t), idOf(t, ada))
		want(t, "removing", err, "ok")
		b.SetToken(token)
		_, err = e.Enrol.AddPasskey(ctx(), b.Holder(t), "Key", made)
		want(t, "the same again", err, "passkey_stale")
		asked, err = e.Enrol.AskPasskey(ctx(), b.Holder(t))
		want(t, "asking again", err, "ok")
		e.Advance(t, passkey.Life)
		want(t, "a fresh proof", b.Prove(t, method.TOTP, ada.NextCode(t)), "ok")
		_, err = e.Enrol.AddPasskey(ctx(), b.Holder(t), "Key", e.SecurityKey(t).Create(asked))
		want(t, "too late", err, "passkey_stale")
	})
}

// Of many clicks at once, on two nodes, one adds it.
func TestAPasskeyIsAddedOnce(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		all := nodes(t, e)
		h := b.Holder(t)
		asked, err := e.Enrol.AskPasskey(ctx(), h)
		want(t, "asking", err, "ok")
		made := e.SecurityKey(t).Create(asked)
		got := race(8, func(i int) error {
			_, err := all[i%2].Enrol.AddPasskey(ctx(), h, "Key", made)
			return err
		})
		if got["ok"] != 1 || ada.Has(t, method.Passkey) != 1 {
			t.Errorf("%v, %d passkeys", got, ada.Has(t, method.Passkey))
		}
	})
}

func TestThereAreNotTooManyPasskeys(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		for i := range 20 {
			_, err := b.AddPasskey(t, e.SecurityKey(t), string(rune('A'+i)))
			want(t, "one more", err, "ok")
		}
		_, err := b.AddPasskey(t, e.SecurityKey(t), "Z")
		want(t, "one too many", err, "too_many_passkeys")
	})
}
