package approve

import (
	"fmt"
	"time"

	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// A person is not worn down by questions (NIST SP 800-63B, section 3.2.10): phones ring
// so often and no more since the last approval, and rest after two that came to nothing.
const (
	day      = 24 * time.Hour
	restFor  = 15 * time.Minute
	mostLive = 3
)

// budgets are how often phones ring within a time.
func budgets() map[time.Duration]int {
	return map[time.Duration]int{5 * time.Minute: 3, time.Hour: 8, day: 20}
}

// past is what a person's phones have been through.
type past struct {
	Rung     []time.Time // since a day
	Approved time.Time   // the last approval
	Ended    []ended     // the last two, the latest first
}

type ended struct {
	State State
	At    time.Time
}

// mayRing tells whether the phones may ring now. A question that does not ring is
// there all the same, when the app is opened.
func mayRing(p past, now time.Time) bool {
	for within, most := range budgets() {
		rung := 0
		for _, at := range p.Rung {
			if now.Sub(at) < within && at.After(p.Approved) {
				rung++
			}
		}
		if rung >= most {
			return false
		}
	}
	return !resting(p, now)
}

// resting tells whether the last two questions were denied, or not answered, a moment
// ago: then another way is asked first.
func resting(p past, now time.Time) bool {
	if len(p.Ended) < 2 || now.Sub(p.Ended[0].At) >= restFor {
		return false
	}
	for _, e := range p.Ended[:2] {
		switch e.State {
		case Denied, Expired, Reported, Mismatch:
		default:
			return false
		}
	}
	return true
}

// reader reads the past, in a transaction or outside.
type reader = *rows.Queries

// lane is whose past counts for a question. A browser that is known to the account has
// one of its own: a stranger with the password, or where the phone takes the password's
// place with nothing at all, cannot use it up. Nor can somebody who stole a session, in
// which fresh proofs are asked for: those have another. What strangers ask is counted
// with everything else.
type lane string

func (a Ask) lane() lane {
	if !a.Known {
		return ""
	}
	return lane(a.Kind)
}

// has tells whether a question counts in the lane.
func (l lane) has(row rows.Request) bool {
	return l == "" || row.Known != 0 && lane(row.Kind) == l
}

// readPast reads what a person's phones have been through.
func readPast(tx *store.Tx, q reader, user rows.User, l lane) (past, error) {
	since := tx.Now.Add(-day).UnixMilli()
	var p past
	rung, err := q.ListRung(tx.Ctx, rows.ListRungParams{WorkspaceID: user.WorkspaceID, UserID: user.ID, Since: since, Lane: string(l)})
	if err != nil {
		return p, fmt.Errorf("read how often the phones rang: %w", err)
	}
	for _, at := range rung {
		p.Rung = append(p.Rung, time.UnixMilli(at))
	}
	approved, err := q.LastApproval(tx.Ctx, user.WorkspaceID, user.ID, since)
	if err != nil {
		return p, fmt.Errorf("read the last approval: %w", err)
	}
	p.Approved = time.UnixMilli(approved)
	last, err := q.ListEnded(tx.Ctx, rows.ListEndedParams{WorkspaceID: user.WorkspaceID, UserID: user.ID, Since: since, Lane: string(l), Now: tx.NowMilli()})
	if err != nil {
		return p, fmt.Errorf("read how the last ended: %w", err)
	}
	for _, row := range last {
		e := ended{State(row.State), time.UnixMilli(row.DecidedAt)}
		if e.State == Pending {
			e = ended{Expired, time.UnixMilli(row.ExpiresAt)}
		}
		p.Ended = append(p.Ended, e)
	}
	return p, nil
}
