package portal

import (
	"testing"

	"countersign/internal/account"
	"countersign/internal/policy"
	"countersign/internal/session"
)

// Whoever does not want to prove anything is led to where they were, and never back to the
// question.
func TestWhereAProofIsCancelledTo(t *testing.T) {
	for _, row := range []struct {
		what, reason string
		act          account.Act
		back, want   string
	}{
		{"in the account", "", "turn_off", "/account/two-factor/off", "/account/security"},
		{"an act on a person", "", account.ActOn(policy.DeedLock, "usr_1"), "/console/people/usr_1/lock", "/console/people/usr_1"},
		{"a list of people", "", account.ActOn(policy.DeedRemind, ""), "/console/people/remind?state=off", "/console/people/remind"},
		{"the settings", "", account.ActOn(policy.DeedSettings, ""), "/console/company?value=required", "/console"},
		{"the console itself, which is shut", "", account.ActConsole, "/console/people/usr_1", "/account/security"},
		{"before anything else opens", "required", "turn_off", "/account/security", "/"},
	} {
		if got := cancelTo(session.Current{Reason: policy.Reason(row.reason)}, row.act, row.back); got != row.want {
			t.Errorf("%s: %s, want %s", row.what, got, row.want)
		}
	}
}
