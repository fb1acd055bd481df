package people

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/message"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Stored are the rules of a workspace as they lie there, with their version: whoever
// changes them names the version that was looked at.
type Stored struct {
	policy.Rules
	Version int64

	home  rows.Workspace // as it was read
	pools map[string]countersign.PoolID
	names map[countersign.PoolID]string
}

// PoolName is what the rules call a pool, "" for one that is not there.
func (s Stored) PoolName(id countersign.PoolID) string { return s.names[id] }

// PoolNamed is the pool of a name, "" for none.
func (s Stored) PoolNamed(name string) countersign.PoolID { return s.pools[name] }

// Calling are the same rules with the default pool called by another name, as they are once
// rules that mark it under that name are stored.
func (s Stored) Calling(name string) Stored {
	called := s.Rules.Calling(name)
	if called.Default == s.Default {
		return s
	}
	out := s
	out.Rules, out.pools, out.names = called, maps.Clone(s.pools), maps.Clone(s.names)
	delete(out.pools, s.Default)
	out.pools[name], out.names[countersign.DefaultPool] = countersign.DefaultPool, name
	return out
}

// mayCall tells why the default pool cannot have a name: Invalid on "name".
func (s Stored) mayCall(name string) error {
	if name == "" || name == s.Default {
		return nil
	}
	err := asStored(name)
	if err != nil {
		return err
	}
	for other, id := range s.pools {
		if id != countersign.DefaultPool && account.NameKey(other) == account.NameKey(name) {
			return countersign.InvalidField("name", "pool_name_taken")
		}
	}
	return nil
}

// asStored refuses a name that cannot be stored, or not as it is: kept in another form, it
// would be another name to the same file, again and again, and domains that lead to it would
// lead nowhere. Invalid on "name".
func asStored(name string) error {
	checked, err := account.CheckName("name", name, 0)
	if err == nil && checked != name {
		err = countersign.InvalidField("name", "name_characters")
	}
	return err
}

// Makes are the pools that other rules would make: those of names that are not there. The
// error is what makes one of them, or the name of the default one, impossible: Invalid on
// "name", Conflict "too_many_pools".
func (s Stored) Makes(next policy.Rules) ([]string, error) {
	err := s.mayCall(next.Default)
	if err != nil {
		return nil, err
	}
	s = s.Calling(next.Default)
	taken := map[string]bool{}
	for name := range s.pools {
		taken[account.NameKey(name)] = true
	}
	var made []string
	for _, name := range next.PoolNames() {
		if s.PoolNamed(name) != "" {
			continue
		}
		err := asStored(name)
		if err != nil {
			return nil, err
		}
		key := account.NameKey(name)
		if taken[key] {
			return nil, countersign.InvalidField("name", "pool_name_taken")
		}
		taken[key] = true
		made = append(made, name)
	}
	if len(s.pools)+len(made) > mostPools {
		return nil, countersign.Refuse(countersign.Conflict, "too_many_pools")
	}
	return made, nil
}

// InTime refuses rules that newly require a second factor from a day before today (UTC), or
// from one in years: Invalid "requirement_past" and "requirement_far" on
// "require_second_factor", with the "Setting" as a file names it, its "Value", and the "Last"
// day that can be.
func (s *Service) InTime(before, next policy.Rules) error {
	now, code := s.Now(), "requirement_past"
	wrong := policy.PastRequirements(before, next, now)
	if len(wrong) == 0 {
		code, wrong = "requirement_far", policy.FarRequirements(before, next, now)
	}
	if len(wrong) == 0 {
		return nil
	}
	refusal := countersign.InvalidField("require_second_factor", code)
	refusal.Args = map[string]any{"Setting": wrong[0].Path(), "Value": policy.Spell(wrong[0].After), "Last": policy.LastRequirement(now).Format(time.DateOnly)}
	return refusal
}

// Rules reads the settings of a workspace and of its pools.
func (s *Service) Rules(ctx context.Context, workspace countersign.WorkspaceID) (Stored, error) {
	// The version first: what changes between the two reads is refused when it is stored.
	w, err := s.Store.Read().GetWorkspace(ctx, workspace)
	if err != nil {
		return Stored{}, fmt.Errorf("load workspace: %w", store.Classify(err))
	}
	pools, err := s.Store.Read().ListPools(ctx, workspace)
	if err != nil {
		return Stored{}, fmt.Errorf("load pools: %w", store.Classify(err))
	}
	domains, err := s.Store.Read().ListPoolRules(ctx, workspace)
	if err != nil {
		return Stored{}, fmt.Errorf("list the rules of pools: %w", store.Classify(err))
	}
	return storedRules(w, pools, domains)
}

