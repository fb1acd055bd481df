package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"time"

	"countersign"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

const (
	// sealEvery is how long an event waits for its seal, at most, where all is well.
	sealEvery = time.Second
	// batchSize is about the most events of one seal, and so of one transaction: on SQLite
	// everybody who writes waits for it, some ten milliseconds.
	batchSize = 1000
	// lateness is how far back a look goes: a transaction lasts ten seconds, and clocks of
	// nodes differ. Each wholeLook-th goes back to the beginning. PostgreSQL keeps what was
	// sealed in the index of what was not until it vacuums, and to walk through all that
	// each second would cost more than the sealing.
	lateness  = 2 * time.Minute
	wholeLook = 60
	// sealLease is how long a node that says nothing more stays the one that seals.
	sealLease = 5 * time.Second
	leaseName = "seal"
	// tellEvery is how often the log is told the head of a chain that changes, at most, and
	// noteEvery how often that of every chain: who keeps the server's log elsewhere has then
	// noted each chain's head of each day.
	tellEvery = time.Minute
	noteEvery = 24 * time.Hour
	// lastLimit bounds the last look of a server that ends.
	lastLimit = 2 * time.Second
)

// Sealer seals what was written, on whichever node has the turn.
type Sealer struct {
	chain *Chain
	log   *slog.Logger
	node  string
	looks int
	// heads are those that the log was not told yet, told when it was last.
	heads map[countersign.WorkspaceID]Head
	told  map[countersign.WorkspaceID]time.Time
	// made are the last seals of this node, which each chain must hold for ever. noted is
	// when the log was last told all heads.
	made  map[countersign.WorkspaceID]Head
	noted time.Time
}

// NewSealer makes the sealer of one node.
func NewSealer(c *Chain, log *slog.Logger) *Sealer {
	return &Sealer{
		chain: c, log: log, node: seal.ID("nod"), heads: map[countersign.WorkspaceID]Head{}, told: map[countersign.WorkspaceID]time.Time{},
		made: map[countersign.WorkspaceID]Head{},
	}
}

// Run seals each second what was written since, and a last time when ctx ends; then it
// returns. Nobody waits for it.
func (c *Chain) Run(ctx context.Context, log *slog.Logger) {
	s := NewSealer(c, log)
	var warned time.Time
	s.note(ctx)
	tick := time.NewTicker(sealEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastLimit)
			defer cancel()
			err := errors.Join(s.Look(ending), s.leave(ending))
			if err != nil {
				log.WarnContext(ctx, "the last events were not sealed, the next start will do it", "err", err)
			}
			s.tell(ending, 0)
			return
		case <-tick.C:
		}
		err := s.Look(ctx)
		if err != nil && ctx.Err() == nil && c.Now().Sub(warned) >= tellEvery {
			warned = c.Now()
			log.WarnContext(ctx, "the audit log cannot be sealed, is tried again each second", "err", err)
		}
		s.tell(ctx, tellEvery)
		s.note(ctx)
	}
}

// Look seals all events that have no seal yet, of every workspace, where no other node is
// at it.
func (s *Sealer) Look(ctx context.Context) error {
	since := FirstAt(s.chain.Now().Add(-lateness))
	if s.looks%wholeLook == 0 {
		since = ""
	}
	s.looks++
	for ctx.Err() == nil {
		waiting, err := s.chain.Store.Read().ListUnsealed(ctx, since, batchSize)
		if err != nil {
			return fmt.Errorf("read what is not sealed: %w", store.Classify(err))
		}
		if len(waiting) == 0 {
			return nil
		}
		ours, err := s.turn(ctx)
		if err != nil || !ours {
			return err
		}
		sealed, err := s.seals(ctx, waiting)
		if err != nil || sealed == 0 || len(waiting) < batchSize {
			return err
		}
	}
	return nil
}

