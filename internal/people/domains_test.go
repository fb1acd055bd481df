package people_test

import (
	"context"
	"fmt"
	"testing"

	"countersign"
	"countersign/internal/account/accounttest"
	"countersign/internal/people"
	"countersign/internal/policy"
)

// Settings as one file have the rules that put new people into pools: stored with the rest
// or not at all, also for a pool that the same file makes, and told of once.
func TestDomainsAreStoredWithTheSettings(t *testing.T) {
	both(t, func(t *testing.T, e *accounttest.Engine, p *people.Service) {
		ctx := context.Background()
		staff := pool(t, p, "Staff", nil)
		stored := func() people.Stored {
			t.Helper()
			was, err := p.Rules(ctx, ws)
			if err != nil {
				t.Fatal(err)
			}
			return was
		}
		stands := func(when, want string, events int) {
			t.Helper()
			list, _, err := p.PoolRules(ctx, ws)
			called := map[countersign.PoolID]string{countersign.DefaultPool: "default", staff: "Staff"}
			got := ""
			for _, rule := range list {
				name := called[rule.Pool]
				if name == "" {
					name = stored().PoolName(rule.Pool)
				}
				got += rule.Value + "=" + name + " "
			}
			if err != nil || got != want {
				t.Errorf("%s the rules are %q, want %q; %v", when, got, want, err)
			}
			if n := e.Count(t, "pool.rules_changed", ""); n != events {
				t.Errorf("%s there are %d events, want %d", when, n, events)
			}
		}
		over := func(file policy.Rules) error {
			was := stored()
			return p.StoreRules(ctx, ws, was.With(file, false), was.Version, people.Shell())
		}
		named := func(domains policy.Domains) policy.Rules {
			pools := map[string]policy.Document{}
			for name := range domains {
				pools[name] = policy.Document{}
			}
			return policy.Rules{Pools: pools, Domains: domains}
		}
		accounttest.Want(t, "storing", over(named(policy.Domains{"Staff": {"example.com"}, "Crew": {"example.net", "example.org"}})), "ok")
		stands("at first", "example.net=Crew example.org=Crew example.com=Staff ", 1)
		accounttest.Want(t, "storing the same", over(named(policy.Domains{"Staff": {"example.com"}})), "ok")
		stands("when the same is stored", "example.net=Crew example.org=Crew example.com=Staff ", 1)
		accounttest.Want(t, "a setting alone", over(policy.Rules{Workspace: policy.Document{"totp.max": 3}}), "ok")
		accounttest.Want(t, "a document alone", p.StoreDocument(ctx, ws, policy.Document{}, version(t, p), people.Shell()), "ok")
		stands("when settings are stored", "example.net=Crew example.org=Crew example.com=Staff ", 1)

		many := policy.Domains{"Staff": {}}
		for i := range policy.MostPoolRules + 1 {
			many["Staff"] = append(many["Staff"], fmt.Sprintf("d%d.example", i))
		}
		tooMany := named(many)
		tooMany.Workspace = policy.Document{"totp.max": 4}
		accounttest.Want(t, "too many", over(tooMany), "settings_invalid")
		if got := stored().Workspace["totp.max"]; got != nil {
			t.Errorf("a file that was refused has set %v", got)
		}
		was := stored()
		accounttest.Want(t, "what others changed meanwhile", p.StoreRules(ctx, ws, was.With(named(policy.Domains{"Staff": {}}), false), was.Version-1, people.Shell()), "changed_meanwhile")
		accounttest.Want(t, "what is no domain", over(named(policy.Domains{"Staff": {"nonsense"}})), "settings_invalid")
		stands("when everything was refused", "example.net=Crew example.org=Crew example.com=Staff ", 1)
		// A name that is stored in another form is another name to the same file, each time.
		for _, odd := range []string{" Field", "Field  staff", "Field\tstaff"} {
			_, err := stored().Makes(named(policy.Domains{odd: {}}))
			accounttest.Want(t, "a dry run of a pool named "+odd, err, "name_characters")
			accounttest.Want(t, "a pool named "+odd, over(named(policy.Domains{odd: {"example.edu"}})), "name_characters")
		}
		accounttest.Want(t, "one that leads elsewhere, and none", over(named(policy.Domains{"Staff": {"example.org"}, "Crew": {}})), "ok")
		stands("at last", "example.org=Staff ", 2)
	})
}
