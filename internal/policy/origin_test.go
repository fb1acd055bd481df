package policy

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestWhereAValueComesFrom(t *testing.T) {
	for _, row := range []struct {
		sentence        string
		workspace, pool Document
		key, want       string
		origin          Origin
	}{
		{"nobody sets it", nil, nil, "totp.max", "5", FromDefault},
		{"the workspace sets it", Document{"totp.max": 3}, nil, "totp.max", "3", FromWorkspace},
		{"set to the default, it is set", Document{"totp.max": 5}, nil, "totp.max", "5", FromWorkspace},
		{"the pool overrides it", Document{"preferred": "push"}, Document{"preferred": "totp"}, "preferred", "totp", FromPool},
		{"the pool asks for more", nil, Document{requireKey: "required"}, requireKey, "required", FromPool},
		{"the pool asks for less", Document{requireKey: "required"}, Document{requireKey: "optional"}, requireKey, "required", FromWorkspace},
		{"the pool asks earlier", Document{requireKey: "required from 2027-05-01"}, Document{requireKey: "required from 2027-01-01"}, requireKey, "required from 2027-01-01", FromPool},
		{"the pool asks later", Document{requireKey: "required from 2027-01-01"}, Document{requireKey: "required from 2027-05-01"}, requireKey, "required from 2027-01-01", FromWorkspace},
		{"both ask for the same", Document{requireKey: "required"}, Document{requireKey: "required"}, requireKey, "required", FromWorkspace},
		{"the pool trusts for less", Document{trustKey: 30}, Document{trustKey: 7}, trustKey, "7", FromPool},
		{"the pool trusts for longer", Document{trustKey: 7}, Document{trustKey: 30}, trustKey, "7", FromWorkspace},
		{"the pool alone trusts", nil, Document{trustKey: 30}, trustKey, "30", FromPool},
	} {
		all, err := EffectiveOf(row.workspace, row.pool)
		if err != nil {
			t.Fatalf("%s: %v", row.sentence, err)
		}
		at := slices.IndexFunc(all, func(e Effective) bool { return e.Key.Name == row.key })
		if got := all[at]; Spell(got.Value) != row.want || got.Origin != row.origin {
			t.Errorf("%s: got %v from %s, want %v from %s", row.sentence, got.Value, got.Origin, row.want, row.origin)
		}
	}
}

// What is told to be in force is what is: reading the told values gives the settings.
func TestWhatIsToldIsInForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		workspace, pool := drawDocument(t, Table()), drawDocument(t, ofPools())
		settings, err := Resolve(workspace, pool)
		if err != nil {
			t.Fatal(err)
		}
		all, err := EffectiveOf(workspace, pool)
		if err != nil {
			t.Fatal(err)
		}
		told := Document{}
		for _, e := range all {
			told[e.Key.Name] = e.Value
		}
		again, err := Resolve(told, nil)
		if err != nil {
			t.Fatal(err)
		}
		strictest := settings.Require
		if settings.PoolRequire.stricter(strictest) {
			strictest = settings.PoolRequire
		}
		if again.Require != strictest || again.TrustedDays != settings.TrustedDays || again.Preferred != settings.Preferred ||
			!slices.Equal(again.FirstFactors, settings.FirstFactors) || !slices.Equal(again.SecondFactors, settings.SecondFactors) {
			t.Fatalf("told is %+v, in force %+v", again, settings)
		}
	})
}

func TestWhatAPoolCanAdd(t *testing.T) {
	settings := func(d Document) Settings {
		s, err := Resolve(d, nil)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, row := range []struct {
		sentence, list string
		listed         []string
		workspace      Document
		want           []string
	}{
		{"push, where the workspace has it (S2-20)", FirstFactorsKey, []string{"password"}, nil, []string{Passkey, Push}},
		{"no push, where the workspace has it not (S2-10)", FirstFactorsKey, []string{"password"}, Document{MethodsKey: []string{"totp", Passkey}}, []string{Passkey}},
		{"the same of the second factors", SecondFactorsKey, []string{"totp"}, Document{MethodsKey: []string{"totp"}}, nil},
		{"the password, where it was taken out", FirstFactorsKey, []string{Passkey}, nil, []string{"password", Push}},
		{"text messages, once the workspace has them", SecondFactorsKey, []string{"totp", Push}, Document{MethodsKey: []string{"totp", Push, SMS}}, []string{SMS}},
		{"nothing of a list that there is not", "colours", nil, nil, nil},
	} {
		if got := Addable(row.list, row.listed, settings(row.workspace)); !slices.Equal(got, row.want) {
			t.Errorf("%s: got %v, want %v", row.sentence, got, row.want)
		}
	}
	idle := Idle([]string{"password", Push, Passkey}, settings(Document{MethodsKey: []string{"totp", Passkey}}))
	if !slices.Equal(idle, []string{Push}) {
		t.Errorf("idle are %v", idle)
	}
}
