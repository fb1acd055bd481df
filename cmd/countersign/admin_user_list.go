package main

import (
	"context"
	"strconv"
	"time"

	"countersign/internal/people"
)

// userList lists all users by address.
type userList struct {
	storeSettings
	inWorkspace
}

func (*userList) examples() []string {
	return []string{"countersign admin user list", "countersign admin user list | cut -f2", "countersign admin user list --json"}
}

// Run prints the list.
func (c *userList) Run(ctx context.Context, t *terminal) error {
	loaded, err := c.load(t)
	if err != nil {
		return err
	}
	err = installed(loaded)
	if err != nil {
		return err
	}
	p, err := openEngine(ctx, t, loaded)
	if err != nil {
		return err
	}
	defer func() { _ = p.Close() }()
	views := []userView{}
	workspace, err := c.of(ctx, p)
	if err != nil {
		return err
	}
	err = p.People.List(ctx, workspace, func(person people.Person) error {
		views = append(views, viewOf(person))
		return nil
	})
	if err != nil {
		return err
	}
	if t.json {
		return t.printJSON(views)
	}
	var lines [][]string
	for _, v := range views {
		lines = append(lines, []string{
			string(v.ID), v.Email, v.Name, string(v.Role), string(v.State),
			strconv.Itoa(v.SecondFactors), strconv.Itoa(v.CodesLeft), day(v.SignedInAt),
		})
	}
	return t.table([]string{"ID", "E-MAIL", "NAME", "ROLE", "STATE", "SECOND STEPS", "CODES LEFT", "SIGNED IN"}, lines)
}

// day is a moment for a table, in UTC; a dash is never.
func day(at *time.Time) string {
	if at == nil {
		return "-"
	}
	return at.Format(time.RFC3339)
}
