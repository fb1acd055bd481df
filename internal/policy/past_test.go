package policy

import (
	"testing"
	"time"
)

func TestADayThatIsOver(t *testing.T) {
	of := func(value string) Document {
		if value == "" {
			return nil
		}
		return Document{requireKey: value}
	}
	for _, row := range []struct {
		sentence      string
		before, after string
		past          bool
	}{
		{"long ago", "", "required from 0000-01-01", true},
		{"the first day that a zero time stands for", "", "required from 0001-01-01", true},
		{"yesterday", "", "required from 2026-11-22", true},
		{"today", "", "required from 2026-11-23", false},
		{"tomorrow", "optional", "required from 2026-11-24", false},
		{"at once", "", "required", false},
		{"not at all", "required from 2026-01-01", "optional", false},
		{"taken back", "required from 2026-01-01", "", false},
		{"a day that has come, as it was", "required from 2026-01-01", "required from 2026-01-01", false},
		{"a day that has come, and another", "required from 2026-01-01", "required from 2026-01-02", true},
		{"over what is required already", "required", "required from 2026-11-22", true},
	} {
		for _, now := range []time.Time{
			time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC),
			time.Date(2026, 11, 24, 1, 59, 0, 0, time.FixedZone("", 2*60*60)), // 23:59 UTC, the day before
			time.Date(2026, 11, 22, 23, 0, 0, 0, time.FixedZone("", -60*60)),  // 00:00 UTC, the day after
		} {
			past := PastRequirements(Rules{Workspace: of(row.before)}, Rules{Workspace: of(row.after)}, now)
			if (len(past) == 1) != row.past {
				t.Errorf("%s, of the workspace at %s: %v", row.sentence, now, past)
			}
			past = PastRequirements(Rules{Pools: map[string]Document{"Sales": of(row.before)}}, Rules{Pools: map[string]Document{"Sales": of(row.after)}}, now)
			if (len(past) == 1) != row.past || row.past && past[0].Path() != "pool.Sales."+requireKey {
				t.Errorf("%s, of a pool at %s: %v", row.sentence, now, past)
			}
		}
	}
}
