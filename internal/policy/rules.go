package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// Rules are the settings of a workspace together with those of its pools, as one file
// says them: keys at the top, and a table for each pool, as [pool."Field staff"].
type Rules struct {
	Workspace Document
	// Pools are what pools set, by the names of the pools.
	Pools map[string]Document
	// Domains are the rules by which new people come into the pools, nil for rules that say
	// nothing of them.
	Domains Domains
	// Default is the name of the pool of everybody whom no rule puts elsewhere, "" where a
	// file marks none. It is that pool by whatever name it has elsewhere.
	Default string
}

// poolTable is the table of a file that holds the pools; defaultMark marks one of them as
// the default one.
const (
	poolTable   = "pool"
	defaultMark = "default"
)

// ParseRules reads a file of settings, TOML or JSON, and checks it. Errors name all that
// cannot be.
func ParseRules(text []byte) (Rules, error) {
	nested := map[string]any{}
	var err error
	if json.Valid(text) {
		decoder := json.NewDecoder(bytes.NewReader(text))
		err = decoder.Decode(&nested)
		if err != nil {
			return Rules{}, fmt.Errorf("the settings are not a JSON object: %w", err)
		}
	} else {
		err = toml.Unmarshal(text, &nested)
		if err != nil {
			return Rules{}, fmt.Errorf("the file is not TOML: %w", err)
		}
	}
	r := Rules{Workspace: Document{}, Pools: map[string]Document{}}
	pools, has := nested[poolTable]
	if has {
		delete(nested, poolTable)
		err = r.readPools(pools)
	}
	return r, errors.Join(flatten(r.Workspace, "", nested), err, r.Check())
}

// readPools reads the pools, the domains that lead to them, and which of them is marked.
func (r *Rules) readPools(pools any) error {
	table, isTable := pools.(map[string]any)
	if !isTable {
		return fmt.Errorf(`pool: pools are tables with names, such as [pool."Field staff"]`)
	}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(table)) {
		settings, isTable := table[name].(map[string]any)
		if !isTable {
			problems = append(problems, fmt.Errorf("%s: a pool is a table", PoolPath(name)))
			continue
		}
		mark, has := settings[defaultMark]
		is, isMark := mark.(bool)
		switch {
		case has && !isMark:
			problems = append(problems, fmt.Errorf("%s: it is neither true nor false", PoolPath(name, defaultMark)))
		case is && r.Default != "":
			problems = append(problems, fmt.Errorf("%s: %s is the default pool already, and there is one alone", PoolPath(name, defaultMark), PoolPath(r.Default)))
		case is && name == "":
			problems = append(problems, fmt.Errorf("%s: a pool without a name cannot be the default one", PoolPath(name, defaultMark)))
		case is:
			r.Default = name
		}
		if domains, has := settings[DomainsOfPool]; has {
			if r.Domains == nil {
				r.Domains = Domains{}
			}
			var err error
			r.Domains[name], err = readDomains(name, domains)
			problems = append(problems, err)
		}
		doc := Document{}
		problems = append(problems, flatten(doc, "", without(settings, defaultMark, DomainsOfPool)))
		r.Pools[name] = doc
	}
	return errors.Join(problems...)
}

func without(table map[string]any, keys ...string) map[string]any {
	rest := maps.Clone(table)
	for _, key := range keys {
		delete(rest, key)
	}
	return rest
}

// Calling are the same rules with the default pool called by another name. Where the name is
// that of another pool, or none, they stay as they are: nothing of two pools becomes one.
func (r Rules) Calling(name string) Rules {
	_, taken := r.Pools[name]
	if name == "" || r.Default == "" || taken {
		return r
	}
	out := Rules{Workspace: r.Workspace, Pools: maps.Clone(r.Pools), Domains: r.Domains.calling(r.Default, name), Default: name}
	out.Pools[name] = r.Pools[r.Default]
	delete(out.Pools, r.Default)
	return out
}

// Check reports every key and value that cannot be, of the workspace and of the pools.
func (r Rules) Check() error {
	problems := []error{r.Workspace.Check()}
	for _, name := range r.PoolNames() {
		err := r.Pools[name].CheckPool()
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", PoolPath(name), err))
		}
	}
	return errors.Join(append(problems, r.Domains.check())...)
}

// PoolNames lists the pools, in the order of their names.
func (r Rules) PoolNames() []string { return slices.Sorted(maps.Keys(r.Pools)) }

