package session

import (
	"context"
	"time"

	"countersign/internal/account"
	"countersign/internal/policy"
	"countersign/internal/store"
)

// Console tells what this session lacks to be let into the console.
func (c Current) Console() policy.ConsoleNeed {
	return policy.OpensConsole(policy.Visit{
		First: c.First, Second: c.Second, HadSecond: c.HadSecond(), SecondAt: moment(c.SecondAt),
		ForOther: c.SecondFor != "" && c.SecondFor != string(account.ActConsole), UsedAt: moment(c.ConsoleAt),
	}, c.now)
}

// TouchConsole notes that the session was used in the console, at most once a minute.
// A fault here does not stop the request; the next one tries again.
func (s *Service) TouchConsole(ctx context.Context, c Current) error {
	if c.now.Sub(time.UnixMilli(c.ConsoleAt)) < touchEvery {
		return nil
	}
	return s.Store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.TouchConsole(tx.Ctx, tx.NowMilli(), c.WorkspaceID, c.ID)
		return err
	})
}
