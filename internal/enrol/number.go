package enrol

import (
	"context"
	"fmt"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/method"
	"countersign/internal/method/sms"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Number is a phone number that waits for the code that was sent to it.
type Number struct {
	ID countersign.CredentialID
	// Shown is the number as people write it, Old the masked one that it takes the place
	// of, "" for none.
	Shown, Old string
	ExpiresAt  time.Time
	// Sent is the last code that went there; nil where none could be sent.
	Sent *rows.Text
}

// numberAct is what the person is asked to approve: there is one number, and another
// takes its place.
func numberAct(all []rows.Credential) account.Act { return actOf(numberOf(all)) }

// numberOf is the number that is in use, "" for none.
func numberOf(all []rows.Credential) countersign.CredentialID {
	for _, c := range active(all, method.SMS) {
		return c.ID
	}
	return ""
}

// mayAddNumber is the rule for another number. Errors: Forbidden "texts_off" and those of
// account.Holder.NeedOwner.
func (s *Service) mayAddNumber(h account.Holder, settings policy.Settings, all []rows.Credential) error {
	if !s.Accounts.Texting || !settings.Texts() {
		return countersign.Refuse(countersign.Forbidden, "texts_off")
	}
	return h.NeedOwner(secondFactors(all), numberAct(all))
}

// MayAddNumber tells whether the holder may set up a number, before one is typed, and the
// masked one that it would take the place of, "" for none. Errors: those of BeginNumber.
func (s *Service) MayAddNumber(ctx context.Context, h account.Holder, settings policy.Settings) (string, error) {
	all, err := s.list(ctx, h)
	if err != nil {
		return "", err
	}
	return nameOf(all, numberOf(all)), s.mayAddNumber(h, settings, all)
}

// BeginNumber keeps a typed number until it is confirmed, and sends a code to it. The
// number that is in use stays so until then. Another number typed in this session takes
// the place of the one that waits.
//
// Errors: Invalid on field "number"; Forbidden "texts_off", "fresh_proof_required" and
// "email_proof_required"; those of account.Service.SendText.
func (s *Service) BeginNumber(ctx context.Context, h account.Holder, typed string) error {
	return s.Accounts.WriteFor(ctx, h.User, func(tx *store.Tx) error {
		a, all, err := s.hold(tx, h)
		if err != nil {
			return err
		}
		err = s.mayAddNumber(h, a.Settings, all)
		if err != nil {
			return err
		}
		number, problem := sms.Parse(typed, a.Settings.TextCountries)
		if problem != sms.Fine {
			return countersign.InvalidField("number", "number_"+string(problem))
		}
		err = s.sameNumber(all, number)
		if err != nil {
			return err
		}
		id, err := s.nameNumber(pendingOf(all, h, method.SMS, tx.Now), number)
		if err != nil {
			return err
		}
		row, err := s.insertNumber(tx, h, id, number, numberOf(all))
		if err != nil {
			return err
		}
		return s.Accounts.SendText(tx, account.TextAsk{Account: a, Credential: row, Known: h.Known, Place: h.Place, Session: h.Session})
	})
}

// sameNumber refuses the number that is in use already.
func (s *Service) sameNumber(all []rows.Credential, number sms.Number) error {
	for _, c := range active(all, method.SMS) {
		old, err := s.Accounts.NumberOf(c)
		if err != nil {
			return err
		}
		if old == number.E164 {
			return countersign.InvalidField("number", "number_same")
		}
	}
	return nil
}

// nameNumber is the name that a typed number is kept by: a new one, but the same again for
// the number that waits. By it account.Service.SendText knows a number that is typed twice.
func (s *Service) nameNumber(waits *rows.Credential, number sms.Number) (countersign.CredentialID, error) {
	if waits != nil {
		kept, err := s.Accounts.NumberOf(*waits)
		if err != nil || kept == number.E164 {
			return waits.ID, err
		}
	}
	return countersign.CredentialID(seal.ID("crd")), nil
}

// insertNumber puts a number in place of one that waits in this session.
func (s *Service) insertNumber(tx *store.Tx, h account.Holder, id countersign.CredentialID, number sms.Number, replaces countersign.CredentialID) (rows.Credential, error) {
	err := dropPending(tx, h, method.SMS)
	if err != nil {
		return rows.Credential{}, err
	}
	sealed, err := s.Ring.Seal([]byte(number.E164), store.SecretPlace(id))
	if err != nil {
		return rows.Credential{}, fmt.Errorf("seal the number: %w", err)
	}
	err = tx.InsertCredential(tx.Ctx, rows.InsertCredentialParams{
		WorkspaceID: h.Workspace, ID: id, UserID: h.User, Kind: string(method.SMS), State: "pending", NameKey: begunIn(h), Replaces: replaces,
		Secret: sealed, CreatedAt: tx.NowMilli(), ExpiresAt: tx.Now.Add(pendingLife).UnixMilli(),
	})
	if err != nil {
		return rows.Credential{}, fmt.Errorf("keep the number: %w", err)
	}
	return tx.GetCredential(tx.Ctx, h.Workspace, h.User, id)
}

// PendingNumber returns the number that waits for its code. Errors: Gone "enrolment_over"
// when there is none (any more); Forbidden when a proof is needed.
func (s *Service) PendingNumber(ctx context.Context, h account.Holder) (Number, error) {
	a, err := s.Accounts.Load(ctx, h.Workspace, h.User)
	if err != nil {
		return Number{}, err
	}
	all, err := s.list(ctx, h)
	if err != nil {
		return Number{}, err
	}
	err = s.mayAddNumber(h, a.Settings, all)
	if err != nil {
		return Number{}, err
	}
	row := pendingOf(all, h, method.SMS, s.Now())
	if row == nil {
		return Number{}, nothingPending()
	}
	number, err := s.Accounts.NumberOf(*row)
	if err != nil {
		return Number{}, err
	}
	n := Number{ID: row.ID, Shown: sms.Show(number), Old: nameOf(all, row.Replaces), ExpiresAt: time.UnixMilli(row.ExpiresAt)}
	sent, found, err := s.Accounts.TextOf(ctx, h.Workspace, h.User, string(h.Session))
	if found && sent.CredentialID == row.ID {
		n.Sent = &sent
	}
	return n, err
}

// SendNumberCode sends another code to the number that waits. Errors: those of
// PendingNumber and of account.Service.SendText.
func (s *Service) SendNumberCode(ctx context.Context, h account.Holder) error {
	return s.Accounts.WriteFor(ctx, h.User, func(tx *store.Tx) error {
		a, all, err := s.hold(tx, h)
		if err != nil {
			return err
		}
		err = s.mayAddNumber(h, a.Settings, all)
		if err != nil {
			return err
		}
		row := pendingOf(all, h, method.SMS, tx.Now)
		if row == nil {
			return nothingPending()
		}
		return s.Accounts.SendText(tx, account.TextAsk{Account: a, Credential: *row, Known: h.Known, Place: h.Place, Session: h.Session})
	})
}

// ConfirmNumber turns the waiting number on when its code is right; the one that was in
// use is retired, and told. Errors: Invalid on field "code"; Gone "enrolment_over"; and
// those of BeginNumber.
func (s *Service) ConfirmNumber(ctx context.Context, h account.Holder, code string) (Confirmed, error) {
	_, problem := sms.Normalize(code)
	if problem != method.Fine {
		return Confirmed{}, countersign.InvalidField("code", "sms_"+string(problem))
	}
	var done Confirmed
	var refusal error
	err := s.Accounts.WriteFor(ctx, h.User, func(tx *store.Tx) error {
		done, refusal = Confirmed{}, nil
		a, all, err := s.hold(tx, h)
		if err != nil {
			return err
		}
		err = s.mayAddNumber(h, a.Settings, all)
		if err != nil {
			return err
		}
		row := pendingOf(all, h, method.SMS, tx.Now)
		if row == nil || row.Replaces != numberOf(all) {
			return nothingPending() // another window was faster, and it must not become one more
		}
		refusal, err = s.Accounts.ConfirmText(tx, h, a.User, *row, code)
		if err != nil || refusal != nil {
			return err
		}
		done, err = s.confirmNumber(tx, h, a, *row, all)
		return err
	})
	if err != nil {
		return Confirmed{}, err
	}
	return done, refusal
}

func (s *Service) confirmNumber(tx *store.Tx, h account.Holder, a account.Account, row rows.Credential, all []rows.Credential) (Confirmed, error) {
	number, err := s.Accounts.NumberOf(row)
	if err != nil {
		return Confirmed{}, err
	}
	for _, old := range active(all, method.SMS) {
		_, err = tx.DeleteCredential(tx.Ctx, h.Workspace, h.User, old.ID)
		if err != nil {
			return Confirmed{}, fmt.Errorf("retire the old number: %w", err)
		}
		err = s.Accounts.TellOldNumber(tx, h, a, old)
		if err != nil {
			return Confirmed{}, err
		}
	}
	name := sms.Mask(number)
	n, err := tx.ConfirmCredential(tx.Ctx, rows.ConfirmCredentialParams{
		Name: name, NameKey: account.NameKey(name), Secret: row.Secret, ConfirmedAt: tx.NowMilli(),
		WorkspaceID: h.Workspace, UserID: h.User, ID: row.ID, Version: row.Version,
	})
	if err != nil {
		return Confirmed{}, fmt.Errorf("confirm: %w", err)
	}
	if n == 0 {
		return Confirmed{}, nothingPending()
	}
	done, err := s.Added(tx, h, a, all, New{
		Kind: method.SMS, Credential: row.ID, Name: name, Method: string(method.SMS), Event: "number.added",
		Detail: map[string]string{"method": string(method.SMS)}, Replaces: row.Replaces, Replaced: nameOf(all, row.Replaces),
	})
	if err != nil {
		return Confirmed{}, err
	}
	done.Token, err = s.Accounts.StepUp(tx, h, account.Raise{Second: string(method.SMS)})
	return done, err
}
