package people

import (
	"context"
	"fmt"
	"slices"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/approve"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// MoveImpact tells what a move into a pool would do to its person, and changes nothing: a
// pool may take nothing of what they have. NotFound "no_such_pool".
func (s *Service) MoveImpact(ctx context.Context, a account.Account, to countersign.PoolID) (Impact, policy.Effect, error) {
	var impact Impact
	_, _, err := s.Pool(ctx, a.User.WorkspaceID, to)
	if err != nil || a.User.State != countersign.Active || a.User.PoolID == to {
		return impact, policy.Unaffected, err
	}
	// Read whole: the row that a page shows has no password hash, and who seems to have no
	// password seems to be let in by nothing before the move either.
	a, err = s.Accounts.Load(ctx, a.User.WorkspaceID, a.User.ID)
	if err != nil {
		return impact, policy.Unaffected, err
	}
	is := a
	is.Settings, err = s.Accounts.Settings(ctx, a.User.WorkspaceID, to)
	if err != nil {
		return impact, policy.Unaffected, err
	}
	effect, err := s.moveEffect(ctx, s.Store.Read(), a, is, s.Now())
	if err != nil {
		return impact, policy.Unaffected, store.Classify(err)
	}
	switch effect {
	case policy.LockedOut:
		impact.LockedOut.add(a.User)
	case policy.CodesOnly:
		impact.CodesOnly.add(a.User)
	case policy.MustSetUp:
		impact.MustSetUp.add(a.User)
	case policy.Unaffected:
	}
	return impact, effect, nil
}

// moveEffect is what other settings do to a person, whose row was read whole.
func (s *Service) moveEffect(ctx context.Context, q *rows.Queries, before, after account.Account, now time.Time) (policy.Effect, error) {
	if before.User.State != countersign.Active {
		return policy.Unaffected, nil
	}
	has := approve.Possessions{}
	var err error
	has.Credentials, err = q.ListCredentials(ctx, before.User.WorkspaceID, before.User.ID)
	if err != nil {
		return policy.Unaffected, fmt.Errorf("load credentials: %w", err)
	}
	devices, err := q.ListDevices(ctx, before.User.WorkspaceID, before.User.ID)
	if err != nil {
		return policy.Unaffected, fmt.Errorf("load devices: %w", err)
	}
	has.Devices = slices.DeleteFunc(devices, func(d rows.Device) bool { return d.State != "active" && d.State != "signed_out" })
	person := s.somebody(before.User, has, s.Accounts.GroundWithin(before), s.Accounts.GroundAt(before.Workspace, after.Settings))
	return policy.Affect(person, before.Settings, after.Settings, now), nil
}
