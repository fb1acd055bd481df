package account

import (
	"context"
	"fmt"
	"strings"
	"time"

	"countersign"
	"countersign/internal/audit"
	"countersign/internal/limit"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// A mailed code lives 15 minutes and has 5 tries; a newer one voids the older.
const mailedCodeLife = 15 * time.Minute

// mailedCodeRate keeps anybody from filling a mailbox.
func mailedCodeRate() limit.Rate { return limit.Rate{Interval: 5 * time.Minute, Burst: 4} }

// SendCode mails a code to the holder's account address. Limited when too many
// were sent.
func (s *Service) SendCode(ctx context.Context, h Holder) error {
	a, err := s.Load(ctx, h.Workspace, h.User)
	if err != nil {
		return err
	}
	code := seal.Digits(6)
	return s.WriteFor(ctx, h.User, func(tx *store.Tx) error {
		user, err := s.Hold(tx, h)
		if err != nil {
			return err
		}
		a.User = user
		err = s.Spend(tx, h.Workspace, "mailed-code:"+string(h.User), "too_many_mails", mailedCodeRate())
		if err != nil {
			return err
		}
		_, err = tx.VoidMailedCodes(tx.Ctx, h.Workspace, h.Session)
		if err != nil {
			return fmt.Errorf("void older codes: %w", err)
		}
		id := countersign.MailedCodeID(seal.ID("mlc"))
		err = tx.InsertMailedCode(tx.Ctx, rows.InsertMailedCodeParams{
			WorkspaceID: h.Workspace, ID: id, UserID: h.User, SessionID: h.Session, CodeMac: s.codeMAC(id, code),
			CreatedAt: tx.NowMilli(), ExpiresAt: tx.Now.Add(mailedCodeLife).UnixMilli(),
		})
		if err != nil {
			return fmt.Errorf("keep the code: %w", err)
		}
		err = s.event(tx, h, "email_code.sent")
		if err != nil {
			return err
		}
		return s.TellAt(tx, a, a.User.Email, h.Place, message.EmailCode,
			message.Data{Code: code, Minutes: int(mailedCodeLife / time.Minute)}, mailedCodeLife)
	})
}

// CodeSent tells until when the code that was mailed for this session works;
// zero when there is none.
func (s *Service) CodeSent(ctx context.Context, h Holder) (time.Time, error) {
	row, err := s.Store.Read().GetMailedCode(ctx, h.Workspace, h.Session, h.User)
	if store.NotFound(err) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("load mailed code: %w", store.Classify(err))
	}
	if row.SpentAt != 0 || row.Tries >= 5 || row.ExpiresAt <= s.Now().UnixMilli() {
		return time.Time{}, nil
	}
	return time.UnixMilli(row.ExpiresAt), nil
}

// CheckCode judges a mailed code and steps the session up: it returns the new
// token for the cookie. A right code also verifies the address. Errors: Invalid
// on field "code"; Gone "email_code_over" when it expired or its tries are spent;
// Limited, for wrong mailed codes count in a row. The row ends with a right one,
// with a password that was reset by mail, or by an administrator.
func (s *Service) CheckCode(ctx context.Context, h Holder, typed string) (string, error) {
	code := method.Clean(typed)
	if len(code) != 6 || strings.Trim(code, "0123456789") != "" {
		return "", countersign.InvalidField("code", "email_code_malformed")
	}
	var token string
	var refusal error
	err := s.WriteFor(ctx, h.User, func(tx *store.Tx) error {
		token, refusal = "", nil
		user, err := s.Hold(tx, h)
		if err != nil {
			return err
		}
		// Counted in a row over all codes that were sent: five tries for each code
		// alone would add up.
		c := mailedCount(user)
		_, err = take(tx, c)
		if countersign.KindOf(err) == countersign.Limited {
			refusal = err
			return nil
		}
		if err != nil {
			return err
		}
		row, err := tx.TryMailedCode(tx.Ctx, rows.TryMailedCodeParams{
			WorkspaceID: h.Workspace, SessionID: h.Session, UserID: h.User, Now: tx.NowMilli(),
		})
		if store.NotFound(err) {
			refusal = countersign.Refuse(countersign.Gone, "email_code_over")
			return giveBack(tx, c)
		}
		if err != nil {
			return fmt.Errorf("take a try: %w", err)
		}
		if !seal.Equal(row.CodeMac, s.codeMAC(row.ID, code)) {
			e := countersign.InvalidField("code", "email_code_wrong")
			e.Args = map[string]any{"Count": int(5 - row.Tries)}
			refusal = e
			return s.refusedCode(tx, h)
		}
		err = clearGuesses(tx, c)
		if err != nil {
			return err
		}
		_, err = tx.SpendMailedCode(tx.Ctx, tx.NowMilli(), h.Workspace, row.ID)
		if err != nil {
			return fmt.Errorf("spend the code: %w", err)
		}
		err = s.verifyEmail(tx, h, user)
		if err != nil {
			return err
		}
		token, err = s.StepUp(tx, h, Raise{Mailed: true})
		return err
	})
	if err != nil {
		return "", err
	}
	return token, refusal
}

func (s *Service) verifyEmail(tx *store.Tx, h Holder, user rows.User) error {
	n, err := tx.VerifyEmail(tx.Ctx, rows.VerifyEmailParams{
		EmailVerifiedAt: tx.NowMilli(), WorkspaceID: h.Workspace, ID: h.User, EmailKey: user.EmailKey,
	})
	if err != nil {
		return fmt.Errorf("verify the address: %w", err)
	}
	if n == 0 {
		return nil
	}
	return s.event(tx, h, "email.verified")
}

func (s *Service) refusedCode(tx *store.Tx, h Holder) error {
	return audit.Write(tx, h.Workspace, audit.Event{
		Kind: "proof.refused", Outcome: audit.Refused, Actor: h.Actor(), User: h.User, Session: h.Session, Place: h.Place,
		Detail: map[string]string{"method": "email_code", "why": "wrong"},
	})
}

func (s *Service) codeMAC(id countersign.MailedCodeID, code string) []byte {
	return s.MAC.Sum("mailed code", string(id), code)
}

// event writes an event of a holder about the own account.
func (s *Service) event(tx *store.Tx, h Holder, kind string) error {
	return s.changed(tx, h, kind, nil)
}

// changed is event with what was, and what is.
func (s *Service) changed(tx *store.Tx, h Holder, kind string, detail map[string]string) error {
	return audit.Write(tx, h.Workspace, audit.Event{
		Kind: kind, Actor: h.Actor(), User: h.User, Session: h.Session, Place: h.Place, Detail: detail,
	})
}
