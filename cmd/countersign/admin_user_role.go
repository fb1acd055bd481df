package main

import (
	"context"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/people"
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
