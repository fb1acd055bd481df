package message

import "testing"

func TestRoom(t *testing.T) {
	for _, row := range []struct {
		what           string
		under, waiting [Bulk + 1]int
		want           [Bulk + 1]int // for each urgency, as if it came first
	}{
		{"nothing waits", [3]int{}, [3]int{}, [3]int{4, 3, 3}},
		{"all wait", [3]int{}, [3]int{1, 1, 1}, [3]int{2, 2, 3}},
		{"a campaign alone", [3]int{0, 0, 3}, [3]int{0, 0, 1}, [3]int{1, 0, 0}},
		{"a code beside a campaign", [3]int{0, 0, 3}, [3]int{1, 0, 1}, [3]int{1, 0, 0}},
		{"codes alone", [3]int{3, 0, 0}, [3]int{1, 0, 0}, [3]int{1, 1, 1}},
		{"codes, and a campaign that waits", [3]int{3, 0, 0}, [3]int{1, 0, 1}, [3]int{0, 0, 1}},
		{"notices, and a campaign that waits", [3]int{0, 2, 0}, [3]int{0, 1, 1}, [3]int{1, 0, 1}},
		{"notices everywhere, and a campaign that waits", [3]int{0, 3, 0}, [3]int{1, 0, 1}, [3]int{1, -1, 0}},
		{"codes and a campaign, and a notice", [3]int{2, 0, 1}, [3]int{1, 1, 1}, [3]int{0, 1, 1}},
		{"all are at work", [3]int{2, 1, 1}, [3]int{1, 1, 1}, [3]int{0, 0, 0}},
	} {
		l := &lane{parallel: 4, under: row.under}
		for _, u := range Urgencies() {
			if got := l.room(u, row.waiting); got != row.want[u] {
				t.Errorf("%s: %d of urgency %d, want %d", row.what, got, u, row.want[u])
			}
		}
	}
}
