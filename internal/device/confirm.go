package device

import (
	"context"
	"fmt"
	"slices"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/approve"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// confirmTries end a pairing.
const confirmTries = 3

// Confirm judges the six digits that the phone shows, typed on the page of the person
// who began the pairing. The first question is asked then.
//
// Errors: Gone "pairing_over", also with the third wrong one; Invalid on field "code".
func (s *Service) Confirm(ctx context.Context, h account.Holder, typed string) error {
	digits := method.Clean(typed)
	if digits == "" {
		return countersign.InvalidField("code", "confirm_empty")
	}
	a, err := s.Accounts.Load(ctx, h.Workspace, h.User)
	if err != nil {
		return err
	}
	if !slices.Contains(a.Settings.PairingConfirm, policy.PairingByCode) {
		return pairingOver()
	}
	return s.judge(ctx, a, digits, func(tx *store.Tx) (rows.Pairing, error) {
		_, err := s.Accounts.Hold(tx, h)
		if err != nil {
			return rows.Pairing{}, err
		}
		row, err := tx.GetPairingOfSession(tx.Ctx, h.Workspace, h.Session)
		if store.NotFound(err) {
			return rows.Pairing{}, pairingOver()
		}
		return row, err
	}, func(row rows.Pairing) []byte { return row.ConfirmMac })
}

// Send mails a code that is typed on the phone being paired; the mail says which phone
// that is. Errors: Gone "pairing_over"; Limited "too_many_mails".
func (s *Service) Send(ctx context.Context, workspace countersign.WorkspaceID, token string) (string, error) {
	row, a, err := s.claimedBy(ctx, workspace, token)
	if err != nil {
		return "", err
	}
	if row.State != "joined" || !slices.Contains(a.Settings.PairingConfirm, policy.PairingByEmail) {
		return "", pairingOver()
	}
	code := seal.Digits(6)
	err = s.Accounts.WriteFor(ctx, row.UserID, func(tx *store.Tx) error {
		err := s.Accounts.Spend(tx, workspace, "pair-mail:"+string(row.UserID), "too_many_mails", pairRate())
		if err != nil {
			return err
		}
		n, err := tx.MailPairing(tx.Ctx, rows.MailPairingParams{
			MailedMac: s.confirmMAC(row.ID, code), WorkspaceID: workspace, ID: row.ID, Now: tx.NowMilli(),
		})
		if err != nil {
			return fmt.Errorf("keep the mailed code: %w", err)
		}
		if n == 0 {
			return pairingOver()
		}
		return s.Accounts.TellAt(tx, a, a.User.Email, countersign.Place{IP: row.IP, UserAgent: row.UserAgent}, message.PairingCode,
			message.Data{Code: code, Device: row.Name, Method: methodOf(row.Kind)}, pairingLife)
	})
	return Masked(a.User.Email), err
}

// methodOf is how mails name a kind of device.
func methodOf(kind string) string {
	if kind == approve.KindTerminal {
		return "terminal"
	}
	return "push"
}

// ConfirmHere judges the mailed code, typed on the phone. Errors: those of Confirm.
func (s *Service) ConfirmHere(ctx context.Context, workspace countersign.WorkspaceID, token, typed string) error {
	row, a, err := s.claimedBy(ctx, workspace, token)
	if err != nil {
		return err
	}
	if len(row.MailedMac) == 0 || !slices.Contains(a.Settings.PairingConfirm, policy.PairingByEmail) {
		return pairingOver()
	}
	return s.judge(ctx, a, method.Clean(typed), func(tx *store.Tx) (rows.Pairing, error) {
		_, err := tx.LockUser(tx.Ctx, workspace, row.UserID)
		if err != nil {
			return rows.Pairing{}, fmt.Errorf("lock user: %w", err)
		}
		return tx.GetPairing(tx.Ctx, workspace, row.ID)
	}, func(row rows.Pairing) []byte { return row.MailedMac })
}

func (s *Service) claimedBy(ctx context.Context, workspace countersign.WorkspaceID, token string) (rows.Pairing, account.Account, error) {
	row, err := s.byToken(ctx, workspace, token)
	if err != nil {
		return row, account.Account{}, err
	}
	a, err := s.Accounts.Load(ctx, workspace, row.UserID)
	return row, a, err
}

// judge takes one of three tries, compares, and asks the first question.
func (s *Service) judge(ctx context.Context, a account.Account, digits string, load func(*store.Tx) (rows.Pairing, error), expected func(rows.Pairing) []byte) error {
	var refused error
	err := s.Accounts.WriteFor(ctx, a.User.ID, func(tx *store.Tx) error {
		refused = nil
		row, err := load(tx)
		if err != nil {
			return err
		}
		if s.confirmedBefore(row, expected(row), digits) {
			return nil
		}
		tries, err := tx.TryPairing(tx.Ctx, row.WorkspaceID, row.ID, tx.NowMilli())
		if store.NotFound(err) {
			return pairingOver()
		}
		if err != nil {
			return fmt.Errorf("take a try: %w", err)
		}
		if !seal.Equal(expected(row), s.confirmMAC(row.ID, digits)) {
			refused, err = s.wrongDigits(tx, row, tries)
			return err
		}
		if seal.Equal(expected(row), row.ConfirmMac) && len(row.MailedMac) > 0 {
			// A code was mailed too, and was not what confirmed it: the log says which did.
			_, err = tx.MailPairing(tx.Ctx, rows.MailPairingParams{MailedMac: []byte{}, WorkspaceID: row.WorkspaceID, ID: row.ID, Now: tx.NowMilli()})
			if err != nil {
				return fmt.Errorf("forget the mailed code: %w", err)
			}
		}
		return s.confirmed(tx, a, row)
	})
	if err != nil {
		return err
	}
	return refused
}

// confirmedBefore tells whether these digits are what has confirmed a pairing already,
// which goes on: the answer may have been lost, and whoever asks again is told the same.
// Others are no try then, and are told what a pairing says that waits for none.
func (s *Service) confirmedBefore(row rows.Pairing, expected []byte, digits string) bool {
	return (row.State == "confirmed" || row.State == "active") && s.lives(row) && seal.Equal(expected, s.confirmMAC(row.ID, digits))
}

// wrongDigits returns the refusal, and what kept it from being written.
func (s *Service) wrongDigits(tx *store.Tx, row rows.Pairing, tries int64) (error, error) {
	if tries >= confirmTries {
		return pairingOver(), s.end(tx, row)
	}
	e := countersign.InvalidField("code", "confirm_wrong")
	e.Args = map[string]any{"Count": int(confirmTries - tries)}
	return e, nil
}

// confirmed asks the first question: it shows that pushes arrive and that the person
// knows how to answer, and its approval makes the device active.
func (s *Service) confirmed(tx *store.Tx, a account.Account, row rows.Pairing) error {
	n, err := tx.ConfirmDevice(tx.Ctx, row.WorkspaceID, row.DeviceID)
	if err != nil {
		return fmt.Errorf("confirm the device: %w", err)
	}
	if n == 0 {
		return pairingOver()
	}
	question, err := s.rehearse(tx, a, row)
	if err != nil {
		return err
	}
	_, err = tx.ConfirmPairing(tx.Ctx, rows.ConfirmPairingParams{
		RequestID: question, ExpiresAt: tx.Now.Add(pairingLife).UnixMilli(), WorkspaceID: row.WorkspaceID, ID: row.ID,
	})
	if err != nil {
		return fmt.Errorf("confirm the pairing: %w", err)
	}
	s.ringPairing(tx, row.ID)
	return nil
}

func (s *Service) rehearse(tx *store.Tx, a account.Account, row rows.Pairing) (countersign.RequestID, error) {
	session, err := tx.GetSession(tx.Ctx, row.WorkspaceID, row.SessionID)
	if store.NotFound(err) {
		return "", pairingOver()
	}
	if err != nil {
		return "", fmt.Errorf("load session: %w", err)
	}
	question, err := s.Approvals.Make(tx, approve.Ask{
		Account: a, Kind: approve.Test, Requester: string(row.ID), Only: row.DeviceID, Known: true,
		Place: countersign.Place{IP: session.IP, UserAgent: session.UserAgent},
	})
	return question.ID, err
}

// AskAgain asks the first question once more, where it was not approved. Errors: Gone
// "pairing_over"; Limited "too_many_pairings".
func (s *Service) AskAgain(ctx context.Context, h account.Holder) error {
	return s.Accounts.WriteFor(ctx, h.User, func(tx *store.Tx) error {
		a, err := s.Accounts.HoldAccount(tx, h)
		if err != nil {
			return err
		}
		row, err := tx.GetPairingOfSession(tx.Ctx, h.Workspace, h.Session)
		if store.NotFound(err) || (err == nil && row.State != "confirmed") {
			return pairingOver()
		}
		if err != nil {
			return fmt.Errorf("load the pairing: %w", err)
		}
		err = s.Accounts.Spend(tx, h.Workspace, "pair:"+string(h.User), "too_many_pairings", pairRate())
		if err != nil {
			return err
		}
		question, err := s.rehearse(tx, a, row)
		if err != nil {
			return err
		}
		n, err := tx.AskPairing(tx.Ctx, rows.AskPairingParams{
			RequestID: question, ExpiresAt: tx.Now.Add(pairingLife).UnixMilli(), WorkspaceID: row.WorkspaceID, ID: row.ID, Now: tx.NowMilli(),
		})
		if err != nil {
			return fmt.Errorf("ask again: %w", err)
		}
		if n == 0 {
			return pairingOver()
		}
		s.ringPairing(tx, row.ID)
		return nil
	})
}

// WaitState is WaitPairing for the device that claimed it.
func (s *Service) WaitState(ctx context.Context, workspace countersign.WorkspaceID, token, seen string) (string, error) {
	// The time to wait is none to read in: it may be no time at all.
	row, err := s.byToken(context.WithoutCancel(ctx), workspace, token)
	if countersign.CodeOf(err) == "pairing_over" {
		return "over", nil
	}
	if err != nil {
		return "", err
	}
	return s.WaitPairing(ctx, workspace, row.ID, seen)
}

// moment keeps zero zero.
func moment(milli int64) time.Time {
	if milli == 0 {
		return time.Time{}
	}
	return time.UnixMilli(milli)
}
