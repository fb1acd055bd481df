package audit

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"countersign"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

const (
	// sealsRead is how many seals are read at once, and eventsRead about how many events.
	sealsRead  = 500
	eventsRead = 5000
)

// Verify looks through the whole log of a workspace and its chain. It reads in short steps,
// each of one moment, needs no more memory for a longer log, and may run while the server
// seals and retires.
//
// Each head in must, as the server's log or a note has it, has to be in the chain: a chain
// without it was cut off, together with all that would have told of it.
func (c *Chain) Verify(ctx context.Context, workspace countersign.WorkspaceID, must ...Head) (Report, error) {
	r := Report{Workspace: workspace}
	w := &walk{key: c.Key, report: &r, next: 1, most: greatest(c.Now())}
	after := int64(math.MinInt64)
	for ended := false; !ended; {
		err := c.Store.Snapshot(ctx, func(q *rows.Queries) error {
			var err error
			after, ended, err = c.step(ctx, q, w, after)
			return err
		})
		if err != nil {
			return r, fmt.Errorf("verify the audit log: %w", err)
		}
	}
	there, err := c.Store.Read().HasWorkspace(ctx, workspace)
	if err != nil {
		return r, fmt.Errorf("look for the workspace: %w", store.Classify(err))
	}
	if !there {
		r.wrong(Problem{Fault: WorkspaceMissing})
	}
	err = c.bent(ctx, &r)
	if err != nil {
		return r, err
	}
	strays, err := c.Store.Read().ListStrayEvents(ctx, workspace, problemsKept)
	if err != nil {
		return r, fmt.Errorf("look for events of no seal: %w", store.Classify(err))
	}
	for _, e := range strays {
		r.wrong(Problem{Fault: EventAdded, Seal: int64(*e.SealID), Event: e.ID})
	}
	unsealed, err := c.Store.Read().CountUnsealed(ctx, workspace)
	if err != nil {
		return r, fmt.Errorf("count what is not sealed: %w", store.Classify(err))
	}
	r.Unsealed, r.OldestUnsealed = unsealed.Events, unsealed.Oldest
	err = c.beginning(ctx, &r)
	if err != nil {
		return r, err
	}
	for _, head := range must {
		err = c.in(ctx, workspace, head, &r)
		if err != nil {
			return r, err
		}
	}
	return r, nil
}

// step looks at some seals after one, with their events, and at the end of the chain when
// it is there.
func (c *Chain) step(ctx context.Context, q *rows.Queries, w *walk, after int64) (int64, bool, error) {
	workspace := w.report.Workspace
	seals, err := q.ListSeals(ctx, workspace, after, sealsRead)
	if err != nil {
		return after, false, fmt.Errorf("read the seals: %w", err)
	}
	var kept []rows.Seal
	var events int64
	for i := range seals {
		s := &seals[i]
		after = s.ID
		if !w.seal(s) {
			continue
		}
		kept = append(kept, *s)
		events += int64(s.Events)
		if events >= eventsRead {
			return after, false, c.batches(ctx, q, w, kept)
		}
	}
	err = c.batches(ctx, q, w, kept)
	if err != nil || len(seals) == sealsRead {
		return after, false, err
	}
	noted, err := q.GetSealHead(ctx, workspace)
	if err != nil && !store.NotFound(err) {
		return after, false, fmt.Errorf("read where the chain ends: %w", err)
	}
	w.end(noted)
	return after, true, nil
}

