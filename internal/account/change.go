package account

import (
	"context"
	"fmt"
	"time"

	"countersign"
	"countersign/internal/audit"
	"countersign/internal/limit"
	"countersign/internal/message"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// ChangePassword sets a new password in a session with a fresh proof. The other
// sessions end. It returns the session's new token.
func (s *Service) ChangePassword(ctx context.Context, h Holder, typed string) (string, error) {
	err := h.NeedFresh(ActPassword)
	if err != nil {
		return "", err
	}
	a, err := s.Load(ctx, h.Workspace, h.User)
	if err != nil {
		return "", err
	}
	hash, err := s.NewPassword(ctx, typed, h.Place, a.User.Email, a.User.Name, a.Workspace.Name)
	if err != nil {
		return "", err
	}
	var token string
	err = s.WriteFor(ctx, h.User, func(tx *store.Tx) error {
		_, err := s.Hold(tx, h)
		if err != nil {
			return err
		}
		err = s.StorePassword(tx, a.User, hash, h.Keep())
		if err != nil {
			return err
		}
		token, err = s.StepUp(tx, h, Raise{})
		if err != nil {
			return err
		}
		err = s.event(tx, h, "password.changed")
		if err != nil {
			return err
		}
		return s.Tell(tx, a, h.Place, message.PasswordChanged, message.Data{})
	})
	return token, err
}

func emailChangeRate() limit.Rate { return limit.Rate{Interval: 5 * time.Minute, Burst: 4} }

// AskEmailChange mails a link to a new address; the address changes when the
// button behind it is pressed. An address that another account has gets the
// same answer and no link: nobody learns who has an account.
//
// Without a second factor the fresh proof is the password. Whoever stole it must
// not make the mailbox his own and then enrol his phone with a code sent there,
// so the change asks for as much as the first enrolment does: Forbidden
// "email_proof_required".
func (s *Service) AskEmailChange(ctx context.Context, h Holder, typed string) error {
	err := h.NeedFresh(ActEmail)
	if err != nil {
		return err
	}
	address, err := CheckEmail("email", typed)
	if err != nil {
		return err
	}
	a, err := s.Load(ctx, h.Workspace, h.User)
	if err != nil {
		return err
	}
	if EmailKey(address) == a.User.EmailKey {
		return countersign.InvalidField("email", "email_same")
	}
	_, err = s.Find(ctx, h.Workspace, address)
	if err != nil && countersign.KindOf(err) != countersign.NotFound {
		return err
	}
	taken := err == nil
	return s.WriteFor(ctx, h.User, func(tx *store.Tx) error {
		_, err := s.Hold(tx, h)
		if err != nil {
			return err
		}
		factors, err := secondFactors(tx, h)
		if err != nil {
			return err
		}
		err = h.NeedOwner(factors, ActEmail)
		if err != nil {
			return err
		}
		err = s.Spend(tx, h.Workspace, "change-email:"+string(h.User), "too_many_mails", emailChangeRate())
		if err != nil {
			return err
		}
		link, err := s.NewLink(tx, h.Workspace, LinkEmail, h.User, address)
		if err != nil {
			return err
		}
		err = s.changed(tx, h, "email.change_asked", map[string]string{"before": a.User.Email, "after": address})
		if err != nil {
			return err
		}
		life := LinkEmail.Life()
		if taken {
			life = -time.Second
		}
		return s.TellAt(tx, a, address, h.Place, message.EmailChangeConfirm,
			message.Data{Link: link, Email: address, Minutes: int(LinkEmail.Life() / time.Minute)}, life)
	})
}

// CheckEmailLink tells whether this session may press the button: it must be a
// full one of the link's own user. Somebody else who reads the new mailbox (a
// mistyped address) must not get the account with it.
func (s *Service) CheckEmailLink(h Holder, link rows.Link) error {
	switch {
	case h.User != link.UserID:
		return countersign.Refuse(countersign.Forbidden, "link_other_account")
	case h.Level != policy.LevelFull:
		return countersign.Refuse(countersign.Forbidden, "second_factor_required")
	}
	return nil
}

// ChangeEmail is the button behind the link: the new address takes the place of
// the old, and both are told. An address is a way to a new password and to the
// first second factor, so its change ends what was started before it, as that of
// a password does. It returns the session's new token. Errors: those of
// CheckEmailLink; Gone; Conflict "email_taken".
func (s *Service) ChangeEmail(ctx context.Context, h Holder, link rows.Link) (string, error) {
	err := s.CheckEmailLink(h, link)
	if err != nil {
		return "", err
	}
	a, err := s.Load(ctx, h.Workspace, h.User)
	if err != nil {
		return "", err
	}
	var token string
	err = s.WriteFor(ctx, h.User, func(tx *store.Tx) error {
		user, err := s.Hold(tx, h)
		if err != nil {
			return err
		}
		err = s.SpendLink(tx, link)
		if err != nil {
			return err
		}
		_, err = tx.ChangeEmail(tx.Ctx, rows.ChangeEmailParams{
			Email: link.Detail, EmailKey: EmailKey(link.Detail), EmailVerifiedAt: tx.NowMilli(),
			WorkspaceID: user.WorkspaceID, ID: user.ID,
		})
		if store.Taken(err) {
			return countersign.Refuse(countersign.Conflict, "email_taken")
		}
		if err != nil {
			return fmt.Errorf("change the address: %w", err)
		}
		// Links and codes mailed to the old address must not work any more either.
		err = s.Void(tx, user, h.Keep())
		if err != nil {
			return err
		}
		token, err = s.StepUp(tx, h, Raise{})
		if err != nil {
			return err
		}
		err = s.changed(tx, h, "email.changed", map[string]string{"before": user.Email, "after": link.Detail})
		if err != nil {
			return err
		}
		data := message.Data{Email: link.Detail, OldEmail: user.Email}
		for _, to := range []string{user.Email, link.Detail} {
			err = s.TellAt(tx, a, to, h.Place, message.EmailChanged, data, 0)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return token, err
}

// SetProfile changes name, language and time zone.
func (s *Service) SetProfile(ctx context.Context, h Holder, name, language, zone string) error {
	name, err := CheckName("name", name, 0)
	if err != nil {
		return err
	}
	return s.WriteFor(ctx, h.User, func(tx *store.Tx) error {
		user, err := s.Hold(tx, h)
		if err != nil {
			return err
		}
		_, err = tx.SetProfile(tx.Ctx, rows.SetProfileParams{
			Name: name, Language: language, Zone: zone, WorkspaceID: h.Workspace, ID: h.User,
		})
		if err != nil {
			return fmt.Errorf("store the profile: %w", err)
		}
		detail := map[string]string{}
		if user.Name != name {
			detail["before"], detail["after"] = user.Name, name
		}
		for what, is := range map[string][2]string{"language": {user.Language, language}, "zone": {user.Zone, zone}} {
			if is[0] != is[1] {
				detail[what] = audit.Change(is[0], is[1])
			}
		}
		return s.changed(tx, h, "profile.changed", detail)
	})
}
