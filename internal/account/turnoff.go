package account

import (
	"context"
	"fmt"
	"time"

	"countersign"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// MayTurnOff refuses while a second factor is required of the user, naming who
// requires it (security.md, safe readings: impossible while required).
func (s *Service) MayTurnOff(a Account) error {
	by := a.Required(s.Now())
	if by == policy.NotRequired {
		return nil
	}
	return &countersign.Error{
		Kind: countersign.Forbidden, Code: "required_by_" + string(by), Args: map[string]any{"Workspace": a.Workspace.Name},
	}
}

// TurnOff turns two-factor authentication off and returns the session's new
// token; or, where the workspace wants it confirmed by e-mail, mails the link,
// changes nothing yet, and returns "". Conflict "no_second_factor" when it is off
// already.
func (s *Service) TurnOff(ctx context.Context, h Holder) (string, error) {
	err := h.NeedFresh(ActTurnOff)
	if err != nil {
		return "", err
	}
	var token string
	err = s.WriteFor(ctx, h.User, func(tx *store.Tx) error {
		token = ""
		a, err := s.holdOff(tx, h)
		if err != nil {
			return err
		}
		factors, err := secondFactors(tx, h)
		if err != nil {
			return err
		}
		if factors == 0 {
			return countersign.Refuse(countersign.Conflict, "no_second_factor")
		}
		if a.Settings.TurnOff == policy.ByEmail {
			return s.mailTurnOff(tx, h, a)
		}
		token, err = s.off(tx, h, a)
		return err
	})
	return token, err
}

// holdOff is HoldAccount for turning off, and refuses it as MayTurnOff does. The workspace's
// row is taken first, as every change of settings takes it: two-factor authentication that
// became required a moment ago is not turned off any more, whoever looked at a page before.
func (s *Service) holdOff(tx *store.Tx, h Holder) (Account, error) {
	_, err := tx.LockWorkspace(tx.Ctx, h.Workspace)
	if err != nil {
		return Account{}, fmt.Errorf("lock workspace: %w", err)
	}
	a, err := s.HoldAccount(tx, h)
	if err != nil {
		return Account{}, err
	}
	return a, s.MayTurnOff(a)
}

// secondFactors counts the holder's active second factors.
func secondFactors(tx *store.Tx, h Holder) (int, error) {
	all, err := tx.ListCredentials(tx.Ctx, h.Workspace, h.User)
	if err != nil {
		return 0, fmt.Errorf("load credentials: %w", err)
	}
	n := 0
	for _, c := range all {
		if c.State == "active" && c.Kind != string(method.Recovery) {
			n++
		}
	}
	return n, nil
}

func (s *Service) mailTurnOff(tx *store.Tx, h Holder, a Account) error {
	err := s.Spend(tx, h.Workspace, "turn-off:"+string(h.User), "too_many_mails", mailedCodeRate())
	if err != nil {
		return err
	}
	link, err := s.NewLink(tx, h.Workspace, LinkTurnOff, h.User, "")
	if err != nil {
		return err
	}
	err = s.event(tx, h, "two_factor.off_asked")
	if err != nil {
		return err
	}
	return s.TellAt(tx, a, a.User.Email, h.Place, message.TurnOffConfirm,
		message.Data{Link: link, Minutes: int(LinkTurnOff.Life() / time.Minute)}, LinkTurnOff.Life())
}

// CheckTurnOffLink tells whether this session may press the final button: it
// must be a full one of the link's own user that had a second factor. The link
// alone changes nothing.
func (s *Service) CheckTurnOffLink(h Holder, link rows.Link) error {
	switch {
	case h.User != link.UserID:
		return countersign.Refuse(countersign.Forbidden, "link_other_account")
	case h.Level == policy.LevelFull && h.ByTrust:
		return countersign.Refuse(countersign.Forbidden, "second_factor_of_trust")
	case h.Level != policy.LevelFull || !h.HadSecond:
		return countersign.Refuse(countersign.Forbidden, "second_factor_required")
	}
	return nil
}

// FinishTurnOff is the final button behind the mailed link. It returns the
// session's new token.
func (s *Service) FinishTurnOff(ctx context.Context, h Holder, link rows.Link) (string, error) {
	err := s.CheckTurnOffLink(h, link)
	if err != nil {
		return "", err
	}
	var token string
	err = s.WriteFor(ctx, h.User, func(tx *store.Tx) error {
		a, err := s.holdOff(tx, h)
		if err != nil {
			return err
		}
		err = s.SpendLink(tx, link)
		if err != nil {
			return err
		}
		token, err = s.off(tx, h, a)
		return err
	})
	return token, err
}

func (s *Service) off(tx *store.Tx, h Holder, a Account) (string, error) {
	err := s.Reset(tx, a.User, h.Keep())
	if err != nil {
		return "", err
	}
	token, err := s.StepUp(tx, h, Raise{})
	if err != nil {
		return "", err
	}
	err = s.event(tx, h, "two_factor.off")
	if err != nil {
		return "", err
	}
	return token, s.Tell(tx, a, h.Place, message.TwoFactorOff, message.Data{})
}
