package signin

import (
	"cmp"
	"context"
	"fmt"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Password answers the first step and returns the sign-in's new token for the
// cookie. Somebody who sat at this browser before may have begun the sign-in and
// copied its cookie: the copy is worth nothing once something was proven.
//
// Errors: those of account.Service.Password, with "wrong_password" said as
// "wrong_credentials"; Conflict "step_over" when the step is done already.
func (s *Service) Password(ctx context.Context, at Attempt, typed string, v Visitor) (string, error) {
	if typed == "" {
		return "", countersign.InvalidField("password", "password_empty")
	}
	if at.Step != policy.StepFirst {
		return "", stepOver()
	}
	bind := seal.NewToken()
	answer := account.PasswordAnswer{
		Workspace: at.WorkspaceID, Email: at.Identifier, Password: typed,
		Known: at.Known, Place: v.Place, Attempt: at.ID,
		Accept: func(tx *store.Tx, user rows.User) error {
			n, err := tx.PassFirst(tx.Ctx, rows.PassFirstParams{
				First: "password", FirstAt: tx.NowMilli(), BrowserHash: seal.Hash(bind),
				ExpiresAt: tx.Now.Add(attemptLife).UnixMilli(), WorkspaceID: at.WorkspaceID, ID: at.ID,
			})
			if err != nil {
				return fmt.Errorf("pass the first factor: %w", err)
			}
			if n == 0 {
				return stepOver()
			}
			err = audit.Write(tx, at.WorkspaceID, audit.Event{
				Kind: "proof.accepted", Actor: countersign.Actor{Kind: countersign.ByUser, User: user.ID}, User: user.ID,
				Attempt: at.ID, Place: v.Place, Detail: map[string]string{"method": "password"},
			})
			if err != nil {
				return err
			}
			return s.startSecond(tx, at, user, v)
		},
	}
	// Looked for also where the attempt has no user: the time tells nothing.
	user, err := s.Store.Read().GetUser(s.Store.Brief(ctx), at.WorkspaceID, at.UserID)
	if err != nil && !store.NotFound(err) {
		return "", fmt.Errorf("load user: %w", store.Classify(err))
	}
	if err == nil {
		answer.User = &user
	}
	err = s.Accounts.Password(ctx, answer)
	if countersign.CodeOf(err) == "wrong_password" {
		return "", countersign.InvalidField("password", "wrong_credentials")
	}
	if err != nil {
		return "", err
	}
	return bind, nil
}

func stepOver() error { return countersign.Refuse(countersign.Conflict, "step_over") }

// Second answers the second step with a code of an authenticator app, a recovery code or
// a passkey. It is the last one, so a right answer finishes the sign-in in the
// same transaction, redeem included (see Finish): a code is spent where there is a
// session for it, and nowhere else.
//
// Errors: those of account.Service.Answer and of Finish; Conflict "step_over".
func (s *Service) Second(ctx context.Context, at Attempt, kind method.Kind, typed string, v Visitor, redeem Redeem) (countersign.Proof, error) {
	if at.Step != policy.StepSecond {
		return countersign.Proof{}, stepOver()
	}
	var proof countersign.Proof
	_, err := s.Accounts.Answer(ctx, account.Answer{
		Account: at.Account, Kind: kind, Proof: typed, Judge: s.judge(at, kind), Credentials: at.Credentials, Known: at.Known, Place: v.Place,
		Attempt: at.ID,
		Awaited: func(tx *store.Tx) error { return awaited(tx, at) },
		Accept: func(tx *store.Tx, p account.Proven) error {
			passed, err := s.passSecond(tx, at, p, v)
			if err != nil {
				return err
			}
			if at.Phone != nil {
				// A typed code withdraws what the phone still shows.
				err = s.Approvals.Spare(tx, p.User, string(at.ID))
				if err != nil {
					return err
				}
			}
			proof, err = s.finish(tx, passed, p.User, v, redeem)
			return err
		},
	})
	return proof, err
}

// passSecond notes the second factor of an attempt, and does what it does.
func (s *Service) passSecond(tx *store.Tx, at Attempt, p account.Proven, v Visitor) (Attempt, error) {
	effect, err := s.recover(tx, at, p, v)
	if err != nil {
		return Attempt{}, err
	}
	at.Second, at.SecondAt, at.Effect = cmp.Or(p.As, string(p.Kind)), tx.NowMilli(), effect
	if effect == effectReset {
		at.Known = false // every browser was forgotten, this one too
	}
	n, err := tx.PassSecond(tx.Ctx, rows.PassSecondParams{
		Second: at.Second, SecondAt: at.SecondAt, Effect: effect, WorkspaceID: at.WorkspaceID, ID: at.ID,
	})
	if err != nil {
		return Attempt{}, fmt.Errorf("pass the second factor: %w", err)
	}
	if n == 0 {
		// Somebody else's answer was first; this proof is given back.
		return Attempt{}, stepOver()
	}
	return at, nil
}

// awaited refuses when the second step was passed, or the attempt ended, since at
// was read.
func awaited(tx *store.Tx, at Attempt) error {
	row, err := tx.GetAttempt(tx.Ctx, at.WorkspaceID, at.ID)
	if err != nil && !store.NotFound(err) {
		return fmt.Errorf("load attempt: %w", err)
	}
	if err != nil || row.State != "open" || row.Second != "" {
		return stepOver()
	}
	return nil
}

// What a recovery code did, or one of the help desk, as an attempt's Effect.
const (
	effectRecovered = "recovered"
	effectReset     = "reset"
	effectHelped    = "helped"
)

// recover does what a recovery code does by the workspace's setting: sign in,
// or reset everything and sign in. A code of the help desk signs in.
func (s *Service) recover(tx *store.Tx, at Attempt, p account.Proven, v Visitor) (string, error) {
	if p.Kind == method.HelpCode {
		// It resets nothing, whatever recovery codes do: to reset is an act of its own.
		return effectHelped, s.Accounts.Tell(tx, at.Account, v.Place, message.HelpCodeUsed, message.Data{})
	}
	if p.Kind != method.Recovery {
		return "", nil
	}
	if at.Account.Settings.RecoveryEffect != policy.EffectReset {
		return effectRecovered, s.Accounts.Tell(tx, at.Account, v.Place, message.RecoveryUsed, message.Data{Left: p.Left})
	}
	err := s.Accounts.Reset(tx, p.User, account.Keep{Attempt: at.ID})
	if err != nil {
		return "", err
	}
	err = audit.Write(tx, at.WorkspaceID, audit.Event{
		Kind: "two_factor.reset", Actor: countersign.Actor{Kind: countersign.ByUser, User: p.User.ID}, User: p.User.ID,
		Attempt: at.ID, Place: v.Place, Detail: map[string]string{"by": "recovery_code"},
	})
	if err != nil {
		return "", err
	}
	return effectReset, s.Accounts.Tell(tx, at.Account, v.Place, message.TwoFactorReset, message.Data{})
}