func storedRules(w rows.Workspace, pools []rows.Pool, domains []rows.PoolRule) (Stored, error) {
	out := Stored{
		Rules: policy.Rules{Pools: map[string]policy.Document{}}, Version: int64(w.SettingsVersion), home: w,
		pools: map[string]countersign.PoolID{}, names: map[countersign.PoolID]string{},
	}
	var err error
	out.Workspace, err = policy.ParseDocument([]byte(w.Settings))
	if err != nil {
		return out, fmt.Errorf("settings of workspace %s: %w", w.ID, err)
	}
	for _, p := range pools {
		name := p.Name
		if _, taken := out.pools[name]; taken {
			name += " (" + string(p.ID) + ")" // two pools of one name are told apart
		}
		out.pools[name], out.names[p.ID] = p.ID, name
		if p.ID == countersign.DefaultPool {
			out.Default = name
		}
		out.Pools[name], err = policy.ParseDocument([]byte(p.Settings))
		if err != nil {
			return out, fmt.Errorf("settings of pool %s: %w", p.ID, err)
		}
	}
	out.Domains = domainsOf(domains, out.names)
	return out, nil
}

// StoreRules puts rules in the place of those of a version, those of pools too: one
// version counts for all of them. A pool that is not there is made; one that is not named
// stays as it is. The default one gets the name under which the rules mark it. Domains take
// the place of those that were there, but where the rules say nothing of any.
//
// Errors: those of onAll; Invalid "settings_invalid", which names every bad key, and on
// "name" for a pool that cannot be called so; Conflict "too_many_pools", "changed_meanwhile" when somebody else was first, "owners_locked_out" where no owner
// could sign in any more; Forbidden "owners_loosen" where it would become easier to reset
// somebody, "owners_shorten" where the audit log is kept for less, by anybody but an owner;
// that of InTime.
// The other owners and administrators are told of either.
func (s *Service) StoreRules(ctx context.Context, workspace countersign.WorkspaceID, next policy.Rules, version int64, by By) error {
	err := next.Check()
	if err != nil {
		return settingsInvalid(err)
	}
	return s.withOwners(ctx, workspace, by, func(tx *store.Tx, owners []rows.User, by By) error {
		return s.storeRules(tx, workspace, owners, next, version, by)
	})
}

// withOwners is onAll for a change of settings: the rows of the owners are taken too.
func (s *Service) withOwners(ctx context.Context, workspace countersign.WorkspaceID, by By, act func(*store.Tx, []rows.User, By) error) error {
	if by.holder != nil && by.holder.Workspace != workspace {
		return countersign.Refuse(countersign.NotFound, "no_such_user")
	}
	by, err := by.ready(policy.DeedSettings, rows.User{})
	if err != nil {
		return err
	}
	return s.Store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.LockWorkspace(tx.Ctx, workspace)
		if err != nil {
			return fmt.Errorf("lock workspace: %w", err)
		}
		owners, err := takeOwners(tx, workspace, by)
		if err != nil {
			return err
		}
		by, err := s.entitled(tx, by)
		if err == nil {
			err = by.mayAll(policy.DeedSettings)
		}
		if err != nil {
			return err
		}
		return act(tx, owners, by)
	})
}

// takeOwners takes the rows of the owners, and of whoever acts among them, in the order of
// their identifiers: so no two transactions that take several people wait for each other.
// A factor that an owner removes at the same moment is either gone before this looks, or
// its removal reads the new rules: it takes the same row, and reads them after that (see
// account.Service.HoldAccount).
func takeOwners(tx *store.Tx, workspace countersign.WorkspaceID, by By) ([]rows.User, error) {
	all, err := tx.ListOwners(tx.Ctx, workspace)
	if err != nil {
		return nil, fmt.Errorf("list owners: %w", err)
	}
	var ids []countersign.UserID
	if by.holder != nil {
		ids = append(ids, by.holder.User)
	}
	for _, u := range all {
		ids = append(ids, u.ID)
	}
	slices.Sort(ids)
	var owners []rows.User
	for _, id := range slices.Compact(ids) {
		u, err := tx.LockUser(tx.Ctx, workspace, id)
		if err != nil && !store.NotFound(err) {
			return nil, fmt.Errorf("lock user: %w", err)
		}
		if err == nil && u.Role == countersign.Owner && u.State == countersign.Active {
			owners = append(owners, u)
		}
	}
	return owners, nil
}