// batches looks at the events of some seals, which are ours, so that their numbers of
// events are true.
func (c *Chain) batches(ctx context.Context, q *rows.Queries, w *walk, seals []rows.Seal) error {
	if len(seals) == 0 {
		return nil
	}
	from, to := countersign.Number(seals[0].ID), countersign.Number(seals[len(seals)-1].ID)
	read := rows.ListSealedEventsParams{
		WorkspaceID: w.report.Workspace, FirstID: seals[0].FirstID, LastID: seals[0].LastID, FromSeal: &from, ToSeal: &to,
	}
	var want int64
	for _, s := range seals {
		read.FirstID, read.LastID = min(read.FirstID, s.FirstID), max(read.LastID, s.LastID)
		want += int64(s.Events)
	}
	// One more than there should be: that is enough to be found, however many were added.
	read.Most = int32(want + 1)
	found, err := q.ListSealedEvents(ctx, read)
	if err != nil {
		return fmt.Errorf("read sealed events: %w", err)
	}
	if int64(len(found)) > want && len(seals) > 1 {
		// What was added to one may have displaced the others'.
		for i := range seals {
			err = c.batches(ctx, q, w, seals[i:i+1])
			if err != nil {
				return err
			}
		}
		return nil
	}
	for i := range seals {
		n := 0
		for n < len(found) && int64(*found[n].SealID) <= seals[i].ID {
			n++
		}
		w.events(&seals[i], found[:n])
		found = found[n:]
	}
	return nil
}

// bent notes what holds something that its column cannot, whatever it is read as.
func (c *Chain) bent(ctx context.Context, r *Report) error {
	found, err := c.Store.ListBent(ctx, r.Workspace, problemsKept)
	if err != nil {
		return fmt.Errorf("look for what no column can hold: %w", store.Classify(err))
	}
	for _, e := range found.Events {
		r.wrong(Problem{Fault: EventChanged, Seal: e.Seal, Event: e.ID})
	}
	for _, id := range found.Seals {
		r.wrong(Problem{Fault: SealChanged, Seal: id})
	}
	if found.Head {
		r.wrong(Problem{Fault: HeadChanged, Seal: r.Head.Seal})
	}
	if found.Workspace {
		r.wrong(Problem{Fault: WorkspaceChanged})
	}
	return nil
}

// beginning notes when a chain begins later than a server was at work.
func (c *Chain) beginning(ctx context.Context, r *Report) error {
	oldest, err := c.Store.Read().OldestServed(ctx, r.Workspace)
	if err != nil && !store.NotFound(err) {
		return fmt.Errorf("look for the oldest event: %w", store.Classify(err))
	}
	signedIn, err := c.Store.Read().FirstSignIn(ctx, r.Workspace)
	if err != nil {
		return fmt.Errorf("look for the first sign-in: %w", store.Classify(err))
	}
	r.begin(oldest, signedIn)
	return nil
}

// in notes when a head is not in the chain.
func (c *Chain) in(ctx context.Context, workspace countersign.WorkspaceID, head Head, r *Report) error {
	s, err := c.Store.Read().GetSeal(ctx, workspace, head.Seal)
	if err != nil && !store.NotFound(err) {
		return fmt.Errorf("look for a head: %w", store.Classify(err))
	}
	if string(s.Mac) != string(head.MAC) {
		r.wrong(Problem{Fault: TailCut, Seal: head.Seal})
	}
	return nil
}

// VerifyBy is [Chain.Verify] for a person, who is written down with the outcome.
func (c *Chain) VerifyBy(ctx context.Context, workspace countersign.WorkspaceID, by By, must ...Head) (Report, error) {
	r, err := c.Verify(ctx, workspace, must...)
	if err != nil {
		return r, err
	}
	e := Event{Kind: "audit.verified", Actor: by.Actor, Session: by.Session, Place: by.Place, Detail: map[string]string{
		"seals": strconv.FormatInt(r.Seals, 10), "events": strconv.FormatInt(r.Events, 10), "wrong": strconv.FormatInt(r.Wrong, 10), "head": r.Head.String(),
	}}
	if !r.Holds() {
		e.Outcome = Refused
		e.Detail["fault"], e.Detail["seal"] = string(r.Problems[0].Fault), strconv.FormatInt(r.Problems[0].Seal, 10)
		if r.Problems[0].Event != "" {
			e.Detail["event"] = string(r.Problems[0].Event)
		}
	}
	return r, c.Store.Write(ctx, func(tx *store.Tx) error { return Write(tx, workspace, e) })
}

// By is who has a log verified, and from where.
type By struct {
	Actor   countersign.Actor
	Session countersign.SessionID
	Place   countersign.Place
}
