package main

import (
	"errors"
	"slices"
	"strings"

	"countersign/internal/people"
	"countersign/internal/policy"
)

// printChanges prints them as the result of the command. What a pool sets is named as in a
// file: pool.Everybody.preferred.
func (t *terminal) printChanges(all []policy.Change) error {
	if t.json {
		return t.printJSON(all)
	}
	if len(all) == 0 {
		return nil
	}
	var lines [][]string
	for _, c := range all {
		before, after := orDefault(c.Before), orDefault(c.After)
		if c.Setting == policy.DomainsOfPool {
			before, after = orNone(c.Before), orNone(c.After)
		}
		lines = append(lines, []string{c.Path(), before, after})
	}
	return t.table([]string{"SETTING", "BEFORE", "AFTER"}, lines)
}

func orNone(value any) string {
	if value == nil {
		return "none"
	}
	return policy.Spell(value)
}

func orDefault(value any) string {
	if value == nil {
		return "default"
	}
	return policy.Spell(value)
}

// tellImpact says whom a change affects, group by group.
func (t *terminal) tellImpact(i people.Impact) {
	for _, one := range []struct {
		id string
		of people.Group
	}{
		{string(policy.LockedOut), i.LockedOut},
		{"managers", i.Managers},
		{string(policy.CodesOnly), i.CodesOnly},
		{string(policy.MustSetUp), i.MustSetUp},
	} {
		if one.of.Count > 0 {
			t.tell("policy.effect_"+one.id, "Count", one.of.Count, "Names", t.named(one.of))
		}
	}
	if i.NoOwner {
		t.tell("cli.error_owners_locked_out")
	}
}

// named lists the first of a group by their addresses.
func (t *terminal) named(g people.Group) string {
	var names []string
	for _, one := range g.First {
		names = append(names, one.Email)
	}
	if g.Count > len(names) {
		return t.speaker().Say("policy.effect_first", "Names", strings.Join(names, ", "))
	}
	return t.speaker().List(names...)
}

// lockedOut is what is accepted where people are shut out.
const lockedOut = "locked-out"

// warning is one thing to accept, by KEY or KEY=VALUE, whoever sets it.
type warning struct{ key, value string }

func (w warning) accepted(by []string) bool {
	return slices.Contains(by, w.key) || slices.Contains(by, w.key+"="+w.value)
}

// warn says the warnings and returns what they are about.
func (t *terminal) warn(all []policy.Change, i people.Impact) []warning {
	var about []warning
	for _, c := range all {
		if c.Warning != "" {
			t.tell("cli.warning", "Setting", c.Path(), "Text", t.speaker().Say(c.Warning))
			about = append(about, warning{c.Setting, orDefault(c.After)})
		}
	}
	if i.LockedOut.Count > 0 {
		about = append(about, warning{lockedOut, ""})
	}
	return about
}

// accept lets a person accept the warnings by typing yes, a script by naming each setting.
func (t *terminal) accept(all []policy.Change, i people.Impact, accepted []string) error {
	var open []string
	for _, w := range t.warn(all, i) {
		if !w.accepted(accepted) && !slices.Contains(open, w.key) {
			open = append(open, w.key)
		}
	}
	if len(open) == 0 {
		return nil
	}
	yes := t.speaker().Say("cli.yes")
	answer, err := t.ask(
		t.speaker().Say("cli.accept_ask", "Yes", yes),
		t.speaker().Say("cli.accept_missing", "Flags", "--accept "+strings.Join(open, " --accept ")),
	)
	if err != nil {
		return err
	}
	if !strings.EqualFold(answer, yes) && !strings.EqualFold(answer, "yes") {
		return usageError{errors.New(t.speaker().Say("cli.accept_no"))}
	}
	return nil
}
