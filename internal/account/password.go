package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"countersign"
	"countersign/internal/audit"
	"countersign/internal/limit"
	"countersign/internal/password"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// PasswordAnswer is one try at a password, of an account that may not exist.
type PasswordAnswer struct {
	Workspace countersign.WorkspaceID
	// Email is what the person typed as the account's address.
	Email    string
	Password string
	// User is the account the caller means; nil for one that does not exist.
	User    *rows.User
	Known   bool
	Place   countersign.Place
	Attempt countersign.AttemptID
	Session countersign.SessionID
	// Accept is what a right password does, in the same transaction.
	Accept func(*store.Tx, rows.User) error
}

// Password judges a password. One try is taken before the hash is computed and
// given back when it was right, so a thousand parallel tries cannot outrun the
// limit; an account that does not exist costs the same work and has the same
// counter.
//
// Errors: Invalid "wrong_password" for an unknown account, a wrong password and
// a disabled account alike; Limited; Unavailable when the hash queue is full, or the
// tries of the network are all being judged.
func (s *Service) Password(ctx context.Context, a PasswordAnswer) error {
	key := EmailKey(a.Email)
	if a.User != nil {
		key = a.User.EmailKey
	}
	counts := []count{{a.Workspace, s.passwordSubject(key), limit.Password, counterOf(a.Known)}}
	if !a.Known {
		// The owner's own browser is not stopped by neighbours who guess: its
		// account's counter limits it (security.md 13).
		network := Network(a.Place.IP)
		err := s.underway.enter(ctx, network)
		if err != nil {
			return hashFault(err)
		}
		defer s.underway.leave(network, &a)
		counts = append([]count{{a.Workspace, network, limit.Address, ""}}, counts...)
	}
	err := s.refusedAlready(ctx, counts...)
	if err != nil {
		return err
	}
	err = s.takeAll(ctx, &a, counts)
	if err != nil {
		return err
	}
	right, newHash, err := s.compare(ctx, a)
	if err != nil {
		return errors.Join(err, s.giveAllBack(ctx, &a, counts))
	}
	if !right {
		return s.wrongPassword(ctx, a)
	}
	return s.rightPassword(ctx, a, counts, newHash)
}

