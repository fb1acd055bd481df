package audit_test

import (
	"testing"

	"countersign/internal/audit"
)

func TestWhatIsBeforeAndAfter(t *testing.T) {
	for _, row := range []struct {
		what, kind, field, value string
		was, is                  string
		changed                  bool
	}{
		{"a setting", "settings.changed", "push.confirm", audit.Change("(default)", "tap"), "(default)", "tap", true},
		{"a setting of a pool", "pool.settings_changed", "turn_off", audit.Change("never", "(default)"), "never", "(default)", true},
		{"a pool's name with an arrow", "pool.settings_changed", "pool", "Berlin → Paris", "", "", false},
		{"a workspace's name", "workspace.changed", "name", audit.Change("Acme", "Acme & Sons"), "Acme", "Acme & Sons", true},
		{"nothing before", "workspace.changed", "sender", audit.Change("", "Acme"), "", "Acme", true},
		{"nothing after", "workspace.changed", "sender", audit.Change("Acme", ""), "Acme", "", true},
		{"a workspace's name that has one itself", "workspace.changed", "name", audit.Change("In → Out", "Acme"), "", "", false},
		{"a language", "profile.changed", "language", audit.Change("en", "de"), "en", "de", true},
		{"a person's name", "profile.changed", "before", "Ada → Lovelace", "", "", false},
		{"a reason", "role.changed", "reason", "Berlin → Paris", "", "", false},
		{"a reason beside a change", "user.moved", "reason", "Berlin → Paris", "", "", false},
		{"a move to where resets are easier", "user.moved", "recovery.admin_reset", audit.Change("never", "allowed"), "never", "allowed", true},
		{"a name of a phone", "device.paired", "name", "left → right", "", "", false},
		{"rules of pools", "pool.rules_changed", "after", "example.com → Staff", "", "", false},
		{"for how long the log was kept", "settings.changed", audit.KeptDays, "365", "", "", false},
		{"a kind that nobody knows", "of.tomorrow", "push.confirm", "a → b", "", "", false},
	} {
		was, is, changed := audit.Changed(row.kind, row.field, row.value)
		if was != row.was || is != row.is || changed != row.changed {
			t.Errorf("%s: %q, %q, %v", row.what, was, is, changed)
		}
	}
}
