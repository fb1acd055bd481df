package policy

import (
	"slices"
	"strings"
	"testing"
)

func TestPasskeySettings(t *testing.T) {
	for _, row := range []struct {
		what     string
		set      Document
		may      bool
		first    bool
		verified bool
		models   []string
	}{
		{"as it comes", nil, true, true, false, nil},
		{"switched off", Document{"methods": []string{"totp"}}, false, false, false, nil},
		{"after the password only", Document{"first_factors": []string{"password"}}, true, false, false, nil},
		{"in the place of both only", Document{"second_factors": []string{"totp"}}, true, true, false, nil},
		{"nowhere", Document{"first_factors": []string{"password"}, "second_factors": []string{"totp"}}, false, false, false, nil},
		{"with a PIN always", Document{"passkey.verify": "required"}, true, true, true, nil},
		{
			"of one model",
			Document{"passkey.aaguids": []string{"EE882879-721C-4913-9775-3DFCCE97072A"}},
			true, true, false,
			[]string{"ee882879-721c-4913-9775-3dfcce97072a"},
		},
	} {
		s, err := Resolve(row.set, nil)
		if err != nil || s.Passkeys() != row.may || s.PasskeyFirst() != row.first || s.PasskeyVerified != row.verified || !slices.Equal(s.PasskeyModels, row.models) {
			t.Errorf("%s: may %v, first %v, verified %v, models %q, %v", row.what, s.Passkeys(), s.PasskeyFirst(), s.PasskeyVerified, s.PasskeyModels, err)
		}
	}
	one := "ee882879-721c-4913-9775-3dfcce97072a"
	for _, row := range []struct {
		value any
		want  string
	}{
		{[]string{}, "an empty list"},
		{[]string{"any", one}, `"any" is neither`},
		{[]string{"YubiKey"}, `"YubiKey" is neither`},
		{[]string{one, strings.ToUpper(one)}, "listed twice"},
		{"any", "is not a list"},
	} {
		err := Document{"passkey.aaguids": row.value}.Check()
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%v: %v; want %q", row.value, err, row.want)
		}
	}
}

func TestAPasskeyIsEnough(t *testing.T) {
	for _, row := range []struct {
		first, second string
		step          Step
		amr           string
	}{
		{Passkey, "", StepDone, "hwk user"},
		{Passkey, Passkey, StepDone, "hwk user mfa"},
		{PasskeySynced, PasskeySynced, StepDone, "swk user mfa"},
		{"password", Passkey, StepDone, "pwd hwk user mfa"},
		{"password", PasskeySynced, StepDone, "pwd swk user mfa"},
	} {
		step := Next(Progress{First: row.first, Second: row.second, SecondFactors: 2, Others: 2})
		amr := strings.Join(AMR(row.first, row.second), " ")
		if step != row.step || amr != row.amr {
			t.Errorf("%s and %s: %s, %s; want %s, %s", row.first, row.second, step, amr, row.step, row.amr)
		}
	}
	s, err := Resolve(nil, nil)
	chosen := Choose(Choice{Ways: []Way{{Kind: Push}, {Kind: "totp"}, {Kind: Passkey}}, Settings: s})
	if err != nil || chosen.First != Passkey || chosen.Why != WhyStrongest {
		t.Errorf("%+v, %v", chosen, err)
	}
}
