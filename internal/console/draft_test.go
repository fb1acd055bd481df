package console

import (
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"

	"countersign/internal/policy"
)

// Each setting stands on one tab, but for the requirement, which has a page of its own.
func TestEverySettingIsOnOneTab(t *testing.T) {
	on := map[string]int{}
	for _, one := range tabs() {
		if len(one.settings()) != len(one.keys) {
			t.Errorf("%s has a setting that there is not", one.ID)
		}
		for _, name := range one.keys {
			on[name]++
		}
	}
	for _, key := range policy.Table() {
		want := 1
		if key.Name == "require_second_factor" {
			want = 0
		}
		if on[key.Name] != want {
			t.Errorf("%s is on %d tabs", key.Name, on[key.Name])
		}
	}
}

func TestWhatAButtonDoesToADraft(t *testing.T) {
	standard := inForceBy(nil)
	for _, row := range []struct{ sentence, do, first, second, preferred string }{
		{"add", "add:first_factors:push", "password,passkey,push", "push,totp,passkey", "none"},
		{"add what is there", "add:first_factors:passkey", "password,passkey", "push,totp,passkey", "none"},
		{"add what is none", "add:first_factors:sso", "password,passkey", "push,totp,passkey", "none"},
		{"remove", "remove:second_factors:passkey", "password,passkey", "push,totp", "none"},
		{"remove what must be there", "remove:second_factors:totp", "password,passkey", "push,totp,passkey", "none"},
		{"prefer", "prefer:preferred:push", "password,passkey", "push,totp,passkey", "push"},
		{"prefer what is none", "prefer:preferred:password", "password,passkey", "push,totp,passkey", "none"},
		{"prefer in a list", "prefer:first_factors:push", "password,passkey", "push,totp,passkey", "none"},
		{"another setting", "add:methods:sms", "password,passkey", "push,totp,passkey", "none"},
		{"nothing", "", "password,passkey", "push,totp,passkey", "none"},
	} {
		d := draftOf(httptest.NewRequest("GET", "/", nil), poolKeys(), nil, standard)
		d.do(row.do, standard)
		got := []string{policy.Spell(d.chosen["first_factors"]), policy.Spell(d.chosen["second_factors"]), policy.Spell(d.chosen["preferred"])}
		if !slices.Equal(got, []string{row.first, row.second, row.preferred}) {
			t.Errorf("%s: %v", row.sentence, got)
		}
	}
}

// A draft comes back from its own address as it was, and what cannot be in an address
// counts for nothing.
func TestADraftInAnAddress(t *testing.T) {
	set := policy.Document{"preferred": "totp"}
	inForce := inForceBy(set)
	d := draftOf(httptest.NewRequest("GET", "/", nil), poolKeys(), set, inForce)
	d.do("add:first_factors:push", inForce)
	d.do("prefer:preferred:push", inForce)
	again := draftOf(httptest.NewRequest("GET", d.address("/", url.Values{}, inForce), nil), poolKeys(), set, inForce)
	for _, key := range poolKeys() {
		if policy.Spell(again.chosen[key.Name]) != policy.Spell(d.chosen[key.Name]) || again.was[key.Name] != d.was[key.Name] {
			t.Errorf("%s comes back as %v over %q", key.Name, again.chosen[key.Name], again.was[key.Name])
		}
	}
	bad := draftOf(httptest.NewRequest("GET", "/?set.preferred=sso&was.preferred=%00&set.first_factors=push", nil), poolKeys(), set, inForce)
	if bad.touched(inForce) || bad.was["preferred"] != "" {
		t.Errorf("an address that cannot be gives %v over %v", bad.chosen, bad.was)
	}
}

// What somebody else changed is told; an untouched setting takes their value, a touched one
// keeps its own.
func TestADraftMeetsAChange(t *testing.T) {
	made := policy.Document{"preferred": "none"}
	d := draftOf(httptest.NewRequest("GET", "/", nil), poolKeys(), made, inForceBy(made))
	d.do("add:first_factors:push", inForceBy(made))
	now := policy.Document{"preferred": "totp", "first_factors": []string{"password"}}
	told := d.meet(now, inForceBy(now), spelledBefore(standard))
	if len(told) != 2 || policy.Spell(d.chosen["preferred"]) != "totp" || policy.Spell(d.chosen["first_factors"]) != "password,passkey,push" {
		t.Errorf("told are %d, chosen %v", len(told), d.chosen)
	}
	if again := d.meet(now, inForceBy(now), spelledBefore(standard)); len(again) != 0 {
		t.Errorf("it is told again: %v", again)
	}
	next := d.over(now, standard, inForceBy(now))
	if policy.Spell(next["first_factors"]) != "password,passkey,push" || next["preferred"] != "totp" || len(next) != 2 {
		t.Errorf("saved would be %v", next)
	}
}
