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

// The statements that take a try are judged by the same rules; where the two
// differed, somebody would be refused for ever, or a flood would write.
func TestWait(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	for _, row := range []struct {
		sentence      string
		sort          Sort
		tries         int64
		since, paused time.Duration // from now
		want          time.Duration
	}{
		{"a pause is waited for", Password, 10, 0, time.Minute, time.Minute},
		{"a pause that is over is none", Password, 10, 0, 0, 0},
		{"without a pause nothing is waited for", SecondFactor, 9, 0, -time.Hour, 0},
		{"the last of a day's pause is waited for", SecondFactor, 90, 0, 24 * time.Hour, 24 * time.Hour},
		{"a pause that was set while the clock was wrong is none", SecondFactor, 90, 0, 24*time.Hour + 3*time.Minute, 0},
		{"a hundred wrong codes wait for somebody", SecondFactor, 100, 0, 0, Lasting},
		{"a window that is not full lets in", Address, 99, -time.Minute, 0, 0},
		{"a full window is waited for", Address, 100, -10 * time.Minute, 0, 50 * time.Minute},
		{"a full window that is over lets in", Address, 100, -time.Hour, 0, 0},
		{"a window of a clock that runs ahead a little counts", Address, 100, time.Minute, 0, 61 * time.Minute},
		{"a window that began while the clock was wrong is none", Address, 100, 3 * time.Minute, 0, 0},
	} {
		got := RuleOf(row.sort).Wait(row.tries, now.Add(row.since), now.Add(row.paused), now)
		if got != row.want {
			t.Errorf("%s: wait %v, want %v", row.sentence, got, row.want)
		}
	}
	rate := Rate{Interval: time.Minute, Burst: 3}
	if got := rate.Wait(now.Add(6*time.Minute), now); got != 0 {
		t.Errorf("acts that were counted while the clock was wrong: wait %v, want none", got)
	}
}
