package policy

import "testing"

func TestWhichSecondFactorIsAskedFirst(t *testing.T) {
	both := []Way{{Push, true}, {"totp", true}}
	silent := []Way{{Push, false}, {"totp", true}}
	all := Settings{Methods: []string{"totp", Push, "recovery"}, SecondFactors: []string{Push, "totp"}, Preferred: "none"}
	prefers := all
	prefers.Preferred = "totp"
	without := all
	without.Methods = []string{"totp", "recovery"}
	unlisted := all
	unlisted.SecondFactors = []string{"totp"}
	rows := []struct {
		what string
		in   Choice
		kind string
		why  Why
	}{
		{"what this browser used last", Choice{Ways: both, Default: Push, DefaultAt: 1, Last: "totp", LastAt: 2, Settings: all}, "totp", WhyLast},
		{"a default that was set since", Choice{Ways: both, Default: Push, DefaultAt: 3, Last: "totp", LastAt: 2, Settings: all}, Push, WhyDefault},
		{"recovery was last", Choice{Ways: append(both, Way{"recovery", true}), Default: Push, DefaultAt: 1, Last: "recovery", LastAt: 2, Settings: all}, Push, WhyDefault},
		{"the last does not work now", Choice{Ways: silent, Default: "totp", Last: Push, LastAt: 2, Settings: all}, "totp", WhyDefault},
		{"the default does not work now", Choice{Ways: silent, Default: Push, DefaultAt: 1, Settings: all}, "totp", WhyStrongest},
		{"the pool's preferred", Choice{Ways: both, Settings: prefers}, "totp", WhyPreferred},
		{"the default wins over the preferred", Choice{Ways: both, Default: Push, Settings: prefers}, Push, WhyDefault},
		{"the strongest", Choice{Ways: both, Settings: all}, Push, WhyStrongest},
		{"a method that is off", Choice{Ways: both, Default: Push, Settings: without}, "totp", WhyStrongest},
		{"a method that the pool does not list", Choice{Ways: both, Default: Push, Last: Push, LastAt: 9, Settings: unlisted}, "totp", WhyStrongest},
		{"nothing works", Choice{Ways: []Way{{Push, false}}, Default: Push, Settings: all}, "", WhyNone},
		{"nothing is there", Choice{Settings: all}, "", WhyNone},
		{"recovery codes alone", Choice{Ways: []Way{{"recovery", true}}, Last: "recovery", LastAt: 1, Settings: all}, "", WhyNone},
	}
	for _, row := range rows {
		kind, why := First(row.in)
		if kind != row.kind || why != row.why {
			t.Errorf("%s: %q, %q; want %q, %q", row.what, kind, why, row.kind, row.why)
		}
	}
}

func TestVersionsOfTheApp(t *testing.T) {
	for _, row := range []struct {
		least, version string
		old            bool
	}{
		{"", "0.0.1", false},
		{"", "nonsense", false},
		{"16.8.0", "16.8.0", false},
		{"16.8.0", "16.10.0", false},
		{"16.8.0", "17.0.0", false},
		{"16.8.0", "16.7.9", true},
		{"16.8.0", "16.8.0-beta", true},
		{"16.8", "16.8.0", false},
		{"16.8.0", "", true},
		{"16.8.0", "sixteen", true},
	} {
		if old := (Settings{PushMinVersion: row.least}).TooOld(row.version); old != row.old {
			t.Errorf("%q where %q is asked: too old %v", row.version, row.least, old)
		}
	}
}

func TestWhatAPhoneNeedsBesideIt(t *testing.T) {
	for _, row := range []struct {
		requires string
		have     Backups
		missing  string
	}{
		{RequiresNothing, Backups{}, ""},
		{RequiresTOTP, Backups{Codes: 10}, "totp"},
		{RequiresTOTP, Backups{TOTP: 1}, ""},
		{RequiresBackup, Backups{}, "backup"},
		{RequiresBackup, Backups{TOTP: 1}, ""},
		{RequiresBackup, Backups{Codes: 1}, ""},
	} {
		if missing := (Settings{PushRequires: row.requires}).MayPair(row.have); missing != row.missing {
			t.Errorf("%s with %+v: %q is missing, want %q", row.requires, row.have, missing, row.missing)
		}
	}
}
