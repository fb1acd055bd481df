package main

import (
	"errors"
	"fmt"
	"testing"

	"countersign"
	"countersign/internal/config"
)

func TestExitCodes(t *testing.T) {
	rows := []struct {
		name string
		err  error
		want int
	}{
		{"nothing went wrong", nil, 0},
		{"a fault", errors.New("disk full"), 1},
		{"a mistake on the command line", usageError{errors.New("no")}, 2},
		{"a wrong configuration", fmt.Errorf("start: %w", config.Problems{{Text: "x"}}), 2},
		{"a value that cannot be right", countersign.Refuse(countersign.Invalid, "x"), 2},
		{"nobody is signed in", countersign.Refuse(countersign.Unauthenticated, "x"), 4},
		{"something that is not there", fmt.Errorf("load user: %w", countersign.Refuse(countersign.NotFound, "x")), 5},
		{"something that exists already", exists("f", nil), 6},
		{"a link whose time is over", countersign.Refuse(countersign.Gone, "x"), 7},
		{"an act that is not allowed", countersign.Refuse(countersign.Forbidden, "x"), 8},
		{"too many tries", countersign.Refuse(countersign.Limited, "x"), 1},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if got := exitCode(row.err); got != row.want {
				t.Errorf("exit code %d, want %d", got, row.want)
			}
		})
	}
}
