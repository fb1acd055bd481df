package people_test

import (
	"context"
	"fmt"
	"testing"

	"countersign"
	"countersign/internal/account/accounttest"
	"countersign/internal/method"
	"countersign/internal/people"
)

func credentialOf(t *testing.T, p *accounttest.Person, kind method.Kind) countersign.CredentialID {
	t.Helper()
	for _, c := range p.Credentials(t) {
		if c.Kind == string(kind) {
			return c.ID
		}
	}
	t.Fatalf("%s has no %s", p.Email, kind)
	return ""
}

// alone makes everybody a member: the owner of each round is the only one.
func alone(t *testing.T, e *accounttest.Engine) {
	t.Helper()
	e.Exec(t, "UPDATE users SET role = 'user'")
}

// The only owner changes what they have while the settings change what is taken. One of the
// two comes first, and the other is judged by what it left.
func TestTheLastOwnerIsNotShutOutBetweenTwoChanges(t *testing.T) {
	const open = "methods = [\"totp\", \"passkey\", \"push\"]\nfirst_factors = [\"password\"]\nsecond_factors = [\"totp\", \"passkey\", \"push\"]\n"
	for _, row := range []struct {
		sentence, closed string
		// owner has what they have, and does what is returned.
		owner func(t *testing.T, e *accounttest.Engine, email string) func() error
	}{
		{
			"the app is removed, and passkeys are no second factor any more", "second_factors = [\"totp\"]\n",
			func(t *testing.T, e *accounttest.Engine, email string) func() error {
				ada := keyOwner(t, e, email).WithApp(t, "App")
				desk, id := ada.Desk(t), credentialOf(t, ada, method.TOTP)
				return func() error {
					_, err := e.Enrol.Remove(context.Background(), desk, id)
					return err
				}
			},
		},
		{
			"the phone removes itself, and passkeys are no second factor any more", "second_factors = [\"totp\", \"push\"]\n",
			func(t *testing.T, e *accounttest.Engine, email string) func() error {
				phone := keyOwner(t, e, email).WithApp(t, "App").WithPhone(t, "Phone")
				e.Exec(t, "DELETE FROM credentials WHERE kind IN ('totp', 'recovery')")
				row := phone.Row(t)
				return func() error { return e.Devices.Remove(context.Background(), row, accounttest.PhonePlace()) }
			},
		},
		{
			"a first passkey is made, and passkeys are no second factor any more", "second_factors = [\"totp\"]\n",
			func(t *testing.T, e *accounttest.Engine, email string) func() error {
				ada := ownerOf(t, e, email)
				key, desk := e.SecurityKey(t), ada.Desk(t)
				asked, err := e.Enrol.AskPasskey(context.Background(), desk)
				if err != nil {
					t.Fatal(err)
				}
				made := key.Create(asked)
				return func() error {
					_, err := e.Enrol.AddPasskey(context.Background(), desk, "Key", made)
					return err
				}
			},
		},
	} {
		t.Run(row.sentence, func(t *testing.T) {
			both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
				for i := range *rounds {
					alone(t, e)
					was := rulesOf(t, p)
					accounttest.Want(t, "the settings before", put(p, was.With(file(t, open), false), was.Version), "ok")
					act := row.owner(t, e, fmt.Sprintf("ada%d@example.com", i))
					was = rulesOf(t, p)
					next := was.With(file(t, row.closed), false)
					got := accounttest.Race(2, func(i int) error {
						if i == 0 {
							return act()
						}
						return put(p, next, was.Version)
					})
					if got["ok"] != 1 {
						t.Fatalf("round %d: both at once: %v", i, got)
					}
				}
			})
		})
	}
}

// What became required is not turned off by whoever looked at the page before.
func TestTurningOffSeesWhatIsRequiredMeanwhile(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		ownerOf(t, e, "boss@example.com").WithApp(t, "App")
		for i := range *rounds {
			was := rulesOf(t, p)
			_ = put(p, was.With(file(t, "require_second_factor = \"optional\"\n"), false), was.Version)
			ada := e.Guarded(t, fmt.Sprintf("ada%d@example.com", i))
			desk := ada.Desk(t)
			was = rulesOf(t, p)
			next, left := was.With(file(t, "require_second_factor = \"required\"\n"), false), -1
			got := accounttest.Race(2, func(i int) error {
				if i == 0 {
					_, err := e.Accounts.TurnOff(ctx, desk)
					return err
				}
				err := put(p, next, was.Version)
				left = ada.Has(t, method.TOTP)
				return err
			})
			if now := ada.Has(t, method.TOTP); got["ok"]+got["required_by_workspace"] != 2 || left != now {
				t.Fatalf("round %d: %v; %d apps when it was required, %d now", i, got, left, now)
			}
		}
	})
}
