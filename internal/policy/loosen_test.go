package policy_test

import (
	"slices"
	"testing"

	"countersign"
	"countersign/internal/policy"
)

func TestWhatIsLooserForResets(t *testing.T) {
	order := []string{policy.ResetAllowed, policy.ResetTwoAdmins, policy.ResetNever}
	for i, before := range order {
		for j, after := range order {
			if got := policy.LooserReset(before, after); got != (j < i) {
				t.Errorf("from %s to %s is looser: %v", before, after, got)
			}
		}
		if !policy.LooserReset(before, "sometimes") {
			t.Errorf("from %s to what nobody knows is not looser", before)
		}
		if !policy.LooserReset("", before) {
			t.Errorf("from what nobody knows to %s is not looser", before)
		}
	}
	for _, role := range append(countersign.Roles(), "", "root") {
		if got := policy.MayLoosenReset(role); got != (role == countersign.Owner) {
			t.Errorf("%q may loosen it: %v", role, got)
		}
	}
}

func TestWhereRulesLoosenResets(t *testing.T) {
	sets := func(value string) policy.Document {
		if value == "" {
			return policy.Document{"turn_off": policy.FreshProof}
		}
		return policy.Document{policy.AdminResetKey: value}
	}
	// Each is what the workspace and the pool Staff set before, and then; "" is nothing, "-"
	// that there is no such pool.
	rules := func(workspace, pool string) policy.Rules {
		r := policy.Rules{Workspace: sets(workspace), Pools: map[string]policy.Document{"Other": {}}}
		if pool != "-" {
			r.Pools["Staff"] = sets(pool)
		}
		return r
	}
	for _, row := range []struct {
		what          string
		before, after policy.Rules
		want          []policy.Loosened
	}{
		{"nothing changes", rules("two_admins", "never"), rules("two_admins", "never"), nil},
		{"the default is set", rules("", ""), rules("allowed", ""), nil},
		{"the workspace asks for more", rules("", ""), rules("two_admins", ""), nil},
		{"the workspace asks for less", rules("never", ""), rules("two_admins", ""), []policy.Loosened{{"", "never", "two_admins"}}},
		{"the workspace does not set it any more", rules("two_admins", ""), rules("", ""), []policy.Loosened{{"", "two_admins", "allowed"}}},
		{"the workspace asks for less, a pool still for as much", rules("never", "never"), rules("allowed", "never"), []policy.Loosened{{"", "never", "allowed"}}},
		{"a pool asks for more", rules("two_admins", ""), rules("two_admins", "never"), nil},
		{"a pool asks for less", rules("two_admins", "two_admins"), rules("two_admins", "allowed"), []policy.Loosened{{"Staff", "two_admins", "allowed"}}},
		{"a pool asks for less than the workspace", rules("two_admins", ""), rules("two_admins", "allowed"), []policy.Loosened{{"Staff", "two_admins", "allowed"}}},
		{"a pool asks for less, and for more than the workspace", rules("allowed", "never"), rules("allowed", "two_admins"), []policy.Loosened{{"Staff", "never", "two_admins"}}},
		{"a pool does not set it any more, where the workspace asks for less", rules("two_admins", "never"), rules("two_admins", ""), []policy.Loosened{{"Staff", "never", "two_admins"}}},
		{"a pool does not set it any more, where the workspace asks for more", rules("never", "allowed"), rules("never", ""), nil},
		{"workspace and pool", rules("never", "two_admins"), rules("two_admins", "allowed"), []policy.Loosened{{"", "never", "two_admins"}, {"Staff", "two_admins", "allowed"}}},
		{"the workspace asks for more, and the pool for less", rules("two_admins", ""), rules("never", "allowed"), []policy.Loosened{{"Staff", "two_admins", "allowed"}}},
		{"a new pool that asks for less", rules("two_admins", "-"), rules("two_admins", "allowed"), []policy.Loosened{{"Staff", "two_admins", "allowed"}}},
		{"a new pool that sets nothing", rules("two_admins", "-"), rules("two_admins", ""), nil},
		{"a pool that is gone, and asked for more", rules("two_admins", "never"), rules("two_admins", "-"), []policy.Loosened{{"Staff", "never", "two_admins"}}},
	} {
		if got := policy.LooserResets(row.before, row.after); !slices.Equal(got, row.want) {
			t.Errorf("%s: %v, want %v", row.what, got, row.want)
		}
	}
	for _, name := range policy.Presets() {
		preset, err := policy.Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		never := policy.Rules{Workspace: sets("never")}
		_, sets := preset[policy.AdminResetKey]
		loosens := len(policy.LooserResets(never, never.With(policy.Rules{Workspace: preset}, false))) > 0
		if want := sets && preset[policy.AdminResetKey] != "never"; loosens != want {
			t.Errorf("the preset %s over never is looser: %v, want %v", name, loosens, want)
		}
	}
}

func TestWhichRulesForResetsHoldForAnybody(t *testing.T) {
	set := func(value string) policy.Document { return policy.Document{policy.AdminResetKey: value} }
	for _, row := range []struct {
		what      string
		workspace policy.Document
		pools     map[string]policy.Document
		want      []string
	}{
		{"nothing is set", nil, map[string]policy.Document{"Everybody": nil}, []string{policy.ResetAllowed}},
		{"the workspace sets it", set(policy.ResetTwoAdmins), map[string]policy.Document{"Everybody": nil, "Staff": {}}, []string{policy.ResetTwoAdmins}},
		{
			"each pool sets another than the workspace", set(policy.ResetNever),
			map[string]policy.Document{"Everybody": set(policy.ResetAllowed), "Staff": set(policy.ResetTwoAdmins)},
			[]string{policy.ResetAllowed, policy.ResetTwoAdmins},
		},
		{
			"one pool sets it", nil,
			map[string]policy.Document{"Everybody": {}, "Staff": set(policy.ResetTwoAdmins), "Admins": set(policy.ResetTwoAdmins)},
			[]string{policy.ResetAllowed, policy.ResetTwoAdmins},
		},
	} {
		got := policy.ResetRules(policy.Rules{Workspace: row.workspace, Pools: row.pools})
		if !slices.Equal(got, row.want) {
			t.Errorf("%s: %v, want %v", row.what, got, row.want)
		}
	}
}
