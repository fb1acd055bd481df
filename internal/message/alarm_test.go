package message

import (
	"testing"
	"time"

	"countersign"
)

// One browser can bring a refusal about by itself; that a push service refuses everybody
// is seen in several, one after the other, or in an hour in which it takes none, and told
// once a day.
func TestWhenRefusedPushesAreNews(t *testing.T) {
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	var r refusals
	for _, row := range []struct {
		what   string
		host   string
		device countersign.DeviceID
		taken  bool
		at     time.Duration
		want   bool
	}{
		{"the first", "a", "dev_1", false, 0, false},
		{"the same again", "a", "dev_1", false, 0, false},
		{"a second one", "a", "dev_2", false, 0, false},
		{"of another service", "b", "dev_3", false, 0, false},
		{"one was taken", "a", "", true, 0, false},
		{"so it begins anew", "a", "dev_3", false, 0, false},
		{"", "a", "dev_1", false, 0, false},
		{"three in a row", "a", "dev_2", false, time.Minute, true},
		{"told already", "a", "dev_4", false, time.Hour, false},
		{"the next day", "a", "dev_4", false, 25 * time.Hour, true},
		{"the only phone there is", "c", "dev_5", false, 0, false},
		{"again soon after", "c", "dev_5", false, 59 * time.Minute, false},
		{"still after an hour", "c", "dev_5", false, time.Hour, true},
		{"one was taken", "b", "", true, 0, false},
		{"long after it", "b", "dev_3", false, 2 * time.Hour, false},
	} {
		if row.taken {
			r.taken(row.host)
			continue
		}
		if got := r.refused(row.host, row.device, noon.Add(row.at)); got != row.want {
			t.Errorf("%s: %v", row.what, got)
		}
	}
}
