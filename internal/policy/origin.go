package policy

import "slices"

// Origin says where a value that is in force comes from.
type Origin string

// Where a value can come from.
const (
	FromDefault   Origin = "default"
	FromWorkspace Origin = "workspace"
	FromPool      Origin = "pool"
)

// Effective is one setting as it is in force somewhere.
type Effective struct {
	Key    Key
	Value  any
	Origin Origin
}

// EffectiveOf lists every setting in force, in the order of the table. pool is nil for the
// workspace itself. Values are those of the documents, or the default's.
//
// A pool overrides the workspace, but for two: of require_second_factor the strictest
// counts, of trusted_browser_days the smaller.
func EffectiveOf(workspace, pool Document) ([]Effective, error) {
	var all []Effective
	for _, key := range Table() {
		e := Effective{key, key.Default, FromDefault}
		if value, set := workspace[key.Name]; set {
			e.Value, e.Origin = value, FromWorkspace
		}
		value, set := pool[key.Name]
		if set {
			wins, err := key.over(value, e)
			if err != nil {
				return nil, err
			}
			if wins {
				e.Value, e.Origin = value, FromPool
			}
		}
		all = append(all, e)
	}
	return all, nil
}

// over tells whether a pool's value counts over what is in force without it.
func (k Key) over(value any, without Effective) (bool, error) {
	switch k.Name {
	case requireKey:
		ours, err := requirementOf(Document{requireKey: value})
		if err != nil {
			return false, err
		}
		theirs, err := requirementOf(Document{requireKey: without.Value})
		return ours.stricter(theirs) || without.Origin == FromDefault, err
	case trustKey:
		days, _, err := strictestTrust(Document{trustKey: value}, Document{trustKey: without.Value})
		if err != nil || without.Origin == FromDefault {
			return err == nil, err
		}
		other, err := whole(without.Value)
		return days < other, err
	}
	return true, nil
}

// Bounds tells whether what a workspace sets bounds what its pools set, who can then ask for
// less and not for more.
func (k Key) Bounds(workspace Document) bool {
	_, set := workspace[k.Name]
	return set && k.Name == trustKey
}

// stricter tells whether a requirement asks for more than another, or earlier.
func (r Requirement) stricter(than Requirement) bool {
	return r.Required && (!than.Required || r.From.Before(than.From))
}

// The settings that a pool has beside those that it overrides whole.
const (
	requireKey = "require_second_factor"
	trustKey   = "trusted_browser_days"
)

// ListKeys are the settings of a pool that are lists of methods, by the role in which the
// methods are listed.
const (
	FirstFactorsKey  = "first_factors"
	SecondFactorsKey = "second_factors"
	PreferredKey     = "preferred"
	MethodsKey       = "methods"
)

// OfPools tells whether a pool may set this key too.
func (k Key) OfPools() bool {
	return slices.Contains(PoolKeys(), k.Name)
}

// Addable are the methods that may still be added to one of a pool's lists, whose value is
// listed now: those that the list knows, that the workspace has enabled, and that are not
// in it. A password is no method that anybody enables.
func Addable(list string, listed []string, workspace Settings) []string {
	key, known := keyNamed(list)
	if !known {
		return nil
	}
	var rest []string
	for _, word := range key.Words {
		enabled := word == firstPassword || workspace.Allows(word)
		if enabled && !slices.Contains(listed, word) {
			rest = append(rest, word)
		}
	}
	return rest
}

// UsesMethods tells whether a setting's values are methods that the workspace must have
// enabled before they do anything.
func (k Key) UsesMethods() bool {
	return k.Name == FirstFactorsKey || k.Name == SecondFactorsKey || k.Name == PreferredKey
}

// Idle are those of a list of methods that do nothing, since the workspace has not enabled
// them.
func Idle(listed []string, workspace Settings) []string {
	return slices.DeleteFunc(slices.Clone(listed), func(word string) bool {
		return word == firstPassword || word == nothing || workspace.Allows(word)
	})
}

// nothing is how a setting says that it names nothing.
const nothing = "none"
