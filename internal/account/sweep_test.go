package account_test

import (
	"context"
	"testing"
	"time"

	"countersign/internal/account/accounttest"
	"countersign/internal/policy"
)

// What is swept can never matter again; what still counts stays.
func TestSweepLeavesWhatCounts(t *testing.T) {
	accounttest.Both(t, func(t *testing.T, e *accounttest.Engine) {
		ctx := context.Background()
		e.Set(t, policy.Document{"audit.retention_days": 30})
		ada := e.Guarded(t, "ada@example.com")
		e.Browser("192.0.2.1").SignIn(t, ada)
		before := e.Count(t, "signin.completed", "")
		err := e.Accounts.Sweep(ctx)
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
		if got := e.Count(t, "signin.completed", ""); got != 0 {
			t.Errorf("%d events past their retention", got)
		}
		if n := len(ada.Credentials(t)); n == 0 {
			t.Error("sweeping took the person's second factor")
		}
		e.Browser("192.0.2.1").SignIn(t, ada)
	})
}
