package main

import (
	"errors"
	"slices"
	"strings"

	"countersign/internal/policy"
)

// difference is one setting that changes. A nil value is the default.
type difference struct {
	Setting string `json:"setting"`
	Before  any    `json:"before"`
	After   any    `json:"after"`
	// warning is the text to accept, by its key in the catalogue, or "".
	warning string
}

// compare lists the settings whose value changes, in the order of the table.
// Warned is of a value that comes into force and was not in force before.
func compare(before, after policy.Document) []difference {
	was, is := effective(before), effective(after)
	changed := []difference{}
	for _, key := range policy.Table() {
		_, wasSet := before[key.Name]
		_, isSet := after[key.Name]
		same := spell(was[key.Name]) == spell(is[key.Name])
		if same && wasSet == isSet {
			continue
		}
		d := difference{Setting: key.Name, Before: before[key.Name], After: after[key.Name]}
		if !same {
			d.warning = key.WarningOf(spell(is[key.Name]))
		}
		changed = append(changed, d)
	}
	return changed
}

// printDifferences prints them as the result of the command.
func (t *terminal) printDifferences(all []difference) error {
	if t.json {
		return t.printJSON(all)
	}
	if len(all) == 0 {
		return nil
	}
	var lines [][]string
	for _, d := range all {
		lines = append(lines, []string{d.Setting, orDefault(d.Before), orDefault(d.After)})
	}
	return t.table([]string{"SETTING", "BEFORE", "AFTER"}, lines)
}

func orDefault(value any) string {
	if value == nil {
		return "default"
	}
	return spell(value)
}

// warn says the warnings and returns the settings that they are about.
func (t *terminal) warn(all []difference) []string {
	var about []string
	for _, d := range all {
		if d.warning != "" {
			t.tell("cli.warning", "Setting", d.Setting, "Text", t.speaker().Say(d.warning))
			about = append(about, d.Setting)
		}
	}
	return about
}

// accept lets a person accept the warnings by typing yes, a script by naming
// each setting.
func (t *terminal) accept(all []difference, accepted []string) error {
	open := slices.DeleteFunc(t.warn(all), func(setting string) bool { return slices.Contains(accepted, setting) })
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
