package account

import (
	"context"
	"fmt"

	"countersign"
	"countersign/internal/audit"
	"countersign/internal/message"
	"countersign/internal/store"
)

// PushesRefused tells the administrators that a push service takes no pushes of this
// installation any more.
func (s *Service) PushesRefused(ctx context.Context, workspace countersign.WorkspaceID, service string) error {
	managers, err := store.Managers(ctx, s.Store.Read(), workspace)
	if err != nil {
		return fmt.Errorf("list the administrators: %w", store.Classify(err))
	}
	return s.Store.Write(ctx, func(tx *store.Tx) error {
		err := audit.Write(tx, workspace, audit.Event{
			Kind: "push.refused", Outcome: audit.Refused, Actor: countersign.Actor{Kind: countersign.BySystem}, Target: service,
		})
		if err != nil {
			return err
		}
		for _, user := range managers {
			a, err := s.Within(tx, user)
			if err != nil {
				return err
			}
			err = s.Tell(tx, a, countersign.Place{}, message.PushesRefused, message.Data{Device: service})
			if err != nil {
				return err
			}
		}
		return nil
	})
}
