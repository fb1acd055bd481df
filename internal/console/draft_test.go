package console

import (
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"

	"countersign"
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
	none := overOf(nil, nil)
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
		d := draftOf(httptest.NewRequest("GET", "/", nil), poolKeys(), none)
		d.do(row.do, none)
		got := []string{policy.Spell(d.chosen["first_factors"]), policy.Spell(d.chosen["second_factors"]), policy.Spell(d.chosen["preferred"])}
		if !slices.Equal(got, []string{row.first, row.second, row.preferred}) {
			t.Errorf("%s: %v", row.sentence, got)
		}
	}
}

// A draft comes back from its own address as it was, and what cannot be in an address
// counts for nothing.
func TestADraftInAnAddress(t *testing.T) {
	g := overOf(nil, policy.Document{"preferred": "totp"})
	d := draftOf(httptest.NewRequest("GET", "/", nil), poolKeys(), g)
	d.do("add:first_factors:push", g)
	d.do("prefer:preferred:push", g)
	again := draftOf(httptest.NewRequest("GET", d.address("/", url.Values{}, g), nil), poolKeys(), g)
	for _, key := range poolKeys() {
		if policy.Spell(again.chosen[key.Name]) != policy.Spell(d.chosen[key.Name]) || again.was[key.Name] != d.was[key.Name] {
			t.Errorf("%s comes back as %v over %q", key.Name, again.chosen[key.Name], again.was[key.Name])
		}
	}
	bad := draftOf(httptest.NewRequest("GET", "/?set.preferred=sso&was.preferred=%00&set.first_factors=push", nil), poolKeys(), g)
	if bad.touched(g) || bad.was["preferred"] != "" {
		t.Errorf("an address that cannot be gives %v over %v", bad.chosen, bad.was)
	}
}

// What somebody else changed is told; an untouched setting takes their value, a touched one
// keeps its own.
func TestADraftMeetsAChange(t *testing.T) {
	made := overOf(nil, policy.Document{"preferred": "none"})
	d := draftOf(httptest.NewRequest("GET", "/", nil), poolKeys(), made)
	d.do("add:first_factors:push", made)
	now := overOf(nil, policy.Document{"preferred": "totp", "first_factors": []string{"password"}})
	told := d.meet(now)
	if len(told) != 2 || policy.Spell(d.chosen["preferred"]) != "totp" || policy.Spell(d.chosen["first_factors"]) != "password,passkey,push" {
		t.Errorf("told are %d, chosen %v", len(told), d.chosen)
	}
	if again := d.meet(now); len(again) != 0 {
		t.Errorf("it is told again: %v", again)
	}
	next := d.over(now)
	if policy.Spell(next["first_factors"]) != "password,passkey,push" || next["preferred"] != "totp" || len(next) != 2 {
		t.Errorf("saved would be %v", next)
	}
}

// A page of a pool that was made before the workspace changed a setting does not set the
// former value for the pool.
func TestADraftMeetsAChangeAboveIt(t *testing.T) {
	made := overOf(policy.Document{"preferred": "push"}, policy.Document{"second_factors": []string{"totp"}})
	d := draftOf(httptest.NewRequest("GET", "/", nil), poolKeys(), made)
	d.do("add:first_factors:push", made)
	now := overOf(policy.Document{"preferred": "totp", "first_factors": []string{"password"}, "second_factors": []string{"totp", "sms"}}, made.set)
	told := d.meet(now)
	if len(told) != 2 || told[0].Name != "policy.name_first_factors" || told[1].Name != "policy.name_preferred" || !slices.Equal(told[1].Was.Methods, []string{"push"}) || !slices.Equal(told[1].Is.Methods, []string{"totp"}) {
		t.Errorf("told is %+v", told)
	}
	next := d.over(now)
	if !slices.Equal(next.Keys(), []string{"first_factors", "second_factors"}) || policy.Spell(next["first_factors"]) != "password,passkey,push" {
		t.Errorf("saved would be %v", next)
	}
	if again := d.meet(now); len(again) != 0 {
		t.Errorf("it is told again: %v", again)
	}
}

func TestHowASettingStands(t *testing.T) {
	key, _ := policy.KeyNamed("totp.max")
	for _, row := range []struct {
		sentence string
		g        ground
		want     string
		value    int
	}{
		{"the workspace sets nothing", workspaceGround(storedOf(nil, nil)), "", 5},
		{"the workspace sets it", workspaceGround(storedOf(policy.Document{"totp.max": 4}, nil)), "4", 4},
		{"nobody sets it", overOf(nil, nil), "=5", 5},
		{"the workspace does, and the pool does not", overOf(policy.Document{"totp.max": 4}, nil), "=4", 4},
		{"the pool does", overOf(policy.Document{"totp.max": 4}, policy.Document{"totp.max": 2}), "2", 2},
		{"the pool sets what the workspace has", overOf(policy.Document{"totp.max": 4}, policy.Document{"totp.max": 4}), "4", 4},
	} {
		if got := row.g.stands(key); got != row.want || row.g.before(key, got) != row.value || row.g.value(key) != row.value {
			t.Errorf("%s: it stands %q, before was %v, now is %v", row.sentence, got, row.g.before(key, got), row.g.value(key))
		}
	}
	g := overOf(policy.Document{"totp.max": 4}, nil)
	for _, bad := range []string{"", "=", "==4", "nine", "=nine", "4 ", "=6", "\x00"} {
		if got := g.before(key, bad); got != 4 {
			t.Errorf("%q was %v", bad, got)
		}
	}
}

