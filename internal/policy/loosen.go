package policy

import (
	"slices"

	"countersign"
)

// AdminResetKey is the setting that says how many people it takes to reset somebody.
const AdminResetKey = "recovery.admin_reset"

// MayLoosenReset tells whether somebody of a role may make it easier to reset others than it
// is. Only owners may: a rule that takes two administrators, or lets none of them, is none
// where one of them can do away with it alone. Stricter is for everybody who changes
// settings.
func MayLoosenReset(actor countersign.Role) bool { return actor == countersign.Owner }

// LooserReset tells whether fewer people are needed for a reset by one value of
// recovery.admin_reset than by another. What is no value was the strictest, and is the
// loosest.
func LooserReset(before, after string) bool {
	order := []string{ResetAllowed, ResetTwoAdmins, ResetNever}
	was := slices.Index(order, before)
	if was < 0 {
		was = len(order)
	}
	return slices.Index(order, after) < was
}

// Loosened is one place where fewer people are needed for a reset than before.
type Loosened struct {
	// Pool is the name of a pool, "" for the workspace: everybody in pools that set
	// nothing themselves.
	Pool          string
	Before, After string
}

// LooserResets lists where rules need fewer people for a reset than those before them: the
// workspace first, then the pools that set, or did set, something themselves. A pool that
// is new asked what the workspace asked, and one that is gone asks what it asks now.
func LooserResets(before, after Rules) []Loosened {
	key, _ := keyNamed(AdminResetKey)
	all := []Loosened{}
	look := func(pool string, was, is any) {
		one := Loosened{Pool: pool, Before: Spell(was), After: Spell(is)}
		if LooserReset(one.Before, one.After) {
			all = append(all, one)
		}
	}
	look("", key.inForce(before.Workspace), key.inForce(after.Workspace))
	names := append(before.PoolNames(), after.PoolNames()...)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		was, is := before.Pools[name], after.Pools[name]
		_, did := was[AdminResetKey]
		_, does := is[AdminResetKey]
		if did || does {
			look(name, key.inForce(before.Workspace, was), key.inForce(after.Workspace, is))
		}
	}
	return all
}

// ResetRules lists which values of recovery.admin_reset hold for anybody: each once, the
// loosest first. Everybody is in a pool.
func ResetRules(r Rules) []string {
	key, _ := keyNamed(AdminResetKey)
	var all []string
	for _, value := range []string{ResetAllowed, ResetTwoAdmins, ResetNever} {
		for _, pool := range r.Pools {
			if Spell(key.inForce(r.Workspace, pool)) == value {
				all = append(all, value)
				break
			}
		}
	}
	return all
}
