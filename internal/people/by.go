package people

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// By says who acts, from where, and why. [Shell] and [Session] make it.
type By struct {
	Actor  countersign.Actor
	Place  countersign.Place
	Reason string
	// Name is how mails call the actor. That of a person is read where they act.
	Name string

	holder *account.Holder // nil for the shell
	role   countersign.Role
}

// Shell is whoever sits at the machine. The ranks do not bind it: whoever may read the
// master key could do all of it anyway.
func Shell() By {
	return By{Actor: countersign.Actor{Kind: countersign.ByShell}}
}

// Session is somebody who acts in a session. The role is read in the transaction of the
// act, so that whoever lost it has lost it there.
func Session(h account.Holder, reason string) By {
	return By{Actor: h.Actor(), Place: h.Place, Reason: reason, holder: &h}
}

// The length of a reason, in characters.
const (
	leastReason = 3
	mostReason  = 500
)

// CheckReason returns a reason without the spaces around it, or what is wrong: Invalid on
// field "reason".
func CheckReason(typed string) (string, error) {
	reason := strings.Join(strings.Fields(typed), " ")
	switch n := utf8.RuneCountInString(reason); {
	case n < leastReason:
		return "", countersign.InvalidField("reason", "reason_short")
	case n > mostReason:
		return "", countersign.InvalidField("reason", "reason_long")
	case !utf8.ValidString(reason) || strings.ContainsFunc(reason, unicode.IsControl):
		return "", countersign.InvalidField("reason", "reason_characters")
	}
	return reason, nil
}

// ready looks at what is known before the transaction: a fresh proof for this very deed to
// this very person ("" for nobody), and a reason where one is needed.
func (b By) ready(deed policy.Deed, user rows.User) (By, error) {
	if b.holder == nil {
		return b, nil
	}
	h := *b.holder
	switch {
	case user.WorkspaceID != "" && user.WorkspaceID != h.Workspace:
		return b, countersign.Refuse(countersign.NotFound, "no_such_user")
	case user.ID == h.User && !deed.OnOneself():
		return b, countersign.Refuse(countersign.Forbidden, "not_on_oneself")
	}
	err := h.NeedFresh(account.ActOn(deed, user.ID))
	if err != nil || !deed.NeedsReason() {
		return b, err
	}
	b.Reason, err = CheckReason(b.Reason)
	return b, err
}

// entitled completes b in the transaction of its act: the actor's row is taken, the
// session still there, and of two factors; the role is the one of now.
func (s *Service) entitled(tx *store.Tx, b By) (By, error) {
	if b.holder == nil {
		return b, nil
	}
	actor, err := s.Accounts.HoldWithBoth(tx, *b.holder)
	if err != nil {
		return b, err
	}
	b.role, b.Name = actor.Role, actor.Name
	return b, nil
}

func beyondRole() error { return countersign.Refuse(countersign.Forbidden, "beyond_role") }

// mayAll refuses a deed upon the workspace that the actor's role does not reach.
func (b By) mayAll(deed policy.Deed) error {
	if b.holder != nil && !policy.MayAll(b.role, deed) {
		return beyondRole()
	}
	return nil
}

// mayGive refuses to give a role that the actor may not give.
func (b By) mayGive(deed policy.Deed, role countersign.Role) error {
	switch {
	case b.holder == nil || policy.May(b.role, deed, role):
		return nil
	case policy.May(b.role, deed, countersign.Member):
		return countersign.Refuse(countersign.Forbidden, "role_too_high")
	}
	return beyondRole()
}

// mayUnlock refuses to end the lock of somebody whom a higher role has locked, in whatever
// way: by letting them in again, or by deleting the account, for its address can be invited
// anew. The shell is not bound.
func (b By) mayUnlock(user rows.User) error {
	if b.holder != nil && user.State == countersign.Disabled && !policy.MayUnlock(b.role, user.LockedBy) {
		return countersign.Refuse(countersign.Forbidden, "locked_above")
	}
	return nil
}

// mayLoosen refuses to make it easier to reset somebody than it is. The shell is not bound.
func (b By) mayLoosen() error {
	if b.holder != nil && !policy.MayLoosenReset(b.role) {
		return countersign.Refuse(countersign.Forbidden, "owners_loosen")
	}
	return nil
}

// mayShorten refuses to keep the audit log for less than before. The shell is not bound.
func (b By) mayShorten() error {
	if b.holder != nil && !policy.MayShortenLog(b.role) {
		return countersign.Refuse(countersign.Forbidden, "owners_shorten")
	}
	return nil
}

// onPerson runs what is done to one person, in one transaction that has taken both rows:
// of two people who act upon each other one comes first, and the other's power is judged
// by what the first left of it.
//
// Errors: Forbidden "fresh_proof_required", "second_factor_required", "two_factors_required",
// "beyond_role", "not_on_oneself"; Unauthenticated; Invalid on "reason"; NotFound.
func (s *Service) onPerson(ctx context.Context, a account.Account, by By, deed policy.Deed, act func(*store.Tx, rows.User, By) error) error {
	by, err := by.ready(deed, a.User)
	if err != nil {
		return err
	}
	return s.Accounts.WriteFor(ctx, a.User.ID, func(tx *store.Tx) error {
		user, by, err := s.takeBoth(tx, a.User, by, deed)
		if err != nil {
			return err
		}
		return act(tx, user, by)
	})
}

// takeBoth takes the rows of the person and of the actor: those that could leave the
// workspace without an owner behind the workspace's own row, and the two in the order of
// their identifiers, so that no two transactions wait for each other.
func (s *Service) takeBoth(tx *store.Tx, target rows.User, by By, deed policy.Deed) (rows.User, By, error) {
	if slices.Contains([]policy.Deed{policy.DeedRole, policy.DeedLock, policy.DeedDelete, policy.DeedMove}, deed) {
		_, err := tx.LockWorkspace(tx.Ctx, target.WorkspaceID)
		if err != nil {
			return rows.User{}, by, fmt.Errorf("lock workspace: %w", err)
		}
	}
	actorFirst := by.holder != nil && by.holder.User < target.ID
	var err error
	if actorFirst {
		by, err = s.entitled(tx, by)
		if err != nil {
			return rows.User{}, by, err
		}
	}
	user, err := userIn(tx, target)
	if err != nil {
		return rows.User{}, by, err
	}
	if !actorFirst {
		by, err = s.entitled(tx, by)
		if err != nil {
			return rows.User{}, by, err
		}
	}
	if by.holder != nil && !policy.May(by.role, deed, user.Role) {
		return rows.User{}, by, beyondRole()
	}
	return user, by, nil
}

// onAll runs what is done to the workspace, in one transaction.
func (s *Service) onAll(ctx context.Context, workspace countersign.WorkspaceID, by By, deed policy.Deed, act func(*store.Tx, By) error) error {
	if by.holder != nil && by.holder.Workspace != workspace {
		return countersign.Refuse(countersign.NotFound, "no_such_user")
	}
	by, err := by.ready(deed, rows.User{})
	if err != nil {
		return err
	}
	return s.Store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.LockWorkspace(tx.Ctx, workspace)
		if err != nil {
			return fmt.Errorf("lock workspace: %w", err)
		}
		by, err := s.entitled(tx, by)
		if err == nil {
			err = by.mayAll(deed)
		}
		if err != nil {
			return err
		}
		return act(tx, by)
	})
}
