package account

import (
	"context"
	"fmt"
	"sync"

	"countersign"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// settingsCache keeps parsed settings under the version they were read at, so
// that a change counts at once on every node: the version comes with the
// session or the workspace, read anew each time.
type settingsCache struct {
	mu   sync.RWMutex
	kept map[poolKey]keptSettings
}

type poolKey struct {
	workspace countersign.WorkspaceID
	pool      countersign.PoolID
}

type keptSettings struct {
	version  countersign.Number
	settings policy.Settings
}

// Workspace reads a workspace's row. NotFound "no_workspace" for one that was removed: for a
// moment its host still leads to it.
func (s *Service) Workspace(ctx context.Context, id countersign.WorkspaceID) (rows.Workspace, error) {
	w, err := s.Store.Read().GetWorkspace(ctx, id)
	if store.NotFound(err) {
		return w, countersign.Refuse(countersign.NotFound, "no_workspace")
	}
	if err != nil {
		return w, fmt.Errorf("load workspace: %w", store.Classify(err))
	}
	return w, nil
}

// Settings returns the effective settings of a pool.
func (s *Service) Settings(ctx context.Context, workspace countersign.WorkspaceID, pool countersign.PoolID) (policy.Settings, error) {
	w, err := s.Workspace(ctx, workspace)
	if err != nil {
		return policy.Settings{}, err
	}
	return s.SettingsAt(ctx, workspace, pool, w.SettingsVersion)
}

// SettingsAt returns the effective settings of a pool at a version that was
// just read.
func (s *Service) SettingsAt(ctx context.Context, workspace countersign.WorkspaceID, pool countersign.PoolID, version countersign.Number) (policy.Settings, error) {
	key := poolKey{workspace, pool}
	s.settings.mu.RLock()
	kept, found := s.settings.kept[key]
	s.settings.mu.RUnlock()
	if found && kept.version == version {
		return kept.settings, nil
	}
	settings, read, err := s.readSettings(ctx, key)
	if err != nil {
		return policy.Settings{}, err
	}
	s.settings.mu.Lock()
	defer s.settings.mu.Unlock()
	if s.settings.kept == nil {
		s.settings.kept = map[poolKey]keptSettings{}
	}
	s.settings.kept[key] = keptSettings{version: read, settings: settings}
	return settings, nil
}

// AdminReset is what recovery.admin_reset says in every pool of a workspace, at a version
// that was just read; "" where they differ: help is told to everybody before anybody says
// who they are, and must promise nobody what holds for others.
func (s *Service) AdminReset(ctx context.Context, workspace countersign.WorkspaceID, version countersign.Number) (string, error) {
	pools, err := s.Store.Read().ListPools(ctx, workspace)
	if err != nil {
		return "", fmt.Errorf("list pools: %w", store.Classify(err))
	}
	value := ""
	for i, pool := range pools {
		settings, err := s.SettingsAt(ctx, workspace, pool.ID, version)
		if err != nil {
			return "", err
		}
		if i > 0 && settings.AdminReset != value {
			return "", nil
		}
		value = settings.AdminReset
	}
	return value, nil
}

func (s *Service) readSettings(ctx context.Context, key poolKey) (policy.Settings, countersign.Number, error) {
	// The version first: settings that change between the two reads are then
	// read again at the next request, never kept under a version they outrun.
	w, err := s.Workspace(ctx, key.workspace)
	if err != nil {
		return policy.Settings{}, 0, err
	}
	p, err := s.Store.Read().GetPool(ctx, key.workspace, key.pool)
	if err != nil {
		return policy.Settings{}, 0, fmt.Errorf("load pool: %w", store.Classify(err))
	}
	settings, err := resolve(w, p)
	return settings, w.SettingsVersion, err
}

func resolve(w rows.Workspace, p rows.Pool) (policy.Settings, error) {
	workspace, err := policy.ParseDocument([]byte(w.Settings))
	if err != nil {
		return policy.Settings{}, fmt.Errorf("settings of workspace %s: %w", w.ID, err)
	}
	pool, err := policy.ParseDocument([]byte(p.Settings))
	if err != nil {
		return policy.Settings{}, fmt.Errorf("settings of pool %s: %w", p.ID, err)
	}
	return policy.Resolve(workspace, pool)
}

// Within is the account of a user whom this transaction has read, for what a rule
// decides inside it.
func (s *Service) Within(tx *store.Tx, user rows.User) (Account, error) {
	w, err := tx.GetWorkspace(tx.Ctx, user.WorkspaceID)
	if err != nil {
		return Account{}, fmt.Errorf("load workspace: %w", err)
	}
	return s.WithinOf(tx, user, w)
}

// WithinOf is Within where the transaction has read the workspace too.
func (s *Service) WithinOf(tx *store.Tx, user rows.User, w rows.Workspace) (Account, error) {
	s.settings.mu.RLock()
	kept, found := s.settings.kept[poolKey{user.WorkspaceID, user.PoolID}]
	s.settings.mu.RUnlock()
	if found && kept.version == w.SettingsVersion {
		return Account{Workspace: w, Settings: kept.settings, User: user}, nil
	}
	p, err := tx.GetPool(tx.Ctx, user.WorkspaceID, user.PoolID)
	if err != nil {
		return Account{}, fmt.Errorf("load pool: %w", err)
	}
	settings, err := resolve(w, p)
	return Account{Workspace: w, Settings: settings, User: user}, err
}
