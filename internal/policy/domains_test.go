package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"countersign/internal/policy"
)

func TestDomainsInAFile(t *testing.T) {
	for _, row := range []struct {
		what, file string
		want       string // of the domains; what is refused begins with "refused: "
	}{
		{"no pool", `totp.max = 3`, "map[]"},
		{"a pool that says nothing of domains", "[pool.Staff]\npreferred = \"push\"", "map[]"},
		{"a pool without any", "[pool.Staff]\ndomains = []", "map[Staff:[]]"},
		{"two, in another form", "[pool.Staff]\ndomains = [\" Füße.example\", \"Example.COM\"]", "map[Staff:[example.com xn--fe-gia9i.example]]"},
		{"as JSON", `{"pool": {"Staff": {"domains": ["example.com"]}}}`, "map[Staff:[example.com]]"},
		{"no list", "[pool.Staff]\ndomains = \"example.com\"", `refused: pool.Staff.domains: it is a list of domains`},
		{"no words", "[pool.Staff]\ndomains = [1]", `refused: pool.Staff.domains: it is a list of domains`},
		{"an address", "[pool.Staff]\ndomains = [\"ada@example.com\"]", `refused: pool.Staff.domains: "ada@example.com" is no domain such as example.com`},
		{"one twice", "[pool.Staff]\ndomains = [\"example.com\", \"EXAMPLE.com\"]", `refused: pool.Staff.domains: "example.com" leads to pool.Staff already`},
		{"one of two pools", "[pool.Crew]\ndomains = [\"example.com\"]\n[pool.Staff]\ndomains = [\"example.com\"]", `refused: pool.Staff.domains: "example.com" leads to pool.Crew already`},
		{"of the workspace", `domains = ["example.com"]`, `refused: domains: `},
	} {
		rules, err := policy.ParseRules([]byte(row.file))
		got := fmt.Sprint(rules.Domains)
		if err != nil {
			got = "refused: " + err.Error()
		}
		if got != row.want && (err == nil || !strings.HasPrefix(got, row.want)) {
			t.Errorf("%s: %s, want %s", row.what, got, row.want)
		}
	}
}

func TestDomainsOverOthers(t *testing.T) {
	type domains = policy.Domains
	was := domains{"Staff": {"example.com", "example.net"}, "Crew": {"example.org"}}
	for _, row := range []struct {
		what    string
		before  domains
		named   []string // pools of the file
		file    domains
		replace bool
		want    domains
		changes string
	}{
		{"a file that says nothing of them", was, []string{"Staff"}, nil, false, was, ""},
		{"nothing before, and nothing in the file", nil, []string{"Staff"}, nil, true, nil, ""},
		{"the same", was, []string{"Staff"}, domains{"Staff": {"example.com", "example.net"}}, false, was, ""},
		{
			"others for one pool", was,
			[]string{"Staff"},
			domains{"Staff": {"example.com"}},
			false,
			domains{"Staff": {"example.com"}, "Crew": {"example.org"}},
			"pool.Staff.domains example.com,example.net>example.com",
		},
		{"none for one pool", was, []string{"Crew"}, domains{"Crew": {}}, false, domains{"Staff": was["Staff"], "Crew": {}}, "pool.Crew.domains example.org>-"},
		{"the first", nil, []string{"Staff"}, domains{"Staff": {"example.com"}}, false, domains{"Staff": {"example.com"}}, "pool.Staff.domains ->example.com"},
		{
			"one that led to another pool", was,
			[]string{"Crew"},
			domains{"Crew": {"example.com", "example.org"}},
			false,
			domains{"Staff": {"example.net"}, "Crew": {"example.com", "example.org"}},
			"pool.Crew.domains example.org>example.com,example.org pool.Staff.domains example.com,example.net>example.net",
		},
		{
			"a file that replaces and names a pool without any", was,
			[]string{"Staff"},
			nil, true,
			domains{"Staff": nil, "Crew": {"example.org"}},
			"pool.Staff.domains example.com,example.net>-",
		},
	} {
		pools := func(names ...string) map[string]policy.Document {
			out := map[string]policy.Document{}
			for _, name := range names {
				out[name] = policy.Document{}
			}
			return out
		}
		before := policy.Rules{Pools: pools("Staff", "Crew"), Domains: row.before}
		after := before.With(policy.Rules{Pools: pools(row.named...), Domains: row.file}, row.replace)
		if fmt.Sprint(after.Domains) != fmt.Sprint(row.want) || (after.Domains == nil) != (row.want == nil) {
			t.Errorf("%s: %v, want %v", row.what, after.Domains, row.want)
		}
		var said []string
		spell := func(value any) string {
			if value == nil {
				return "-"
			}
			return policy.Spell(value)
		}
		for _, c := range policy.Changes(before, after) {
			said = append(said, c.Path()+" "+spell(c.Before)+">"+spell(c.After))
		}
		if got := strings.Join(said, " "); got != row.changes {
			t.Errorf("%s changes %q, want %q", row.what, got, row.changes)
		}
	}
	renamed := policy.Rules{Pools: map[string]policy.Document{"Everybody": {}}, Domains: domains{"Everybody": {"example.com"}}, Default: "Everybody"}.Calling("Staff")
	if got := fmt.Sprint(renamed.Domains); got != "map[Staff:[example.com]]" {
		t.Errorf("under another name of the default pool they are %s", got)
	}
}
