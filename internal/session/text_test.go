package session_test

import (
	"context"
	"testing"
	"time"

	"countersign/internal/account/accounttest"
	"countersign/internal/method"
	"countersign/internal/policy"
)

// A texted code is a fresh proof of its own session, once, and good for any act: it says
// nothing of what it is given for.
func TestATextIsAFreshProof(t *testing.T) {
	accounttest.Both(t, func(t *testing.T, e *accounttest.Engine) {
		const number = "+4915123456789"
		e.AllowTexts(t, "DE")
		ada := e.Guarded(t, "ada@example.com").WithNumber(t, number)
		b, other := e.Browser("192.0.2.1"), e.Browser("192.0.2.2")
		b.SignIn(t, ada)
		other.SignIn(t, ada)
		e.Advance(t, policy.FreshFor)
		if b.Holder(t).Fresh {
			t.Fatal("the old proof is fresh")
		}
		ask := func() error { return e.Sessions.AskText(context.Background(), b.Session(t), b.Place()) }
		accounttest.Want(t, "before any was sent", b.Prove(t, method.SMS, "123456"), "sms_over")
		accounttest.Want(t, "asking", ask(), "ok")
		accounttest.Want(t, "asking at once again", ask(), "text_again")
		code := e.TextedCode(t, number)
		accounttest.Want(t, "in another session", other.Prove(t, method.SMS, code), "sms_over")
		accounttest.Want(t, "in its own", b.Prove(t, method.SMS, code), "ok")
		h := b.Holder(t)
		if !h.Fresh || h.FreshFor != "" || b.Session(t).Second != policy.SMS {
			t.Errorf("fresh %v, for %q, by %q", h.Fresh, h.FreshFor, b.Session(t).Second)
		}
		accounttest.Want(t, "the same code again", b.Prove(t, method.SMS, code), "sms_used")
		e.Advance(t, time.Second)
		accounttest.Want(t, "a newer, at once, for the older one was used", ask(), "ok")
		if newest := e.TextedCode(t, number); newest != code {
			accounttest.Want(t, "the old code", b.Prove(t, method.SMS, code), "sms_wrong")
			accounttest.Want(t, "the newer code", b.Prove(t, method.SMS, newest), "ok")
		}
		_, found, err := e.Sessions.Texted(context.Background(), b.Session(t), "crd_other")
		if found || err != nil {
			t.Errorf("another number has a code: %v", err)
		}
	})
}
