package console

import (
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"countersign"
	"countersign/internal/policy"
	"countersign/internal/web"
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
		d.do(row.do)
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
	d.do("add:first_factors:push")
	d.do("prefer:preferred:push")
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
	d.do("add:first_factors:push")
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
	d.do("add:first_factors:push")
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

// codes are the keys of the tab of apps and codes.
func codes() []policy.Key {
	return tab{keys: []string{"totp.max", "recovery.codes", policy.AdminResetKey, "preferred"}}.settings()
}

func TestWhatIsTakenBackFromAPool(t *testing.T) {
	g := overOf(policy.Document{"preferred": "totp"}, policy.Document{"totp.max": 2, "preferred": "totp", "push.confirm": "tap", "require_second_factor": "required"})
	for _, row := range []struct {
		sentence string
		gone     []string
		do       []string
		left     []string
	}{
		{"nothing", nil, nil, []string{"preferred", "push.confirm", "require_second_factor", "totp.max"}},
		{"one", nil, []string{"inherit:totp.max"}, []string{"preferred", "push.confirm", "require_second_factor"}},
		{"one, and kept again", []string{"totp.max"}, []string{"keep:totp.max"}, []string{"preferred", "push.confirm", "require_second_factor", "totp.max"}},
		{"two", []string{"totp.max"}, []string{"inherit:preferred"}, []string{"push.confirm", "require_second_factor"}},
		{"a value that the workspace has too", nil, []string{"inherit:preferred"}, []string{"push.confirm", "require_second_factor", "totp.max"}},
		{"that, and then another is preferred", nil, []string{"inherit:preferred", "prefer:preferred:push"}, []string{"preferred", "push.confirm", "require_second_factor", "totp.max"}},
		{"that, and then what it was is preferred", nil, []string{"inherit:preferred", "prefer:preferred:totp"}, []string{"preferred", "push.confirm", "require_second_factor", "totp.max"}},
		{"what has a page of its own, and what has another tab", []string{"require_second_factor", "push.confirm"}, []string{"inherit:require_second_factor", "inherit:push.confirm"}, []string{"preferred", "push.confirm", "require_second_factor", "totp.max"}},
		{"what the pool does not set, and what there is not", []string{"recovery.codes", "words", "colour", "=", ""}, []string{"inherit:recovery.codes", "inherit:words", "inherit:colour", "keep:colour", "keep:recovery.codes", "inherit:"}, []string{"preferred", "push.confirm", "require_second_factor", "totp.max"}},
	} {
		at := "/?" + url.Values{goneField: row.gone}.Encode()
		d := draftOf(httptest.NewRequest("GET", at, nil), codes(), g)
		for _, do := range row.do {
			if _, pressed := d.takeBack(do, g); !pressed {
				d.do(do)
			}
		}
		// It is the same after its own address.
		back := draftOf(httptest.NewRequest("GET", d.address("/", url.Values{}, g), nil), codes(), g)
		for _, d := range []draft{d, back} {
			got := d.over(g)
			if !slices.Equal(got.Keys(), row.left) {
				t.Errorf("%s: left are %v", row.sentence, got)
			}
			if changed := len(policy.Changes(g.was.Rules, g.next(got))) > 0; changed != d.touched(g) {
				t.Errorf("%s: unsaved is %t", row.sentence, d.touched(g))
			}
		}
	}
}

// posted is a draft that came in a form.
func posted(t *testing.T, g ground, keys []policy.Key, form url.Values) draft {
	t.Helper()
	r := httptest.NewRequest("POST", "/", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	read, err := web.ReadForm(r)
	if err != nil {
		t.Fatal(err)
	}
	return readDraft(r, read, keys, g)
}

// What the form of a pool's settings would store. Choosing what the workspace has sets nothing.
func TestWhatAPoolSetsByItsForm(t *testing.T) {
	g := overOf(policy.Document{"totp.max": 4, policy.AdminResetKey: policy.ResetTwoAdmins}, policy.Document{"totp.max": 2, policy.AdminResetKey: policy.ResetTwoAdmins})
	for _, row := range []struct {
		sentence string
		form     url.Values
		want     policy.Document
		wrong    bool
	}{
		{"nothing", url.Values{}, g.set, false},
		{"a value, without how it stood", url.Values{"set.totp.max": {"3"}}, g.set, false},
		{"another value", url.Values{"was.totp.max": {"2"}, "set.totp.max": {"3"}}, policy.Document{"totp.max": 3, policy.AdminResetKey: policy.ResetTwoAdmins}, false},
		{"what the workspace has", url.Values{"was.totp.max": {"2"}, "set.totp.max": {"4"}}, policy.Document{policy.AdminResetKey: policy.ResetTwoAdmins}, false},
		{"nothing typed", url.Values{"was.totp.max": {"2"}, "set.totp.max": {" "}}, policy.Document{policy.AdminResetKey: policy.ResetTwoAdmins}, false},
		{"what is set already, and the workspace has too", url.Values{"was.recovery.admin_reset": {"two_admins"}, "set.recovery.admin_reset": {"two_admins"}}, g.set, false},
		{"that, taken back", url.Values{"was.recovery.admin_reset": {"two_admins"}, "gone": {policy.AdminResetKey}}, policy.Document{"totp.max": 2}, false},
		{"that, without how it stood", url.Values{"gone": {policy.AdminResetKey}}, g.set, false},
		{"both taken back, a value beside", url.Values{"was.recovery.admin_reset": {"two_admins"}, "was.totp.max": {"2"}, "set.totp.max": {"1"}, "gone": {"totp.max", policy.AdminResetKey}}, policy.Document{}, false},
		{"what it does not set, chosen", url.Values{"was.recovery.codes": {"=10"}, "set.recovery.codes": {"1"}}, g.set.With(policy.Document{"recovery.codes": 1}), false},
		{"what it does not set, taken back", url.Values{"was.recovery.codes": {"=10"}, "set.recovery.codes": {"1"}, "gone": {"recovery.codes"}}, g.set, false},
		{"what cannot be", url.Values{"was.totp.max": {"2"}, "set.totp.max": {"6"}}, g.set, true},
		{"no choice", url.Values{"was.recovery.admin_reset": {"two_admins"}}, g.set, true},
	} {
		d := posted(t, g, codes(), row.form)
		got := d.over(g)
		if len(policy.Changes(policy.Rules{Workspace: row.want}, policy.Rules{Workspace: got})) > 0 || d.form.Failed() != row.wrong {
			t.Errorf("%s: it would set %v, and says %v", row.sentence, got, d.form.Errors)
		}
	}
	// The workspace gives nothing up: it has nothing above it but the defaults.
	above := workspaceGround(g.was)
	if got := posted(t, above, codes(), url.Values{"was.totp.max": {"4"}, "gone": {"totp.max"}}).over(above); got["totp.max"] != 4 {
		t.Errorf("the workspace would set %v", got)
	}
}

func TestWhatIsTakenBackWasChangedMeanwhile(t *testing.T) {
	now := overOf(policy.Document{"recovery.codes": 1}, policy.Document{"totp.max": 3, "recovery.codes": 1})
	d := posted(t, now, codes(), url.Values{"was.totp.max": {"2"}, "was.recovery.codes": {"1"}, "was.preferred": {"push"}, "gone": {"totp.max", "recovery.codes", "preferred"}})
	told := d.meet(now)
	if len(told) != 2 || told[0].Name != "policy.name_preferred" && told[1].Name != "policy.name_preferred" {
		t.Fatalf("told is %+v", told)
	}
	if told[0].Was.Count != 2 || told[0].Is.Count != 3 {
		t.Errorf("told is %+v", told[0])
	}
	if again := d.meet(now); len(again) > 0 {
		t.Errorf("once it was looked at, told is %+v", again)
	}
	if left := d.over(now); len(left) > 0 {
		t.Errorf("left are %v", left)
	}
}

func TestOnlyOwnersTakeBackWhatMakesResetsEasier(t *testing.T) {
	for _, row := range []struct {
		workspace, pool string
		role            countersign.Role
		back, says      bool
	}{
		{policy.ResetTwoAdmins, policy.ResetNever, countersign.Administrator, false, true},
		{policy.ResetTwoAdmins, policy.ResetNever, countersign.Owner, true, false},
		{policy.ResetTwoAdmins, policy.ResetAllowed, countersign.Administrator, true, false},
		{policy.ResetNever, policy.ResetNever, countersign.Administrator, true, true},
	} {
		g := overOf(policy.Document{policy.AdminResetKey: row.workspace}, policy.Document{policy.AdminResetKey: row.pool})
		gone := "&gone=" + policy.AdminResetKey
		s := tabSample(t, g, "codes", gone, row.role).Settings[5]
		if s.Key != policy.AdminResetKey || s.Back != row.back || s.Gone != row.back || (s.Owners != "") != row.says {
			t.Errorf("%+v: %+v", row, s)
		}
		for _, one := range s.Options {
			if one.Shut && one.Chosen {
				t.Errorf("%+v: %s is chosen, which only owners choose", row, one.Value)
			}
		}
	}
}

// Each setting that pools may set has one place on the pages of a pool.
func TestEverySettingOfPoolsHasAPlace(t *testing.T) {
	on := map[string]int{requirement: 1} // has a page of its own
	for _, key := range poolKeys() {
		on[key.Name]++
	}
	for _, one := range overOf(nil, nil).tabs() {
		if len(one.settings()) == 0 {
			t.Errorf("%s is empty", one.ID)
		}
		for _, key := range one.settings() {
			on[key.Name]++
		}
	}
	for _, key := range policy.Table() {
		want := 0
		if key.OfPools() {
			want = 1
		}
		if on[key.Name] != want {
			t.Errorf("%s is in %d places", key.Name, on[key.Name])
		}
	}
}

// What is in force, what it comes from and what would hold without the pool are three things:
// of the days of trust the smaller number counts, whoever sets it.
func TestWhatAPoolsTabSays(t *testing.T) {
	for _, row := range []struct {
		sentence        string
		workspace, pool policy.Document
		origin          policy.Origin
		days, then      int
		own, hint       bool
		value           string
	}{
		{"nobody sets it", nil, nil, policy.FromDefault, 0, 0, false, false, "0"},
		{"the workspace does", policy.Document{"trusted_browser_days": 30}, nil, policy.FromWorkspace, 30, 30, false, true, "30"},
		{"the pool does", nil, policy.Document{"trusted_browser_days": 60}, policy.FromPool, 60, 0, true, false, "60"},
		{"the pool asks for less", policy.Document{"trusted_browser_days": 30}, policy.Document{"trusted_browser_days": 7}, policy.FromPool, 7, 30, true, true, "7"},
		{"the pool asks for more", policy.Document{"trusted_browser_days": 30}, policy.Document{"trusted_browser_days": 60}, policy.FromWorkspace, 30, 30, true, true, "60"},
		{"both ask for the same", policy.Document{"trusted_browser_days": 30}, policy.Document{"trusted_browser_days": 30}, policy.FromWorkspace, 30, 30, true, true, "30"},
	} {
		g := overOf(row.workspace, row.pool)
		s := tabSample(t, g, "signin", "", countersign.Owner).Settings[0]
		if s.Key != "trusted_browser_days" || s.Origin != row.origin || s.Sight.Count != row.days || s.Then.Count != row.then || s.Own != row.own || s.Idle != (row.own && row.origin != policy.FromPool) || s.Back != row.own || s.Value != row.value || (s.Hint != "") != row.hint {
			t.Errorf("%s: %+v", row.sentence, s)
		}
		others := poolSample(t, row.workspace, row.pool, "", countersign.Owner).Others
		if len(others) > 0 != row.own || row.own && (others[0].Sight.Count != row.days || others[0].Then.Count != row.then || others[0].Idle != s.Idle || !strings.HasSuffix(others[0].Href, "/settings?tab=signin#set.trusted_browser_days-h")) {
			t.Errorf("%s: the first page says %+v", row.sentence, others)
		}
	}
}

// The lists of a pool's first page show that they are to be taken back, with what then holds;
// what the pool does not set cannot be.
func TestAPoolsListsAreTakenBack(t *testing.T) {
	workspace, own := policy.Document{"preferred": "totp"}, policy.Document{"first_factors": []string{"password"}, "preferred": "totp"}
	view := poolSample(t, workspace, own, "?gone=first_factors&gone=second_factors&gone=preferred", countersign.Owner)
	first, second := view.Lists[0], view.Lists[1]
	if !first.Own || !first.Gone || len(first.Methods) != 2 || first.Origin != policy.FromPool || second.Own || second.Gone || !view.Prefers.Own || !view.Prefers.Gone || !view.Unsaved {
		t.Errorf("%+v, %+v, %+v", first, second, view.Prefers)
	}
	for _, one := range view.Was {
		if one == (Hidden{goneField, "second_factors"}) {
			t.Error("the form takes back what is not set")
		}
	}
}

// A pool keeps what it has by the workspace where somebody says so, and no more: the value
// that the page showed, through its address and beside a change above it.
func TestWhatAPoolKeeps(t *testing.T) {
	g := overOf(policy.Document{"totp.max": 4, "preferred": "totp"}, policy.Document{"preferred": "push"})
	for _, row := range []struct {
		sentence string
		do       []string
		want     policy.Document
	}{
		{"nothing", nil, policy.Document{"preferred": "push"}},
		{"what the workspace sets", []string{"pin:totp.max"}, policy.Document{"preferred": "push", "totp.max": 4}},
		{"what nobody sets", []string{"pin:recovery.codes"}, policy.Document{"preferred": "push", "recovery.codes": 10}},
		{"that, and then not", []string{"pin:totp.max", "unpin:totp.max"}, policy.Document{"preferred": "push"}},
		{"what it sets itself", []string{"pin:preferred"}, policy.Document{"preferred": "push"}},
		{"what there is not", []string{"pin:colour", "pin:words", "pin:"}, policy.Document{"preferred": "push"}},
	} {
		d := draftOf(httptest.NewRequest("GET", "/", nil), codes(), g)
		for _, do := range row.do {
			if _, pressed := d.takeBack(do, g); !pressed {
				t.Errorf("%s: %s is no button", row.sentence, do)
			}
		}
		back := draftOf(httptest.NewRequest("GET", d.address("/", url.Values{}, g), nil), codes(), g)
		for _, d := range []draft{d, back} {
			if got := d.over(g); !reflect.DeepEqual(got, row.want) {
				t.Errorf("%s: %v, want %v", row.sentence, got, row.want)
			}
			if d.touched(g) != (len(row.want) > 1) {
				t.Errorf("%s: unsaved is %t", row.sentence, d.touched(g))
			}
		}
	}
	form := url.Values{"was.totp.max": {"=4"}, "pin": {"totp.max"}, "set.totp.max": {"1"}}
	if got := posted(t, g, codes(), form).over(g); got["totp.max"] != 4 {
		t.Errorf("the form would set %v", got)
	}
	for sentence, form := range map[string]url.Values{
		"without how it stood": {"pin": {"totp.max"}}, "with what cannot be": {"pin": {"totp.max"}, "was.totp.max": {"=9"}, "set.totp.max": {"4"}},
	} {
		if got := posted(t, g, codes(), form).over(g); got["totp.max"] != nil {
			t.Errorf("a form %s would set %v", sentence, got)
		}
	}
	// Somebody changes it above meanwhile: it is told, and what was to be kept stays chosen.
	now := overOf(policy.Document{"totp.max": 3, "preferred": "totp"}, g.set)
	d := posted(t, now, codes(), form)
	if told := d.meet(now); len(told) != 1 || d.pinned["totp.max"] || d.over(now)["totp.max"] != 4 {
		t.Errorf("told is %+v, and saved would be %v", told, d.over(now))
	}
	above := workspaceGround(g.was)
	if got := posted(t, above, codes(), url.Values{"was.recovery.codes": {"=10"}, "pin": {"recovery.codes"}, "set.recovery.codes": {"10"}}).over(above); got["recovery.codes"] != nil {
		t.Errorf("the workspace would set %v", got)
	}
}
