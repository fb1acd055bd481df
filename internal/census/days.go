package census

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"countersign"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

const (
	// lookEvery is how often a node looks whether today is to be counted.
	lookEvery = 5 * time.Minute
	day       = 24 * time.Hour
)

// Run keeps the counts of each day. It returns when ctx ends.
func (s *Service) Run(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		err := s.Keep(ctx)
		if err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "people cannot be counted, will be tried again", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Keep writes today's counts of every workspace, once an hour, on several nodes too. The
// last of a day stays.
func (s *Service) Keep(ctx context.Context) error {
	workspaces, err := s.Store.Read().ListWorkspaces(ctx)
	if err != nil {
		return fmt.Errorf("list workspaces: %w", store.Classify(err))
	}
	for _, w := range workspaces {
		err = s.keep(ctx, w.ID)
		if err != nil {
			return err
		}
	}
	return nil
}

// keep counts outside the transaction, as the digest does: where there are many people
// it takes a while.
func (s *Service) keep(ctx context.Context, workspace countersign.WorkspaceID) error {
	now := s.Now().UTC()
	turn := now.Truncate(time.Hour).Add(time.Hour)
	name := "census:" + string(workspace)
	lease, err := s.Store.Read().GetLease(ctx, name)
	if err != nil && !store.NotFound(err) {
		return fmt.Errorf("read the turn of the count: %w", store.Classify(err))
	}
	latest := turn.Add(time.Hour).UnixMilli() // what clocks that differ a little can have taken
	if err == nil && int64(lease.Until) >= turn.UnixMilli() && int64(lease.Until) <= latest {
		return nil
	}
	c, err := s.Count(ctx, workspace)
	if err != nil {
		return err
	}
	return s.Store.Write(ctx, func(tx *store.Tx) error {
		n, err := tx.TakeLease(tx.Ctx, rows.TakeLeaseParams{Name: name, Until: countersign.Milli(turn.UnixMilli()), Latest: countersign.Milli(latest)})
		if err != nil {
			return fmt.Errorf("take the turn of the count: %w", err)
		}
		if n == 0 {
			return nil // another node was faster
		}
		for _, pool := range c.Pools {
			err = tx.KeepPoolDay(tx.Ctx, rows.KeepPoolDayParams{
				WorkspaceID: workspace, PoolID: pool.ID, Day: now.Truncate(day).UnixMilli(), People: pool.People, Protected: pool.Protected,
			})
			if err != nil {
				return fmt.Errorf("keep the counts of a day: %w", err)
			}
		}
		return nil
	})
}

// Point is the share of protected people at a day: of all, and by pool.
type Point struct {
	Day time.Time
	All Share
	Of  map[countersign.PoolID]Share
}

// Share is a part of a whole.
type Share struct{ People, Protected int64 }

// Percent is the share in hundredths, rounded down; 0 where there is nobody.
func (s Share) Percent() float64 {
	if s.People == 0 {
		return 0
	}
	return float64(s.Protected) * 100 / float64(s.People)
}

// Days are the points of the last days, the oldest first, and now's count as the last.
// Days that nobody counted are left out.
func (s *Service) Days(ctx context.Context, workspace countersign.WorkspaceID, days int, now Count) ([]Point, error) {
	today := now.At.UTC().Truncate(day)
	found, err := s.Store.Read().ListPoolDays(ctx, workspace, today.AddDate(0, 0, -days).UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("list the counts of days: %w", store.Classify(err))
	}
	var out []Point
	add := func(at time.Time, pool countersign.PoolID, share Share) {
		if len(out) == 0 || !out[len(out)-1].Day.Equal(at) {
			out = append(out, Point{Day: at, Of: map[countersign.PoolID]Share{}})
		}
		p := &out[len(out)-1]
		p.Of[pool] = share
		p.All.People += share.People
		p.All.Protected += share.Protected
	}
	for _, row := range found {
		at := time.UnixMilli(row.Day).UTC()
		if at.Before(today) {
			add(at, row.PoolID, Share{row.People, row.Protected})
		}
	}
	for _, pool := range now.Pools {
		add(today, pool.ID, Share{pool.People, pool.Protected})
	}
	return out, nil
}
