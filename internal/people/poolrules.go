package people

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"countersign"
	"countersign/internal/audit"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// PoolRules lists the rules by which new people come into a pool, in their order, and the
// version under which they were read.
func (s *Service) PoolRules(ctx context.Context, workspace countersign.WorkspaceID) ([]policy.PoolRule, int64, error) {
	w, err := s.Store.Read().GetWorkspace(ctx, workspace)
	if err != nil {
		return nil, 0, fmt.Errorf("load workspace: %w", store.Classify(err))
	}
	list, err := s.Store.Read().ListPoolRules(ctx, workspace)
	if err != nil {
		return nil, 0, fmt.Errorf("list the rules of pools: %w", store.Classify(err))
	}
	return rulesOf(list), int64(w.SettingsVersion), nil
}

func rulesOf(list []rows.PoolRule) []policy.PoolRule {
	var rules []policy.PoolRule
	for _, row := range list {
		rules = append(rules, policy.PoolRule{Kind: row.Kind, Value: row.Value, Pool: row.PoolID})
	}
	return rules
}

// StorePoolRules puts other rules in the place of those of a version. Nobody is moved by
// that: rules are for people who are new. Errors: those of onAll; Invalid "rules_invalid"
// with every bad rule; NotFound "no_such_pool"; Conflict "changed_meanwhile".
func (s *Service) StorePoolRules(ctx context.Context, workspace countersign.WorkspaceID, rules []policy.PoolRule, version int64, by By) error {
	err := policy.CheckRules(rules)
	if err != nil {
		return &countersign.Error{Kind: countersign.Invalid, Code: "rules_invalid", Err: err}
	}
	return s.onAll(ctx, workspace, by, policy.DeedPools, func(tx *store.Tx, by By) error {
		old, err := tx.ListPoolRules(tx.Ctx, workspace)
		if err != nil {
			return fmt.Errorf("list the rules of pools: %w", err)
		}
		if slices.Equal(rulesOf(old), rules) {
			return nil // nothing is changed, and nobody else's form gets too old by it
		}
		err = raise(tx, workspace, countersign.Number(version))
		if err != nil {
			return err
		}
		return replacePoolRules(tx, workspace, rules, by)
	})
}

// replacePoolRules puts other rules in the place of those that are there.
func replacePoolRules(tx *store.Tx, workspace countersign.WorkspaceID, rules []policy.PoolRule, by By) error {
	old, err := tx.ListPoolRules(tx.Ctx, workspace)
	if err != nil {
		return fmt.Errorf("list the rules of pools: %w", err)
	}
	before, err := sayRules(tx, workspace, rulesOf(old))
	if err != nil {
		return err
	}
	after, err := sayRules(tx, workspace, rules)
	if err != nil {
		return err
	}
	_, err = tx.DeletePoolRules(tx.Ctx, workspace)
	if err != nil {
		return fmt.Errorf("delete the rules of pools: %w", err)
	}
	for i, rule := range rules {
		err = tx.InsertPoolRule(tx.Ctx, rows.InsertPoolRuleParams{
			WorkspaceID: workspace, Place: int64(i + 1), Kind: rule.Kind, Value: rule.Value, PoolID: rule.Pool,
		})
		if err != nil {
			return fmt.Errorf("insert a rule of a pool: %w", err)
		}
	}
	return audit.Write(tx, workspace, audit.Event{
		Kind: "pool.rules_changed", Actor: by.Actor, Place: by.Place, Detail: map[string]string{"before": before, "after": after},
	})
}

// domainsOf are the rules as a file of settings has them, by the names that pools have
// there; nil where there are none.
func domainsOf(list []rows.PoolRule, names map[countersign.PoolID]string) policy.Domains {
	var domains policy.Domains
	for _, rule := range list {
		if domains == nil {
			domains = policy.Domains{}
		}
		name := names[rule.PoolID]
		domains[name] = append(domains[name], rule.Value)
	}
	for name := range domains {
		slices.Sort(domains[name])
	}
	return domains
}

// storeDomains stores domains after the pools that they lead to, where they are others than
// before. They were checked with the rest of the rules. Errors: Forbidden "beyond_role";
// NotFound "no_such_pool".
func storeDomains(tx *store.Tx, workspace countersign.WorkspaceID, before, next policy.Domains, by By) error {
	if next == nil || maps.EqualFunc(before.Some(), next.Some(), slices.Equal) {
		return nil
	}
	err := by.mayAll(policy.DeedPools)
	if err != nil {
		return err
	}
	w, err := tx.GetWorkspace(tx.Ctx, workspace)
	if err != nil {
		return fmt.Errorf("load workspace: %w", err)
	}
	pools, err := tx.ListPools(tx.Ctx, workspace)
	if err != nil {
		return fmt.Errorf("load pools: %w", err)
	}
	stored, err := storedRules(w, pools, nil)
	if err != nil {
		return err
	}
	var rules []policy.PoolRule
	for _, name := range slices.Sorted(maps.Keys(next)) {
		for _, domain := range next[name] {
			pool := stored.PoolNamed(name)
			if pool == "" {
				return noSuchPool()
			}
			rules = append(rules, policy.PoolRule{Kind: policy.ByDomain, Value: domain, Pool: pool})
		}
	}
	return replacePoolRules(tx, workspace, rules, by)
}

// sayRules is a list of rules for the log, by the names of their pools. NotFound.
func sayRules(tx *store.Tx, workspace countersign.WorkspaceID, rules []policy.PoolRule) (string, error) {
	pools, err := tx.ListPools(tx.Ctx, workspace)
	if err != nil {
		return "", fmt.Errorf("list pools: %w", err)
	}
	names := map[countersign.PoolID]string{}
	for _, pool := range pools {
		names[pool.ID] = pool.Name
	}
	var said []string
	for _, rule := range rules {
		name, found := names[rule.Pool]
		if !found {
			return "", noSuchPool()
		}
		said = append(said, rule.Value+" → "+name)
	}
	return strings.Join(said, ", "), nil
}

// poolOf takes the pool that somebody new comes into: the one that their invitation names,
// else that of the first rule that fits, else the one for everybody. NotFound
// "no_such_pool" for a name that is none.
func poolOf(tx *store.Tx, workspace countersign.WorkspaceID, named countersign.PoolID, email string) (countersign.PoolID, error) {
	if named == "" {
		list, err := tx.ListPoolRules(tx.Ctx, workspace)
		if err != nil {
			return "", fmt.Errorf("list the rules of pools: %w", err)
		}
		named = policy.PoolFor(rulesOf(list), email)
	}
	if named == "" {
		return countersign.DefaultPool, nil
	}
	pool, err := poolIn(tx, workspace, named)
	return pool.ID, err
}
