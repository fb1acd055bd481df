package console

import (
	"net/url"
	"slices"
	"strings"

	"countersign"
	"countersign/internal/policy"
)

// goneField carries one setting of a pool that is to be taken back: its key, = and what the
// pool set when that was asked for.
const goneField = "gone"

// mayGo tells whether the page of a pool takes a setting back. What is required has a page
// of its own, which asks whom to write to.
func mayGo(name string, set policy.Document) bool {
	key, known := policy.KeyNamed(name)
	_, own := set[name]
	return known && key.OfPools() && own && name != requirement
}

// goneOf are the settings that a form, or an address, takes back. One that the pool does not
// set counts for nothing.
func goneOf(values url.Values, set policy.Document) map[string]string {
	gone := map[string]string{}
	for _, typed := range values[goneField] {
		name, was, _ := strings.Cut(typed, "=")
		if mayGo(name, set) {
			gone[name] = was
		}
	}
	return gone
}

// takeBack does what a button says: inherit takes back what the pool sets, and keep leaves it.
func (d draft) takeBack(what string, set policy.Document) {
	verb, name, _ := strings.Cut(what, ":")
	switch {
	case verb == "inherit" && mayGo(name, set):
		d.gone[name] = policy.Spell(set[name])
	case verb == "keep":
		delete(d.gone, name)
	}
}

// left is a document without what is taken back, but for what was then chosen otherwise.
func (d draft) left(doc policy.Document, g ground) policy.Document {
	for name := range d.gone {
		key, _ := policy.KeyNamed(name)
		chosen, listed := d.chosen[name]
		if !listed || policy.Spell(chosen) == policy.Spell(g.without(key)) {
			delete(doc, name)
		}
	}
	return doc
}

// meetGone is meet for what is taken back: somebody else has given it another value
// meanwhile, which is to be looked at before it goes.
func (d draft) meetGone(g ground) []Meanwhile {
	var told []Meanwhile
	for _, name := range g.set.Keys() {
		was, is := d.gone[name]
		now := policy.Spell(g.set[name])
		if _, listed := d.chosen[name]; !is || listed || was == now {
			continue
		}
		key, _ := policy.KeyNamed(name)
		d.gone[name] = now
		told = append(told, Meanwhile{nameOf(key), policy.SightOf(key, g.before(key, was)), policy.SightOf(key, g.set[name])})
	}
	return told
}

// overridden are the settings that a pool sets beside its lists of methods and what is
// required of its people.
func (g ground) overridden(gone map[string]string, role countersign.Role) []Overridden {
	var all []Overridden
	for _, name := range g.set.Keys() {
		listed := slices.ContainsFunc(poolKeys(), func(k policy.Key) bool { return k.Name == name })
		if listed || !mayGo(name, g.set) {
			continue
		}
		key, _ := policy.KeyNamed(name)
		then := g.without(key)
		_, goes := gone[name]
		looser := name == policy.AdminResetKey && policy.LooserReset(policy.Spell(g.set[name]), policy.Spell(then))
		all = append(all, Overridden{
			Key: name, Name: nameOf(key), Sight: policy.SightOf(key, g.set[name]), Then: policy.SightOf(key, then), Gone: goes,
			Shut: looser && !policy.MayLoosenReset(role),
		})
	}
	return all
}
