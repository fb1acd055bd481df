package people

import (
	"context"
	"fmt"
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

// MostRules bounds the list, which is read for each new person.
const MostRules = 500

// StorePoolRules puts other rules in the place of those of a version. Nobody is moved by
// that: rules are for people who are new. Errors: those of onAll; Invalid "rules_invalid"
// with every bad rule; NotFound "no_such_pool"; Conflict "changed_meanwhile".
func (s *Service) StorePoolRules(ctx context.Context, workspace countersign.WorkspaceID, rules []policy.PoolRule, version int64, by By) error {
	err := policy.CheckRules(rules)
	if err == nil && len(rules) > MostRules {
		err = fmt.Errorf("there are %d, and %d at most", len(rules), MostRules)
	}
	if err != nil {
		return &countersign.Error{Kind: countersign.Invalid, Code: "rules_invalid", Err: err}
	}
	return s.onAll(ctx, workspace, by, policy.DeedPools, func(tx *store.Tx, by By) error {
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
		err = raise(tx, workspace, countersign.Number(version))
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
	})
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