// storeRules stores rules in a transaction that has taken the rows of the workspace and of
// its owners.
func (s *Service) storeRules(tx *store.Tx, workspace countersign.WorkspaceID, owners []rows.User, next policy.Rules, version int64, by By) error {
	w, err := tx.GetWorkspace(tx.Ctx, workspace)
	if err != nil {
		return fmt.Errorf("load workspace: %w", err)
	}
	pools, err := tx.ListPools(tx.Ctx, workspace)
	if err != nil {
		return fmt.Errorf("load pools: %w", err)
	}
	domains, err := tx.ListPoolRules(tx.Ctx, workspace)
	if err != nil {
		return fmt.Errorf("list the rules of pools: %w", err)
	}
	before, err := storedRules(w, pools, domains)
	if err != nil {
		return err
	}
	if before.Version != version {
		return countersign.Refuse(countersign.Conflict, "changed_meanwhile")
	}
	_, err = before.Makes(next)
	if err == nil {
		err = s.InTime(before.Rules, next)
	}
	if err != nil {
		return err
	}
	renames := next.Default != "" && next.Default != before.Default
	before = before.Calling(next.Default)
	loosened := policy.LooserResets(before.Rules, before.With(next, true))
	if len(loosened) > 0 {
		err = by.mayLoosen()
		if err != nil {
			return err
		}
	}
	shorter, shortens := policy.ShorterLog(before.Rules, next)
	if shortens {
		err = by.mayShorten()
		if err != nil {
			return err
		}
	}
	err = s.ownersStay(tx, owners, before, next)
	if err != nil {
		return err
	}
	text, err := next.Workspace.JSON()
	if err != nil {
		return err
	}
	n, err := tx.StoreSettings(tx.Ctx, text, workspace, countersign.Number(version))
	if err != nil {
		return fmt.Errorf("store settings: %w", err)
	}
	if n == 0 {
		return countersign.Refuse(countersign.Conflict, "changed_meanwhile")
	}
	if changed := changes(before.Workspace, next.Workspace); len(changed) > 0 {
		if shortens {
			changed[audit.KeptDays] = shorter.Before
		}
		err = audit.Write(tx, workspace, audit.Event{Kind: "settings.changed", Actor: by.Actor, Place: by.Place, Detail: changed})
		if err != nil {
			return err
		}
	}
	if renames {
		// First: its former name may be that of a pool that is made.
		_, err = renamePool(tx, workspace, countersign.DefaultPool, next.Default, by)
		if err != nil {
			return err
		}
	}
	for _, name := range next.PoolNames() {
		err = s.storePool(tx, workspace, before, name, next.Pools[name], by)
		if err != nil {
			return err
		}
	}
	err = storeDomains(tx, workspace, before.Domains, next.Domains, by)
	if err != nil {
		return err
	}
	if shortens {
		err = s.tellManagers(tx, workspace, message.LogShortened, message.Data{KeptBefore: shorter.Before, KeptAfter: shorter.After}, by)
		if err != nil {
			return err
		}
	}
	return s.tellRulesLoosened(tx, workspace, loosened, by)
}

func (s *Service) storePool(tx *store.Tx, workspace countersign.WorkspaceID, before Stored, name string, doc policy.Document, by By) error {
	id := before.PoolNamed(name)
	changed := changes(before.Pools[name], doc)
	if id != "" && len(changed) == 0 {
		return nil
	}
	pool := rows.Pool{WorkspaceID: workspace, ID: id, Name: name}
	if id == "" {
		var err error
		pool, err = makePool(tx, workspace, name, by)
		if err != nil {
			return err
		}
	}
	text, err := doc.JSON()
	if err != nil {
		return err
	}
	n, err := tx.StorePoolSettings(tx.Ctx, text, workspace, pool.ID)
	if err != nil {
		return fmt.Errorf("store the settings of a pool: %w", err)
	}
	if n == 0 {
		return countersign.Refuse(countersign.Conflict, "changed_meanwhile")
	}
	if len(changed) == 0 {
		return nil
	}
	return poolEvent(tx, by, pool, "pool.settings_changed", changed)
}
