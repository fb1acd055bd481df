package policy

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// drawValue draws a value that a key takes: one of its words, a list of them, a number of
// its range, or what else it may be.
func drawValue(t *rapid.T, key Key) any {
	switch key.Name {
	case requireKey:
		return rapid.SampledFrom([]string{"optional", "required", "required from 2027-01-31"}).Draw(t, key.Name)
	case versionName:
		return rapid.SampledFrom([]string{"none", "1.4.0", "16.10.0"}).Draw(t, key.Name)
	case "passkey.aaguids":
		return rapid.SampledFrom([][]string{{"any"}, {"ee882879-721c-4913-9775-3dfcce97072a"}}).Draw(t, key.Name)
	case "sms.countries":
		return rapid.SampledFrom([][]string{{"none"}, {"DE"}, {"US", "CA"}}).Draw(t, key.Name)
	}
	switch {
	case key.List:
		return rapid.Custom(func(t *rapid.T) []string {
			return rapid.SliceOfNDistinct(rapid.SampledFrom(key.Words), 1, len(key.Words), rapid.ID[string]).Draw(t, "list")
		}).Filter(func(list []string) bool { return Document{key.Name: list}.Check() == nil }).Draw(t, key.Name)
	case key.Words != nil:
		word := rapid.SampledFrom(key.Words).Draw(t, key.Name)
		value, err := ParseValue(key.Name, word)
		if err != nil {
			t.Fatalf("%s is one of the words of %s, and refused: %v", word, key.Name, err)
		}
		return value
	}
	return rapid.IntRange(1, 40000).Filter(func(n int) bool { return Document{key.Name: n}.Check() == nil }).Draw(t, key.Name)
}

func drawDocument(t *rapid.T, keys []Key) Document {
	doc := Document{}
	for _, key := range keys {
		if rapid.Bool().Draw(t, "sets "+key.Name) {
			doc[key.Name] = drawValue(t, key)
		}
	}
	return doc
}

func drawRules(t *rapid.T) Rules {
	r := Rules{Workspace: drawDocument(t, Table()), Pools: map[string]Document{}}
	names := []string{"Everybody", "Field staff", `a.b "c" \d`, "pool", "Füße ☂", "x]", "\u0001", "#"}
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 4, rapid.ID[string]).Draw(t, "pools") {
		r.Pools[name] = drawDocument(t, ofPools())
	}
	if len(r.Pools) > 0 {
		r.Default = rapid.SampledFrom(r.PoolNames()).Draw(t, "default")
		for _, domain := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"example.com", "example.org", "xn--fsse-hoa.example"}), 0, 3, rapid.ID[string]).Draw(t, "domains") {
			if r.Domains == nil {
				r.Domains = Domains{}
			}
			pool := rapid.SampledFrom(r.PoolNames()).Draw(t, "leads to")
			r.Domains[pool] = append(r.Domains[pool], domain)
			slices.Sort(r.Domains[pool])
		}
	}
	return r
}

// What is exported and applied is what was exported, over whatever was there; the file is
// the same each time, and nothing of it differs.
func TestExportedRulesAreTheSameWhenTheyAreApplied(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules, others := drawRules(t), drawRules(t)
		file := rules.TOML()
		read, err := ParseRules([]byte(file))
		if err != nil {
			t.Fatalf("the file is refused: %v\n%s", err, file)
		}
		if again := read.TOML(); again != file {
			t.Fatalf("the file is another after it was read:\n%s", cmp.Diff(file, again))
		}
		if changes := Changes(rules, read); len(changes) > 0 || read.Default != rules.Default {
			t.Fatalf("it differs: %v, the default pool is %q", changes, read.Default)
		}
		switch _, both := rules.Pools[others.Default]; {
		case rules.Default == "" && !both:
			others.Default = "" // deleted below
		case rules.Default != "" && others.Default != rules.Default:
			delete(others.Pools, rules.Default) // else it is refused
		}
		for name := range others.Pools {
			if _, both := rules.Pools[name]; !both && name != others.Default {
				delete(others.Pools, name) // left alone
			}
		}
		if changes := Changes(rules, others.With(read, true)); len(changes) > 0 {
			t.Fatalf("applied over others it differs: %v", changes)
		}
		if changes := Changes(rules, rules.With(read, false)); len(changes) > 0 {
			t.Fatalf("applied over itself it differs: %v", changes)
		}
	})
}

