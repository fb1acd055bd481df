package policy_test

import (
	"testing"
	"time"

	"countersign/internal/policy"
)

func TestWhoIsToldOfARequirement(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	from := time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)
	will := policy.Document{"require_second_factor": "required from 2026-11-30"}
	for _, row := range []struct {
		sentence        string
		workspace, pool policy.Document
		personal        string
		factors         int
		last, now       time.Time
		told            bool
	}{
		{"somebody without a second factor", will, nil, "", 0, time.Time{}, now, true},
		{"in their pool", nil, will, "", 0, time.Time{}, now, true},
		{"somebody who has one", will, nil, "", 1, time.Time{}, now, false},
		{"somebody who said later an hour ago", will, nil, "", 0, now.Add(-time.Hour), now, false},
		{"somebody who said later a day ago", will, nil, "", 0, now.Add(-24 * time.Hour), now, true},
		{"somebody who said later while the clock was wrong", will, nil, "", 0, now.Add(time.Hour), now, true},
		{"somebody of whom it is required already", will, nil, "required", 0, time.Time{}, now, false},
		{"somebody of whom it will be required, alone", nil, nil, "required from 2026-11-30", 0, time.Time{}, now, true},
		{"of them before everybody", policy.Document{"require_second_factor": "required from 2026-12-24"}, nil, "required from 2026-11-30", 0, time.Time{}, now, true},
		{"of them after everybody", will, nil, "required from 2026-12-24", 0, time.Time{}, now, true},
		{"of them, on the day itself", nil, nil, "required from 2026-11-30", 0, time.Time{}, from, false},
		{"on the day itself", will, nil, "", 0, time.Time{}, from, false},
		{"where nothing is required", nil, nil, "", 0, time.Time{}, now, false},
		{"where it is required at once", policy.Document{"require_second_factor": "required"}, will, "", 0, time.Time{}, now, false},
	} {
		s, err := policy.Resolve(row.workspace, row.pool)
		if err != nil {
			t.Fatal(err)
		}
		got := s.AsksSetUp(row.personal, row.factors, row.last, row.now)
		if got.IsZero() == row.told || row.told && !got.Equal(from) {
			t.Errorf("%s: %v", row.sentence, got)
		}
	}
	for left, want := range map[time.Duration]int{-time.Hour: 0, 0: 0, time.Minute: 1, 24 * time.Hour: 1, 25 * time.Hour: 2, 204 * time.Hour: 9} {
		if got := policy.DaysLeft(now.Add(left), now); got != want {
			t.Errorf("%v left are %d days, want %d", left, got, want)
		}
	}
}
