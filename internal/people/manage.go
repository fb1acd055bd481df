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

// Enable lets a disabled user in again, and ends the locks of wrong answers. Their factors are as they were. One who
// never chose a password is invited anew, which it tells: disabling ended the
// old invitation. Errors: those of onPerson; Forbidden "locked_above" where somebody of a
// higher role has locked them.
func (s *Service) Enable(ctx context.Context, a account.Account, by By) (bool, error) {
	invited := false
	err := s.onPerson(ctx, a, by, policy.DeedUnlock, func(tx *store.Tx, user rows.User, by By) error {
		invited = false // the function may run again
		if user.State != countersign.Disabled {
			return nil
		}
		err := by.mayUnlock(user)
		if err != nil {
			return err
		}
		user.State = countersign.Active
		if user.PasswordHash == "" {
			user.State = countersign.Invited
		}
		_, err = tx.SetUserState(tx.Ctx, user.State, user.WorkspaceID, user.ID)
		if err != nil {
			return fmt.Errorf("enable user: %w", err)
		}
		err = s.Accounts.Unlock(tx, user)
		if err != nil {
			return err
		}
		err = s.event(tx, by, user, "user.enabled", nil)
		if err != nil {
			return err
		}
		if user.State == countersign.Active {
			return s.tellOf(tx, user, by, message.AccountUnlocked, message.Data{})
		}
		a, err := s.Accounts.Within(tx, user)
		if err != nil {
			return err
		}
		invited = true
		return s.invite(tx, a, false, by)
	})
	return invited && err == nil, err
}

// Disable puts a user out on every path at once; they are told. A lock that somebody of a
// lower role has made becomes the actor's: it is then for them to end. Errors: those of
// onPerson; Conflict "last_owner".
func (s *Service) Disable(ctx context.Context, a account.Account, by By) error {
	return s.onPerson(ctx, a, by, policy.DeedLock, func(tx *store.Tx, user rows.User, by By) error {
		err := s.ownerStays(tx, user)
		if err != nil || user.State == countersign.Disabled && !policy.LocksHarder(by.role, user.LockedBy) {
			return err
		}
		_, err = tx.DisableUser(tx.Ctx, by.role, user.WorkspaceID, user.ID)
		if err != nil {
			return fmt.Errorf("disable user: %w", err)
		}
		err = s.Accounts.Void(tx, user, account.Keep{})
		if err != nil {
			return err
		}
		err = withdrawAsked(tx, user)
		if err != nil {
			return err
		}
		err = s.event(tx, by, user, "user.disabled", nil)
		if err != nil {
			return err
		}
		return s.tellOf(tx, user, by, message.AccountLocked, message.Data{})
	})
}

// Delete removes a user and everything they enrolled; the events stay. The
// person is told. Errors: those of onPerson; Conflict "last_owner"; Forbidden "locked_above"
// where somebody of a higher role has locked them.
func (s *Service) Delete(ctx context.Context, a account.Account, by By) error {
	return s.onPerson(ctx, a, by, policy.DeedDelete, func(tx *store.Tx, user rows.User, by By) error {
		err := by.mayUnlock(user)
		if err == nil {
			err = s.ownerStays(tx, user)
		}
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
		err = withdrawAsked(tx, user)
		if err != nil {
			return err
		}
		err = s.event(tx, by, user, "user.deleted", map[string]string{"name": user.Name, "email": user.Email, "role": string(user.Role)})
		if err != nil {
			return err
		}
		err = s.tellOf(tx, user, by, message.AccountDeleted, message.Data{})
		if err != nil {
			return err
		}
		_, err = tx.DeleteUser(tx.Ctx, user.WorkspaceID, user.ID)
		return err
	})
}

// RescueLink makes a one-time address that sets a new password and never skips
// the second factor. It is printed, not mailed: it is for people whose mail
// does not reach them. Only the shell makes one: in a console it would be a way to
// somebody else's password.
func (s *Service) RescueLink(ctx context.Context, a account.Account, by By) (string, error) {
	if by.holder != nil {
		return "", beyondRole()
	}
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
