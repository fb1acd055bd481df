package main

import (
	"context"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/server"
)

// userRole gives a user another role.
type userRole struct {
	oneUser
	Role string `arg:"" help:"owner, administrator, helpdesk, auditor or user."`
}

func (*userRole) examples() []string {
	return []string{"countersign admin user role ada@example.com administrator"}
}

// Run changes the role. One owner stays.
func (c *userRole) Run(ctx context.Context, t *terminal) error {
	return c.with(ctx, t, func(p *server.Parts, a account.Account) error {
		err := p.People.SetRole(ctx, a, countersign.Role(c.Role), people.Shell())
		if err != nil {
			return err
		}
		t.tell("cli.user_role", "Email", a.User.Email, "Role", c.Role)
		return t.changed(ctx, p, a.User)
	})
}

type userUnlock struct{ oneUser }

func (*userUnlock) examples() []string {
	return []string{"countersign admin user unlock ada@example.com"}
}

// Run ends the locks.
func (c *userUnlock) Run(ctx context.Context, t *terminal) error {
	return c.change(ctx, t, "cli.user_unlocked", func(p *server.Parts, a account.Account) error {
		return p.People.EndLocks(ctx, a, people.Shell())
	})
}

type userSignOut struct{ oneUser }

func (*userSignOut) examples() []string {
	return []string{"countersign admin user sign-out ada@example.com"}
}

// Run signs the user out.
func (c *userSignOut) Run(ctx context.Context, t *terminal) error {
	return c.change(ctx, t, "cli.user_signed_out", func(p *server.Parts, a account.Account) error {
		return p.People.SignOut(ctx, a, people.Shell())
	})
}

type userRequire struct {
	oneUser
	From *string `name:"from" placeholder:"DATE" xor:"when" help:"Require it from this day on (00:00 UTC), such as 2027-01-31."`
	Off  bool    `name:"off" xor:"when" help:"Leave it to pool and workspace again."`
}

func (*userRequire) examples() []string {
	return []string{
		"countersign admin user require ada@example.com", "countersign admin user require ada@example.com --from 2027-01-31",
		"countersign admin user require ada@example.com --off",
	}
}

// Run requires a second step of the user, now or from a day on, or not any more.
func (c *userRequire) Run(ctx context.Context, t *terminal) error {
	told, value := "cli.user_required", "required"
	switch {
	case c.Off:
		told, value = "cli.user_not_required", "optional"
	case c.From != nil: // also an empty one: a day that a script lost is not today
		told, value = "cli.user_required_from", "required from "+*c.From
	}
	r, err := policy.ReadRequirement(value)
	if err != nil {
		return countersign.InvalidField("from", "requirement_day")
	}
	return c.change(ctx, t, told, func(p *server.Parts, a account.Account) error {
		return p.People.Require(ctx, a, r, people.Shell())
	})
}
