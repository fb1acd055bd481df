package session

import (
	"context"
	"fmt"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/method"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// AskText sends a text for a fresh proof to the person's number. Its code is good for this
// session alone. Errors: those of account.Service.SendText and Hold; Conflict "texts_off"
// where there is no number.
func (s *Service) AskText(ctx context.Context, c Current, place countersign.Place) error {
	h := c.Holder(place)
	return s.Accounts.WriteFor(ctx, c.UserID, func(tx *store.Tx) error {
		user, err := s.Accounts.Hold(tx, h)
		if err != nil {
			return err
		}
		err = s.Accounts.SecondLocked(tx, user, h.Known)
		if err != nil {
			return err
		}
		credentials, err := tx.ListCredentials(tx.Ctx, c.WorkspaceID, c.UserID)
		if err != nil {
			return fmt.Errorf("load credentials: %w", err)
		}
		a := c.Account
		a.User = user
		for _, one := range credentials {
			if one.State == "active" && one.Kind == string(method.SMS) {
				return s.Accounts.SendText(tx, account.TextAsk{Account: a, Credential: one, Known: h.Known, Place: place, Session: c.ID})
			}
		}
		return countersign.Refuse(countersign.Conflict, "texts_off")
	})
}

// Texted is the code that was sent last for this session to one of these numbers, unless
// it was used.
func (s *Service) Texted(ctx context.Context, c Current, number countersign.CredentialID) (rows.Text, bool, error) {
	row, found, err := s.Accounts.TextOf(ctx, c.WorkspaceID, c.UserID, string(c.ID))
	if err != nil || !found || row.CredentialID != number || row.SpentAt != 0 {
		return rows.Text{}, false, err
	}
	return row, true, nil
}
