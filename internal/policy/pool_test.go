package policy_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/policy"
)

func TestWhatAPoolMaySet(t *testing.T) {
	known := map[string]bool{}
	for _, key := range policy.Table() {
		known[key.Name] = true
		inPool := false
		for _, name := range policy.PoolKeys() {
			inPool = inPool || name == key.Name
		}
		err := policy.Document{key.Name: key.Default}.CheckPool()
		if inPool != (err == nil) {
			t.Errorf("%s in a pool: %v", key.Name, err)
		}
		if !inPool && !strings.Contains(err.Error(), "only the workspace") {
			t.Errorf("%s is refused with %v", key.Name, err)
		}
	}
	for _, name := range policy.PoolKeys() {
		if !known[name] {
			t.Errorf("%s is no setting", name)
		}
	}
	if (policy.Document{"totp.max": 99}).CheckPool() == nil || (policy.Document{"nothing": 1}).CheckPool() == nil {
		t.Error("what cannot be set at all can be set in a pool")
	}
}

func TestWhoComesIntoWhichPool(t *testing.T) {
	rules := []policy.PoolRule{
		{Kind: policy.ByDomain, Value: "example.com", Pool: "pool_a"},
		{Kind: "other", Value: "example.org", Pool: "pool_x"},
		{Kind: policy.ByDomain, Value: "example.org", Pool: "pool_b"},
		{Kind: policy.ByDomain, Value: "xn--bcher-kva.example", Pool: "pool_c"},
		{Kind: policy.ByDomain, Value: "example.com", Pool: "pool_d"},
	}
	pools := map[string]countersign.PoolID{
		"ada@example.com": "pool_a", "ADA@Example.COM": "pool_a", "ada@sub.example.com": "", "ada@notexample.com": "",
		"ada@example.org": "pool_b", "ada@bücher.example": "pool_c", "a@b@example.org": "pool_b", "example.com@elsewhere.net": "",
		"": "", "ada": "", "ada@": "",
	}
	for email, want := range pools {
		if got := policy.PoolFor(rules, email); got != want {
			t.Errorf("%q comes into %q, want %q", email, got, want)
		}
	}
}

func TestRulesOfPools(t *testing.T) {
	rule := func(domain string) policy.PoolRule {
		return policy.PoolRule{Kind: policy.ByDomain, Value: domain, Pool: "p"}
	}
	var many []policy.PoolRule
	for i := range policy.MostPoolRules + 1 {
		many = append(many, rule(fmt.Sprintf("d%d.example", i)))
	}
	for _, row := range []struct {
		sentence string
		rules    []policy.PoolRule
		problem  string
	}{
		{"two domains", []policy.PoolRule{rule("example.com"), rule("example.org")}, ""},
		{"none", nil, ""},
		{"the same twice", []policy.PoolRule{rule("example.com"), rule("example.com")}, "twice"},
		{"one that is not folded", []policy.PoolRule{rule("Example.com")}, "folded"},
		{"an address", []policy.PoolRule{rule("ada@example.com")}, "no domain"},
		{"a single word", []policy.PoolRule{rule("localhost")}, "no domain"},
		{"a dot at the end", []policy.PoolRule{rule("example.com.")}, "no domain"},
		{"too long", []policy.PoolRule{rule(strings.Repeat("a.", 127) + "example")}, "no domain"},
		{"as many as there can be", many[1:], ""},
		{"one more", many, "501, and 500 at most"},
		{"another kind", []policy.PoolRule{{Kind: "claim", Value: "example.com"}}, "no kind"},
	} {
		err := policy.CheckRules(row.rules)
		if (err == nil) != (row.problem == "") || err != nil && !strings.Contains(err.Error(), row.problem) {
			t.Errorf("%s: %v, want %q", row.sentence, err, row.problem)
		}
	}
}

func TestWhetherPoolsAskTheSame(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	resolve := func(pool policy.Document) policy.Settings {
		s, err := policy.Resolve(policy.Document{}, pool)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, row := range []struct {
		sentence string
		a, b     policy.Document
		personal string
		same     bool
	}{
		{"nothing is set", nil, nil, "", true},
		{"another name of the codes is nothing that is asked", nil, policy.Document{"totp.max": 1}, "", true},
		{"a second factor is required", nil, policy.Document{"require_second_factor": "required"}, "", false},
		{"it is required of this person anyway", nil, policy.Document{"require_second_factor": "required"}, "required", true},
		{"it will be required", nil, policy.Document{"require_second_factor": "required from 2027-01-31"}, "", false},
		{"another is asked first", nil, policy.Document{"preferred": "totp"}, "", false},
		{"one method less", nil, policy.Document{"second_factors": []string{"totp"}}, "", false},
		{"browsers may be trusted", nil, policy.Document{"trusted_browser_days": 30}, "", false},
	} {
		if got := policy.AsksSame(resolve(row.a), resolve(row.b), row.personal, now); got != row.same {
			t.Errorf("%s: %v, want %v", row.sentence, got, row.same)
		}
	}
}
