package approve

import (
	"context"
	"fmt"

	"countersign"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Used is an approval that was used, and the device that gave it.
type Used struct {
	Request rows.Request
	Device  rows.Device
}

// Redeem uses an approval, once, for the one who asked from a place, while it lives. It
// is part of the asker's own transaction. Conflict "request_over" where there is none to
// use.
//
// The caller has looked whether the second factor is paused (account.SecondLocked).
func (s *Service) Redeem(tx *store.Tx, workspace countersign.WorkspaceID, request countersign.RequestID, requester string, place countersign.Place) (Used, error) {
	row, err := tx.ConsumeRequest(tx.Ctx, rows.ConsumeRequestParams{WorkspaceID: workspace, ID: request, Requester: requester, Now: tx.NowMilli()})
	if store.NotFound(err) {
		return Used{}, requestOver("")
	}
	if err != nil {
		return Used{}, fmt.Errorf("redeem an approval: %w", err)
	}
	d, err := tx.GetDevice(tx.Ctx, workspace, row.DeviceID)
	if err != nil {
		return Used{}, fmt.Errorf("load device: %w", err)
	}
	_, err = tx.UseCredential(tx.Ctx, rows.UseCredentialParams{UsedAt: tx.NowMilli(), UsedFrom: place.IP, WorkspaceID: workspace, ID: d.CredentialID})
	if err != nil {
		return Used{}, fmt.Errorf("note the use: %w", err)
	}
	return Used{row, d}, nil
}

// requestOver refuses what comes too late, and says how it ended.
func requestOver(state State) error {
	e := countersign.Refuse(countersign.Conflict, "request_over")
	if state != "" {
		e.Args = map[string]any{"State": string(state.Said())}
	}
	return e
}

// Withdraw ends what a requester still waits for: it was left.
func (s *Service) Withdraw(tx *store.Tx, user rows.User, requester string) error {
	ended, err := s.end(tx, user, requester)
	if err != nil {
		return err
	}
	return s.left(tx, user.ID, ended)
}

// Spare ends what a requester still waits for because the person proved themselves in
// another way: nobody is to be blamed for that question.
func (s *Service) Spare(tx *store.Tx, user rows.User, requester string) error {
	ended, err := s.end(tx, user, requester)
	if err != nil {
		return err
	}
	ids := make([]countersign.RequestID, 0, len(ended))
	for _, row := range ended {
		ids = append(ids, row.ID)
	}
	s.wake(tx, user.ID, ids)
	return nil
}

func (s *Service) end(tx *store.Tx, user rows.User, requester string) ([]rows.Request, error) {
	ended, err := tx.EndRequestsOf(tx.Ctx, rows.EndRequestsOfParams{
		State: string(Cancelled), Now: tx.NowMilli(), WorkspaceID: user.WorkspaceID, Requester: requester,
	})
	if err != nil {
		return nil, fmt.Errorf("withdraw a request: %w", err)
	}
	return ended, nil
}

// left wakes whoever waits for questions that their asker gave up, and counts those of a
// browser that is not known, against where they came from: the phones rang for them, and
// leaving before anybody can answer must not make that free.
func (s *Service) left(tx *store.Tx, user countersign.UserID, ended []rows.Request) error {
	ids := make([]countersign.RequestID, 0, len(ended))
	var rang []rows.Request
	for _, row := range ended {
		ids = append(ids, row.ID)
		if row.Rung != 0 && row.DeviceID == "" {
			rang = append(rang, row)
		}
	}
	s.wake(tx, user, ids)
	return s.sources(tx, rang)
}

// Latest is what a requester asked last; false when it asked nothing.
func (s *Service) Latest(ctx context.Context, workspace countersign.WorkspaceID, requester string) (rows.Request, bool, error) {
	row, err := s.Store.Read().LatestRequest(s.Store.Brief(ctx), workspace, requester)
	if store.NotFound(err) {
		return rows.Request{}, false, nil
	}
	if err != nil {
		return rows.Request{}, false, fmt.Errorf("load request: %w", store.Classify(err))
	}
	return row, true, nil
}

// Waiting lists what a device may answer now, the newest first.
func (s *Service) Waiting(ctx context.Context, d rows.Device) ([]rows.Request, error) {
	all, err := s.Store.Read().ListPending(s.Store.Brief(ctx), d.WorkspaceID, d.UserID, s.Now().UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("list what waits: %w", store.Classify(err))
	}
	var out []rows.Request
	for _, row := range all {
		if concerns(row, d) {
			out = append(out, row)
		}
	}
	return out, nil
}

// concerns tells whether a device may see a request: one for it alone is nobody else's
// business, and one that is not active yet sees its own test and nothing more.
func concerns(row rows.Request, d rows.Device) bool {
	if row.OnlyDevice != "" {
		return row.OnlyDevice == d.ID
	}
	return d.State == "active"
}

// Past lists a person's questions since a moment, the newest first, as a device may
// see them.
func (s *Service) Past(ctx context.Context, d rows.Device, since int64, most int32) ([]rows.Request, error) {
	all, err := s.Store.Read().ListRecentRequests(s.Store.Brief(ctx), rows.ListRecentRequestsParams{
		WorkspaceID: d.WorkspaceID, UserID: d.UserID, Since: since, Most: most,
	})
	if err != nil {
		return nil, fmt.Errorf("list what was asked: %w", store.Classify(err))
	}
	return all, nil
}
