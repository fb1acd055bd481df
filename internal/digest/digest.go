package digest

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/audit"
	"countersign/internal/message"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// lookEvery is how often a node looks whether a digest is due.
const lookEvery = 5 * time.Minute

// Service sends the digests.
type Service struct {
	Accounts *account.Service
	Store    *store.Store
	Now      func() time.Time
}

// Run sends digests when they are due. It returns when ctx ends.
func (s *Service) Run(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := s.Send(ctx)
		if err != nil && ctx.Err() == nil {
			log.WarnContext(ctx, "the weekly digest cannot be sent, will be tried again", "err", err)
		}
	}
}

// Send sends each workspace the digest that is due, if one is and its settings want it:
// once, on several nodes too.
func (s *Service) Send(ctx context.Context) error {
	workspaces, err := s.Store.Read().ListWorkspaces(ctx)
	if err != nil {
		return fmt.Errorf("list workspaces: %w", store.Classify(err))
	}
	for _, w := range workspaces {
		err = s.send(ctx, w)
		if err != nil {
			return err
		}
	}
	return nil
}

// send counts outside the transaction: where there are many people it takes a while,
// and on SQLite every sign-in would wait for it. Who counted in vain, because another
// node was faster, sends nothing.
func (s *Service) send(ctx context.Context, w rows.Workspace) error {
	settings, err := s.Accounts.SettingsAt(ctx, w.ID, countersign.DefaultPool, w.SettingsVersion)
	if err != nil || !settings.Digest {
		return err
	}
	now := s.Now()
	from, due, err := s.due(ctx, w.ID, now)
	if err != nil || !due {
		return err
	}
	numbers, err := s.count(ctx, w.ID, from, now)
	if err != nil {
		return err
	}
	return s.Store.Write(ctx, func(tx *store.Tx) error {
		n, err := tx.TakeLease(tx.Ctx, rows.TakeLeaseParams{
			Name: lease(w.ID), Holder: from.Format(time.DateOnly), Until: countersign.Milli(turn(from).UnixMilli()), Latest: countersign.Milli(latest(from).UnixMilli()),
		})
		if err != nil {
			return fmt.Errorf("take the digest's turn: %w", err)
		}
		if n == 0 {
			return nil // another node was faster
		}
		return s.tell(tx, w.ID, from, numbers)
	})
}

// lease names the row that judges whose turn it is.
func lease(workspace countersign.WorkspaceID) string { return "digest:" + string(workspace) }

func (s *Service) due(ctx context.Context, workspace countersign.WorkspaceID, now time.Time) (time.Time, bool, error) {
	// Whether somebody was there before the week is asked last: it reads every account.
	_, due := Due(now, time.Unix(0, 0), time.Time{})
	if !due {
		return time.Time{}, false, nil
	}
	var taken, since time.Time
	row, err := s.Store.Read().GetLease(ctx, lease(workspace))
	if err != nil && !store.NotFound(err) {
		return time.Time{}, false, fmt.Errorf("read the digest's turn: %w", store.Classify(err))
	}
	if err == nil {
		taken = time.UnixMilli(int64(row.Until))
	}
	_, due = Due(now, time.Unix(0, 0), taken)
	if !due {
		return time.Time{}, false, nil
	}
	oldest, err := s.Store.Read().OldestUser(ctx, workspace)
	if err != nil {
		return time.Time{}, false, fmt.Errorf("look for the first account: %w", store.Classify(err))
	}
	if oldest > 0 {
		since = time.UnixMilli(oldest)
	}
	from, due := Due(now, since, taken)
	return from, due, nil
}

func (s *Service) tell(tx *store.Tx, workspace countersign.WorkspaceID, from time.Time, numbers message.Week) error {
	managers, err := store.Managers(tx.Ctx, tx.Queries, workspace)
	if err != nil {
		return fmt.Errorf("list the administrators: %w", err)
	}
	detail := map[string]string{"week": from.Format(time.DateOnly), "mails": strconv.Itoa(len(managers))}
	for name, n := range numbers.Numbers() {
		detail[name] = strconv.FormatInt(n, 10)
	}
	err = audit.Write(tx, workspace, audit.Event{
		Kind: "digest.sent", Actor: countersign.Actor{Kind: countersign.BySystem}, Detail: detail,
	})
	if err != nil {
		return err
	}
	for _, user := range managers {
		a, err := s.Accounts.Within(tx, user)
		if err != nil {
			return err
		}
		err = s.Accounts.Tell(tx, a, countersign.Place{}, message.WeeklyDigest, message.Data{Week: &numbers})
		if err != nil {
			return err
		}
	}
	return nil
}
