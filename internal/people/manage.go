package people

import (
	"context"
	"fmt"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/message"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Enable lets a disabled user in again. Their factors are as they were. One who
// never chose a password is invited anew, which it tells: disabling ended the
// old invitation.
func (s *Service) Enable(ctx context.Context, a account.Account, by By) (bool, error) {
	invited := false
	err := s.onPerson(ctx, a, by, policy.DeedUnlock, func(tx *store.Tx, user rows.User, by By) error {
		invited = false // the function may run again
		if user.State != countersign.Disabled {
			return nil
		}
		user.State = countersign.Active
		if user.PasswordHash == "" {
			user.State = countersign.Invited
		}
		_, err := tx.SetUserState(tx.Ctx, user.State, user.WorkspaceID, user.ID)
		if err != nil {
			return fmt.Errorf("enable user: %w", err)
		}
		err = s.event(tx, by, user, "user.enabled", nil)
		if err != nil || user.State != countersign.Invited {
			return err
		}
		invited, a.User = true, user
		return s.invite(tx, a, by)
	})
	return invited && err == nil, err
}

// Disable puts a user out on every path at once. Conflict "last_owner".
func (s *Service) Disable(ctx context.Context, a account.Account, by By) error {
	return s.onPerson(ctx, a, by, policy.DeedLock, func(tx *store.Tx, user rows.User, by By) error {
		err := ownerStays(tx, user)
		if err != nil || user.State == countersign.Disabled {
			return err
		}
		_, err = tx.SetUserState(tx.Ctx, countersign.Disabled, user.WorkspaceID, user.ID)
		if err != nil {
			return fmt.Errorf("disable user: %w", err)
		}
		err = s.Accounts.Void(tx, user, account.Keep{})
		if err != nil {
			return err
		}
		return s.event(tx, by, user, "user.disabled", nil)
	})
}

// Delete removes a user and everything they enrolled; the events stay. The
// person is told. Conflict "last_owner".
func (s *Service) Delete(ctx context.Context, a account.Account, by By) error {
	return s.onPerson(ctx, a, by, policy.DeedDelete, func(tx *store.Tx, user rows.User, by By) error {
		err := ownerStays(tx, user)
		if err != nil {
			return err
		}
		err = s.Accounts.Void(tx, user, account.Keep{})
		if err != nil {
			return err
		}
		err = s.Accounts.Unlock(tx, user)
		if err != nil {
			return err
		}
		err = s.event(tx, by, user, "user.deleted", nil)
		if err != nil {
			return err
		}
		err = s.Accounts.Tell(tx, a, by.Place, message.AccountDeleted, message.Data{Actor: by.Name})
		if err != nil {
			return err
		}
		_, err = tx.DeleteUser(tx.Ctx, user.WorkspaceID, user.ID)
		return err
	})
}

// RescueLink makes a one-time address that sets a new password and never skips
// the second factor. It is printed, not mailed: it is for people whose mail
// does not reach them.
func (s *Service) RescueLink(ctx context.Context, a account.Account, by By) (string, error) {
	if a.User.State == countersign.Disabled {
		return "", countersign.Refuse(countersign.Conflict, "user_disabled")
	}
	var address string
	err := s.Store.Write(ctx, func(tx *store.Tx) error {
		var err error
		address, err = s.Accounts.NewLink(tx, a.User.WorkspaceID, account.LinkRescue, a.User.ID, by.Name)
		if err != nil {
			return err
		}
		return s.event(tx, by, a.User, "user.rescue_link_made", nil)
	})
	return address, err
}

// ResetSecondFactor turns a user's two-factor authentication off and voids all
// of it; the person is told. The shell may always do it, loudly; the settings
// bind everybody else.
func (s *Service) ResetSecondFactor(ctx context.Context, a account.Account, by By) error {
	return s.onPerson(ctx, a, by, policy.DeedReset, func(tx *store.Tx, user rows.User, by By) error {
		err := s.Accounts.Reset(tx, user, account.Keep{})
		if err != nil {
			return err
		}
		err = s.event(tx, by, user, "two_factor.reset", map[string]string{"by": string(by.Actor.Kind)})
		if err != nil {
			return err
		}
		return s.Accounts.Tell(tx, a, by.Place, message.AdminReset, message.Data{Actor: by.Name})
	})
}
