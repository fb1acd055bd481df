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
	a, err := s.Load(ctx, h.Workspace, h.User)
	if err != nil {
		return "", err
	}
	err = s.MayTurnOff(a)
	if err != nil {
		return "", err
	}
	if a.Settings.TurnOff == policy.ByEmail {
		return "", s.mailTurnOff(ctx, h, a)
	}
	var token string
	err = s.WriteFor(ctx, h.User, func(tx *store.Tx) error {
		err := s.holdOn(tx, h)
		if err != nil {
			return err
		}
		token, err = s.off(tx, h, a)
		return err
	})
	return token, err
}

// holdOn is Hold for what makes sense only while a second factor is on.
func (s *Service) holdOn(tx *store.Tx, h Holder) error {
	_, err := s.Hold(tx, h)
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
	return nil
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

func (s *Service) mailTurnOff(ctx context.Context, h Holder, a Account) error {
	return s.WriteFor(ctx, h.User, func(tx *store.Tx) error {
		err := s.holdOn(tx, h)
		if err != nil {
			return err
		}
		err = s.Spend(tx, h.Workspace, "turn-off:"+string(h.User), "too_many_mails", mailedCodeRate())
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
	})
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
	a, err := s.Load(ctx, h.Workspace, h.User)
	if err != nil {
		return "", err
	}
	err = s.MayTurnOff(a)
	if err != nil {
		return "", err
	}
	var token string
	err = s.WriteFor(ctx, h.User, func(tx *store.Tx) error {
		_, err := s.Hold(tx, h)
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
