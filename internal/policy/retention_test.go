package policy_test

import (
	"testing"

	"countersign"
	"countersign/internal/policy"
)

func TestWhoShortensTheLog(t *testing.T) {
	for _, role := range append(countersign.Roles(), "", "root") {
		if got := policy.MayShortenLog(role); got != (role == countersign.Owner) {
			t.Errorf("%q may shorten it: %v", role, got)
		}
	}
}

func TestWhatShortensTheLog(t *testing.T) {
	kept := func(days any) policy.Rules {
		doc := policy.Document{}
		if days != nil {
			doc[policy.RetentionKey] = days
		}
		return policy.Rules{Workspace: doc}
	}
	for _, row := range []struct {
		before, after any
		want          bool
	}{
		{nil, nil, false},
		{nil, 365, false},
		{nil, 364, true},
		{nil, 366, false},
		{400, nil, true},
		{100, nil, false},
		{float64(100), 99, true}, // as JSON has it
		{100, float64(100), false},
		{100, "soon", true},
		{"soon", 36500, true},
	} {
		_, got := policy.ShorterLog(kept(row.before), kept(row.after))
		if got != row.want {
			t.Errorf("from %v to %v: %v", row.before, row.after, got)
		}
		changes := policy.Changes(kept(row.before), kept(row.after))
		warned := len(changes) > 0 && changes[0].Warning == "policy.warn_shorter_log"
		if warned != row.want {
			t.Errorf("from %v to %v is warned of: %v", row.before, row.after, warned)
		}
	}
	if s, _ := policy.ShorterLog(kept(nil), kept(30)); s != (policy.Shortened{Before: "365", After: "30"}) {
		t.Errorf("it says %+v", s)
	}
	for days, fine := range map[int]bool{0: false, 1: false, policy.LeastRetention - 1: false, policy.LeastRetention: true, 36500: true, 36501: false} {
		if err := (policy.Document{policy.RetentionKey: days}).Check(); (err == nil) != fine {
			t.Errorf("%d days: %v", days, err)
		}
	}
}
