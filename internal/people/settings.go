package people

import (
	"context"
	"fmt"
	"sort"

	"countersign"
	"countersign/internal/audit"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Document returns the settings that a workspace has set, and their version.
func (s *Service) Document(ctx context.Context, workspace countersign.WorkspaceID) (policy.Document, int64, error) {
	w, err := s.Store.Read().GetWorkspace(ctx, workspace)
	if err != nil {
		return nil, 0, fmt.Errorf("load workspace: %w", store.Classify(err))
	}
	doc, err := policy.ParseDocument([]byte(w.Settings))
	return doc, int64(w.SettingsVersion), err
}

// StoreDocument is StoreRules for what the workspace alone sets.
func (s *Service) StoreDocument(ctx context.Context, workspace countersign.WorkspaceID, doc policy.Document, version int64, by By) error {
	return s.StoreRules(ctx, workspace, policy.Rules{Workspace: doc}, version, by)
}

func settingsInvalid(why error) error {
	return &countersign.Error{Kind: countersign.Invalid, Code: "settings_invalid", Err: why}
}

// changes tells before and after of every key that differs.
func changes(before, after policy.Document) map[string]string {
	out := map[string]string{}
	names := append(before.Keys(), after.Keys()...)
	sort.Strings(names)
	for _, name := range names {
		was, is := text(before, name), text(after, name)
		if was != is {
			out[name] = audit.Change(was, is)
		}
	}
	return out
}

func text(d policy.Document, name string) string {
	value, set := d[name]
	if !set {
		return "(default)"
	}
	return policy.Spell(value)
}

// Activity returns the events of a user before an id, the latest first.
func (s *Service) Activity(ctx context.Context, workspace countersign.WorkspaceID, user countersign.UserID, before countersign.EventID, since int64, most int) ([]rows.Event, error) {
	if before == "" {
		before = "evt_~"
	}
	events, err := s.Store.Read().ListEventsOfUser(ctx, rows.ListEventsOfUserParams{
		WorkspaceID: workspace, UserID: user, Before: before, Since: countersign.Milli(since), Most: int32(min(most, 1000)), // #nosec G115 -- bounded
	})
	if err != nil {
		return nil, fmt.Errorf("list events: %w", store.Classify(err))
	}
	return events, nil
}
