package console

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"countersign/internal/census"
)

const (
	// mostPoints is how many days the chart has: those between are left out of it.
	mostPoints = 14
	// mostLines is how many lines can be told apart without colour.
	mostLines = 3
	// axisLabels is how many days are named below it.
	axisLabels = 5
)

// Chart is the share of protected people over time, as a drawing of 100 by 100 that its
// page stretches.
type Chart struct {
	From, To time.Time
	// Area is below the line of everybody.
	Area  string
	Lines []ChartLine
	Axis  []time.Time
	Rows  []ChartRow
}

// ChartLine is one line: everybody first, without a name, then the largest pools.
type ChartLine struct {
	Class, Name, Path string
	Percent           int
}

// ChartRow is what the chart shows of a day, for its table; in the order of the lines.
type ChartRow struct {
	Day      time.Time
	Percents []int
}

// chartOf draws the days; nil where there are fewer than two.
func chartOf(days []census.Point, pools []census.Pool) *Chart {
	if len(days) < 2 {
		return nil
	}
	points := thin(days, mostPoints)
	first, last := points[0].Day, points[len(points)-1].Day
	chart := &Chart{From: first, To: last}
	shares := []func(census.Point) census.Share{func(p census.Point) census.Share { return p.All }}
	names := []string{""}
	for _, pool := range largest(pools) {
		shares = append(shares, func(p census.Point) census.Share { return p.Of[pool.ID] })
		names = append(names, pool.Name)
	}
	for i, share := range shares {
		var path strings.Builder
		verb := "M"
		for _, p := range points {
			at := share(p)
			if at.People == 0 {
				continue // the pool was not there, or nobody was in it
			}
			fmt.Fprintf(&path, "%s%.1f %.1f", verb, across(p.Day, first, last), 100-at.Percent())
			verb = "L"
		}
		if strings.Count(path.String(), "L") == 0 && path.Len() > 0 {
			path.WriteString("h0") // a pool of one day is a dot
		}
		class := "line"
		if i > 0 {
			class = fmt.Sprintf("line line-%d", i+1)
		}
		chart.Lines = append(chart.Lines, ChartLine{Class: class, Name: names[i], Path: path.String(), Percent: int(share(points[len(points)-1]).Percent())})
	}
	if everybody := chart.Lines[0].Path; everybody != "" {
		begin := strings.Fields(strings.TrimPrefix(everybody, "M"))[0]
		chart.Area = "M" + begin + " 100L" + strings.TrimPrefix(everybody, "M") + "L100 100Z"
	}
	for _, p := range points {
		row := ChartRow{Day: p.Day}
		for _, share := range shares {
			row.Percents = append(row.Percents, int(share(p).Percent()))
		}
		chart.Rows = append(chart.Rows, row)
	}
	chart.Axis = axisOf(first, last)
	return chart
}

// axisOf are the days that are named below the chart, at equal distances: whole days, so
// that none is named twice, or beside where it is, where they are few.
func axisOf(first, last time.Time) []time.Time {
	const day, few = 24 * time.Hour, 12
	days := int(last.Sub(first) / day)
	parts := axisLabels - 1
	for days <= few && days%parts != 0 {
		parts--
	}
	var axis []time.Time
	for i := range parts + 1 {
		axis = append(axis, first.Add(time.Duration((2*days*i+parts)/(2*parts))*day))
	}
	return axis
}

// across is where a day stands between the first and the last, from 0 to 100.
func across(day, first, last time.Time) float64 {
	return float64(day.Sub(first)) * 100 / float64(last.Sub(first))
}

// thin leaves so many points at most, the first and the last among them.
func thin(days []census.Point, most int) []census.Point {
	if len(days) <= most {
		return days
	}
	out := make([]census.Point, 0, most)
	for i := range most {
		out = append(out, days[i*(len(days)-1)/(most-1)])
	}
	return out
}

// largest are the pools that get a line beside everybody's: none where there is one
// pool, for its line would be the same.
func largest(pools []census.Pool) []census.Pool {
	var inhabited []census.Pool
	for _, pool := range pools {
		if pool.People > 0 {
			inhabited = append(inhabited, pool)
		}
	}
	if len(inhabited) < 2 {
		return nil
	}
	slices.SortStableFunc(inhabited, func(a, b census.Pool) int {
		return cmp.Or(cmp.Compare(b.People, a.People), cmp.Compare(string(a.ID), string(b.ID)))
	})
	return inhabited[:min(len(inhabited), mostLines-1)]
}
