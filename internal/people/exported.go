package people

import (
	"context"
	"fmt"

	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/policy"
	"countersign/internal/store"
)

// Exported allows somebody to take a list of people away, and notes that it was taken: by
// whom, and what it holds. Errors: Forbidden
// "fresh_proof_required", "two_factors_required", "beyond_role"; Unauthenticated.
func (s *Service) Exported(ctx context.Context, h account.Holder, f Filter) error {
	return s.exported(ctx, h, account.ActPeopleExport, "people.exported", f.detail())
}

// LogExported allows somebody to take a part of the audit log away, and notes that it was
// taken: detail is what its filter was. Errors as of [Service.Exported].
func (s *Service) LogExported(ctx context.Context, h account.Holder, detail map[string]string) error {
	return s.exported(ctx, h, account.ActLogExport, "audit.exported", detail)
}

func (s *Service) exported(ctx context.Context, h account.Holder, act account.Act, kind string, detail map[string]string) error {
	err := h.NeedFresh(act)
	if err != nil {
		return err
	}
	return s.Accounts.WriteFor(ctx, h.User, func(tx *store.Tx) error {
		actor, err := s.Accounts.HoldWithBoth(tx, h)
		if err != nil {
			return err
		}
		if !policy.MayAll(actor.Role, policy.DeedSeeAll) {
			return beyondRole()
		}
		err = audit.Write(tx, h.Workspace, audit.Event{Kind: kind, Actor: h.Actor(), Session: h.Session, Place: h.Place, Detail: detail})
		if err != nil {
			return fmt.Errorf("note the export: %w", err)
		}
		return nil
	})
}
