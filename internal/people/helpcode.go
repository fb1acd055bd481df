package people

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/message"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// HelpMinutes are the lives that a help-desk code can have.
func HelpMinutes() []int { return []int{10, 30, 60} }

// HelpCode is what the help desk reads out. It is nowhere afterwards.
type HelpCode struct {
	Code  string
	Until time.Time
}

// GiveHelpCode makes a code that takes the place of a person's second factor in one
// sign-in, and voids the one before. The person is told at once by whom, why and until
// when, without the code. The shell gives none: it has links and resets.
//
// form is what [NewForm] made, or "" for none: sent again, be it by a reload or a second
// click, it gives no second code, which would void the one that was just read out.
//
// Errors: those of onPerson; Invalid on "minutes"; Forbidden "reset_never" and
// "help_code_off" where the settings let nobody in, or want two; Conflict "not_active",
// "has_no_second_factor", "help_code_given" for a form that was sent before; Limited
// "acts_often".
func (s *Service) GiveHelpCode(ctx context.Context, a account.Account, minutes int, form string, by By) (HelpCode, error) {
	if !slices.Contains(HelpMinutes(), minutes) {
		return HelpCode{}, countersign.InvalidField("minutes", "help_minutes")
	}
	if by.holder == nil {
		return HelpCode{}, beyondRole()
	}
	var given HelpCode
	err := s.onPerson(ctx, a, by, policy.DeedHelpCode, func(tx *store.Tx, user rows.User, by By) error {
		err := s.mayBeHelped(tx, user)
		if err != nil {
			return err
		}
		err = s.spendForm(tx, user, form, by)
		if err != nil {
			return err
		}
		life := time.Duration(minutes) * time.Minute
		code, err := s.Accounts.NewHelpCode(tx, user, by.Actor.User, life)
		if err != nil {
			return err
		}
		given = HelpCode{Code: code, Until: tx.Now.Add(life)}
		err = s.event(tx, by, user, "help_code.given", map[string]string{"until": given.Until.UTC().Format(time.RFC3339)})
		if err != nil {
			return err
		}
		return s.tellOf(tx, user, by, message.HelpCodeGiven, message.Data{Minutes: minutes, Reason: by.Reason})
	})
	if err != nil {
		return HelpCode{}, err
	}
	return given, nil
}

// NewForm names one form, which does what it does once.
func NewForm() string { return seal.ID("frm") }

// spendForm notes that a form was sent. The unique index of all proofs judges, so that of two
// clicks at once one is the first. What is noted is a keyed digest of whose form it is: what
// somebody invents as its name uses up nobody else's. Conflict "help_code_given".
func (s *Service) spendForm(tx *store.Tx, user rows.User, form string, by By) error {
	if form == "" {
		return nil
	}
	id := hex.EncodeToString(s.Accounts.MAC.Sum("help-desk form", string(user.ID), string(by.Actor.User), form)[:16])
	n, err := tx.SpendProof(tx.Ctx, rows.SpendProofParams{
		WorkspaceID: user.WorkspaceID, CredentialID: countersign.CredentialID("frm_" + id), SpentAt: tx.NowMilli(),
	})
	if err != nil {
		return fmt.Errorf("spend a form: %w", err)
	}
	if n == 0 {
		return countersign.Refuse(countersign.Conflict, "help_code_given")
	}
	return nil
}

func (s *Service) mayBeHelped(tx *store.Tx, user rows.User) error {
	rule, err := s.adminReset(tx, user)
	if err != nil {
		return err
	}
	if rule != policy.ResetAllowed {
		return countersign.Refuse(countersign.Forbidden, "help_code_off")
	}
	if user.State != countersign.Active {
		return notActive()
	}
	has, err := hasSecondFactor(tx, user)
	if err == nil && !has {
		return countersign.Refuse(countersign.Conflict, "has_no_second_factor")
	}
	return err
}