func TestWhatIsTakenBackFromAPool(t *testing.T) {
	set := policy.Document{"totp.max": 2, "preferred": "totp", "push.confirm": "tap", "require_second_factor": "required"}
	g := overOf(policy.Document{"preferred": "totp"}, set)
	for _, row := range []struct {
		sentence string
		gone     []string
		do       []string
		left     []string
	}{
		{"nothing", nil, nil, []string{"preferred", "push.confirm", "require_second_factor", "totp.max"}},
		{"one", nil, []string{"inherit:totp.max"}, []string{"preferred", "push.confirm", "require_second_factor"}},
		{"one, and kept again", []string{"totp.max=2"}, []string{"keep:totp.max"}, []string{"preferred", "push.confirm", "require_second_factor", "totp.max"}},
		{"two", []string{"totp.max=2"}, []string{"inherit:push.confirm"}, []string{"preferred", "require_second_factor"}},
		{"a value that the workspace has too", nil, []string{"inherit:preferred"}, []string{"push.confirm", "require_second_factor", "totp.max"}},
		{"that, and then another is preferred", nil, []string{"inherit:preferred", "prefer:preferred:push"}, []string{"preferred", "push.confirm", "require_second_factor", "totp.max"}},
		{"what has a page of its own", []string{"require_second_factor=required"}, []string{"inherit:require_second_factor"}, []string{"preferred", "push.confirm", "require_second_factor", "totp.max"}},
		{"what the pool does not set, what only the workspace does, and what there is not", []string{"recovery.codes=1", "words=backup", "colour", "=", ""}, []string{"inherit:recovery.codes", "inherit:words", "inherit:colour", "keep:colour", "inherit:"}, []string{"preferred", "push.confirm", "require_second_factor", "totp.max"}},
	} {
		d := draftOf(httptest.NewRequest("GET", "/", nil), poolKeys(), g)
		d.gone = goneOf(url.Values{goneField: row.gone}, set)
		for _, do := range row.do {
			d.do(do, g)
			d.takeBack(do, set)
		}
		// It is the same after its own address.
		at, err := url.Parse(d.address("/", url.Values{}, g))
		if err != nil {
			t.Fatal(err)
		}
		back := draftOf(httptest.NewRequest("GET", at.String(), nil), poolKeys(), g)
		back.gone = goneOf(at.Query(), set)
		for _, d := range []draft{d, back} {
			if got := d.left(d.over(g), g).Keys(); !slices.Equal(got, row.left) {
				t.Errorf("%s: left are %v", row.sentence, got)
			}
		}
	}
}

func TestWhatIsTakenBackWasChangedMeanwhile(t *testing.T) {
	set := policy.Document{"totp.max": 3, "recovery.codes": 4}
	d := draft{gone: goneOf(url.Values{goneField: {"totp.max=2", "recovery.codes=4", "push.confirm=tap"}}, set)}
	told := d.meetGone(overOf(nil, set))
	if len(told) != 1 || told[0].Name != "policy.name_totp_max" || told[0].Was.Count != 2 || told[0].Is.Count != 3 {
		t.Errorf("told is %+v", told)
	}
	if again := d.meetGone(overOf(nil, set)); len(again) > 0 {
		t.Errorf("once it was looked at, told is %+v", again)
	}
}

func TestOnlyOwnersTakeBackWhatMakesResetsEasier(t *testing.T) {
	for _, row := range []struct {
		workspace, pool string
		role            countersign.Role
		shut            bool
	}{
		{policy.ResetTwoAdmins, policy.ResetNever, countersign.Administrator, true},
		{policy.ResetTwoAdmins, policy.ResetNever, countersign.Owner, false},
		{policy.ResetTwoAdmins, policy.ResetAllowed, countersign.Administrator, false},
		{policy.ResetNever, policy.ResetNever, countersign.Administrator, false},
	} {
		all := overOf(policy.Document{policy.AdminResetKey: row.workspace}, policy.Document{policy.AdminResetKey: row.pool}).overridden(nil, row.role)
		if len(all) != 1 || all[0].Shut != row.shut {
			t.Errorf("%+v: %+v", row, all)
		}
	}
}
