package limit

import (
	"testing"
	"time"
)

// A pause is never negative, never longer than the longest, and never shorter
// after more wrong answers; what is stored never lets more through.
func FuzzLimits(f *testing.F) {
	f.Add(int64(10), int64(0), int64(0))
	f.Add(int64(100), int64(1)<<40, int64(1)<<41)
	f.Add(int64(1)<<62, int64(-5), int64(1)<<40)
	f.Add(int64(-10), int64(0), int64(0))
	f.Fuzz(func(t *testing.T, tries, arrival, now int64) {
		for sort, rule := range rules() {
			pause := rule.Pause(tries)
			if pause < 0 || pause > rule.Longest {
				t.Fatalf("%s: %d wrong answers pause for %v", sort, tries, pause)
			}
			if tries > 0 && tries < 1<<50 && rule.Pause(tries*Batch) > rule.Pause(tries*Batch+Batch) {
				t.Fatalf("%s: the pause after %d wrong answers is longer than after %d", sort, tries*Batch, tries*Batch+Batch)
			}
			if left := rule.Left(tries); tries >= 0 && left < 0 {
				t.Fatalf("%s: %d tries are left after %d", sort, left, tries)
			}
		}
		const most = int64(1) << 45 // milliseconds: a thousand years
		rate := Rate{Interval: time.Minute, Burst: 3}
		if wait := rate.Wait(time.UnixMilli(arrival%most), time.UnixMilli(now%most)); wait < 0 || arrival%most <= now%most && wait != 0 {
			t.Fatalf("%d at %d waits %v", arrival, now, wait)
		}
	})
}
