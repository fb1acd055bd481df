package account

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/netip"
	"time"

	"countersign"
	"countersign/internal/limit"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// count names one counter of wrong answers.
type count struct {
	workspace countersign.WorkspaceID
	subject   string
	sort      limit.Sort
	counter   string
}

// Each account has two counters: one for browsers that completed a sign-in
// before, one for all the rest. A lock of the second does not stop the first,
// so a stranger cannot lock the owner out (security.md 10, 13).
const (
	counterKnown = "known"
	counterOther = "other"
)

func counterOf(known bool) string {
	if known {
		return counterKnown
	}
	return counterOther
}

// passwordSubject is the same for accounts that exist and those that do not. It
// is a digest, because people type secrets into the wrong field.
func (s *Service) passwordSubject(emailKey string) string {
	return "name:" + hex.EncodeToString(s.MAC.Sum("guess", emailKey)[:16])
}

// mailedCount is where wrong mailed codes of an account count, whichever session
// they were sent to.
func mailedCount(user rows.User) count {
	return count{user.WorkspaceID, userSubject(user.ID), limit.Mailed, counterKnown}
}

func userSubject(user countersign.UserID) string { return string(user) }

// Network is the address that limits count by: a whole /64 for IPv6, because
// one household or one attacker has all of it.
func Network(ip string) string {
	address, err := netip.ParseAddr(ip)
	if err != nil {
		return "unknown"
	}
	address = address.Unmap()
	if address.Is6() {
		prefix, err := address.Prefix(64)
		if err == nil {
			return prefix.String()
		}
	}
	return address.String()
}

// take takes one try before anything is verified. It returns how many were
// taken in a row, this one included, or a Limited error. A try that completes
// a batch sets the pause at once: were the process killed before the verdict,
// the count and the pause would stand.
func take(tx *store.Tx, c count) (int64, error) {
	rule := limit.RuleOf(c.sort)
	if rule.Window > 0 {
		return takeWindow(tx, c, rule)
	}
	tries, err := tx.TakeTry(tx.Ctx, rows.TakeTryParams{
		WorkspaceID: c.workspace, Subject: c.subject, Sort: string(c.sort), Counter: c.counter,
		Now: tx.NowMilli(), Most: rule.Most,
	})
	if store.NotFound(err) {
		return 0, locked(tx, c)
	}
	if err != nil {
		return 0, fmt.Errorf("take a try: %w", err)
	}
	pause := rule.Pause(tries)
	if pause > 0 {
		_, err = tx.LockGuesses(tx.Ctx, rows.LockGuessesParams{
			WorkspaceID: c.workspace, Subject: c.subject, Sort: string(c.sort), Counter: c.counter,
			LockedUntil: tx.Now.Add(pause).UnixMilli(),
		})
		if err != nil {
			return 0, fmt.Errorf("lock: %w", err)
		}
	}
	return tries, nil
}

func takeWindow(tx *store.Tx, c count, rule limit.Rule) (int64, error) {
	tries, err := tx.TakeWindowTry(tx.Ctx, rows.TakeWindowTryParams{
		WorkspaceID: c.workspace, Subject: c.subject, Sort: string(c.sort), Counter: c.counter,
		Now: tx.NowMilli(), Opened: tx.Now.Add(-rule.Window).UnixMilli(), Most: rule.Most,
	})
	if store.NotFound(err) {
		return 0, locked(tx, c)
	}
	if err != nil {
		return 0, fmt.Errorf("take a try: %w", err)
	}
	return tries, nil
}

// locked is the refusal of a try that could not be taken.
func locked(tx *store.Tx, c count) error {
	row, err := tx.GetGuesses(tx.Ctx, c.row())
	if err != nil {
		return fmt.Errorf("read the lock: %w", err)
	}
	return lockedFor(c.sort, waitOf(row, c.sort, tx.Now))
}

func (c count) row() rows.GetGuessesParams {
	return rows.GetGuessesParams{WorkspaceID: c.workspace, Subject: c.subject, Sort: string(c.sort), Counter: c.counter}
}

func waitOf(row rows.Guess, sort limit.Sort, now time.Time) time.Duration {
	return limit.RuleOf(sort).Wait(row.Tries, time.UnixMilli(row.Since), time.UnixMilli(row.LockedUntil), now)
}

// refusedAlready is the refusal of a try that would be refused anyway, of which the
// log was told: it costs a read for each count. A flood of them would otherwise take
// turns at the one row of its count, each with a connection that others need. Where
// it sees no lock, and where one begins after it looked, taking the try judges.
func (s *Service) refusedAlready(ctx context.Context, counts ...count) error {
	ctx = s.Store.Brief(ctx)
	for _, c := range counts {
		row, err := s.Store.Read().GetGuesses(s.Store.Brief(ctx), c.row())
		if store.NotFound(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read the count: %w", store.Classify(err))
		}
		wait := waitOf(row, c.sort, s.Now())
		if wait == 0 {
			continue
		}
		if c.sort == limit.Address && s.underway.full(c.subject) {
			return s.crowded()
		}
		err = s.Spent(ctx, c.workspace, lockToldSubject(c), "", lockToldRate())
		if countersign.KindOf(err) == countersign.Limited {
			return lockedFor(c.sort, wait)
		}
		return err
	}
	return nil
}

// lockedFor says how long to wait; "until somebody resets it" is RetryAfter 0.
func lockedFor(sort limit.Sort, wait time.Duration) error {
	if wait == limit.Lasting {
		return lockedLasting(sort)
	}
	wait = max(wait, time.Second)
	return &countersign.Error{
		Kind: countersign.Limited, Code: "locked_" + string(sort), RetryAfter: wait,
		Args: map[string]any{"Count": int(max((wait+time.Minute-1)/time.Minute, 1))},
	}
}

