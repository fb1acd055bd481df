package people

import (
	"context"
	"fmt"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/limit"
	"countersign/internal/message"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// SetRole gives a person another role. Nothing of theirs ends: every rule reads the role
// anew, so what the old one allowed is over with the commit.
//
// Errors: those of onPerson, with "beyond_role" for anybody but an owner; Invalid on "role";
// Conflict "last_owner".
func (s *Service) SetRole(ctx context.Context, a account.Account, role countersign.Role, by By) error {
	if !role.Valid() {
		return countersign.InvalidField("role", "role_unknown")
	}
	return s.onPerson(ctx, a, by, policy.DeedRole, func(tx *store.Tx, user rows.User, by By) error {
		err := by.mayGive(policy.DeedRole, role)
		if err != nil || user.Role == role {
			return err
		}
		err = s.ownerStays(tx, user)
		if err != nil {
			return err
		}
		_, err = tx.SetUserRole(tx.Ctx, role, user.WorkspaceID, user.ID)
		if err != nil {
			return fmt.Errorf("store the role: %w", err)
		}
		err = withdrawAsked(tx, user)
		if err != nil {
			return err
		}
		err = s.event(tx, by, user, "role.changed", map[string]string{"before": string(user.Role), "after": string(role)})
		if err != nil {
			return err
		}
		return s.tellOf(tx, user, by, message.RoleChanged, message.Data{OldRole: string(user.Role), Role: string(role)})
	})
}

// ownerStays refuses what would leave a workspace without an owner who can sign in: one
// whom the settings shut out does not keep it. The workspace's row is taken before, so that
// two owners who remove each other at once go one after the other (security.md 33).
func (s *Service) ownerStays(tx *store.Tx, user rows.User) error {
	if user.Role != countersign.Owner || user.State != countersign.Active {
		return nil
	}
	others, err := tx.CountOtherOwners(tx.Ctx, user.WorkspaceID, user.ID)
	if err != nil {
		return fmt.Errorf("count owners: %w", err)
	}
	lost := others == 0
	if !lost {
		lost, err = s.lastWhoGetsIn(tx, user, "")
		if err != nil {
			return err
		}
	}
	if lost {
		return countersign.Refuse(countersign.Conflict, "last_owner")
	}
	return nil
}

// tellOf mails a person what was done to their account, by whom. No such act is silent: who
// does one to the same person again and again is refused, before the mailbox is full. Each
// actor has a count of their own: else the help desk, which locks and unlocks without end,
// would keep an owner from locking. The shell, which nobody refuses, is heard each time.
//
// Errors: Limited "acts_often".
func (s *Service) tellOf(tx *store.Tx, user rows.User, by By, kind message.Kind, data message.Data) error {
	if by.holder != nil {
		err := s.Accounts.Spend(tx, user.WorkspaceID, "act:"+string(kind)+":"+string(user.ID)+":"+string(by.Actor.User), "acts_often", actRate(kind))
		if err != nil {
			return err
		}
	}
	a, err := s.Accounts.Within(tx, user)
	if err != nil {
		return err
	}
	data.Actor = by.Name
	return s.Accounts.TellAt(tx, a, user.Email, countersign.Place{}, kind, data, 0)
}

// actRate is how often somebody does one thing to one person: what lets somebody in without the
// second factor, five times and then once in twelve minutes.
func actRate(kind message.Kind) limit.Rate {
	switch kind {
	case message.HelpCodeGiven, message.AdminReset, message.ResetAsked:
		return limit.Rate{Interval: 12 * time.Minute, Burst: 5}
	}
	return limit.Rate{Interval: 5 * time.Minute, Burst: 10}
}
