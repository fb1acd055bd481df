package audit

import (
	"slices"
	"strings"
)

// arrow stands between before and after in a field of an event's details.
const arrow = " → "

// Change writes what a field was and is as one detail. The field's kind and name must be
// among those that [Changed] knows.
func Change(was, is string) string { return was + arrow + is }

// Changed reads a detail that [Change] wrote: what the field was and is, and whether it is
// one. Which those are is told by the kind and the
// field and never by the value: somebody's name, or a reason, may have an arrow in it. Where
// what was changed has one itself, there is no telling where before ends, and it is none.
func Changed(kind, field, value string) (string, string, bool) {
	holds := false
	switch kind {
	case "settings.changed", "pool.settings_changed":
		holds = field != "pool" && field != KeptDays // the others are names of settings
	case "workspace.changed":
		holds = slices.Contains([]string{"name", "host", "language", "accent", "sender", "logo"}, field)
	case "profile.changed":
		holds = field == "language" || field == "zone"
	case "user.moved":
		holds = field == "recovery.admin_reset"
	}
	if !holds || strings.Count(value, arrow) != 1 {
		return "", "", false
	}
	return strings.Cut(value, arrow)
}
