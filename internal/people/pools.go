package people

import (
	"context"
	"fmt"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/message"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Pool is one identity pool of a workspace.
type Pool struct {
	rows.Pool
	// Document is what the pool sets over the workspace.
	Document policy.Document
	// People counts everybody in it, invited and disabled ones too.
	People int64
}

// Pools lists the pools of a workspace, the oldest first, and the version under which
// their settings were read.
func (s *Service) Pools(ctx context.Context, workspace countersign.WorkspaceID) ([]Pool, int64, error) {
	// The version first: what changes between the two reads is then refused.
	w, err := s.Store.Read().GetWorkspace(ctx, workspace)
	if err != nil {
		return nil, 0, fmt.Errorf("load workspace: %w", store.Classify(err))
	}
	list, err := s.Store.Read().ListPools(ctx, workspace)
	if err != nil {
		return nil, 0, fmt.Errorf("list pools: %w", store.Classify(err))
	}
	counts, err := s.Store.Read().CountPools(ctx, workspace)
	if err != nil {
		return nil, 0, fmt.Errorf("count pools: %w", store.Classify(err))
	}
	var pools []Pool
	for _, row := range list {
		pool := Pool{Pool: row}
		pool.Document, err = policy.ParseDocument([]byte(row.Settings))
		if err != nil {
			return nil, 0, fmt.Errorf("settings of pool %s: %w", row.ID, err)
		}
		for _, count := range counts {
			if count.PoolID == row.ID {
				pool.People = count.People
			}
		}
		pools = append(pools, pool)
	}
	return pools, int64(w.SettingsVersion), nil
}

// Pool returns one pool, and the version under which its settings were read. NotFound
// "no_such_pool".
func (s *Service) Pool(ctx context.Context, workspace countersign.WorkspaceID, id countersign.PoolID) (Pool, int64, error) {
	w, err := s.Store.Read().GetWorkspace(ctx, workspace)
	if err != nil {
		return Pool{}, 0, fmt.Errorf("load workspace: %w", store.Classify(err))
	}
	row, err := s.Store.Read().GetPool(ctx, workspace, id)
	if store.NotFound(err) {
		return Pool{}, 0, noSuchPool()
	}
	if err != nil {
		return Pool{}, 0, fmt.Errorf("load the pool: %w", store.Classify(err))
	}
	pool := Pool{Pool: row}
	pool.Document, err = policy.ParseDocument([]byte(row.Settings))
	if err != nil {
		return Pool{}, 0, fmt.Errorf("settings of pool %s: %w", row.ID, err)
	}
	pool.People, err = s.Store.Read().CountPool(ctx, workspace, id)
	if err != nil {
		return Pool{}, 0, fmt.Errorf("count the people of a pool: %w", store.Classify(err))
	}
	return pool, int64(w.SettingsVersion), nil
}

// ListPools lists the pools of a workspace, the oldest first, without looking who is in
// them.
func (s *Service) ListPools(ctx context.Context, workspace countersign.WorkspaceID) ([]rows.Pool, error) {
	list, err := s.Store.Read().ListPools(ctx, workspace)
	if err != nil {
		return nil, fmt.Errorf("list pools: %w", store.Classify(err))
	}
	return list, nil
}

func noSuchPool() error { return countersign.Refuse(countersign.NotFound, "no_such_pool") }

// poolIn takes a pool's row for a transaction.
func poolIn(tx *store.Tx, workspace countersign.WorkspaceID, id countersign.PoolID) (rows.Pool, error) {
	row, err := tx.LockPool(tx.Ctx, workspace, id)
	if store.NotFound(err) {
		return rows.Pool{}, noSuchPool()
	}
	if err != nil {
		return rows.Pool{}, fmt.Errorf("lock pool: %w", err)
	}
	return row, nil
}

// mostPools bounds how many pools a workspace has: the list is one page, and every rule
// that looks at all of them reads all of them.
const mostPools = 200

// CreatePool makes a pool that sets nothing yet. Errors: those of onAll; Invalid on
// "name"; Conflict "too_many_pools".
func (s *Service) CreatePool(ctx context.Context, workspace countersign.WorkspaceID, name string, by By) (rows.Pool, error) {
	var made rows.Pool
	err := s.onAll(ctx, workspace, by, policy.DeedPools, func(tx *store.Tx, by By) error {
		var err error
		made, err = makePool(tx, workspace, name, by)
		return err
	})
	return made, err
}

func makePool(tx *store.Tx, workspace countersign.WorkspaceID, typed string, by By) (rows.Pool, error) {
	name, others, err := freeName(tx, workspace, "", typed)
	if err != nil {
		return rows.Pool{}, err
	}
	if others >= mostPools {
		return rows.Pool{}, countersign.Refuse(countersign.Conflict, "too_many_pools")
	}
	made := rows.Pool{WorkspaceID: workspace, ID: countersign.PoolID(seal.ID("pool")), Name: name, Settings: "{}", CreatedAt: tx.NowMilli()}
	err = tx.InsertPool(tx.Ctx, rows.InsertPoolParams{WorkspaceID: workspace, ID: made.ID, Name: name, CreatedAt: made.CreatedAt})
	if err != nil {
		return rows.Pool{}, fmt.Errorf("insert pool: %w", err)
	}
	return made, poolEvent(tx, by, made, "pool.created", nil)
}

// RenamePool gives a pool another name. Errors: those of onAll; Invalid on "name"; NotFound.
// Whoever has read the rules under the old name, and stores them, is told "changed_meanwhile":
// else a second pool would be made of it. Under the name that it has nothing is changed, and
// nobody is told so.
func (s *Service) RenamePool(ctx context.Context, workspace countersign.WorkspaceID, id countersign.PoolID, name string, by By) error {
	return s.onAll(ctx, workspace, by, policy.DeedPools, func(tx *store.Tx, by By) error {
		changed, err := renamePool(tx, workspace, id, name, by)
		if err != nil || !changed {
			return err
		}
		w, err := tx.GetWorkspace(tx.Ctx, workspace)
		if err != nil {
			return fmt.Errorf("load workspace: %w", err)
		}
		return raise(tx, workspace, w.SettingsVersion)
	})
}

// renamePool reports whether the name is another.
func renamePool(tx *store.Tx, workspace countersign.WorkspaceID, id countersign.PoolID, typed string, by By) (bool, error) {
	pool, err := poolIn(tx, workspace, id)
	if err != nil {
		return false, err
	}
	name, _, err := freeName(tx, workspace, id, typed)
	if err != nil || name == pool.Name {
		return false, err
	}
	_, err = tx.RenamePool(tx.Ctx, name, workspace, id)
	if err != nil {
		return false, fmt.Errorf("rename pool: %w", err)
	}
	return true, poolEvent(tx, by, pool, "pool.renamed", map[string]string{"before": pool.Name, "after": name})
}

// freeName checks a name against those of the other pools, and counts these. The
// workspace's row is taken, so nobody else names one meanwhile.
func freeName(tx *store.Tx, workspace countersign.WorkspaceID, but countersign.PoolID, typed string) (string, int, error) {
	name, err := account.CheckName("name", typed, 0)
	if err != nil {
		return "", 0, err
	}
	pools, err := tx.ListPools(tx.Ctx, workspace)
	if err != nil {
		return "", 0, fmt.Errorf("list pools: %w", err)
	}
	for _, pool := range pools {
		if pool.ID != but && account.NameKey(pool.Name) == account.NameKey(name) {
			return "", 0, countersign.InvalidField("name", "pool_name_taken")
		}
	}
	return name, len(pools), nil
}

// DeletePool removes an empty pool, and the rules that lead into it. The one that people
// come into whom no rule puts elsewhere stays. Errors: those of onAll; NotFound; Conflict
// "pool_needed", "pool_not_empty".
func (s *Service) DeletePool(ctx context.Context, workspace countersign.WorkspaceID, id countersign.PoolID, by By) error {
	return s.onAll(ctx, workspace, by, policy.DeedPools, func(tx *store.Tx, by By) error {
		pool, err := poolIn(tx, workspace, id)
		if err != nil {
			return err
		}
		if id == countersign.DefaultPool {
			return countersign.Refuse(countersign.Conflict, "pool_needed")
		}
		n, err := tx.CountPool(tx.Ctx, workspace, id)
		if err != nil {
			return fmt.Errorf("count pool: %w", err)
		}
		if n > 0 {
			return countersign.Refuse(countersign.Conflict, "pool_not_empty")
		}
		_, err = tx.DeletePool(tx.Ctx, workspace, id)
		if err != nil {
			return fmt.Errorf("delete pool: %w", err)
		}
		return poolEvent(tx, by, pool, "pool.deleted", nil)
	})
}

// StorePoolDocument puts a new document in the place of a pool's, if nobody has changed
// any setting of the workspace since its version was read. Errors: those of onAll; Invalid
// "settings_invalid" with every bad key; NotFound; Conflict "changed_meanwhile".
func (s *Service) StorePoolDocument(ctx context.Context, workspace countersign.WorkspaceID, id countersign.PoolID, doc policy.Document, version int64, by By) error {
	stored, err := s.Rules(ctx, workspace)
	if err != nil {
		return err
	}
	name := stored.PoolName(id)
	if name == "" {
		return noSuchPool()
	}
	next := stored.With(policy.Rules{}, false)
	next.Pools[name] = doc
	return s.StoreRules(ctx, workspace, next, version, by)
}

// raise has every node read the settings of the workspace anew. Conflict
// "changed_meanwhile" for a version that is not the last.
func raise(tx *store.Tx, workspace countersign.WorkspaceID, version countersign.Number) error {
	n, err := tx.RaiseSettings(tx.Ctx, workspace, version)
	if err != nil {
		return fmt.Errorf("raise the version of the settings: %w", err)
	}
	if n == 0 {
		return countersign.Refuse(countersign.Conflict, "changed_meanwhile")
	}
	return nil
}

func poolEvent(tx *store.Tx, by By, pool rows.Pool, kind string, detail map[string]string) error {
	if detail == nil {
		detail = map[string]string{}
	}
	detail["pool"] = pool.Name
	return audit.Write(tx, pool.WorkspaceID, audit.Event{Kind: kind, Actor: by.Actor, Target: string(pool.ID), Place: by.Place, Detail: detail})
}

// Move puts a person into another pool. What they have stays theirs, also where the new
// pool does not ask for it. They are written to where something else is asked of them from
// now on. accepted is what the one who moves them was told that it does to them, as
// MoveImpact has it: it is judged here again, by the settings and by what the person has now.
//
// Errors: those of onPerson; NotFound "no_such_pool"; Conflict "owners_locked_out" where no
// owner could sign in any more; Forbidden "owners_loosen" where it would become easier to
// reset them, by anybody but an owner; Invalid on "accept" where it does something else to
// them than was accepted.
func (s *Service) Move(ctx context.Context, a account.Account, to countersign.PoolID, accepted policy.Effect, by By) error {
	return s.onPerson(ctx, a, by, policy.DeedMove, func(tx *store.Tx, user rows.User, by By) error {
		pool, err := poolIn(tx, user.WorkspaceID, to)
		if err != nil || user.PoolID == to {
			return err
		}
		err = s.ownerStaysIn(tx, user, to)
		if err != nil {
			return err
		}
		old, err := tx.GetPool(tx.Ctx, user.WorkspaceID, user.PoolID)
		if err != nil {
			return fmt.Errorf("load pool: %w", err)
		}
		before, err := s.Accounts.Within(tx, user)
		if err != nil {
			return err
		}
		user.PoolID = to
		after, err := s.Accounts.Within(tx, user)
		if err != nil {
			return err
		}
		detail := map[string]string{"before": old.Name, "after": pool.Name}
		err = s.loosenByMove(tx, user, before.Settings.AdminReset, after.Settings.AdminReset, detail, by)
		if err != nil {
			return err
		}
		effect, err := s.moveEffect(tx.Ctx, tx.Queries, before, after, tx.Now)
		if err != nil {
			return err
		}
		if effect != policy.Unaffected && effect != accepted {
			return countersign.InvalidField("accept", "move_accept")
		}
		_, err = tx.SetUserPool(tx.Ctx, to, user.WorkspaceID, user.ID)
		if err != nil {
			return fmt.Errorf("move to a pool: %w", err)
		}
		err = s.event(tx, by, user, "user.moved", detail)
		if err != nil || policy.AsksSame(before.Settings, after.Settings, user.RequireSecondFactor, tx.Now) {
			return err
		}
		return s.tellOf(tx, user, by, message.PoolChanged, message.Data{})
	})
}

// ownerStaysIn refuses to move the last owner who can sign in to where they cannot. Conflict
// "owners_locked_out".
func (s *Service) ownerStaysIn(tx *store.Tx, user rows.User, to countersign.PoolID) error {
	if user.Role != countersign.Owner || user.State != countersign.Active {
		return nil
	}
	lost, err := s.lastWhoGetsIn(tx, user, to)
	if err == nil && lost {
		err = countersign.Refuse(countersign.Conflict, "owners_locked_out")
	}
	return err
}
