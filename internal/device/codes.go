package device

import (
	"context"
	"errors"
	"fmt"
	"time"

	"countersign"
	"countersign/internal/approve"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// codeSecretSize is that of the secret of a phone's own codes, in octets: 160 bits, as
// RFC 4226, section 4, recommends.
const codeSecretSize = 20

// askCodeFor is how long after it was paired a device may ask again for the secret of its
// own codes. Whoever came by its key later must not make a second factor of it that needs
// no screen lock: most phones never use a code, and would leave this open for ever.
const askCodeFor = time.Hour

// Code gives an app the secret of its own codes: a fresh one each time in the first hour,
// until one of the codes has counted. An answer may be lost on its way, and nobody knows
// but the app, which asks again; what an older answer gave is dead from then on, whoever
// has it. A command line has no codes: its key lies open beside its PIN, and these would
// be a second factor without it.
//
// Errors: Conflict "code_given", "device_state"; Forbidden "device_signed_out".
func (s *Service) Code(ctx context.Context, d rows.Device) ([]byte, error) {
	var secret []byte
	err := s.Accounts.WriteFor(ctx, d.UserID, func(tx *store.Tx) error {
		_, now, err := s.hold(tx, d)
		if err != nil {
			return err
		}
		switch now.State {
		case "active":
		case "signed_out":
			return countersign.Refuse(countersign.Forbidden, "device_signed_out")
		default:
			return countersign.Refuse(countersign.Conflict, "device_state")
		}
		row, err := tx.GetCredential(tx.Ctx, d.WorkspaceID, d.UserID, now.CredentialID)
		if err != nil {
			return fmt.Errorf("load the credential: %w", err)
		}
		if !mayAskCode(now, row, tx.Now) {
			return countersign.Refuse(countersign.Conflict, "code_given")
		}
		secret, err = s.renew(tx, row)
		if err != nil {
			return err
		}
		_, err = tx.GiveDeviceCode(tx.Ctx, tx.NowMilli(), d.WorkspaceID, d.ID)
		if err != nil {
			return fmt.Errorf("give the code: %w", err)
		}
		return s.event(tx, d, "device.code_given", countersign.Place{})
	})
	return secret, err
}

// mayAskCode tells whether a device may have the secret of its own codes, or another.
// That a code has counted shows in the credential's counter: it is the step of the last
// code, and approvals leave it alone.
func mayAskCode(d rows.Device, row rows.Credential, now time.Time) bool {
	switch {
	case d.Kind == approve.KindTerminal, row.Counter != 0:
		return false
	case d.CodeGiven == 0:
		return true
	}
	return now.Sub(time.UnixMilli(d.ActivatedAt)) < askCodeFor
}

// renew gives a credential another secret. Its version turns with it, so that an answer
// which was judged by the old one is judged again.
func (s *Service) renew(tx *store.Tx, row rows.Credential) ([]byte, error) {
	secret := seal.Bytes(codeSecretSize)
	sealed, err := s.Ring.Seal(secret, store.SecretPlace(row.ID))
	if err != nil {
		return nil, fmt.Errorf("seal the secret: %w", err)
	}
	n, err := tx.StoreCredential(tx.Ctx, rows.StoreCredentialParams{
		Secret: sealed, Counter: row.Counter, UsedAt: row.UsedAt, UsedFrom: row.UsedFrom, WorkspaceID: row.WorkspaceID, ID: row.ID, Version: row.Version,
	})
	if err == nil && n == 0 {
		err = errors.New("somebody stored it first, past the user's row")
	}
	if err != nil {
		return nil, fmt.Errorf("store the secret: %w", err)
	}
	return secret, nil
}

// mayAsk tells whether a device may ask for the secret of its own codes.
func (s *Service) mayAsk(ctx context.Context, d rows.Device) (bool, error) {
	if d.State != "active" {
		return false, nil
	}
	row, err := s.Store.Read().GetCredential(s.Store.Brief(ctx), d.WorkspaceID, d.UserID, d.CredentialID)
	if store.NotFound(err) {
		return false, nil // removed meanwhile: its next call is told
	}
	if err != nil {
		return false, fmt.Errorf("load the credential: %w", store.Classify(err))
	}
	return mayAskCode(d, row, s.Now()), nil
}
