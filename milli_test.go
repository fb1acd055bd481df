package countersign_test

import (
	"encoding/json"
	"math"
	"testing"

	"countersign"
)

// Whatever a database hands over, there is a number, and a moment that can be written.
func TestWhatIsNoNumber(t *testing.T) {
	for _, row := range []struct {
		value  any
		number int64
		moment string
	}{
		{int64(1795435200000), 1795435200000, "2026-11-23T12:00:00Z"},
		{int64(253402300799999), 253402300799999, "9999-12-31T23:59:59.999Z"},
		{int64(253402300800000), 253402300800000, "0001-01-01T00:00:00Z"},
		{int64(math.MaxInt64), math.MaxInt64, "0001-01-01T00:00:00Z"},
		{int64(math.MinInt64), math.MinInt64, "0001-01-01T00:00:00Z"},
		{int64(-1), -1, "0001-01-01T00:00:00Z"},
		{"x", 0, "0001-01-01T00:00:00Z"},
		{"7", 0, "0001-01-01T00:00:00Z"},
		{[]byte{0, 255}, 0, "0001-01-01T00:00:00Z"},
		{1.5, 0, "0001-01-01T00:00:00Z"},
		{nil, 0, "0001-01-01T00:00:00Z"},
	} {
		m, n := countersign.Milli(7), countersign.Number(7)
		if m.Scan(row.value) != nil || n.Scan(row.value) != nil || int64(m) != row.number || int64(n) != row.number {
			t.Errorf("%v is read as %d and %d", row.value, m, n)
		}
		text, err := json.Marshal(m.Time())
		if err != nil || string(text) != `"`+row.moment+`"` {
			t.Errorf("%v is the moment %s, %v", row.value, text, err)
		}
	}
}
