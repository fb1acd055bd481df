package limit

import (
	"testing"
	"time"
)

func TestPause(t *testing.T) {
	for _, row := range []struct {
		sentence string
		sort     Sort
		tries    int64
		want     time.Duration
	}{
		{"nine wrong codes cost nothing", SecondFactor, 9, 0},
		{"the tenth brings a quarter of an hour", SecondFactor, 10, 15 * time.Minute},
		{"the eleventh, after the pause, costs nothing by itself", SecondFactor, 11, 0},
		{"the twentieth doubles", SecondFactor, 20, 30 * time.Minute},
		{"a day is the longest", SecondFactor, 90, 24 * time.Hour},
		{"ten wrong passwords wait a minute", Password, 10, time.Minute},
		{"passwords never wait longer than an hour", Password, 10_000, time.Hour},
		{"ten wrong mailed codes wait as long as second factors", Mailed, 10, 15 * time.Minute},
		{"recovery codes have a window and no pause", Recovery, 10, 0},
		{"no tries, no pause", SecondFactor, 0, 0},
	} {
		got := RuleOf(row.sort).Pause(row.tries)
		if got != row.want {
			t.Errorf("%s: Pause(%d) = %v, want %v", row.sentence, row.tries, got, row.want)
		}
	}
}

func TestLeft(t *testing.T) {
	rule := RuleOf(SecondFactor)
	for tries, want := range map[int64]int64{0: 10, 3: 7, 9: 1, 10: 10, 13: 7} {
		got := rule.Left(tries)
		if got != want {
			t.Errorf("Left(%d) = %d, want %d", tries, got, want)
		}
	}
	got := RuleOf(Recovery).Left(10)
	if got != 0 {
		t.Errorf("Left of a used-up window = %d, want 0", got)
	}
}

func TestRateWait(t *testing.T) {
	now := time.Unix(1000, 0)
	rate := Rate{Interval: time.Minute, Burst: 3}
	got := rate.Wait(now.Add(3*time.Minute), now)
	if got != time.Minute {
		t.Errorf("three at once: wait %v, want a minute", got)
	}
	got = rate.Wait(now.Add(2*time.Minute), now)
	if got != 0 {
		t.Errorf("two at once: wait %v, want none", got)
	}
}
