package approve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/trouble"
)

// wake tells waiting pages and phones, after the commit, that requests ended.
func (s *Service) wake(tx *store.Tx, user countersign.UserID, ids []countersign.RequestID) {
	if len(ids) == 0 {
		return
	}
	tx.After(func() { s.wakeNow(user, ids...) })
}

func (s *Service) wakeNow(user countersign.UserID, ids ...countersign.RequestID) {
	for _, id := range ids {
		s.Store.Wake(account.RequestTopic(id))
	}
	s.Store.Wake(account.RequestsTopic(user))
}

// Wait returns a request's state when it is another than seen, or when ctx ends: then as
// it is. NotFound is for one that is not there.
func (s *Service) Wait(ctx context.Context, workspace countersign.WorkspaceID, id countersign.RequestID, seen State) (State, error) {
	bell, unheard := s.Store.Listen(account.RequestTopic(id))
	defer unheard()
	for {
		state, left, err := s.look(ctx, workspace, id)
		if err != nil || state != seen || ctx.Err() != nil {
			return state, err
		}
		// One second more than its life: the end is the sweep's to write, and to ring.
		ending := time.NewTimer(max(left, time.Second))
		select {
		case <-bell:
		case <-ending.C:
		case <-ctx.Done():
		}
		ending.Stop()
	}
}

// look reads how a request stands, and how long it still lives. The row stays here: on
// the stacks of ten thousand who wait it would be the largest thing.
func (s *Service) look(ctx context.Context, workspace countersign.WorkspaceID, id countersign.RequestID) (State, time.Duration, error) {
	row, err := s.Store.Read().GetRequest(s.Store.Brief(context.WithoutCancel(ctx)), workspace, id)
	if store.NotFound(err) {
		return "", 0, noSuchRequest()
	}
	if err != nil {
		return "", 0, fmt.Errorf("load request: %w", store.Classify(err))
	}
	now := s.Now()
	return StateOf(row, now), time.UnixMilli(row.ExpiresAt).Sub(now), nil
}

// Listen returns the bell of a person's list of requests; see store.Store.Listen.
func (s *Service) Listen(user countersign.UserID) (<-chan struct{}, func()) {
	return s.Store.Listen(account.RequestsTopic(user))
}

func noSuchRequest() error { return countersign.Refuse(countersign.NotFound, "no_such_request") }

const (
	// sweepEvery is how often a node looks for what ended, here and on other nodes.
	sweepEvery = 2 * time.Second
	// missedFor is how far back a node looks for what its pages were not told.
	missedFor = 30 * time.Second
)

// Run ends what nobody answered, and tells this node's waiting pages what was decided
// on another: a ring between nodes is a hint that may be lost. It returns when ctx ends.
func (s *Service) Run(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	unread := trouble.New(log, s.Now, "look through sign-in requests")
	for {
		unread.Note(ctx, errors.Join(s.expire(ctx), s.tellMissed(ctx)))
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Service) tellMissed(ctx context.Context) error {
	since := missedFor
	if s.Store.SQLite() {
		since = 2 * sweepEvery // no other node, but the shell of this machine
	}
	ids, err := s.Store.Read().ListDecided(s.Store.Brief(ctx), s.Now().Add(-since).UnixMilli())
	if err != nil {
		return fmt.Errorf("read what was decided: %w", store.Classify(err))
	}
	for _, id := range ids {
		s.Store.Ring(account.RequestTopic(id))
	}
	return nil
}

// expire writes down what ended unanswered.
func (s *Service) expire(ctx context.Context) error {
	next, err := s.Store.Read().NextExpired(s.Store.Brief(ctx))
	if err != nil {
		return fmt.Errorf("read what waits: %w", store.Classify(err))
	}
	if next == 0 || next > s.Now().UnixMilli() {
		return nil
	}
	return s.Store.Write(ctx, s.sweep)
}

func (s *Service) sweep(tx *store.Tx) error {
	ended, err := tx.ExpireRequests(tx.Ctx, tx.NowMilli())
	if err != nil {
		return fmt.Errorf("end what was not answered: %w", err)
	}
	for _, row := range ended {
		err = s.unanswered(tx, row)
		if err != nil {
			return err
		}
	}
	return s.sources(tx, ended)
}

// sources counts requests of browsers that are not known against where they came from,
// in one order of the networks: else two sweeps, of two nodes, could wait for each other.
// The requests were taken before, as in reported.
func (s *Service) sources(tx *store.Tx, of []rows.Request) error {
	ordered := slices.Clone(of)
	slices.SortStableFunc(ordered, func(a, b rows.Request) int {
		return cmp.Or(cmp.Compare(a.WorkspaceID, b.WorkspaceID), cmp.Compare(account.Network(a.IP), account.Network(b.IP)))
	})
	for _, row := range ordered {
		err := s.source(tx, row)
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) unanswered(tx *store.Tx, row rows.Request) error {
	s.wake(tx, row.UserID, []countersign.RequestID{row.ID})
	return audit.Write(tx, row.WorkspaceID, audit.Event{
		Kind: "request.expired", Outcome: audit.Refused, Actor: countersign.Actor{Kind: countersign.BySystem}, User: row.UserID,
		Target: string(row.ID), Detail: map[string]string{"kind": row.Kind},
	})
}