// LookWhole is [Sealer.Look] from the beginning of the log, however long ago what is not
// sealed was written.
func (s *Sealer) LookWhole(ctx context.Context) error {
	s.looks = 0
	return s.Look(ctx)
}

// turn reads whether this node may seal. Whether it does is judged again in the
// transaction; reading first spares the other nodes a write each second.
func (s *Sealer) turn(ctx context.Context) (bool, error) {
	held, err := s.chain.Store.Read().GetLease(ctx, leaseName)
	if store.NotFound(err) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("read whose turn it is to seal: %w", store.Classify(err))
	}
	return mine(held, s.node, s.chain.Now()), nil
}

// leave gives the turn back, so that whoever starts next need not wait until it is over.
func (s *Sealer) leave(ctx context.Context) error {
	held, err := s.chain.Store.Read().GetLease(ctx, leaseName)
	if store.NotFound(err) || err == nil && held.Holder != s.node {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read whose turn it is to seal: %w", store.Classify(err))
	}
	return s.chain.Store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.HoldLease(tx.Ctx, rows.HoldLeaseParams{Name: leaseName, Holder: s.node, Until: 0, Now: countersign.Milli(tx.NowMilli()), Latest: latest(tx.Now)})
		return err
	})
}

// mine tells whether a node may take or keep the turn. One that ends later than it can was
// taken while a clock was wrong, and counts for nothing.
func mine(held rows.Lease, node string, now time.Time) bool {
	return held.Holder == node || held.Until <= countersign.Milli(now.UnixMilli()) || held.Until > latest(now)
}

// latest is the end of the latest turn that clocks which differ a little can have taken.
func latest(now time.Time) countersign.Milli {
	return countersign.Milli(now.Add(sealLease + time.Minute).UnixMilli())
}

// seals makes one seal for each workspace of what waits, and returns how many events
// have one now.
func (s *Sealer) seals(ctx context.Context, waiting []rows.ListUnsealedRow) (int, error) {
	first, last := map[countersign.WorkspaceID]countersign.EventID{}, map[countersign.WorkspaceID]countersign.EventID{}
	for _, e := range waiting {
		if _, seen := first[e.WorkspaceID]; !seen {
			first[e.WorkspaceID] = e.ID
		}
		last[e.WorkspaceID] = e.ID
	}
	sealed := 0
	var failed error
	for _, workspace := range slices.Sorted(maps.Keys(first)) {
		n, err := s.seal(ctx, workspace, first[workspace], last[workspace])
		sealed += n
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", workspace, err))
		}
	}
	return sealed, failed
}

