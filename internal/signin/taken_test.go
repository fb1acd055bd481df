package signin_test

import (
	"strings"
	"testing"

	"countersign/internal/account/accounttest"
	"countersign/internal/policy"
)

// An administrator who takes a method away has nobody signed in by the password alone: who
// has nothing else is asked for it all the same, also after a new password.
func TestAMethodThatIsTakenAwayIsStillAsked(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		key := e.SecurityKey(t)
		ada := keyed(t, e, "ada@example.com", key)
		e.Exec(t, "DELETE FROM credentials WHERE kind <> 'passkey'")
		for _, doc := range []policy.Document{
			{"methods": []string{"totp"}},
			{"methods": []string{"totp", "recovery"}, "second_factors": []string{"totp"}, "first_factors": []string{"password"}},
			{"methods": []string{"totp"}, "trusted_browser_days": 30, "require_second_factor": "required"},
		} {
			e.Set(t, doc)
			b := e.Browser("192.0.2.1")
			at := b.First(t, ada)
			if at.Step != policy.StepSecond || at.Choose().First != "" || len(at.Choose().Offered) != 0 {
				t.Errorf("%v: after the password comes %s, with %+v", doc, at.Step, at.Choose())
			}
			_, err := b.Finish(at.ID)
			want(t, "going on without it", err, "step_over")
			if answer := accounttest.Answer(b.SecondByPasskey(at, key)); !strings.HasPrefix(answer, "passkey_wrong") {
				t.Errorf("%v: what was taken away is answered %s", doc, answer)
			}
			_, err = b.LoadSession()
			want(t, "a session", err, "signed_out")
		}
		ada.ResetByMail(t, ada.Password+"2")
		b := e.Browser("192.0.2.2")
		if at := b.First(t, ada); at.Step != policy.StepSecond {
			t.Errorf("after a new password comes %s", at.Step)
		}
	})
}
