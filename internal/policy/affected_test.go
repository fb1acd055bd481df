package policy

import (
	"testing"
	"time"
)

func TestWhomAChangeAffects(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	ways := func(kinds ...string) []Way {
		var all []Way
		for _, kind := range kinds {
			all = append(all, Way{Kind: kind})
		}
		return all
	}
	without := Document{MethodsKey: []string{"totp"}, SecondFactorsKey: []string{"totp"}}
	required := Document{requireKey: "required"}
	for _, row := range []struct {
		sentence      string
		person        Somebody
		before, after Document
		want          Effect
	}{
		{"an app is always taken", Somebody{Password: true, SecondFactors: 1, Before: ways("totp"), After: ways("totp")}, nil, without, Unaffected},
		{"a passkey alone, where there are none any more", Somebody{Password: true, SecondFactors: 1, Before: ways(Passkey)}, nil, without, LockedOut},
		{"the same with saved codes", Somebody{Password: true, SecondFactors: 1, Before: ways(Passkey, Recovery), After: ways(Recovery)}, nil, without, CodesOnly},
		{"the same, and even the codes go", Somebody{Password: true, SecondFactors: 1, Before: ways(Passkey, Recovery)}, nil, without, LockedOut},
		{"codes that go from somebody who had nothing else", Somebody{Password: true, SecondFactors: 1, Before: ways(Recovery)}, nil, without, LockedOut},
		{"shut out before, and after as well", Somebody{Password: true, SecondFactors: 1}, without, without, Unaffected},
		{"nothing set up, and required from now on", Somebody{Password: true}, nil, required, MustSetUp},
		{"it was required before", Somebody{Password: true}, required, required, Unaffected},
		{"it was required of that person before", Somebody{Password: true, Personal: "required"}, nil, required, Unaffected},
		{"required from a day to come", Somebody{Password: true}, nil, Document{requireKey: "required from 2026-11-24"}, Unaffected},
		{"set up, and required from now on", Somebody{Password: true, SecondFactors: 1, Before: ways("totp"), After: ways("totp")}, nil, required, Unaffected},
		{"a passkey in the place of both stays", Somebody{Passkey: true, SecondFactors: 1, Before: ways(Passkey), After: ways(Passkey)}, nil, required, Unaffected},
		{"a passkey without a password, where it begins no sign-in any more", Somebody{Passkey: true, SecondFactors: 1, Before: ways(Passkey), After: ways(Passkey)}, nil, Document{FirstFactorsKey: []string{"password"}}, LockedOut},
		{
			"a phone without a password goes on where it may",
			Somebody{Phone: true, SecondFactors: 1, Before: ways(Push), After: ways(Push)},
			Document{FirstFactorsKey: []string{"password", Push}},
			Document{FirstFactorsKey: []string{"password", Push}, requireKey: "required"},
			Unaffected,
		},
	} {
		before, err := Resolve(row.before, nil)
		if err != nil {
			t.Fatal(err)
		}
		after, err := Resolve(row.after, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := Affect(row.person, before, after, now); got != row.want {
			t.Errorf("%s: got %q, want %q", row.sentence, got, row.want)
		}
	}
}

func TestWhatOnlyRequires(t *testing.T) {
	required := Change{Setting: requireKey, After: "required"}
	for _, row := range []struct {
		sentence string
		changes  []Change
		want     bool
	}{
		{"nothing", nil, true},
		{"the requirement", []Change{required}, true},
		{"a pool's, and a name that shuts nobody out", []Change{{Pool: "Sales", Setting: requireKey}, {Setting: "digits"}}, true},
		{"the requirement and the methods", []Change{required, {Setting: MethodsKey}}, false},
		{"how passkeys are checked", []Change{{Setting: "passkey.verify"}}, false},
	} {
		if got := OnlyRequires(row.changes); got != row.want {
			t.Errorf("%s: %v", row.sentence, got)
		}
	}
}
