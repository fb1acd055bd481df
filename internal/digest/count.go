package digest

import (
	"context"
	"fmt"
	"time"

	"countersign"
	"countersign/internal/audit"
	"countersign/internal/message"
	"countersign/internal/store"
)

// count counts a week. People are counted as they are now, with what is required of
// them now.
func (s *Service) count(ctx context.Context, workspace countersign.WorkspaceID, from, now time.Time) (message.Week, error) {
	w := message.Week{From: from.UnixMilli()}
	err := s.people(ctx, workspace, now, &w)
	if err != nil {
		return w, err
	}
	n, err := s.Store.Read().CountEvents(ctx, workspace, audit.FirstAt(from), audit.FirstAt(from.Add(week)))
	if err != nil {
		return w, fmt.Errorf("count events: %w", store.Classify(err))
	}
	w.SignedIn, w.Refused, w.Denied, w.Reported = n.SignedIn, n.Refused, n.Denied, n.Reported
	w.Recovered, w.Reset, w.Settings = n.Recovered, n.Reset, n.Settings
	return w, nil
}

func (s *Service) people(ctx context.Context, workspace countersign.WorkspaceID, now time.Time, w *message.Week) error {
	pools, err := s.Store.Read().CountPeople(ctx, store.PersonalBy(now), workspace)
	if err != nil {
		return fmt.Errorf("count people: %w", store.Classify(err))
	}
	for _, pool := range pools {
		settings, err := s.Accounts.Settings(ctx, workspace, pool.PoolID)
		if err != nil {
			return err
		}
		w.People += pool.People
		w.Protected += pool.Protected
		if settings.Required("", now) != "" {
			w.Required += pool.People - pool.Protected
		} else {
			w.Required += pool.Required
		}
	}
	return nil
}