func TestPresetsAsRules(t *testing.T) {
	for _, name := range Presets() {
		doc, err := Preset(name)
		if err != nil {
			t.Fatal(err)
		}
		preset := Rules{Workspace: doc}
		for _, before := range Presets() {
			base, err := Preset(before)
			if err != nil {
				t.Fatal(err)
			}
			applied := Rules{Workspace: base}.With(preset, true)
			if rest := Changes(preset, applied); len(rest) > 0 {
				t.Errorf("%s over %s: %v is left", name, before, rest)
			}
			merged := Rules{Workspace: base}.With(preset, false)
			if err = merged.Check(); err != nil {
				t.Errorf("%s beside %s: %v", name, before, err)
			}
			for _, c := range Changes(preset, merged) {
				if _, set := doc[c.Setting]; set {
					t.Errorf("%s beside %s leaves %s at %v", name, before, c.Setting, c.After)
				}
			}
		}
		read, err := ParseRules([]byte(preset.TOML()))
		if err != nil || len(Changes(preset, read)) > 0 {
			t.Errorf("%s: %v, %v", name, err, Changes(preset, read))
		}
	}
}

func TestWhatAFileMaySay(t *testing.T) {
	for _, row := range []struct{ sentence, text, want string }{
		{"keys and a pool", "totp.max = 3\n[pool.Sales]\npreferred = \"push\"\n", ""},
		{"as JSON", `{"totp.max": 3, "pool": {"Sales": {"preferred": "push"}}}`, ""},
		{"a pool that sets what only the workspace does", "[pool.Sales]\nwords = \"backup\"\n", "pool.Sales: words: a pool cannot set it"},
		{"a pool without another way in beside the phone", "[pool.Sales]\nfirst_factors = [\"push\"]\n", `pool.Sales: first_factors: "password" must be in it`},
		{"a pool that is a word", "pool = \"Sales\"", "pools are tables with names"},
		{"a pool whose table is a word", "[pool]\nSales = 1", "pool.Sales: a pool is a table"},
		{"a misspelt key of a pool", "[pool.\"Field staff\"]\npreferred_way = \"push\"\n", `pool."Field staff": preferred_way: there is no such setting`},
		{"one key in two ways", "\"totp.max\" = 3\n[totp]\nmax = 4", "totp.max: it is set twice"},
		{"two problems at once", "colour = 1\n[pool.Sales]\nsize = 2", "size: there is no such setting"},
		{"the default pool", "[pool.Sales]\ndefault = true\n[pool.Rest]\ndefault = false\n", ""},
		{"two default pools", "[pool.Sales]\ndefault = true\n[pool.Rest]\ndefault = true\n", "pool.Sales.default: pool.Rest is the default pool already"},
		{"two default pools as JSON", `{"pool": {"a": {"default": true}, "b": {"default": true}}}`, "pool.b.default: pool.a is the default pool already"},
		{"a mark that is a word", "[pool.Sales]\ndefault = \"yes\"\n", "pool.Sales.default: it is neither true nor false"},
		{"a mark that is a table", "[pool.Sales.default]\n", "pool.Sales.default: it is neither true nor false"},
		{"a default pool without a name", "[pool.\"\"]\ndefault = true\n", "cannot be the default one"},
		{"the mark of a pool, for the workspace", "default = true\n", "default: there is no such setting"},
		{"no TOML", "totp.max =", "the file is not TOML"},
		{"JSON that is no object", "[1]", "not a JSON object"},
	} {
		_, err := ParseRules([]byte(row.text))
		switch {
		case row.want == "" && err != nil:
			t.Errorf("%s: %v", row.sentence, err)
		case row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)):
			t.Errorf("%s: got %v, want %q in it", row.sentence, err, row.want)
		}
	}
}

