package config

import (
	"maps"
	"slices"
)

// nearest finds the known name that somebody most likely meant, or "" when
// none is close: at most two letters differ, and not half of a short name.
func nearest(name string, known map[string]bool) string {
	best, fewest := "", 3
	for _, candidate := range slices.Sorted(maps.Keys(known)) {
		if d := distance(name, candidate); d < fewest && 2*d < len(candidate) {
			best, fewest = candidate, d
		}
	}
	return best
}

// distance counts the letters to insert, delete or replace between a and b
// (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
