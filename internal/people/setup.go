package people

import (
	"context"
	"errors"
	"fmt"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Then runs in the transaction that made or changed a user: the sign-in that a
// link starts.
type Then func(tx *store.Tx, user rows.User) error

// SetupLink makes the one-time address that makes the first owner, and voids
// the one before. Conflict "already_set_up" once an owner exists: there is no
// default password and no way to claim an installation that has an owner.
func (s *Service) SetupLink(ctx context.Context, workspace countersign.WorkspaceID) (string, error) {
	var address string
	err := s.Store.Write(ctx, func(tx *store.Tx) error {
		err := unclaimed(tx, workspace)
		if err != nil {
			return err
		}
		address, err = s.Accounts.NewLink(tx, workspace, account.LinkSetup, "", "")
		if err != nil {
			return err
		}
		return audit.Write(tx, workspace, audit.Event{Kind: "setup.link_made", Actor: countersign.Actor{Kind: countersign.BySystem}})
	})
	return address, err
}

func unclaimed(tx *store.Tx, workspace countersign.WorkspaceID) error {
	owners, err := tx.CountOwners(tx.Ctx, workspace)
	if err != nil {
		return fmt.Errorf("count owners: %w", err)
	}
	if owners > 0 {
		return countersign.Refuse(countersign.Conflict, "already_set_up")
	}
	return nil
}

// FirstOwner is what the set-up page asks.
type FirstOwner struct {
	Workspace, Name, Email, Password string
	Language, Zone                   string
	Place                            countersign.Place
}

// FinishSetup makes the first owner by a set-up link. Errors: Invalid on fields
// "workspace", "name", "email", "password"; Conflict "already_set_up"; Gone.
func (s *Service) FinishSetup(ctx context.Context, link rows.Link, f FirstOwner, then Then) error {
	workspace, workspaceErr := account.CheckName("workspace", f.Workspace, 0)
	name, nameErr := account.CheckName("name", f.Name, 0)
	email, emailErr := account.CheckEmail("email", f.Email)
	passwordErr := account.CheckPassword(f.Password, f.Email, f.Name, f.Workspace)
	err := errors.Join(workspaceErr, nameErr, emailErr, passwordErr) // all at once, each at its field
	if err != nil {
		return err
	}
	hash, err := s.Accounts.NewPassword(ctx, f.Password, f.Place, email, name, workspace)
	if err != nil {
		return err
	}
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.LockWorkspace(tx.Ctx, link.WorkspaceID)
		if err != nil {
			return fmt.Errorf("lock workspace: %w", err)
		}
		err = unclaimed(tx, link.WorkspaceID)
		if err != nil {
			return err
		}
		err = s.Accounts.SpendLink(tx, link)
		if err != nil {
			return err
		}
		_, err = tx.NameWorkspace(tx.Ctx, workspace, link.WorkspaceID)
		if err != nil {
			return fmt.Errorf("name the workspace: %w", err)
		}
		user, err := s.insert(tx, rows.InsertUserParams{
			WorkspaceID: link.WorkspaceID, PoolID: countersign.DefaultPool, Email: email, Name: name, Role: countersign.Owner, State: countersign.Active,
			PasswordHash: hash, PasswordChangedAt: tx.NowMilli(), Language: f.Language, Zone: f.Zone,
		})
		if err != nil {
			return err
		}
		by := By{Actor: countersign.Actor{Kind: countersign.ByUser, User: user.ID}, Place: f.Place}
		err = s.event(tx, by, user, "user.created", map[string]string{"role": string(countersign.Owner), "by": "setup", "name": user.Name, "email": user.Email})
		if err != nil {
			return err
		}
		return then(tx, user)
	})
	if store.Taken(err) {
		return countersign.InvalidField("email", "email_taken")
	}
	return err
}

// insert writes a user row with a new id.
func (s *Service) insert(tx *store.Tx, row rows.InsertUserParams) (rows.User, error) {
	row.ID = countersign.UserID(seal.ID("usr"))
	row.EmailKey = account.EmailKey(row.Email)
	row.CreatedAt = tx.NowMilli()
	err := tx.InsertUser(tx.Ctx, row)
	if err != nil {
		return rows.User{}, fmt.Errorf("insert user: %w", err)
	}
	return tx.GetUser(tx.Ctx, row.WorkspaceID, row.ID)
}
