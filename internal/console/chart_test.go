package console

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/census"
)

// The days below the chart are whole days at equal distances, and none stands there twice.
func TestTheDaysBelowTheChart(t *testing.T) {
	first := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		days int
		want string
	}{
		{1, "1.11 2.11"},
		{2, "1.11 2.11 3.11"},
		{3, "1.11 2.11 3.11 4.11"},
		{4, "1.11 2.11 3.11 4.11 5.11"},
		{5, "1.11 6.11"},
		{6, "1.11 3.11 5.11 7.11"},
		{8, "1.11 3.11 5.11 7.11 9.11"},
		{11, "1.11 12.11"},
		{59, "1.11 16.11 1.12 15.12 30.12"},
		{89, "1.11 23.11 16.12 7.1 29.1"},
	} {
		var said []string
		for _, day := range axisOf(first, first.AddDate(0, 0, row.days)) {
			said = append(said, fmt.Sprintf("%d.%d", day.Day(), day.Month()))
		}
		if got := strings.Join(said, " "); got != row.want {
			t.Errorf("%d days: %s, want %s", row.days, got, row.want)
		}
	}
}

func TestAChartOfFewDays(t *testing.T) {
	all := days()
	for n := range 2 {
		if chartOf(all[:n], pools()) != nil {
			t.Errorf("there is a chart of %d days", n)
		}
	}
	two := all[:2]
	two[0].Of = map[countersign.PoolID]census.Share{"pool_staff": {People: 4, Protected: 1}}
	chart := chartOf(two, pools())
	if len(chart.Rows) != 2 || len(chart.Axis) != 2 || chart.Area == "" {
		t.Fatalf("of two days: %+v", chart)
	}
	if got := chart.Lines[1].Path; got[:7] != "M0.0 75" || !strings.Contains(got, "L100.0 ") {
		t.Errorf("a pool of two days is drawn as %s", got)
	}
	if got := chart.Lines[2].Path; !strings.HasPrefix(got, "M100.0 ") || !strings.HasSuffix(got, "h0") {
		t.Errorf("a pool of one day is drawn as %s", got)
	}
	if chart := chartOf(all, pools()); len(chart.Rows) != mostPoints || len(chart.Axis) != axisLabels {
		t.Errorf("of many days: %d rows, %d days below", len(chart.Rows), len(chart.Axis))
	}
}
