package account

import (
	"context"
	"fmt"
	"time"

	"countersign"
	"countersign/internal/method"
	"countersign/internal/method/recovery"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// NewHelpCode makes a code that takes the place of the person's second factor in one
// sign-in, and voids the one before. It is returned as it is read out, xxxxx-xxxxx, and
// stored as a keyed digest: 50 bits that live an hour at most, against ten tries an hour.
func (s *Service) NewHelpCode(tx *store.Tx, user rows.User, by countersign.UserID, life time.Duration) (string, error) {
	err := voidHelpCodes(tx, user)
	if err != nil {
		return "", err
	}
	code := recovery.Generate(2, seal.Bytes)[0] // of several, each is short
	plain, problem := recovery.Normalize(code)
	if problem != method.Fine {
		return "", fmt.Errorf("a help-desk code has no form: %s", problem)
	}
	id := countersign.HelpCodeID(seal.ID("hlp"))
	err = tx.InsertHelpCode(tx.Ctx, rows.InsertHelpCodeParams{
		WorkspaceID: user.WorkspaceID, ID: id, UserID: user.ID, CodeMac: s.helpMAC(id, plain), GivenBy: by,
		CreatedAt: tx.NowMilli(), ExpiresAt: tx.Now.Add(life).UnixMilli(),
	})
	if err != nil {
		return "", fmt.Errorf("store a help-desk code: %w", err)
	}
	return code, nil
}

func (s *Service) helpMAC(id countersign.HelpCodeID, plain string) []byte {
	return s.MAC.Sum("help-desk code", string(id), plain)
}

// voidHelpCodes ends the code that waits for a person, if one does.
func voidHelpCodes(tx *store.Tx, user rows.User) error {
	_, err := tx.VoidHelpCodes(tx.Ctx, user.WorkspaceID, user.ID)
	if err != nil {
		return fmt.Errorf("void help-desk codes: %w", err)
	}
	return nil
}

// HelpWaits tells whether a code of the help desk waits for a person who gave the first
// factor.
func (s *Service) HelpWaits(ctx context.Context, a Account) (bool, error) {
	if a.Settings.AdminReset != policy.ResetAllowed {
		return false, nil
	}
	row, err := s.Store.Read().NewestHelpCode(s.Store.Brief(ctx), a.User.WorkspaceID, a.User.ID)
	if store.NotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for a help-desk code: %w", store.Classify(err))
	}
	return row.SpentAt == 0 && row.ExpiresAt > s.Now().UnixMilli(), nil
}

// errHelpOver is the right code of the help desk after its time. It is told apart, because
// whoever types it has it from the help desk: to look for a slip of the finger in it would
// help nobody. It is a wrong try all the same, and lets nobody in.
var errHelpOver = fmt.Errorf("%w: the code of the help desk is over", method.ErrWrong)

// helped judges what was typed as a recovery code by the code of the help desk, in a
// sign-in only: in a session it would be a fresh proof for somebody who stole it. It
// reports whether it was that code; then it is spent, or the error says why not.
func (s *Service) helped(tx *store.Tx, a Answer, user rows.User) (Proven, bool, error) {
	if a.Kind != method.Recovery || a.Attempt == "" || a.Account.Settings.AdminReset != policy.ResetAllowed {
		return Proven{}, false, nil
	}
	row, err := tx.NewestHelpCode(tx.Ctx, user.WorkspaceID, user.ID)
	if store.NotFound(err) {
		return Proven{}, false, nil
	}
	if err != nil {
		return Proven{}, false, fmt.Errorf("load a help-desk code: %w", err)
	}
	typed, _ := recovery.Normalize(a.Proof)
	if !seal.Equal(row.CodeMac, s.helpMAC(row.ID, typed)) {
		return Proven{}, false, nil
	}
	if row.SpentAt == 0 && row.ExpiresAt <= tx.NowMilli() {
		return Proven{}, true, errHelpOver
	}
	n, err := tx.SpendHelpCode(tx.Ctx, tx.NowMilli(), row.WorkspaceID, row.ID)
	if err == nil && n > 0 {
		// The unique index judges, as of every proof.
		n, err = tx.SpendProof(tx.Ctx, rows.SpendProofParams{
			WorkspaceID: row.WorkspaceID, CredentialID: countersign.CredentialID(row.ID), SpentAt: tx.NowMilli(),
		})
	}
	if err != nil {
		return Proven{}, true, fmt.Errorf("spend a help-desk code: %w", err)
	}
	if n == 0 {
		return Proven{}, true, method.ErrUsed
	}
	return Proven{
		User: user, Kind: method.HelpCode, As: policy.HelpCode, Credential: rows.Credential{ID: countersign.CredentialID(row.ID)},
	}, true, nil
}
