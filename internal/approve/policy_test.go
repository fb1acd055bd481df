package approve_test

import (
	"testing"

	"countersign/internal/account"
	"countersign/internal/account/accounttest"
	"countersign/internal/approve"
	"countersign/internal/method/push"
	"countersign/internal/policy"
)

// Where the workspace lets phones answer no more, they are not asked, whoever asks.
func TestPhonesThatAreNotAllowed(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		a := asks(t, e, "ada@example.com")
		b := e.Browser("192.0.2.1")
		signIn := func() error {
			other := e.Browser("192.0.2.2")
			at := other.First(t, a.p)
			if at.Phone != nil {
				return nil
			}
			return e.SignIn.AskPhone(ctx(), at, other.Visitor())
		}
		for _, row := range []struct {
			settings             policy.Document
			signIn, proof, tests string
		}{
			{policy.Document{}, "ok", "ok", "ok"},
			{policy.Document{"second_factors": []any{"totp"}}, "step_over", "no_phone", "ok"},
			{policy.Document{"methods": []any{"totp", "recovery"}, "second_factors": []any{"totp"}}, "step_over", "no_phone", "no_phone"},
		} {
			a.leaveAlone(t)
			e.Set(t, row.settings)
			want(t, "a sign-in", signIn(), row.signIn)
			b.SignIn(t, a.p)
			want(t, "a fresh proof", e.Sessions.AskPhone(ctx(), b.Session(t), account.ActTurnOff, "Turn it off", b.Place()), row.proof)
			_, err := e.Devices.Test(ctx(), a.phone.Row(t), accounttest.PhonePlace())
			want(t, "a test", err, row.tests)
			a.later(t, approve.Life)
			_, err = a.ask(t, "ses_1", func(q *approve.Ask) { q.Kind = approve.FreshProof })
			want(t, "a fresh proof, past the session", err, row.proof)
		}
	})
}

// The page that waits without a password does not know whose it is. It shows as many
// digits for a person of any pool as for nobody; and a pool that asks for more digits,
// or for the password first, is not gone round.
func TestAStrangersPageDoesNotTellThePool(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine) {
		a := asks(t, e, "ada@example.com")
		e.Exec(t, `DELETE FROM pools WHERE id = 'pool_other';
			INSERT INTO pools (workspace_id, id, name, settings, created_at) VALUES ('wsp_default', 'pool_other', 'Other', '{}', 1);
			UPDATE users SET pool_id = 'pool_other'`)
		for _, row := range []struct {
			sentence, page, pool string
			digits, waiting      int
		}{
			{"the same", "type", `{}`, 2, 1},
			{"fewer", "type6", `{"push.confirm": "type"}`, 6, 1},
			{"more", "type", `{"push.confirm": "type6"}`, 2, 0},
			{"the password first", "type", `{"first_factors": ["password"]}`, 2, 0},
		} {
			a.leaveAlone(t)
			e.Exec(t, `UPDATE pools SET settings = '`+row.pool+`' WHERE id = 'pool_other'`)
			e.Set(t, policy.Document{"first_factors": []any{"password", "push"}, "push.confirm": row.page})
			for _, address := range []string{a.p.Email, "nobody@example.com"} {
				b := e.Browser("203.0.113.7")
				id := b.Start(t, address)
				must(t, e.SignIn.AskPhone(ctx(), b.Attempt(t, id), b.Visitor()))
				if shown := b.Attempt(t, id).Phone; shown == nil || len(shown.Number) != row.digits {
					t.Errorf("%s, for %s: the page shows %+v", row.sentence, address, shown)
				}
			}
			waiting := a.phone.Waiting(t)
			if len(waiting) != row.waiting {
				t.Fatalf("%s: %d questions wait", row.sentence, len(waiting))
			}
			for _, asked := range waiting {
				if digits, err := push.Mode(asked.Mode).Digits(); err != nil || digits != row.digits {
					t.Errorf("%s: the phone asks for %s", row.sentence, asked.Mode)
				}
			}
			a.later(t, approve.Life)
		}
		e.Exec(t, `UPDATE users SET pool_id = 'pool_default'; DELETE FROM pools WHERE id = 'pool_other'`)
	})
}
