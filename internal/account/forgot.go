package account

import (
	"context"
	"time"

	"countersign"
	"countersign/internal/audit"
	"countersign/internal/limit"
	"countersign/internal/message"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

func forgotRate() limit.Rate        { return limit.Rate{Interval: 5 * time.Minute, Burst: 3} }
func forgotAddressRate() limit.Rate { return limit.Rate{Interval: time.Minute, Burst: 20} }

// Forgot mails a link that sets a new password, if there is such an account.
// The answer is the same either way, and so is the work: a link and a message
// are written for an unknown address too, for nobody and already expired.
//
// Errors: Invalid for what is no address; Limited per network only, because a
// limit per account would tell that there is one.
func (s *Service) Forgot(ctx context.Context, workspace countersign.WorkspaceID, typed string, place countersign.Place) error {
	address, err := CheckEmail("email", typed)
	if err != nil {
		return err
	}
	network := "forgot-from:" + Network(place.IP)
	err = s.Spent(ctx, workspace, network, "too_many_mails", forgotAddressRate())
	if err != nil {
		return err
	}
	user, known, err := s.LookUp(ctx, workspace, address)
	if err != nil {
		return err
	}
	known = known && user.State != countersign.Disabled
	if !known {
		user = rows.User{WorkspaceID: workspace, PoolID: countersign.DefaultPool, Email: address}
	}
	a, err := s.of(ctx, user)
	if err != nil {
		return err
	}
	return s.Store.Write(ctx, func(tx *store.Tx) error {
		life := LinkReset.Life()
		subject := "forgot:" + s.passwordSubject(EmailKey(address))
		limited := s.Spend(tx, workspace, subject, "too_many_mails", forgotRate())
		if limited != nil && countersign.KindOf(limited) != countersign.Limited {
			return limited
		}
		if limited != nil || !known {
			life = 0
		}
		err := s.postReset(tx, a, place, life)
		if err != nil {
			return err
		}
		// Last, so that others of the network wait for its row no longer than they must.
		return s.Spend(tx, workspace, network, "too_many_mails", forgotAddressRate())
	})
}

// postReset writes link, event and message; life 0 makes a message that the
// outbox drops unsent.
func (s *Service) postReset(tx *store.Tx, a Account, place countersign.Place, life time.Duration) error {
	user := a.User
	owner := user.ID
	if life == 0 {
		// A link for nobody, so that an older one of the user stays alive. Each is
		// for another nobody: were they all for one, voiding the older ones would
		// take longer with each, and wait for whoever is about to, and the time
		// would tell who has an account.
		user.ID, owner = "", countersign.UserID(seal.ID("usr"))
	}
	address, err := s.NewLink(tx, user.WorkspaceID, LinkReset, owner, s.passwordSubject(EmailKey(user.Email)))
	if err != nil {
		return err
	}
	err = audit.Write(tx, user.WorkspaceID, audit.Event{
		Kind: "password.reset_asked", Actor: countersign.Actor{Kind: countersign.ByAnonymous}, User: user.ID, Place: place,
	})
	if err != nil {
		return err
	}
	if life == 0 {
		life = -time.Second
	}
	return s.TellAt(tx, a, a.User.Email, place, message.PasswordReset,
		message.Data{Link: address, Minutes: int(LinkReset.Life() / time.Minute)}, life)
}

// ResetPassword sets a new password by a mailed link. It gives no session and
// skips no second factor (security.md 20).
func (s *Service) ResetPassword(ctx context.Context, link rows.Link, typed string, place countersign.Place) error {
	a, err := s.OfLink(ctx, link)
	if err != nil {
		return err
	}
	hash, err := s.NewPassword(ctx, typed, place, a.User.Email, a.User.Name, a.Workspace.Name)
	if err != nil {
		return err
	}
	return s.WriteFor(ctx, a.User.ID, func(tx *store.Tx) error {
		user, err := s.activeUser(tx, a)
		if err != nil {
			return err
		}
		// The person was read before the link was written, and nobody was kept from changing
		// the address in between: whoever reads the old mailbox must not get in by it.
		if link.Detail != s.passwordSubject(user.EmailKey) {
			return countersign.Refuse(countersign.Gone, "link_expired")
		}
		err = s.SpendLink(tx, link)
		if err != nil {
			return err
		}
		err = s.StorePassword(tx, user, hash, Keep{})
		if err != nil {
			return err
		}
		// Whoever opened the mailed link reads the mailbox, and needs not guess what
		// is mailed there.
		err = clearGuesses(tx, mailedCount(user))
		if err != nil {
			return err
		}
		_, err = tx.VerifyEmail(tx.Ctx, rows.VerifyEmailParams{
			EmailVerifiedAt: tx.NowMilli(), WorkspaceID: user.WorkspaceID, ID: user.ID, EmailKey: user.EmailKey,
		})
		if err != nil {
			return err
		}
		err = audit.Write(tx, user.WorkspaceID, audit.Event{
			Kind: "password.reset", Actor: countersign.Actor{Kind: countersign.ByUser, User: user.ID}, User: user.ID, Place: place,
		})
		if err != nil {
			return err
		}
		return s.Tell(tx, a, place, message.PasswordChanged, message.Data{})
	})
}

// activeUser reads the user again inside the transaction; a disabled one can do
// nothing, by no link.
func (s *Service) activeUser(tx *store.Tx, a Account) (rows.User, error) {
	user, err := tx.LockUser(tx.Ctx, a.User.WorkspaceID, a.User.ID)
	if store.NotFound(err) || (err == nil && user.State == countersign.Disabled) {
		return rows.User{}, countersign.Refuse(countersign.Gone, "link_expired")
	}
	return user, err
}
