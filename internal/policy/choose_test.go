package policy

import (
	"slices"
	"testing"
)

func TestWhichSecondFactorIsAskedFirst(t *testing.T) {
	of := func(kinds ...string) []Way {
		var ways []Way
		for _, kind := range kinds {
			ways = append(ways, Way{Kind: kind})
		}
		return ways
	}
	both, silent := of(Push, "totp"), []Way{{Push, "signed_out"}, {Kind: "totp"}}
	all := Settings{Methods: []string{"totp", Push, Passkey, "recovery"}, SecondFactors: []string{Push, "totp", Passkey}, Preferred: "none"}
	prefers := all
	prefers.Preferred = "totp"
	without := all
	without.Methods = []string{"totp", "recovery"}
	unlisted := all
	unlisted.SecondFactors = []string{"totp"}
	texts := Settings{Methods: []string{"totp", SMS}, SecondFactors: []string{"totp", SMS}}
	rows := []struct {
		what   string
		in     Choice
		kind   string
		why    Why
		passed []Way
	}{
		{"what this browser used last", Choice{Ways: both, Default: Push, DefaultAt: 1, Last: "totp", LastAt: 2, Settings: all}, "totp", WhyLast, nil},
		{"a default that was set since", Choice{Ways: both, Default: Push, DefaultAt: 3, Last: "totp", LastAt: 2, Settings: all}, Push, WhyDefault, nil},
		{"a default of the same moment", Choice{Ways: both, Default: Push, DefaultAt: 2, Last: "totp", LastAt: 2, Settings: all}, Push, WhyDefault, nil},
		{"recovery was last", Choice{Ways: append(both, Way{Kind: Recovery}), Default: Push, DefaultAt: 1, Last: Recovery, LastAt: 2, Settings: all}, Push, WhyDefault, nil},
		{"the last does not work now", Choice{Ways: silent, Default: "totp", Last: Push, LastAt: 2, Settings: all}, "totp", WhyDefault, silent[:1]},
		{"the default does not work now", Choice{Ways: silent, Default: Push, DefaultAt: 1, Settings: all}, "totp", WhyStrongest, silent[:1]},
		{"what would not have been asked does not work", Choice{Ways: silent, Default: "totp", Settings: all}, "totp", WhyDefault, nil},
		{"the last is not there any more", Choice{Ways: of("totp"), Last: Push, LastAt: 1, Settings: all}, "totp", WhyStrongest, nil},
		{"the pool's preferred", Choice{Ways: both, Settings: prefers}, "totp", WhyPreferred, nil},
		{"the default wins over the preferred", Choice{Ways: both, Default: Push, Settings: prefers}, Push, WhyDefault, nil},
		{"the strongest", Choice{Ways: of("totp", Push, Passkey), Settings: all}, Passkey, WhyStrongest, nil},
		{"a method that is off", Choice{Ways: both, Default: Push, Settings: without}, "totp", WhyStrongest, nil},
		{"a method that the pool does not list", Choice{Ways: both, Default: Push, Last: Push, LastAt: 9, Settings: unlisted}, "totp", WhyStrongest, nil},
		{"the only one there is, that the pool does not list", Choice{Ways: of(Passkey, Recovery), Settings: unlisted}, Passkey, WhyOnly, nil},
		{"a text after everything else", Choice{Ways: of(SMS, "totp"), Settings: texts}, "totp", WhyStrongest, nil},
		{"a text by default", Choice{Ways: of(SMS, "totp"), Default: SMS, Settings: texts}, SMS, WhyDefault, nil},
		{"nothing works", Choice{Ways: silent[:1], Default: Push, Settings: all}, "", WhyNone, silent[:1]},
		{"nothing is there", Choice{Settings: all}, "", WhyNone, nil},
		{"recovery codes alone", Choice{Ways: of(Recovery), Last: Recovery, LastAt: 1, Default: Recovery, Settings: all}, "", WhyNone, nil},
	}
	for _, row := range rows {
		got := Choose(row.in)
		if got.First != row.kind || got.Why != row.why || !slices.Equal(got.Passed, row.passed) {
			t.Errorf("%s: %+v; want %q, %q, %v", row.what, got, row.kind, row.why, row.passed)
		}
	}
}

func TestWhatElseIsOffered(t *testing.T) {
	all := Settings{Methods: []string{"totp", Push, Passkey, "recovery"}, SecondFactors: []string{Push, "totp"}}
	got := Choose(Choice{Ways: []Way{{Kind: Recovery}, {Kind: "totp"}, {Kind: Push}, {Kind: Passkey, Trouble: "broken"}}, Default: "totp", Settings: all})
	if want := []string{Push, "totp", Recovery}; !slices.Equal(got.Offered, want) {
		t.Errorf("offered are %q, want %q: the most secure first, recovery last", got.Offered, want)
	}
	for kind, want := range map[string]string{Push: "totp", "totp": Push, Recovery: Push, Passkey: Push} {
		if after := got.After(kind); after != want {
			t.Errorf("after %q %q is offered, want %q", kind, after, want)
		}
	}
	if after := Choose(Choice{Ways: []Way{{Kind: Push}}, Settings: all}).After(Push); after != "" {
		t.Errorf("with nothing else, %q is offered", after)
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
