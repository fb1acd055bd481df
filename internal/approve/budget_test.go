package approve

import (
	"testing"
	"time"
)

func TestHowOftenPhonesRing(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	ago := func(minutes ...float64) []time.Time {
		var all []time.Time
		for _, m := range minutes {
			all = append(all, now.Add(-time.Duration(m*float64(time.Minute))))
		}
		return all
	}
	spread := func(n int, from, step float64) []float64 {
		var all []float64
		for i := range n {
			all = append(all, from+float64(i)*step)
		}
		return all
	}
	for _, row := range []struct {
		sentence string
		rung     []float64
		approved float64 // minutes ago; 0 for never
		want     bool
	}{
		{"never", nil, 0, true},
		{"twice in five minutes", []float64{1, 4}, 0, true},
		{"three times in five minutes", []float64{0, 1, 4}, 0, false},
		{"three times, the first five minutes ago", []float64{0, 1, 5}, 0, true},
		{"three times, the first just under five minutes ago", []float64{0, 1, 4.99}, 0, false},
		{"seven times in an hour", spread(7, 6, 7), 0, true},
		{"eight times in an hour", spread(8, 6, 7), 0, false},
		{"eight times, the first an hour ago", append(spread(7, 6, 7), 60), 0, true},
		{"nineteen times in a day", spread(19, 61, 60), 0, true},
		{"twenty times in a day", spread(20, 61, 60), 0, false},
		{"twenty times, the first a day ago", append(spread(19, 61, 60), 24*60), 0, true},
		{"three times before an approval", []float64{2, 3, 4}, 1, true},
		{"three times, one after the approval", []float64{1, 3, 4}, 2, true},
		{"three times since the approval", []float64{1, 2, 3}, 4, false},
		{"twenty times in a day, all but one before an approval", spread(20, 61, 60), 62, true},
	} {
		p := past{Rung: ago(row.rung...)}
		if row.approved != 0 {
			p.Approved = ago(row.approved)[0]
		}
		if got := mayRing(p, now); got != row.want {
			t.Errorf("%s: %v, want %v", row.sentence, got, row.want)
		}
	}
}

func TestWhenPhonesRest(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	type end struct {
		state   State
		minutes float64
	}
	for _, row := range []struct {
		ended []end // the latest first
		rests bool
	}{
		{nil, false},
		{[]end{{Denied, 1}}, false},
		{[]end{{Denied, 1}, {Denied, 2}}, true},
		{[]end{{Expired, 1}, {Expired, 3}}, true},
		{[]end{{Expired, 1}, {Denied, 300}}, true},
		{[]end{{Mismatch, 1}, {Denied, 2}}, true},
		{[]end{{Denied, 1}, {Reported, 2}}, true},
		{[]end{{Denied, 14.99}, {Denied, 16}}, true},
		{[]end{{Denied, 15}, {Denied, 16}}, false},
		{[]end{{Approved, 1}, {Denied, 2}}, false},
		{[]end{{Denied, 1}, {Approved, 2}}, false},
		{[]end{{Denied, 1}, {Consumed, 2}}, false},
		{[]end{{Consumed, 1}, {Consumed, 2}}, false},
	} {
		var p past
		for _, e := range row.ended {
			p.Ended = append(p.Ended, ended{e.state, now.Add(-time.Duration(e.minutes * float64(time.Minute)))})
		}
		if got := resting(p, now); got != row.rests {
			t.Errorf("after %v the phones rest: %v, want %v", row.ended, got, row.rests)
		}
		if row.rests && mayRing(p, now) {
			t.Errorf("after %v the phones may ring", row.ended)
		}
	}
}

// What was used up is told as approved, and nothing else of it.
func TestWhatAStateIsCalled(t *testing.T) {
	for _, s := range []State{Pending, Approved, Denied, Reported, Mismatch, Expired, Superseded, Cancelled} {
		if s.Said() != s {
			t.Errorf("%s is told as %s", s, s.Said())
		}
	}
	if Consumed.Said() != Approved {
		t.Errorf("an approval that was used is told as %s", Consumed.Said())
	}
}