// seal claims the events of a workspace between two that have no seal, whichever are
// there by then, and appends their seal. The unique key of seals judges where two nodes
// do it at once: one of them has done nothing, and looks again in a second.
func (s *Sealer) seal(ctx context.Context, workspace countersign.WorkspaceID, from, to countersign.EventID) (int, error) {
	var made rows.Seal
	var broken bool
	var dropped int64
	known := s.made[workspace]
	err := s.chain.Store.Write(ctx, func(tx *store.Tx) error {
		made, broken, dropped = rows.Seal{}, false, 0
		n, err := tx.HoldLease(tx.Ctx, rows.HoldLeaseParams{
			Name: leaseName, Holder: s.node, Until: countersign.Milli(tx.Now.Add(sealLease).UnixMilli()), Now: countersign.Milli(tx.NowMilli()), Latest: latest(tx.Now),
		})
		if err != nil {
			return fmt.Errorf("take the turn to seal: %w", err)
		}
		if n == 0 {
			return nil // another node was faster
		}
		dropped, err = dropLate(tx, workspace)
		if err != nil || dropped > 0 {
			return err
		}
		var id int64
		var prev []byte
		id, prev, broken, err = s.chain.next(tx, workspace, known)
		if err != nil {
			return err
		}
		first, last := from, to
		if id == 1 {
			began, err := s.chain.begin(tx, workspace)
			if err != nil {
				return err
			}
			if began != "" {
				first, last = min(first, began), max(last, began)
			}
		}
		number := countersign.Number(id)
		events, err := tx.ClaimEvents(tx.Ctx, rows.ClaimEventsParams{SealID: &number, WorkspaceID: workspace, FirstID: first, LastID: last})
		if err != nil {
			return fmt.Errorf("claim events: %w", err)
		}
		if len(events) == 0 {
			return nil
		}
		made = sealOf(s.chain.Key, workspace, id, prev, countersign.Milli(tx.NowMilli()), events)
		return s.chain.append(tx, made)
	})
	if store.Taken(err) {
		s.log.WarnContext(ctx, "the audit log was sealed by somebody else at the same moment, will be looked at again", "workspace", workspace)
		return 0, nil
	}
	if err == nil && dropped > 0 {
		delete(s.made, workspace)
		delete(s.heads, workspace)
		s.log.WarnContext(ctx, "events that were written while their workspace was removed have gone with its log", "workspace", workspace, "events", dropped)
		return int(dropped), nil
	}
	if err != nil || made.ID == 0 {
		return 0, err
	}
	if broken {
		s.log.ErrorContext(ctx, "the audit log's chain does not end where it was left, and goes on after a gap; see countersign admin audit verify",
			"workspace", workspace, "seal", made.ID)
	}
	s.made[workspace] = Head{Seal: made.ID, MAC: made.Mac}
	s.heads[workspace] = s.made[workspace]
	return int(made.Events), nil
}

// dropLate takes the workspace's row, so that it is not removed while its events are sealed.
// Where it was removed, and its log with it, what an act that was under way has written
// since goes too, and dropLate tells how much: nobody could read it, and sealed it would be
// a log without a workspace to every verification. Where a chain is there, the row alone
// was taken away by a hand, and that is for the verification to find.
func dropLate(tx *store.Tx, workspace countersign.WorkspaceID) (int64, error) {
	_, err := tx.LockWorkspace(tx.Ctx, workspace)
	if err == nil {
		return 0, nil
	}
	if !store.NotFound(err) {
		return 0, fmt.Errorf("lock workspace: %w", err)
	}
	n, err := tx.DropLateEvents(tx.Ctx, workspace)
	if err != nil {
		return 0, fmt.Errorf("remove what was written late: %w", err)
	}
	return n, nil
}

// begin writes down that a chain begins, as an event of its first seal: who takes a chain
// away and has the log sealed anew has that in it, with what was waiting. Where nothing
// waits any more there is no event, "": the workspace was removed since the look, and its
// log would be there again.
func (c *Chain) begin(tx *store.Tx, workspace countersign.WorkspaceID) (countersign.EventID, error) {
	waiting, err := tx.CountUnsealed(tx.Ctx, workspace)
	if err != nil {
		return "", fmt.Errorf("count what is not sealed: %w", err)
	}
	if waiting.Events == 0 {
		return "", nil
	}
	e := Event{Kind: "audit.began", Actor: countersign.Actor{Kind: countersign.BySystem}, Detail: map[string]string{
		"events": strconv.FormatInt(waiting.Events, 10), "oldest": time.UnixMilli(waiting.Oldest).UTC().Format(time.RFC3339),
	}}
	if c.Version != "" {
		e.Detail["version"] = c.Version
	}
	row, err := Row(workspace, e, tx.Now, tx.Next())
	if err != nil {
		return "", err
	}
	err = tx.InsertEvent(tx.Ctx, row)
	if err != nil {
		return "", fmt.Errorf("write that the chain begins: %w", err)
	}
	return row.ID, nil
}

