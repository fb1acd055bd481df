package people

import (
	"fmt"

	"countersign"
	"countersign/internal/audit"
	"countersign/internal/message"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// loosenByMove allows, or refuses, that it is easier to reset a person in another pool than
// in theirs; the values are those of recovery.admin_reset. The event's detail says so.
func (s *Service) loosenByMove(tx *store.Tx, user rows.User, before, after string, detail map[string]string, by By) error {
	if !policy.LooserReset(before, after) {
		return nil
	}
	err := by.mayLoosen()
	if err != nil {
		return err
	}
	detail[policy.AdminResetKey] = audit.Change(before, after)
	name := user.Name
	if name == "" {
		name = user.Email
	}
	return s.tellLoosened(tx, user.WorkspaceID, []message.Loosened{{Person: name, Before: before, After: after}}, by)
}

// tellRulesLoosened is tellLoosened for other rules; where they loosened nothing, nobody is
// told.
func (s *Service) tellRulesLoosened(tx *store.Tx, workspace countersign.WorkspaceID, loosened []policy.Loosened, by By) error {
	places := make([]message.Loosened, 0, len(loosened))
	for _, one := range loosened {
		places = append(places, message.Loosened{Pool: one.Pool, Before: one.Before, After: one.After})
	}
	if len(places) == 0 {
		return nil
	}
	return s.tellLoosened(tx, workspace, places, by)
}

// tellLoosened is tellManagers of places where it became easier.
func (s *Service) tellLoosened(tx *store.Tx, workspace countersign.WorkspaceID, places []message.Loosened, by By) error {
	data := message.Data{Left: max(0, len(places)-message.MostLoosened)}
	data.Loosened = places[:min(len(places), message.MostLoosened)]
	return s.tellManagers(tx, workspace, message.ResetsLoosened, data, by)
}

// tellManagers writes to the owners and administrators, but for the one who did it: an
// owner whose session somebody else holds must not do away with the second person, or
// with the log, unseen.
func (s *Service) tellManagers(tx *store.Tx, workspace countersign.WorkspaceID, kind message.Kind, data message.Data, by By) error {
	managers, err := store.Managers(tx.Ctx, tx.Queries, workspace)
	if err != nil {
		return fmt.Errorf("list the administrators: %w", err)
	}
	for _, user := range managers {
		if by.holder != nil && user.ID == by.holder.User {
			continue
		}
		err = s.tellOf(tx, user, by, kind, data)
		if err != nil {
			return err
		}
	}
	return nil
}
