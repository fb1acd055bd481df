package enrol_test

import (
	"testing"
	"time"

	"countersign/internal/account/accounttest"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/store"
)

// No default is left of a kind that is gone: what is asked first follows from what is
// there, and one of two keeps it.
func TestNoDefaultOfWhatIsGone(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		for _, name := range []string{"Key", "Laptop"} {
			_, err := b.AddPasskey(t, e.SecurityKey(t), name)
			want(t, "a passkey", err, "ok")
		}
		remove := func() {
			token, err := e.Enrol.Remove(ctx(), b.Holder(t), idOf(t, ada))
			want(t, "removing", err, "ok")
			b.SetToken(token)
		}
		remove()
		if got := ada.Account(t).User.DefaultMethod; got != policy.Passkey {
			t.Errorf("the default is %q while there is a passkey", got)
		}
		remove()
		if u := ada.Account(t).User; u.DefaultMethod != "" || u.DefaultSetAt != 0 {
			t.Errorf("the default is %q, and there is none", u.DefaultMethod)
		}
		phone := ada.WithPhone(t, "Pixel 9")
		want(t, "removing it on the phone", e.Devices.Remove(ctx(), phone.Row(t), accounttest.PhonePlace()), "ok")
		if got := ada.Account(t).User.DefaultMethod; got != "" {
			t.Errorf("the default is %q after the phone said good-bye", got)
		}
	})
}

// Who keeps only what the workspace does not take any more would stand before a question
// that nothing answers.
func TestTheLastThatStillCounts(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		phone := ada.WithPhone(t, "Pixel 9")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		e.Set(t, policy.Document{"methods": []string{"totp", "recovery"}})
		_, err := e.Enrol.Remove(ctx(), b.Holder(t), ada.App)
		want(t, "removing the app, where phones are asked no more", err, "last_second_factor")
		_, err = e.Enrol.Remove(ctx(), b.Holder(t), phone.Row(t).CredentialID)
		want(t, "removing the phone", err, "ok")
	})
}

// What another tab removes in that moment does not become the default.
func TestMakingDefaultWhatIsBeingRemoved(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		_, err := b.AddPasskey(t, e.SecurityKey(t), "Key")
		want(t, "a passkey", err, "ok")
		h, id := b.Holder(t), ada.App
		done := make(chan error, 1)
		e.Write(t, func(tx *store.Tx) error {
			_, err := tx.LockUser(tx.Ctx, accounttest.Workspace, ada.ID)
			if err != nil {
				return err
			}
			go func() { done <- e.Enrol.MakeDefault(ctx(), h, id) }()
			time.Sleep(200 * time.Millisecond) // it has read what it reads before
			_, err = tx.DeleteCredential(tx.Ctx, accounttest.Workspace, ada.ID, id)
			return err
		})
		want(t, "making it default", <-done, "no_such_credential")
		if got := ada.Account(t).User.DefaultMethod; got != string(method.Passkey) {
			t.Errorf("the default is %q", got)
		}
	})
}
