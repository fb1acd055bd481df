package policy

import (
	"testing"
	"time"
)

func TestADayThatIsOverOrFar(t *testing.T) {
	of := func(value string) Document {
		if value == "" {
			return nil
		}
		return Document{requireKey: value}
	}
	for _, row := range []struct {
		sentence      string
		before, after string
		past, far     bool
	}{
		{"long ago", "", "required from 0000-01-01", true, false},
		{"the first day that a zero time stands for", "", "required from 0001-01-01", true, false},
		{"yesterday", "", "required from 2026-11-22", true, false},
		{"today", "", "required from 2026-11-23", false, false},
		{"tomorrow", "optional", "required from 2026-11-24", false, false},
		{"at once", "", "required", false, false},
		{"not at all", "required from 2026-01-01", "optional", false, false},
		{"taken back", "required from 2026-01-01", "", false, false},
		{"a day that has come, as it was", "required from 2026-01-01", "required from 2026-01-01", false, false},
		{"a day that has come, and another", "required from 2026-01-01", "required from 2026-01-02", true, false},
		{"the last day that can be", "", "required from 2031-11-23", false, false},
		{"the day after that", "", "required from 2031-11-24", false, true},
		{"the end of the calendar", "required", "required from 9999-12-31", false, true},
		{"a far day, as it was", "required from 9999-12-31", "required from 9999-12-31", false, false},
		{"over what is required already", "required", "required from 2026-11-22", true, false},
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
			far := FarRequirements(Rules{Workspace: of(row.before)}, Rules{Workspace: of(row.after)}, now)
			if (len(far) == 1) != row.far {
				t.Errorf("%s, far, of the workspace at %s: %v", row.sentence, now, far)
			}
			past = PastRequirements(Rules{Pools: map[string]Document{"Sales": of(row.before)}}, Rules{Pools: map[string]Document{"Sales": of(row.after)}}, now)
			if (len(past) == 1) != row.past || row.past && past[0].Path() != "pool.Sales."+requireKey {
				t.Errorf("%s, of a pool at %s: %v", row.sentence, now, past)
			}
		}
	}
}
