package enrol

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/method/recovery"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Codes are recovery codes that were made and not yet confirmed as saved.
type Codes struct {
	ID      countersign.CredentialID
	Codes   []string
	MadeAt  time.Time
	Expired bool
}

// NewCodes makes a new set. The old one works until the new one is confirmed
// as saved; where codes go by e-mail, mailing is the confirmation (mailed is
// true). A session that signed in with the very last code needs no proof anew,
// for it may have none left to give. Errors: Forbidden "fresh_proof_required";
// Conflict "no_second_factor"; NotFound "no_recovery_codes".
func (s *Service) NewCodes(ctx context.Context, h account.Holder) (bool, error) {
	err := h.NeedFresh(account.ActCodes)
	if err != nil && !h.LastCode {
		return false, err
	}
	var mailed bool
	err = s.Accounts.WriteFor(ctx, h.User, func(tx *store.Tx) error {
		a, all, err := s.hold(tx, h)
		if err != nil {
			return err
		}
		if !a.Settings.Recovers() {
			return countersign.Refuse(countersign.NotFound, "no_recovery_codes")
		}
		if secondFactors(all) == 0 {
			return countersign.Refuse(countersign.Conflict, "no_second_factor")
		}
		mailed, err = s.makeCodes(tx, h, a)
		return err
	})
	return mailed, err
}

// makeCodes writes a pending set with the codes sealed in clear, for the page
// that shows them; or, by e-mail, an active set and the mail.
func (s *Service) makeCodes(tx *store.Tx, h account.Holder, a account.Account) (bool, error) {
	err := dropPending(tx, h, method.Recovery)
	if err != nil {
		return false, err
	}
	codes := recovery.Generate(a.Settings.RecoveryCodes, seal.Bytes)
	id := countersign.CredentialID(seal.ID("crd"))
	text, err := json.Marshal(codes)
	if err != nil {
		return false, fmt.Errorf("encode codes: %w", err)
	}
	sealed, err := s.Ring.Seal(text, store.SecretPlace(id))
	if err != nil {
		return false, fmt.Errorf("seal codes: %w", err)
	}
	err = tx.InsertCredential(tx.Ctx, rows.InsertCredentialParams{
		WorkspaceID: h.Workspace, ID: id, UserID: h.User, Kind: string(method.Recovery), State: "pending",
		NameKey: begunIn(h), Secret: sealed, CreatedAt: tx.NowMilli(), ExpiresAt: tx.Now.Add(pendingLife).UnixMilli(),
	})
	if err != nil {
		return false, fmt.Errorf("keep codes: %w", err)
	}
	err = s.event(tx, h, "recovery.created", id, "")
	if err != nil || a.Settings.RecoveryDelivery != policy.ByEmail {
		return false, err
	}
	err = s.activate(tx, h, id, codes, 1)
	if err != nil {
		return false, err
	}
	return true, s.Accounts.TellAt(tx, a, a.User.Email, h.Place, message.RecoveryCodes, message.Data{Codes: codes, Left: len(codes)}, 0)
}

// WaitingCodes returns the codes that were made and not yet confirmed, for the
// page that shows them, to the session that made them and to no other. That
// session needs no proof anew: somebody who lost the phone and used the last
// code could give none, and would be shut out by ten minutes of delay. Codes
// whose 15 minutes are over are not shown again: Expired says that new ones are
// needed. NotFound when none wait.
func (s *Service) WaitingCodes(ctx context.Context, h account.Holder) (Codes, error) {
	all, err := s.list(ctx, h)
	if err != nil {
		return Codes{}, err
	}
	for _, c := range all {
		if c.Kind != string(method.Recovery) || c.State != "pending" || c.NameKey != begunIn(h) {
			continue
		}
		waiting := Codes{ID: c.ID, MadeAt: time.UnixMilli(c.CreatedAt)}
		if c.ExpiresAt <= s.Now().UnixMilli() {
			waiting.Expired = true
			return waiting, nil
		}
		waiting.Codes, err = s.open(c)
		return waiting, err
	}
	return Codes{}, countersign.Refuse(countersign.NotFound, "no_codes_waiting")
}

func (s *Service) open(c rows.Credential) ([]string, error) {
	text, err := s.Ring.Open(c.Secret, store.SecretPlace(c.ID))
	if err != nil {
		return nil, fmt.Errorf("open codes: %w", err)
	}
	var codes []string
	err = json.Unmarshal(text, &codes)
	if err != nil {
		return nil, fmt.Errorf("read codes: %w", err)
	}
	return codes, nil
}

// SaveCodes confirms that the codes have been saved: from now on only their
// digests are kept, and the old set is dead. Errors: Invalid on field "saved"
// when the box is not ticked; Gone "codes_over".
func (s *Service) SaveCodes(ctx context.Context, h account.Holder, id countersign.CredentialID, saved bool) error {
	if !saved {
		return countersign.InvalidField("saved", "codes_not_saved")
	}
	a, err := s.Accounts.Load(ctx, h.Workspace, h.User)
	if err != nil {
		return err
	}
	return s.Accounts.WriteFor(ctx, h.User, func(tx *store.Tx) error {
		_, err := s.Accounts.Hold(tx, h)
		if err != nil {
			return err
		}
		c, err := tx.GetCredential(tx.Ctx, h.Workspace, h.User, id)
		if store.NotFound(err) || (err == nil && (c.Kind != string(method.Recovery) || c.State != "pending" || c.NameKey != begunIn(h))) {
			return countersign.Refuse(countersign.Gone, "codes_over")
		}
		if err != nil {
			return fmt.Errorf("load codes: %w", err)
		}
		if c.ExpiresAt <= tx.NowMilli() {
			return countersign.Refuse(countersign.Gone, "codes_over")
		}
		codes, err := s.open(c)
		if err != nil {
			return err
		}
		err = s.activate(tx, h, id, codes, c.Version)
		if err != nil {
			return err
		}
		err = s.event(tx, h, "recovery.saved", id, "")
		if err != nil {
			return err
		}
		return s.Accounts.Tell(tx, a, h.Place, message.RecoveryRenewed, message.Data{Left: len(codes)})
	})
}

// activate puts digests in place of the codes and retires the old set.
func (s *Service) activate(tx *store.Tx, h account.Holder, id countersign.CredentialID, codes []string, version int64) error {
	packed, err := recovery.Pack(codes, s.MAC, string(id))
	if err != nil {
		return fmt.Errorf("pack codes: %w", err)
	}
	sealed, err := s.Ring.Seal(packed, store.SecretPlace(id))
	if err != nil {
		return fmt.Errorf("seal codes: %w", err)
	}
	_, err = tx.DeleteKind(tx.Ctx, rows.DeleteKindParams{
		WorkspaceID: h.Workspace, UserID: h.User, Kind: string(method.Recovery), ID: id,
	})
	if err != nil {
		return fmt.Errorf("retire the old codes: %w", err)
	}
	n, err := tx.ConfirmCredential(tx.Ctx, rows.ConfirmCredentialParams{
		NameKey: string(id), Secret: sealed, Counter: int64(len(codes)), ConfirmedAt: tx.NowMilli(),
		WorkspaceID: h.Workspace, UserID: h.User, ID: id, Version: version,
	})
	if err != nil {
		return fmt.Errorf("confirm codes: %w", err)
	}
	if n == 0 {
		return countersign.Refuse(countersign.Gone, "codes_over")
	}
	return nil
}