// With are these rules with others over them: key by key or, where they replace, each
// document whole. Pools that the others do not name are left alone. The pool that the
// others mark is the default one here, whatever it is called.
func (r Rules) With(named Rules, replace bool) Rules {
	over := func(before, after Document) Document {
		if replace {
			before = nil
		}
		return before.With(after)
	}
	r = r.Calling(named.Default)
	out := Rules{Workspace: over(r.Workspace, named.Workspace), Pools: maps.Clone(r.Pools), Default: r.Default}
	if out.Pools == nil {
		out.Pools = map[string]Document{}
	}
	for name, doc := range named.Pools {
		out.Pools[name] = over(r.Pools[name], doc)
	}
	out.Domains = r.Domains.with(named.Domains, named.PoolNames(), replace)
	return out
}

// PoolPath is how a pool, or a key of it, is written in a file.
func PoolPath(name string, key ...string) string {
	return strings.Join(append([]string{poolTable, bare(name)}, key...), ".")
}

// NameOfPool is what a Change has as its setting where a pool gets another name.
const NameOfPool = "name"

// Change is one setting whose value, or whether it is set at all, changes.
type Change struct {
	// Pool is the name of the pool, "" for the workspace's own settings.
	Pool    string `json:"pool,omitempty"`
	Setting string `json:"setting"`
	// Before and After are the values that are set, nil for none.
	Before any `json:"before"`
	After  any `json:"after"`
	// Warning is the text to accept, by its key in the catalogue, or "". Warned is of a value
	// that comes into force and was not in force before.
	Warning string `json:"-"`
}

// Path names the setting as a file does.
func (c Change) Path() string {
	if c.Pool == "" {
		return c.Setting
	}
	return PoolPath(c.Pool, c.Setting)
}

// Changes compares two rules key by key, the workspace's first and in the order of the
// table. A pool that only one of them has changes by what it sets. Another name of the
// default pool is a change of its NameOfPool, and its settings are compared under the new one;
// other domains that lead to a pool are one of its DomainsOfPool.
func Changes(before, after Rules) []Change {
	all := changes("", before.Workspace, after.Workspace, nil, nil)
	if called := before.Calling(after.Default); called.Default != before.Default {
		all = append(all, Change{Pool: called.Default, Setting: NameOfPool, Before: before.Default, After: called.Default})
		before = called
	}
	names := append(before.PoolNames(), after.PoolNames()...)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		all = append(all, changes(name, before.Pools[name], after.Pools[name], before.Workspace, after.Workspace)...)
		if change, is := domainChange(name, before.Domains, after.Domains); is {
			all = append(all, change)
		}
	}
	return all
}

// changes compares what one pool sets, over what its workspace set before and sets now; or
// a workspace, over nothing.
func changes(pool string, before, after, under, below Document) []Change {
	all := []Change{}
	for _, key := range Table() {
		was, wasSet := before[key.Name]
		is, isSet := after[key.Name]
		if wasSet == isSet && Spell(was) == Spell(is) {
			continue
		}
		c := Change{Pool: pool, Setting: key.Name, Before: was, After: is}
		former := key.inForce(under, before)
		now := key.inForce(below, after)
		if Spell(former) != Spell(now) {
			c.Warning = key.WarningOf(Spell(now))
			if key.Name == RetentionKey && ShorterRetention(former, now) {
				c.Warning = "policy.warn_shorter_log"
			}
		}
		all = append(all, c)
	}
	return all
}

// inForce is the value of the last document that sets the key, or the default.
func (k Key) inForce(layers ...Document) any {
	value := k.Default
	for _, layer := range layers {
		if set, is := layer[k.Name]; is {
			value = set
		}
	}
	return value
}

// Spell writes a value as it is typed on a command line.
func Spell(value any) string {
	list, err := listOf(value)
	if err == nil {
		return strings.Join(list, ",")
	}
	if n, err := whole(value); err == nil {
		return fmt.Sprint(n) // as JSON has it, it is 1e+06
	}
	return fmt.Sprint(value)
}

// MayShutOut tells whether changes could keep somebody from signing in, or make them set
// something up: only then is it worth to look at everybody.
func MayShutOut(changes []Change) bool {
	return slices.ContainsFunc(changes, func(c Change) bool {
		return slices.Contains([]string{
			MethodsKey, FirstFactorsKey, SecondFactorsKey, requireKey, "sms.countries", versionName, "push.terminal_devices", "push.confirm", "passkey.verify",
		}, c.Setting)
	})
}

// OnlyRequires tells whether changes can do nothing to people but have those set up a second
// factor who have none: whoever has one, or gets in without, is not affected.
func OnlyRequires(changes []Change) bool {
	return !slices.ContainsFunc(changes, func(c Change) bool { return c.Setting != requireKey && MayShutOut([]Change{c}) })
}

// KeyNamed is the setting of a name.
func KeyNamed(name string) (Key, bool) {
	at := slices.IndexFunc(Table(), func(k Key) bool { return k.Name == name })
	if at < 0 {
		return Key{}, false
	}
	return Table()[at], true
}
