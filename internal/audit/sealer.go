package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
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
	// tellEvery is how often the log is told the head of a chain, at most.
	tellEvery = time.Minute
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
}

// NewSealer makes the sealer of one node.
func NewSealer(c *Chain, log *slog.Logger) *Sealer {
	return &Sealer{
		chain: c, log: log, node: seal.ID("nod"), heads: map[countersign.WorkspaceID]Head{}, told: map[countersign.WorkspaceID]time.Time{},
	}
}

// Run seals each second what was written since, and a last time when ctx ends; then it
// returns. Nobody waits for it.
func (c *Chain) Run(ctx context.Context, log *slog.Logger) {
	s := NewSealer(c, log)
	var warned time.Time
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
		_, err := tx.HoldLease(tx.Ctx, rows.HoldLeaseParams{Name: leaseName, Holder: s.node, Until: 0, Now: tx.NowMilli(), Latest: latest(tx.Now)})
		return err
	})
}

// mine tells whether a node may take or keep the turn. One that ends later than it can was
// taken while a clock was wrong, and counts for nothing.
func mine(held rows.Lease, node string, now time.Time) bool {
	return held.Holder == node || held.Until <= now.UnixMilli() || held.Until > latest(now)
}

// latest is the end of the latest turn that clocks which differ a little can have taken.
func latest(now time.Time) int64 { return now.Add(sealLease + time.Minute).UnixMilli() }

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
	err := s.chain.Store.Write(ctx, func(tx *store.Tx) error {
		made, broken = rows.Seal{}, false
		n, err := tx.HoldLease(tx.Ctx, rows.HoldLeaseParams{
			Name: leaseName, Holder: s.node, Until: tx.Now.Add(sealLease).UnixMilli(), Now: tx.NowMilli(), Latest: latest(tx.Now),
		})
		if err != nil {
			return fmt.Errorf("take the turn to seal: %w", err)
		}
		if n == 0 {
			return nil // another node was faster
		}
		var id int64
		var prev []byte
		id, prev, broken, err = s.chain.next(tx, workspace)
		if err != nil {
			return err
		}
		events, err := tx.ClaimEvents(tx.Ctx, rows.ClaimEventsParams{SealID: &id, WorkspaceID: workspace, FirstID: from, LastID: to})
		if err != nil {
			return fmt.Errorf("claim events: %w", err)
		}
		if len(events) == 0 {
			return nil
		}
		made = sealOf(s.chain.Key, workspace, id, prev, tx.NowMilli(), events)
		return s.chain.append(tx, made)
	})
	if store.Taken(err) {
		s.log.WarnContext(ctx, "the audit log was sealed by somebody else at the same moment, will be looked at again", "workspace", workspace)
		return 0, nil
	}
	if err != nil || made.ID == 0 {
		return 0, err
	}
	if broken {
		s.log.ErrorContext(ctx, "the audit log's chain does not end where it was left, and goes on after a gap; see countersign admin audit verify",
			"workspace", workspace, "seal", made.ID)
	}
	s.heads[workspace] = Head{Seal: made.ID, MAC: made.Mac}
	return int(made.Events), nil
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
	err = tx.StoreSealHead(tx.Ctx, s.WorkspaceID, s.ID, headMAC(c.Key, s.WorkspaceID, Head{Seal: s.ID, MAC: s.Mac}))
	if err != nil {
		return fmt.Errorf("write where the chain ends: %w", err)
	}
	return nil
}

// next reads where the chain of a workspace ends, and returns the number of its next seal
// and the digest that this follows.
func (c *Chain) next(tx *store.Tx, workspace countersign.WorkspaceID) (int64, []byte, bool, error) {
	last, err := tx.LastSeal(tx.Ctx, workspace)
	if err != nil && !store.NotFound(err) {
		return 0, nil, false, fmt.Errorf("read the last seal: %w", err)
	}
	head, err := tx.GetSealHead(tx.Ctx, workspace)
	if err != nil && !store.NotFound(err) {
		return 0, nil, false, fmt.Errorf("read where the chain ends: %w", err)
	}
	id, broken := follow(c.Key, workspace, last, head)
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
	if head.SealID == last.ID && seal.Equal(head.Mac, headMAC(key, workspace, at)) {
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
