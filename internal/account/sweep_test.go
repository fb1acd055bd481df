package account_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"countersign/internal/account/accounttest"
	"countersign/internal/audit"
	"countersign/internal/policy"
)

// What is swept can never matter again; what still counts stays.
func TestSweepLeavesWhatCounts(t *testing.T) {
	accounttest.Both(t, func(t *testing.T, e *accounttest.Engine) {
		ctx := context.Background()
		e.Set(t, policy.Document{"audit.retention_days": 30})
		ada := e.Guarded(t, "ada@example.com")
		err := audit.NewSealer(e.Accounts.Chain(), slog.New(slog.DiscardHandler)).Look(ctx)
		if err != nil {
			t.Fatal(err)
		}
		e.Browser("192.0.2.1").SignIn(t, ada)
		before := e.Count(t, "signin.completed", "")
		err = e.Accounts.Sweep(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Count(t, "signin.completed", ""); got != before {
			t.Errorf("%d events after sweeping at once, want %d", got, before)
		}
		e.Advance(t, 31*24*time.Hour)
		err = e.Accounts.Sweep(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Count(t, "signin.completed", ""); got != before {
			t.Errorf("%d events, want %d: what is not sealed stays until it is", got, before)
		}
		err = audit.NewSealer(e.Accounts.Chain(), slog.New(slog.DiscardHandler)).Look(ctx)
		if err != nil {
			t.Fatal(err)
		}
		e.Advance(t, 31*24*time.Hour) // what was sealed together goes together
		err = e.Accounts.Sweep(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Count(t, "signin.completed", ""); got != 0 {
			t.Errorf("%d events past their retention", got)
		}
		if got := e.Count(t, "audit.retired", ""); got != 1 {
			t.Errorf("%d events tell of it, want one", got)
		}
		if n := len(ada.Credentials(t)); n == 0 {
			t.Error("sweeping took the person's second factor")
		}
		e.Browser("192.0.2.1").SignIn(t, ada)
	})
}

// A browser stays known as long as it can keep its cookie, and no longer.
func TestSweepForgetsBrowsersThatNobodyUses(t *testing.T) {
	accounttest.Both(t, func(t *testing.T, e *accounttest.Engine) {
		ctx := context.Background()
		ada := e.Person(t, "ada@example.com")
		b := e.Browser("192.0.2.1")
		b.SignIn(t, ada)
		const day = 24 * time.Hour
		for _, row := range []struct {
			sentence string
			pass     time.Duration
			want     int
		}{
			{"after 399 days", 399 * day, 1},
			{"after 401 days", 2 * day, 0},
		} {
			e.Advance(t, row.pass)
			err := e.Accounts.Sweep(ctx)
			if err != nil {
				t.Fatal(err)
			}
			known, err := e.Store.Read().ListBrowsers(ctx, accounttest.Workspace, ada.ID)
			if err != nil || len(known) != row.want {
				t.Errorf("%s: %d browsers, %v; want %d", row.sentence, len(known), err, row.want)
			}
		}
	})
}
