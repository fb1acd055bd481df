package session_test

import (
	"context"
	"testing"

	"countersign/internal/account/accounttest"
	"countersign/internal/method"
	"countersign/internal/policy"
)

// A passkey is a fresh proof for its own session, once: with it the token turns, and what
// was asked before is answered by nothing any more.
func TestAPasskeyIsAFreshProof(t *testing.T) {
	accounttest.Both(t, func(t *testing.T, e *accounttest.Engine) {
		ada := e.Guarded(t, "ada@example.com")
		b, other := e.Browser("192.0.2.1"), e.Browser("192.0.2.2")
		b.SignIn(t, ada)
		first, second := e.SecurityKey(t), e.SecurityKey(t).Synced()
		for name, key := range map[string]string{"Key": "first", "Laptop": "second"} {
			k := first
			if key == "second" {
				k = second
			}
			_, err := b.AddPasskey(t, k, name)
			accounttest.Want(t, "a passkey", err, "ok")
		}
		other.SignIn(t, ada)
		e.Advance(t, policy.FreshFor)
		if b.Holder(t).Fresh {
			t.Fatal("the old proof is fresh")
		}
		asked, err := e.Sessions.AskPasskey(context.Background(), b.Session(t))
		accounttest.Want(t, "asking", err, "ok")
		answer, more := first.Sign(asked), second.Sign(asked)
		accounttest.Want(t, "in another session", other.Prove(t, method.Passkey, answer), "passkey_wrong")
		accounttest.Want(t, "in its own", b.Prove(t, method.Passkey, answer), "ok")
		h := b.Holder(t)
		if !h.Fresh || h.FreshFor != "" || b.Session(t).Second != policy.Passkey {
			t.Errorf("fresh %v, for %q, by %q", h.Fresh, h.FreshFor, b.Session(t).Second)
		}
		accounttest.Want(t, "the same challenge with another passkey", b.Prove(t, method.Passkey, more), "passkey_wrong")
		accounttest.Want(t, "a new one", b.ProveByPasskey(t, second), "ok")
		if b.Session(t).Second != policy.PasskeySynced {
			t.Errorf("by %q", b.Session(t).Second)
		}
	})
}
