package account

import (
	"fmt"

	"countersign"
	"countersign/internal/method"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// WithoutDefault forgets the default of a person from whom a credential was removed in
// this transaction, where it was the last of the default's kind: what is asked first then
// follows from what is left. all are the person's credentials as they were before.
func (s *Service) WithoutDefault(tx *store.Tx, user rows.User, all []rows.Credential, removed countersign.CredentialID) error {
	for _, c := range all {
		if c.State == "active" && c.ID != removed && c.Kind == user.DefaultMethod && c.Kind != string(method.Recovery) {
			return nil
		}
	}
	_, err := tx.SetDefaultMethod(tx.Ctx, rows.SetDefaultMethodParams{WorkspaceID: user.WorkspaceID, ID: user.ID})
	if err != nil {
		return fmt.Errorf("forget the default: %w", err)
	}
	return nil
}
