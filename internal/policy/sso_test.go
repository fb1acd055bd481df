package policy

import "testing"

// TestScenario has those scenarios of single sign-on that these rules decide: what is asked
// next, and how far the session reaches before it was given.
func TestScenario(t *testing.T) {
	for _, row := range []struct {
		number, sentence string
		sso              SSO
		factors          int64
		step             Step
		level            Level
	}{
		{"S0-23", "required, and there is one", SSO{Rule: SSOWhenRequired, Required: ByUser}, 1, StepSecond, LevelFirst},
		{"S0-23", "required, and there is none yet", SSO{Rule: SSOWhenRequired, Required: ByWorkspace}, 0, StepDone, LevelEnrol},
		{"S0-23", "required, and the provider has proven it", SSO{Rule: SSOWhenRequired, Required: ByPool, Proven: true}, 1, StepDone, LevelFull},
		{"S0-23", "required, the provider has proven it, and there is none here", SSO{Rule: SSOWhenRequired, Required: ByPool, Proven: true}, 0, StepDone, LevelFull},
		{"S0-24", "not required, and there is one", SSO{Rule: SSOWhenRequired}, 1, StepDone, LevelFull},
		{"S0-24", "not required, and there is none", SSO{Rule: SSOWhenRequired}, 0, StepDone, LevelFull},
		{"S1-07", "the provider is trusted, and it is required", SSO{Rule: SSOTrust, Required: ByWorkspace}, 1, StepDone, LevelFull},
		{"S1-07", "the provider is trusted, and there is none here", SSO{Rule: SSOTrust, Required: ByWorkspace}, 0, StepDone, LevelFull},
		{"always", "asked in any case", SSO{Rule: SSOAlways, Proven: true}, 1, StepSecond, LevelFirst},
		{"always", "nothing to ask for", SSO{Rule: SSOAlways}, 0, StepDone, LevelFull},
		{"always", "required, and nothing to ask for", SSO{Rule: SSOAlways, Required: ByWorkspace, Proven: true}, 0, StepDone, LevelEnrol},
		{"unknown", "a rule that nobody handed in", SSO{Proven: true}, 1, StepSecond, LevelFirst},
		{"unknown", "a rule that is none", SSO{Rule: "never"}, 1, StepSecond, LevelFirst},
	} {
		t.Run(row.number, func(t *testing.T) {
			if got := Next(Progress{First: FirstSSO, SecondFactors: row.factors, Others: row.factors, SSO: row.sso}); got != row.step {
				t.Errorf("%s: the next step is %q, want %q", row.sentence, got, row.step)
			}
			standing := Standing{
				First: FirstSSO, SecondFactors: row.factors, Others: row.factors, CodesLeft: 10, Recovers: true,
				Required: row.sso.Required, SSO: row.sso,
			}
			if got, reason := LevelOf(standing); got != row.level {
				t.Errorf("%s: the session reaches %v (%s), want %v", row.sentence, got, reason, row.level)
			}
			// Once it is given, it is given; and a password is never excused by what is said of
			// single sign-on.
			standing.Second = "totp"
			if got, reason := LevelOf(standing); row.factors > 0 && got != LevelFull {
				t.Errorf("%s: with the second factor the session reaches %v (%s)", row.sentence, got, reason)
			}
			if got := Next(Progress{First: firstPassword, SecondFactors: 1, SSO: row.sso}); got != StepSecond {
				t.Errorf("%s: after a password the next step is %q", row.sentence, got)
			}
		})
	}
}
