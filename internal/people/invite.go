package people

import (
	"context"
	"errors"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/message"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// NewUser is what is known of somebody who gets an account.
type NewUser struct {
	Email, Name string
	Role        countersign.Role
	// Pool is the identity pool that the invitation names, "" to follow the rules.
	Pool countersign.PoolID
	// Password, when set, makes the account active at once; else an invitation
	// is mailed. Only the shell may set it: nobody else chooses a password for others.
	Password string
	// Listed tells that many are invited in one go: the mail lets those to single people pass.
	Listed bool
}

// Create makes a user. Errors: those of onAll for the deed of inviting, with Forbidden
// "role_too_high" for a role that the actor may not give; Invalid on "email", "name", "role",
// "password"; NotFound "no_such_pool"; Conflict "email_taken"; Limited "too_many_mails".
func (s *Service) Create(ctx context.Context, workspace countersign.WorkspaceID, n NewUser, by By) (rows.User, error) {
	row, err := s.check(ctx, workspace, n, by)
	if err != nil {
		return rows.User{}, err
	}
	by, err = by.ready(policy.DeedInvite, rows.User{WorkspaceID: workspace})
	if err != nil {
		return rows.User{}, err
	}
	var user rows.User
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		by, err := s.entitled(tx, by)
		if err == nil {
			err = by.mayGive(policy.DeedInvite, n.Role)
		}
		if err != nil {
			return err
		}
		if row.PasswordHash != "" {
			row.PasswordChangedAt = tx.NowMilli()
		}
		row.PoolID, err = poolOf(tx, workspace, n.Pool, n.Email)
		if err != nil {
			return err
		}
		user, err = s.insert(tx, row)
		if err != nil {
			return err
		}
		err = s.event(tx, by, user, "user.created", map[string]string{"role": string(user.Role), "pool": string(user.PoolID), "name": user.Name, "email": user.Email})
		if err != nil || row.PasswordHash != "" {
			return err
		}
		a, err := s.Accounts.Within(tx, user)
		if err != nil {
			return err
		}
		return s.invite(tx, a, n.Listed, by)
	})
	if store.Taken(err) {
		return rows.User{}, countersign.Refuse(countersign.Conflict, "email_taken")
	}
	return user, err
}

func (s *Service) check(ctx context.Context, workspace countersign.WorkspaceID, n NewUser, by By) (rows.InsertUserParams, error) {
	email, err := account.CheckEmail("email", n.Email)
	if err != nil {
		return rows.InsertUserParams{}, err
	}
	name, err := account.CheckName("name", n.Name, 0)
	if err != nil {
		return rows.InsertUserParams{}, err
	}
	if !n.Role.Valid() {
		return rows.InsertUserParams{}, countersign.InvalidField("role", "role_unknown")
	}
	row := rows.InsertUserParams{WorkspaceID: workspace, Email: email, Name: name, Role: n.Role, State: countersign.Invited}
	if n.Password == "" {
		return row, nil
	}
	if by.holder != nil {
		return rows.InsertUserParams{}, beyondRole()
	}
	row.State = countersign.Active
	row.PasswordHash, err = s.Accounts.NewPassword(ctx, n.Password, by.Place, email, name)
	return row, err
}

// invite mails an invitation. Mails are counted by the mailbox: somebody who was deleted and
// made anew has another identifier, and the same mailbox. One of a list (listed) waits for
// mails to single people.
func (s *Service) invite(tx *store.Tx, a account.Account, listed bool, by By) error {
	err := s.Accounts.Spend(tx, a.User.WorkspaceID, "invite:"+a.User.EmailKey, "too_many_mails", inviteRate())
	if err != nil {
		return err
	}
	link, err := s.Accounts.NewLink(tx, a.User.WorkspaceID, account.LinkInvitation, a.User.ID, "")
	if err != nil {
		return err
	}
	err = s.event(tx, by, a.User, "user.invited", nil)
	if err != nil {
		return err
	}
	letter := s.Accounts.Letter(tx, a, a.User.Email, by.Place, message.Invitation,
		message.Data{Link: link, Actor: by.Name}, account.LinkInvitation.Life())
	letter.Listed = listed
	return s.Accounts.Outbox.Post(tx, a.User.WorkspaceID, letter)
}

// Accepted is what the page behind an invitation or a rescue link asks. Name is
// empty where it is not asked.
type Accepted struct {
	Name, Password string
	Language, Zone string
	Place          countersign.Place
}

// Accept uses an invitation: the person chooses a password, the address is
// thereby verified, and then runs. Errors: Invalid on "name", "password";
// Gone.
func (s *Service) Accept(ctx context.Context, link rows.Link, in Accepted, then Then) error {
	name, nameErr := account.CheckName("name", in.Name, 0)
	if nameErr != nil {
		return errors.Join(nameErr, account.CheckPassword(in.Password)) // both at once
	}
	return s.useLink(ctx, link, in, "invitation.accepted", func(tx *store.Tx, a account.Account) error {
		_, err := tx.SetProfile(tx.Ctx, rows.SetProfileParams{
			Name: name, Language: in.Language, Zone: in.Zone, WorkspaceID: a.User.WorkspaceID, ID: a.User.ID,
		})
		if err != nil {
			return err
		}
		_, err = tx.VerifyEmail(tx.Ctx, rows.VerifyEmailParams{
			EmailVerifiedAt: tx.NowMilli(), WorkspaceID: a.User.WorkspaceID, ID: a.User.ID, EmailKey: a.User.EmailKey,
		})
		return err
	}, then)
}

// UseRescue sets a new password by a printed rescue link. The second factor is
// asked all the same: then starts a sign-in that has the first factor only.
func (s *Service) UseRescue(ctx context.Context, link rows.Link, in Accepted, then Then) error {
	return s.useLink(ctx, link, in, "password.rescued", func(tx *store.Tx, a account.Account) error {
		return s.Accounts.Tell(tx, a, in.Place, message.PasswordRescued, message.Data{Actor: link.Detail})
	}, then)
}

func (s *Service) useLink(ctx context.Context, link rows.Link, in Accepted, kind string, more func(*store.Tx, account.Account) error, then Then) error {
	a, err := s.Accounts.OfLink(ctx, link)
	if err != nil {
		return err
	}
	hash, err := s.Accounts.NewPassword(ctx, in.Password, in.Place, a.User.Email, a.User.Name, in.Name, a.Workspace.Name)
	if err != nil {
		return err
	}
	return s.Accounts.WriteFor(ctx, a.User.ID, func(tx *store.Tx) error {
		user, err := userIn(tx, a.User)
		if countersign.CodeOf(err) == "no_such_user" || err == nil && user.State == countersign.Disabled {
			return countersign.Refuse(countersign.Gone, "link_expired")
		}
		if err != nil {
			return err
		}
		err = s.Accounts.SpendLink(tx, link)
		if err != nil {
			return err
		}
		err = s.Accounts.StorePassword(tx, user, hash, account.Keep{})
		if err != nil {
			return err
		}
		by := By{Actor: countersign.Actor{Kind: countersign.ByUser, User: user.ID}, Place: in.Place}
		err = s.event(tx, by, user, kind, nil)
		if err != nil {
			return err
		}
		err = more(tx, a)
		if err != nil {
			return err
		}
		user, err = userIn(tx, user)
		if err != nil {
			return err
		}
		return then(tx, user)
	})
}
