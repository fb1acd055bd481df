package audit

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"countersign"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Retire removes the events of a workspace that are older than so many days, by whole
// seals, the oldest first. The seals stay, each with the proof that its events were removed
// here; an event says which. A seal with an event that tells of a shorter retention stays
// as long as the longer one would have kept it: nobody ends that record by ending the rest. It removes what is over at the last midnight (UTC): that event
// becomes old as well, and there is one a day of them at most, not one after the other.
func (c *Chain) Retire(ctx context.Context, workspace countersign.WorkspaceID, days int) error {
	kept, err := c.Store.Read().ListKeptSeals(ctx, workspace, math.MinInt64, 1)
	if err != nil {
		return fmt.Errorf("read the oldest seal: %w", store.Classify(err))
	}
	if len(kept) == 0 || age(&kept[0]) >= cutoff(c.Now(), days) {
		return nil
	}
	after := int64(math.MinInt64)
	for more := true; more; {
		err = c.Store.Write(ctx, func(tx *store.Tx) error {
			var err error
			after, more, err = c.retire(tx, workspace, days, after)
			return err
		})
		if err != nil {
			return fmt.Errorf("retire events: %w", err)
		}
	}
	return nil
}

// cutoff is the moment, in unix milliseconds, that events must be older than.
func cutoff(now time.Time, days int) countersign.Milli {
	return countersign.Milli(now.UTC().Truncate(24*time.Hour).AddDate(0, 0, -days).UnixMilli())
}

// age is the moment of the latest event of a seal. What says that it is younger than its
// seal was written by a wrong clock: it must not keep all that follows from going.
func age(s *rows.Seal) countersign.Milli { return min(s.NewestAt, s.At) }

// KeptDays is the detail of an event that tells of a shorter retention: for how many days
// events were kept before it.
const KeptDays = "kept_days"

// heldUntil is the moment, in unix milliseconds, until which an event stays whatever the
// retention is; 0 where nothing holds it.
func heldUntil(e *rows.Event) countersign.Milli {
	days, err := strconv.Atoi(Detail(*e)[KeptDays])
	if err != nil || days <= 0 {
		return 0
	}
	return countersign.Milli(time.UnixMilli(int64(e.At)).AddDate(0, 0, days).UnixMilli())
}

// held are the seals with an event that stays longer than the retention says.
func held(tx *store.Tx, workspace countersign.WorkspaceID) (map[int64]bool, error) {
	told, err := tx.ListShortenings(tx.Ctx, workspace)
	if err != nil {
		return nil, fmt.Errorf("look for shorter retentions: %w", err)
	}
	seals := map[int64]bool{}
	for i := range told {
		if heldUntil(&told[i]) >= cutoff(tx.Now, 0) {
			seals[int64(*told[i].SealID)] = true
		}
	}
	return seals, nil
}

// retire removes as much as one transaction should of what comes after a seal, and returns
// the seal that it came to, and whether there is more.
func (c *Chain) retire(tx *store.Tx, workspace countersign.WorkspaceID, days int, after int64) (int64, bool, error) {
	kept, err := tx.ListKeptSeals(tx.Ctx, workspace, after, sealsRead)
	if err != nil {
		return after, false, fmt.Errorf("read the oldest seals: %w", err)
	}
	stay, err := held(tx, workspace)
	if err != nil {
		return after, false, err
	}
	var done retired
	more := len(kept) == sealsRead
	for i := range kept {
		s := &kept[i]
		if age(s) >= cutoff(tx.Now, days) {
			more = false
			break
		}
		if done.events > 0 && done.events+int64(s.Events) > batchSize {
			more = true
			break
		}
		after = s.ID
		if stay[s.ID] {
			continue
		}
		ours, err := c.retireOne(tx, s, &done)
		if err != nil {
			return after, false, err
		}
		if !ours {
			more = false // another node is at it
			break
		}
	}
	if done.last == 0 {
		return after, more, nil
	}
	done.held = within(stay, done.first, done.last)
	return after, more, Write(tx, workspace, done.event(days))
}

// within are the numbers between two, in their order.
func within(seals map[int64]bool, first, last int64) []string {
	var all []string
	for _, id := range slices.Sorted(maps.Keys(seals)) {
		if id > first && id < last {
			all = append(all, strconv.FormatInt(id, 10))
		}
	}
	return all
}

// retired is what one transaction removed; held are the seals among them that stayed.
type retired struct {
	first, last, events int64
	broken, held        []string
}

func (d retired) event(days int) Event {
	e := Event{Kind: "audit.retired", Actor: countersign.Actor{Kind: countersign.BySystem}, Detail: map[string]string{
		"seals": strconv.FormatInt(d.first, 10) + "-" + strconv.FormatInt(d.last, 10), "events": strconv.FormatInt(d.events, 10), "days": strconv.Itoa(days),
	}}
	if len(d.held) > 0 {
		e.Detail["held"] = strings.Join(d.held, " ")
	}
	if len(d.broken) > 0 {
		e.Outcome = Refused
		e.Detail["broken"] = strings.Join(d.broken, " ")
	}
	return e
}

// retireOne removes the events of one seal, and tells whether it was this node that did.
// What is not as it was sealed goes as well, for its time is over, but without the proof:
// it stays to be found.
func (c *Chain) retireOne(tx *store.Tx, s *rows.Seal, done *retired) (bool, error) {
	id, now := countersign.Number(s.ID), countersign.Milli(tx.NowMilli())
	gone, err := tx.DeleteSealedEvents(tx.Ctx, rows.DeleteSealedEventsParams{WorkspaceID: s.WorkspaceID, SealID: &id, FirstID: s.FirstID, LastID: s.LastID})
	if err != nil {
		return false, fmt.Errorf("remove events: %w", err)
	}
	whole, err := c.whole(tx, s, gone)
	if err != nil {
		return false, err
	}
	proof := []byte{}
	if whole {
		proof = retiredMAC(c.Key, s, now)
	}
	n, err := tx.RetireSeal(tx.Ctx, rows.RetireSealParams{RetiredAt: now, RetiredMac: proof, Nothing: []byte{}, WorkspaceID: s.WorkspaceID, ID: s.ID})
	if err != nil {
		return false, fmt.Errorf("retire a seal: %w", err)
	}
	if n == 0 {
		return false, nil
	}
	if done.last == 0 {
		done.first = s.ID
	}
	done.last = s.ID
	done.events += int64(len(gone))
	if !whole {
		done.broken = append(done.broken, strconv.FormatInt(s.ID, 10))
	}
	return true, nil
}

// whole tells that a seal and its events are as they were made. Without it, whoever changes
// how old a seal says it is would have the server remove what is young, and prove it.
func (c *Chain) whole(tx *store.Tx, s *rows.Seal, events []rows.Event) (bool, error) {
	before, err := tx.SealBefore(tx.Ctx, s.WorkspaceID, s.ID)
	if err != nil && !store.NotFound(err) {
		return false, fmt.Errorf("read the seal before: %w", err)
	}
	b := digestOf(c.Key, events)
	return seal.Equal(s.Mac, macOf(c.Key, s, before.Mac)) && b.events == s.Events && seal.Equal(b.digest, s.Digest), nil
}