// append writes a seal, and that the chain ends there.
func (c *Chain) append(tx *store.Tx, s rows.Seal) error {
	err := tx.InsertSeal(tx.Ctx, rows.InsertSealParams{
		WorkspaceID: s.WorkspaceID, ID: s.ID, At: s.At, Events: s.Events, FirstID: s.FirstID, LastID: s.LastID, NewestAt: s.NewestAt,
		Digest: s.Digest, Mac: s.Mac, Marks: s.Marks, Nothing: []byte{},
	})
	if err != nil {
		return fmt.Errorf("write the seal: %w", err)
	}
	err = tx.StoreSealHead(tx.Ctx, s.WorkspaceID, countersign.Number(s.ID), headMAC(c.Key, s.WorkspaceID, Head{Seal: s.ID, MAC: s.Mac}))
	if err != nil {
		return fmt.Errorf("write where the chain ends: %w", err)
	}
	return nil
}

// next reads where the chain of a workspace ends, and returns the number of its next seal
// and the digest that this follows. known is a seal that this server made: whoever cuts the
// chain off behind it, and puts an old note of the end back, is found by that.
func (c *Chain) next(tx *store.Tx, workspace countersign.WorkspaceID, known Head) (int64, []byte, bool, error) {
	last, err := tx.LastSeal(tx.Ctx, workspace, greatest(tx.Now))
	if err != nil && !store.NotFound(err) {
		return 0, nil, false, fmt.Errorf("read the last seal: %w", err)
	}
	head, err := tx.GetSealHead(tx.Ctx, workspace)
	if err != nil && !store.NotFound(err) {
		return 0, nil, false, fmt.Errorf("read where the chain ends: %w", err)
	}
	id, broken := follow(c.Key, workspace, last, head)
	if known.Seal == 0 {
		return id, last.Mac, broken, nil
	}
	ours, err := tx.GetSeal(tx.Ctx, workspace, known.Seal)
	if err != nil && !store.NotFound(err) {
		return 0, nil, false, fmt.Errorf("read the seal that was made last: %w", err)
	}
	if !seal.Equal(ours.Mac, known.MAC) {
		id, broken = max(last.ID+2, known.Seal+1), true
	}
	return id, last.Mac, broken, nil
}

// follow is the number of the seal after last, 1 for the first, and whether the chain was
// broken: it does not end where head says. Then a number is left out, so that what was
// found stays to be found: the seal that goes on would hide a tail that was cut off.
func follow(key seal.MACKey, workspace countersign.WorkspaceID, last rows.Seal, head rows.SealHead) (int64, bool) {
	if last.ID == 0 && head.WorkspaceID == "" {
		return 1, false
	}
	at := Head{Seal: last.ID, MAC: last.Mac}
	if int64(head.SealID) == last.ID && seal.Equal(head.Mac, headMAC(key, workspace, at)) {
		return last.ID + 1, false
	}
	return last.ID + 2, true
}

// tell writes the heads that changed into the log, each at most once in so long: a head
// that is noted outside the database finds a tail that is cut off later.
func (s *Sealer) tell(ctx context.Context, every time.Duration) {
	now := s.chain.Now()
	for workspace, head := range s.heads {
		if since := now.Sub(s.told[workspace]); since >= 0 && since < every {
			continue
		}
		s.log.InfoContext(ctx, "the audit log is sealed", "workspace", workspace, "head", head.String())
		delete(s.heads, workspace)
		s.told[workspace] = now
	}
}

// note writes the head of every chain into the log, when it begins and once a day.
func (s *Sealer) note(ctx context.Context) {
	now := s.chain.Now()
	if since := now.Sub(s.noted); since >= 0 && since < noteEvery {
		return
	}
	all, err := s.chain.Store.Read().ListWorkspaces(ctx)
	if err != nil {
		return // what keeps the database from answering is told by the look that follows
	}
	for _, w := range all {
		head, err := s.chain.Head(ctx, w.ID)
		if err == nil && head.Seal != 0 {
			s.log.InfoContext(ctx, "the audit log of the day", "workspace", w.ID, "head", head.String())
		}
	}
	s.noted = now
}
