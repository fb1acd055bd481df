package people

import (
	"context"
	"fmt"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/message"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// resetLife is how long a reset waits for a second administrator.
const resetLife = 24 * time.Hour

// ResetSecondFactor turns a user's two-factor authentication off and voids all
// of it; the person is told. The shell may always do it, loudly; the settings
// bind everybody else. Where they want two administrators, nothing is reset: it returns
// the request that a second one has to confirm.
//
// Errors: those of onPerson; Forbidden "reset_never"; Conflict "reset_waits" where
// somebody else has asked already, "nothing_to_reset" where the person has set up nothing:
// then nothing is written and nobody told.
func (s *Service) ResetSecondFactor(ctx context.Context, a account.Account, by By) (countersign.ResetID, error) {
	var waits countersign.ResetID
	err := s.onPerson(ctx, a, by, policy.DeedReset, func(tx *store.Tx, user rows.User, by By) error {
		waits = "" // the function may run again
		rule := policy.ResetAllowed
		if by.holder != nil {
			var err error
			rule, err = s.adminReset(tx, user)
			if err != nil {
				return err
			}
		}
		err := resettable(tx, user)
		if err != nil {
			return err
		}
		if rule == policy.ResetTwoAdmins {
			waits, err = s.askReset(tx, user, by)
			return err
		}
		return s.reset(tx, user, by, map[string]string{"by": string(by.Actor.Kind)})
	})
	return waits, err
}

// adminReset is what the settings say of resets of this person. Forbidden "reset_never"
// where nobody but the shell may.
func (s *Service) adminReset(tx *store.Tx, user rows.User) (string, error) {
	a, err := s.Accounts.Within(tx, user)
	if err != nil {
		return "", err
	}
	if a.Settings.AdminReset == policy.ResetNever {
		return "", countersign.Refuse(countersign.Forbidden, "reset_never")
	}
	return a.Settings.AdminReset, nil
}

func (s *Service) reset(tx *store.Tx, user rows.User, by By, detail map[string]string) error {
	err := s.Accounts.Reset(tx, user, account.Keep{})
	if err != nil {
		return err
	}
	err = s.event(tx, by, user, "two_factor.reset", detail)
	if err != nil {
		return err
	}
	return s.tellOf(tx, user, by, message.AdminReset, message.Data{})
}

// resettable refuses where nothing is set up, nor half set up. Whoever confirms what was asked
// for while there was something is not refused: it was decided by two.
func resettable(tx *store.Tx, user rows.User) error {
	all, err := tx.ListCredentials(tx.Ctx, user.WorkspaceID, user.ID)
	if err != nil {
		return fmt.Errorf("load credentials: %w", err)
	}
	if len(all) == 0 {
		return countersign.Refuse(countersign.Conflict, NothingToReset)
	}
	return nil
}

// askReset writes the request of the first administrator. The person is told: whoever
// still has everything can object before there is a second one.
func (s *Service) askReset(tx *store.Tx, user rows.User, by By) (countersign.ResetID, error) {
	old, err := tx.WaitingReset(tx.Ctx, user.WorkspaceID, user.ID, tx.NowMilli())
	switch {
	case err == nil && old.AskedBy == by.Actor.User:
		return old.ID, nil
	case err == nil:
		return "", countersign.Refuse(countersign.Conflict, "reset_waits")
	case !store.NotFound(err):
		return "", fmt.Errorf("look for a reset that waits: %w", err)
	}
	id := countersign.ResetID(seal.ID("rst"))
	err = tx.InsertReset(tx.Ctx, rows.InsertResetParams{
		WorkspaceID: user.WorkspaceID, ID: id, UserID: user.ID, AskedBy: by.Actor.User, Reason: by.Reason,
		CreatedAt: tx.NowMilli(), ExpiresAt: tx.Now.Add(resetLife).UnixMilli(),
	})
	if err != nil {
		return "", fmt.Errorf("ask for a reset: %w", err)
	}
	err = s.event(tx, by, user, "two_factor.reset_asked", map[string]string{"request": string(id)})
	if err != nil {
		return "", err
	}
	return id, s.tellOf(tx, user, by, message.ResetAsked, message.Data{Minutes: int(resetLife / time.Minute)})
}

// WaitingReset is a reset that one administrator asked for.
type WaitingReset struct {
	ID        countersign.ResetID
	User      countersign.UserID
	Name      string
	Email     string
	Role      countersign.Role
	AskedBy   countersign.UserID
	Asker     string // their name
	Reason    string
	AskedAt   time.Time
	ExpiresAt time.Time
}

// WaitingResets lists what waits for a second administrator, the oldest first. A request
// whose asker could not ask any more is none.
func (s *Service) WaitingResets(ctx context.Context, workspace countersign.WorkspaceID) ([]WaitingReset, error) {
	list, err := s.Store.Read().ListWaitingResets(ctx, workspace, s.Now().UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("list resets that wait: %w", store.Classify(err))
	}
	var waiting []WaitingReset
	for _, row := range list {
		if row.AskerState != countersign.Active || !policy.May(row.AskerRole, policy.DeedReset, row.Role) {
			continue
		}
		r := row.ResetRequest
		waiting = append(waiting, WaitingReset{
			ID: r.ID, User: r.UserID, Name: row.Name, Email: row.Email, Role: row.Role, AskedBy: r.AskedBy, Asker: row.Asker,
			Reason: r.Reason, AskedAt: time.UnixMilli(r.CreatedAt), ExpiresAt: time.UnixMilli(r.ExpiresAt),
		})
	}
	return waiting, nil
}

// ConfirmReset is the second administrator's part: another person than the first, with the
// right to do it and a fresh proof of their own. Both are in the event.
//
// Errors: those of onPerson; Forbidden "reset_same_person", "reset_never"; NotFound
// "no_such_reset"; Gone "reset_over" for one that was decided, is too old, or whose asker
// has lost the right since.
func (s *Service) ConfirmReset(ctx context.Context, workspace countersign.WorkspaceID, id countersign.ResetID, by By) error {
	return s.decideReset(ctx, workspace, id, by, func(tx *store.Tx, r rows.ResetRequest, user rows.User, by By) error {
		if by.holder == nil || r.AskedBy == by.Actor.User {
			return countersign.Refuse(countersign.Forbidden, "reset_same_person")
		}
		_, err := s.adminReset(tx, user)
		if err != nil {
			return err
		}
		err = stillMayAsk(tx, r, user)
		if err != nil {
			return err
		}
		err = decide(tx, r, "done", by)
		if err != nil {
			return err
		}
		return s.reset(tx, user, by, map[string]string{
			"by": "two_admins", "asked_by": string(r.AskedBy), "confirmed_by": string(by.Actor.User), "request": string(r.ID),
		})
	})
}

// WithdrawReset ends a request: by whoever asked, or by anybody who could confirm it.
// Errors: those of ConfirmReset, but for the same person.
func (s *Service) WithdrawReset(ctx context.Context, workspace countersign.WorkspaceID, id countersign.ResetID, by By) error {
	return s.decideReset(ctx, workspace, id, by, func(tx *store.Tx, r rows.ResetRequest, user rows.User, by By) error {
		err := decide(tx, r, "withdrawn", by)
		if err != nil {
			return err
		}
		return s.event(tx, by, user, "two_factor.reset_withdrawn", map[string]string{"request": string(r.ID)})
	})
}

func (s *Service) decideReset(ctx context.Context, workspace countersign.WorkspaceID, id countersign.ResetID, by By, act func(*store.Tx, rows.ResetRequest, rows.User, By) error) error {
	r, err := s.Store.Read().GetReset(ctx, workspace, id)
	if store.NotFound(err) {
		return countersign.Refuse(countersign.NotFound, "no_such_reset")
	}
	if err != nil {
		return fmt.Errorf("load the reset: %w", store.Classify(err))
	}
	by.Reason = r.Reason // the first one's stands for both
	target := account.Account{User: rows.User{WorkspaceID: workspace, ID: r.UserID}}
	return s.onPerson(ctx, target, by, policy.DeedReset, func(tx *store.Tx, user rows.User, by By) error {
		err := tx.LockResets(tx.Ctx, user.WorkspaceID, user.ID)
		if err != nil {
			return err
		}
		return act(tx, r, user, by)
	})
}

// stillMayAsk looks whether the first administrator still is one: a role that was taken
// away takes what it asked for with it.
func stillMayAsk(tx *store.Tx, r rows.ResetRequest, user rows.User) error {
	asker, err := tx.GetUser(tx.Ctx, r.WorkspaceID, r.AskedBy)
	if err != nil && !store.NotFound(err) {
		return fmt.Errorf("load who asked: %w", err)
	}
	if err != nil || asker.State != countersign.Active || !policy.May(asker.Role, policy.DeedReset, user.Role) {
		return resetOver()
	}
	return nil
}

func resetOver() error { return countersign.Refuse(countersign.Gone, "reset_over") }

func decide(tx *store.Tx, r rows.ResetRequest, state string, by By) error {
	n, err := tx.DecideReset(tx.Ctx, rows.DecideResetParams{
		State: state, DecidedBy: by.Actor.User, Now: tx.NowMilli(), WorkspaceID: r.WorkspaceID, ID: r.ID,
	})
	if err != nil {
		return fmt.Errorf("decide the reset: %w", err)
	}
	if n == 0 {
		return resetOver()
	}
	return nil
}

// withdrawAsked ends what somebody asked for who may lose the right to.
func withdrawAsked(tx *store.Tx, user rows.User) error {
	err := tx.LockResets(tx.Ctx, user.WorkspaceID, user.ID)
	if err != nil {
		return err
	}
	_, err = tx.WithdrawResetsBy(tx.Ctx, tx.NowMilli(), user.WorkspaceID, user.ID)
	if err != nil {
		return fmt.Errorf("withdraw what was asked for: %w", err)
	}
	return nil
}
