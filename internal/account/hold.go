package account

import (
	"context"
	"fmt"

	"countersign"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// WriteFor is [store.Store.Write] for a transaction that takes a person's row, as Hold
// and Answer do. Such transactions take turns: a person, or a thief who has the
// password, can send requests as fast as they like, and each would wait for the row
// with a connection that others need.
func (s *Service) WriteFor(ctx context.Context, user countersign.UserID, act func(*store.Tx) error) error {
	return s.Store.WriteInTurn(ctx, "user:"+string(user), act)
}

// Hold takes the holder's user row for this transaction and looks once more
// whether the holder is still somebody. What a request brings along was read
// before: a change of password or factor that committed meanwhile has ended
// this session, and whoever was thrown out must not leave a link, a code or a
// credential behind. Each change by a session begins with it, in a WriteFor.
//
// Errors: Unauthenticated "signed_out"; Forbidden "second_factor_required" for
// a session that has one factor of two.
func (s *Service) Hold(tx *store.Tx, h Holder) (rows.User, error) {
	if h.Level < policy.LevelEnrol {
		return rows.User{}, countersign.Refuse(countersign.Forbidden, "second_factor_required")
	}
	user, err := tx.LockUser(tx.Ctx, h.Workspace, h.User)
	if store.NotFound(err) || (err == nil && user.State != countersign.Active) {
		return rows.User{}, signedOut()
	}
	if err != nil {
		return rows.User{}, fmt.Errorf("lock user: %w", err)
	}
	session, err := tx.GetSession(tx.Ctx, h.Workspace, h.Session)
	if store.NotFound(err) || (err == nil && session.UserID != h.User) {
		return rows.User{}, signedOut()
	}
	if err != nil {
		return rows.User{}, fmt.Errorf("load session: %w", err)
	}
	return user, nil
}

// HoldAccount is Hold with what the workspace says about the holder, read after their row
// was taken: a change of settings that looks whom it would shut out takes the rows of the
// owners first, so whoever comes after it sees its rules. What a request read before its
// transaction is no ground for a judgement.
func (s *Service) HoldAccount(tx *store.Tx, h Holder) (Account, error) {
	user, err := s.Hold(tx, h)
	if err != nil {
		return Account{}, err
	}
	return s.Within(tx, user)
}

// HoldWithBoth is Hold for whoever acts upon others: the session reaches everything, has
// proven a second factor itself, and one is still enrolled. A trusted browser, or a code
// that the help desk gave, is not enough.
//
// Errors: those of Hold; Forbidden "two_factors_required".
func (s *Service) HoldWithBoth(tx *store.Tx, h Holder) (rows.User, error) {
	user, err := s.Hold(tx, h)
	if err != nil {
		return rows.User{}, err
	}
	factors, err := secondFactors(tx, h)
	if err != nil {
		return rows.User{}, err
	}
	if h.Level != policy.LevelFull || !h.HadSecond || factors == 0 {
		return rows.User{}, countersign.Refuse(countersign.Forbidden, "two_factors_required")
	}
	return user, nil
}

// Redeem uses a finished sign-in up and returns its person, for whatever is
// made of it. A change of password or factor since then has voided it, so
// nothing begins under a secret that is no longer good. Gone "attempt_over"
// for a proof that was redeemed or voided.
func (s *Service) Redeem(tx *store.Tx, p countersign.Proof) (rows.User, error) {
	over := countersign.Refuse(countersign.Gone, "attempt_over")
	user, err := tx.LockUser(tx.Ctx, p.Workspace, p.User)
	if store.NotFound(err) || (err == nil && user.State != countersign.Active) {
		return rows.User{}, over
	}
	if err != nil {
		return rows.User{}, fmt.Errorf("lock user: %w", err)
	}
	n, err := tx.RedeemAttempt(tx.Ctx, rows.RedeemAttemptParams{
		WorkspaceID: p.Workspace, ID: p.Attempt, UserID: p.User, Now: tx.NowMilli(),
	})
	if err != nil {
		return rows.User{}, fmt.Errorf("redeem attempt: %w", err)
	}
	if n == 0 {
		return rows.User{}, over
	}
	return user, nil
}
