package session

import (
	"context"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/approve"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// AskPhone asks the person's phones for a fresh proof of an act; words say it. The phone
// shows them, both its keys sign them, and the approval is good for that act alone.
//
// Errors: those of approve.Service.Make and of account.Service.Hold.
func (s *Service) AskPhone(ctx context.Context, c Current, act account.Act, words string, place countersign.Place) error {
	h := c.Holder(place)
	return s.Accounts.WriteFor(ctx, c.UserID, func(tx *store.Tx) error {
		user, err := s.Accounts.Hold(tx, h)
		if err != nil {
			return err
		}
		a := c.Account
		a.User = user
		_, err = s.Approvals.Make(tx, approve.Ask{
			Account: a, Kind: approve.FreshProof, Requester: string(c.ID), For: act, Act: words, Known: true, FirstAt: moment(c.CreatedAt), Place: place,
		})
		return err
	})
}

// Asked is what this session asked on the phone last, for an act; false when it asked
// nothing that still matters to it.
func (s *Service) Asked(ctx context.Context, c Current, act account.Act) (rows.Request, bool, error) {
	row, found, err := s.Approvals.Latest(ctx, c.WorkspaceID, string(c.ID))
	if err != nil || !found || row.Act != string(act) || row.CreatedAt < c.SecondAt || approve.State(row.State) == approve.Consumed {
		return rows.Request{}, false, err
	}
	return row, true, nil
}

// WaitPhone returns the state of a request of this session for an act when it is another
// than seen, or when ctx ends.
func (s *Service) WaitPhone(ctx context.Context, c Current, act account.Act, seen approve.State) (approve.State, error) {
	// The time to wait is none to read in: it may be no time at all.
	row, found, err := s.Asked(context.WithoutCancel(ctx), c, act)
	if err != nil || !found {
		return approve.Cancelled, err
	}
	state, err := s.Approvals.Wait(ctx, c.WorkspaceID, row.ID, seen)
	return state.Said(), err
}

// ProvePhone uses an approval of this session's request as a fresh proof of the act that
// the phone showed, and returns the session's new token. Conflict "step_over" where there
// is none to use.
func (s *Service) ProvePhone(ctx context.Context, c Current, act account.Act, place countersign.Place) (string, error) {
	row, found, err := s.Asked(ctx, c, act)
	if err != nil {
		return "", err
	}
	if !found {
		return "", countersign.Refuse(countersign.Conflict, "step_over")
	}
	h := c.Holder(place)
	var token string
	err = s.Accounts.WriteFor(ctx, c.UserID, func(tx *store.Tx) error {
		user, err := s.Accounts.Hold(tx, h)
		if err != nil {
			return err
		}
		err = s.Accounts.SecondLocked(tx, user, h.Known)
		if err != nil {
			return err
		}
		used, err := s.Approvals.Redeem(tx, c.WorkspaceID, row.ID, string(c.ID), place)
		if countersign.CodeOf(err) == "request_over" {
			return countersign.Refuse(countersign.Conflict, "step_over")
		}
		if err != nil {
			return err
		}
		by := "push"
		if used.Device.Kind == approve.KindTerminal {
			by = "terminal"
		}
		token, err = s.Accounts.StepUp(tx, h, account.Raise{Second: by, For: account.Act(used.Request.Act)})
		return err
	})
	return token, err
}

// TurnToken gives the session a new token, after something raised it from elsewhere.
func (s *Service) TurnToken(ctx context.Context, c Current, place countersign.Place) (string, error) {
	h := c.Holder(place)
	var token string
	err := s.Accounts.WriteFor(ctx, c.UserID, func(tx *store.Tx) error {
		_, err := s.Accounts.Hold(tx, h)
		if err != nil {
			return err
		}
		token, err = s.Accounts.StepUp(tx, h, account.Raise{})
		return err
	})
	return token, err
}
