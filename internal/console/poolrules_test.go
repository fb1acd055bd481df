package console

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"countersign"
	"countersign/internal/policy"
)

// What is typed for a pool takes the place of its domains, those of others stay, and what is
// wrong is named.
func TestDomainsThatLeadIntoAPool(t *testing.T) {
	rules := []policy.PoolRule{{Kind: policy.ByDomain, Value: "staff.example", Pool: "pool_staff"}, {Kind: policy.ByDomain, Value: "guests.example", Pool: "pool_guests"}}
	var many strings.Builder
	for i := range policy.MostPoolRules {
		fmt.Fprintf(&many, "d%d.example\n", i)
	}
	for _, row := range []struct{ what, typed, want string }{
		{"others", "new.example\n@Other.example, third.example", "guests.example=pool_guests new.example=pool_staff other.example=pool_staff third.example=pool_staff"},
		{"none", " \n", "guests.example=pool_guests"},
		{"no domain among some", "new.example\nnot-a-domain\nthird.example", "domain_bad not-a-domain"},
		{"an address of the web", "http://x.example/", "domain_bad http://x.example/"},
		{"twice, in other letters", "new.example NEW.example", "domain_twice NEW.example"},
		{"another pool's", "guests.example", "domain_twice guests.example"},
		{"something endless", strings.Repeat("x", 300), "domain_bad " + strings.Repeat("x", shownRunes) + "…"},
		{"one too many, with the other pool's", many.String(), "domain_many"},
	} {
		next, err := rulesWith(rules, "pool_staff", row.typed)
		var said []string
		for _, rule := range next {
			said = append(said, rule.Value+"="+string(rule.Pool))
		}
		var refusal *countersign.Error
		if errors.As(err, &refusal) {
			said = append(said, refusal.Code)
			if domain, found := refusal.Args["Domain"].(string); found {
				said = append(said, domain)
			}
		}
		if got := strings.Join(said, " "); got != row.want {
			t.Errorf("%s: %s, want %s", row.what, got, row.want)
		}
	}
}