func TestWhatChanges(t *testing.T) {
	before := Rules{Workspace: Document{"totp.max": 3, "sms.per_day": float64(1_000_000)}, Pools: map[string]Document{"Sales": {"preferred": "push"}}}
	after := Rules{
		Workspace: Document{"sms.per_day": 1_000_000, "push.confirm": "tap", "preferred": "none"},
		Pools:     map[string]Document{"Sales": {}, "Field staff": {"trusted_browser_days": 3}},
	}
	want := []Change{
		{Setting: "preferred", After: "none"},
		{Setting: "push.confirm", After: "tap", Warning: "policy.warn_confirm_tap"},
		{Setting: "totp.max", Before: 3},
		{Pool: "Field staff", Setting: "trusted_browser_days", After: 3},
		{Pool: "Sales", Setting: "preferred", Before: "push"},
	}
	if diff := cmp.Diff(want, Changes(before, after)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	paths := []string{}
	for _, c := range want {
		paths = append(paths, c.Path())
	}
	if got := strings.Join(paths, " "); got != `preferred push.confirm totp.max pool."Field staff".trusted_browser_days pool.Sales.preferred` {
		t.Error(got)
	}
}

func TestTheDefaultPoolIsItByAnyName(t *testing.T) {
	here := Rules{Workspace: Document{}, Default: "Everybody", Pools: map[string]Document{"Everybody": {"totp.max": 3}, "Sales": {"preferred": "push"}}}
	for _, row := range []struct {
		sentence string
		named    Rules
		replace  bool
		want     []Change
		pools    string
	}{
		{
			"another name, another value",
			Rules{Default: "Staff", Pools: map[string]Document{"Staff": {"preferred": "totp"}}},
			false,
			[]Change{{Pool: "Staff", Setting: NameOfPool, Before: "Everybody", After: "Staff"}, {Pool: "Staff", Setting: "preferred", After: "totp"}},
			"Sales Staff",
		},
		{
			"another name, in the place of what is set",
			Rules{Default: "Staff", Pools: map[string]Document{"Staff": {}}},
			true,
			[]Change{{Pool: "Staff", Setting: NameOfPool, Before: "Everybody", After: "Staff"}, {Pool: "Staff", Setting: "totp.max", Before: 3}},
			"Sales Staff",
		},
		{
			"its former name for a new pool",
			Rules{Default: "Staff", Pools: map[string]Document{"Staff": {}, "Everybody": {"totp.max": 1}}},
			false,
			[]Change{{Pool: "Staff", Setting: NameOfPool, Before: "Everybody", After: "Staff"}, {Pool: "Everybody", Setting: "totp.max", After: 1}},
			"Everybody Sales Staff",
		},
		{"the same name", Rules{Default: "Everybody", Pools: map[string]Document{"Everybody": {}}}, false, []Change{}, "Everybody Sales"},
		{"no mark", Rules{Pools: map[string]Document{"Staff": {}}}, false, []Change{}, "Everybody Sales Staff"},
	} {
		next := here.With(row.named, row.replace)
		if diff := cmp.Diff(row.want, Changes(here, next)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.sentence, diff)
		}
		if got := strings.Join(next.PoolNames(), " "); got != row.pools {
			t.Errorf("%s: the pools are %s", row.sentence, got)
		}
	}
	if got := here.Calling("Sales"); got.Default != "Everybody" || len(got.Pools) != 2 {
		t.Errorf("two pools became one: %v", got)
	}
	if len(here.Pools) != 2 || here.Default != "Everybody" {
		t.Errorf("the rules of before were changed: %v", here)
	}
}