func lockedLasting(sort limit.Sort) error {
	return &countersign.Error{Kind: countersign.Limited, Code: "locked_" + string(sort) + "_lasting"}
}

// giveBack returns the try of a right answer, and a pause that it had set.
func giveBack(tx *store.Tx, c count) error {
	_, err := tx.GiveBack(tx.Ctx, rows.GiveBackParams{
		WorkspaceID: c.workspace, Subject: c.subject, Sort: string(c.sort), Counter: c.counter,
	})
	if err != nil {
		return fmt.Errorf("give a try back: %w", err)
	}
	return nil
}

// ClearGuesses ends "in a row" after a complete sign-in, in the counter of that
// browser alone.
func (s *Service) ClearGuesses(tx *store.Tx, user rows.User, known bool) error {
	for _, c := range []count{
		{user.WorkspaceID, userSubject(user.ID), limit.SecondFactor, counterOf(known)},
		{user.WorkspaceID, s.passwordSubject(user.EmailKey), limit.Password, counterOf(known)},
	} {
		err := clearGuesses(tx, c)
		if err != nil {
			return err
		}
	}
	return nil
}

func clearGuesses(tx *store.Tx, c count) error {
	_, err := tx.ClearGuesses(tx.Ctx, rows.ClearGuessesParams{
		WorkspaceID: c.workspace, Subject: c.subject, Sort: string(c.sort), Counter: c.counter,
	})
	if err != nil {
		return fmt.Errorf("clear tries: %w", err)
	}
	return nil
}

// Waits tells whether wrong answers of any sort keep somebody waiting now: whether there is
// something that [Service.EndLocks] would end.
func (s *Service) Waits(ctx context.Context, user rows.User) (bool, error) {
	for _, subject := range []string{userSubject(user.ID), s.passwordSubject(user.EmailKey)} {
		counted, err := s.Store.Read().ListGuesses(ctx, user.WorkspaceID, subject)
		if err != nil {
			return false, fmt.Errorf("list wrong answers: %w", store.Classify(err))
		}
		for _, row := range counted {
			if waitOf(row, limit.Sort(row.Sort), s.Now()) > 0 {
				return true, nil
			}
		}
	}
	return false, nil
}

// Unlock ends every lock of an account: after a recovery, or by an
// administrator.
func (s *Service) Unlock(tx *store.Tx, user rows.User) error {
	_, err := s.EndLocks(tx, user)
	return err
}

// EndLocks is Unlock. It reports whether there was a lock: wrong answers that locked
// nothing yet are forgotten as well, and are none.
func (s *Service) EndLocks(tx *store.Tx, user rows.User) (bool, error) {
	locked := false
	for _, subject := range []string{userSubject(user.ID), s.passwordSubject(user.EmailKey)} {
		ended, err := tx.ClearGuessesOfSubject(tx.Ctx, user.WorkspaceID, subject)
		if err != nil {
			return false, fmt.Errorf("unlock: %w", err)
		}
		for _, row := range ended {
			locked = locked || waitOf(row, limit.Sort(row.Sort), tx.Now) > 0
		}
	}
	return locked, nil
}

func lockToldSubject(c count) string { return "lock-told:" + string(c.sort) + ":" + c.subject }

func lockToldRate() limit.Rate { return limit.Rate{Interval: time.Minute, Burst: 1} }

// lockTold lets the refusals during a lock into the log once a minute: they cost
// a flood nothing, and would otherwise fill the log and the person's activity.
func (s *Service) lockTold(tx *store.Tx, c count) (bool, error) {
	err := s.Spend(tx, c.workspace, lockToldSubject(c), "", lockToldRate())
	if countersign.KindOf(err) == countersign.Limited {
		return true, nil
	}
	return false, err
}

// Spend counts an act against a rate. A Limited error says how long to wait.
func (s *Service) Spend(tx *store.Tx, workspace countersign.WorkspaceID, subject, code string, rate limit.Rate) error {
	_, err := tx.SpendRate(tx.Ctx, rows.SpendRateParams{
		WorkspaceID: workspace, Subject: subject, Now: tx.NowMilli(),
		Interval: rate.Interval.Milliseconds(), Burst: rate.Tolerance().Milliseconds(),
	})
	if err == nil {
		return nil
	}
	if !store.NotFound(err) {
		return fmt.Errorf("spend a rate: %w", err)
	}
	row, err := tx.GetRate(tx.Ctx, workspace, subject)
	if err != nil {
		return fmt.Errorf("read a rate: %w", err)
	}
	return spentFor(code, rate.Wait(time.UnixMilli(row.Arrival), tx.Now))
}

// Spent is the Limited error that Spend would answer, without counting anything or
// waiting for anybody; nil when there may be another act.
func (s *Service) Spent(ctx context.Context, workspace countersign.WorkspaceID, subject, code string, rate limit.Rate) error {
	row, err := s.Store.Read().GetRate(s.Store.Brief(ctx), workspace, subject)
	if store.NotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read a rate: %w", store.Classify(err))
	}
	wait := rate.Wait(time.UnixMilli(row.Arrival), s.Now())
	if wait == 0 {
		return nil
	}
	return spentFor(code, wait)
}

func spentFor(code string, wait time.Duration) error {
	wait = max(wait, time.Second)
	return &countersign.Error{
		Kind: countersign.Limited, Code: code, RetryAfter: wait,
		Args: map[string]any{"Count": int(max((wait+time.Minute-1)/time.Minute, 1))},
	}
}
