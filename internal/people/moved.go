package people

import (
	"context"
	"fmt"
	"slices"

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
	is, err := s.Accounts.Settings(ctx, a.User.WorkspaceID, to)
	if err != nil {
		return impact, policy.Unaffected, err
	}
	has := approve.Possessions{}
	has.Credentials, err = s.Store.Read().ListCredentials(ctx, a.User.WorkspaceID, a.User.ID)
	if err != nil {
		return impact, policy.Unaffected, fmt.Errorf("load credentials: %w", store.Classify(err))
	}
	devices, err := s.Store.Read().ListDevices(ctx, a.User.WorkspaceID, a.User.ID)
	if err != nil {
		return impact, policy.Unaffected, fmt.Errorf("load devices: %w", store.Classify(err))
	}
	has.Devices = slices.DeleteFunc(devices, func(d rows.Device) bool { return d.State != "active" && d.State != "signed_out" })
	person := s.somebody(a.User, has, s.Accounts.GroundWithin(a), s.Accounts.GroundAt(a.Workspace, is))
	effect := policy.Affect(person, a.Settings, is, s.Now())
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