func (s *Service) takeAll(ctx context.Context, a *PasswordAnswer, counts []count) error {
	var refusal error
	err := s.writeFor(ctx, a, func(tx *store.Tx) error {
		refusal = nil
		for i, c := range counts {
			_, err := take(tx, c)
			if countersign.KindOf(err) == countersign.Limited && c.sort == limit.Address && s.underway.full(c.subject) {
				return s.crowded()
			}
			if countersign.KindOf(err) == countersign.Limited {
				refusal = err
				// What was taken before is given back: nothing was tried.
				for _, earlier := range counts[:i] {
					err := giveBack(tx, earlier)
					if err != nil {
						return err
					}
				}
				told, err := s.lockTold(tx, c)
				if err != nil || told {
					return err
				}
				return s.passwordRefused(tx, *a, "locked")
			}
			if err != nil {
				return err
			}
		}
		if !a.Known {
			s.underway.took(Network(a.Place.IP), a)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return refusal
}

// writeFor is a transaction that changes the count of a password's network, which
// many may want at once. A known browser is not counted there.
func (s *Service) writeFor(ctx context.Context, a *PasswordAnswer, act func(*store.Tx) error) error {
	if a.Known {
		return s.Store.Write(ctx, act)
	}
	return s.Store.WriteInTurn(ctx, Network(a.Place.IP), act)
}

func (s *Service) giveAllBack(ctx context.Context, a *PasswordAnswer, counts []count) error {
	return s.writeFor(context.WithoutCancel(ctx), a, func(tx *store.Tx) error {
		for _, c := range counts {
			err := giveBack(tx, c)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// compare does the expensive work, outside any transaction. It returns a new
// hash when the stored one was made with other parameters.
func (s *Service) compare(ctx context.Context, a PasswordAnswer) (bool, string, error) {
	caller := password.Caller{Known: a.Known, Network: Network(a.Place.IP)}
	if a.User == nil || a.User.PasswordHash == "" || a.User.State != countersign.Active {
		// The same work, so that the time tells nothing.
		return false, "", hashFault(s.Hasher.Dummy(ctx, a.Password, caller))
	}
	right, rehash, err := s.Hasher.Verify(ctx, a.User.PasswordHash, a.Password, caller)
	if err != nil || !right || !rehash {
		return right, "", hashFault(err)
	}
	newHash, err := s.Hasher.Hash(ctx, a.Password, caller)
	return true, newHash, hashFault(err)
}

// hashFault gives a queue that is full, and a caller that has gone, the kind
// Unavailable.
func hashFault(err error) error {
	if errors.Is(err, password.ErrBusy) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &countersign.Error{Kind: countersign.Unavailable, Code: "busy", RetryAfter: 5 * time.Second, Err: err}
	}
	return err
}

// wrongPassword tells of a password that was judged and counted. Whoever hangs up
// while it is judged is told of all the same: guesses leave their trace.
func (s *Service) wrongPassword(ctx context.Context, a PasswordAnswer) error {
	err := s.Store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error { return s.passwordRefused(tx, a, "wrong") })
	if err != nil {
		return err
	}
	return wrongPassword()
}

func wrongPassword() error { return countersign.InvalidField("password", "wrong_password") }

func (s *Service) passwordRefused(tx *store.Tx, a PasswordAnswer, why string) error {
	event := audit.Event{
		Kind: "proof.refused", Outcome: audit.Refused, Actor: countersign.Actor{Kind: countersign.ByAnonymous},
		Session: a.Session, Attempt: a.Attempt, Place: a.Place,
		Detail: map[string]string{"method": "password", "why": why},
	}
	if a.User != nil {
		event.User = a.User.ID
	}
	return audit.Write(tx, a.Workspace, event)
}

func (s *Service) rightPassword(ctx context.Context, a PasswordAnswer, counts []count, newHash string) error {
	stale := false // changed, disabled or deleted while the hash was computed
	err := s.writeFor(ctx, &a, func(tx *store.Tx) error {
		stale = false
		// Locked, not read: a password that is being changed by another node at
		// this moment is either the old one until we are done, or seen here.
		user, err := tx.LockUser(tx.Ctx, a.Workspace, a.User.ID)
		deleted := store.NotFound(err)
		if err != nil && !deleted {
			return fmt.Errorf("lock user: %w", err)
		}
		stale = deleted || user.State != countersign.Active || user.PasswordVersion != a.User.PasswordVersion
		if stale {
			return nil
		}
		for _, c := range counts {
			err := giveBack(tx, c)
			if err != nil {
				return err
			}
		}
		if newHash != "" {
			_, err = tx.RehashPassword(tx.Ctx, rows.RehashPasswordParams{
				PasswordHash: newHash, WorkspaceID: a.Workspace, ID: user.ID, PasswordVersion: user.PasswordVersion,
			})
			if err != nil {
				return fmt.Errorf("store the new hash: %w", err)
			}
		}
		return a.Accept(tx, user)
	})
	if err != nil {
		// What was given back was rolled back with the rest; the password was
		// right, so its try must not stay counted.
		return errors.Join(err, s.giveAllBack(ctx, &a, counts))
	}
	if stale {
		return wrongPassword()
	}
	return nil
}

// CheckPassword judges a password a person has chosen. about is what others
// know of the person. Errors: Invalid on field "password" with the reason.
func CheckPassword(typed string, about ...string) error {
	if typed == "" {
		return countersign.InvalidField("password", "password_empty")
	}
	if strings.ContainsRune(typed, 0) {
		return countersign.InvalidField("password", "password_characters")
	}
	problem := password.Judge(typed, about...)
	if problem != "" {
		return countersign.InvalidField("password", "password_"+string(problem))
	}
	return nil
}

// NewPassword judges a password a person has chosen, as CheckPassword does, and
// returns its hash.
func (s *Service) NewPassword(ctx context.Context, typed string, place countersign.Place, about ...string) (string, error) {
	err := CheckPassword(typed, about...)
	if err != nil {
		return "", err
	}
	hash, err := s.Hasher.Hash(ctx, typed, password.Caller{Known: true, Network: Network(place.IP)})
	return hash, hashFault(err)
}

// StorePassword puts a new hash in place of the one that was read with user,
// and voids what was started under the old one. Conflict when somebody else
// changed it meanwhile.
func (s *Service) StorePassword(tx *store.Tx, user rows.User, hash string, keep Keep) error {
	n, err := tx.StorePassword(tx.Ctx, rows.StorePasswordParams{
		PasswordHash: hash, PasswordChangedAt: tx.NowMilli(),
		WorkspaceID: user.WorkspaceID, ID: user.ID, PasswordVersion: user.PasswordVersion,
	})
	if err != nil {
		return fmt.Errorf("store the password: %w", err)
	}
	if n == 0 {
		return countersign.Refuse(countersign.Conflict, "changed_meanwhile")
	}
	_, err = tx.ClearGuessesOfSubject(tx.Ctx, user.WorkspaceID, s.passwordSubject(user.EmailKey))
	if err != nil {
		return fmt.Errorf("clear tries: %w", err)
	}
	return s.Void(tx, user, keep)
}
