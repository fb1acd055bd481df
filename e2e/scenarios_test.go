package e2e_test

import (
	"slices"
	"testing"

	"countersign/e2e/site"
	"countersign/internal/policy"
)

// scenario is one of the acceptance scenarios, by its number.
type scenario struct {
	number string
	// preset and settings are under what it must hold.
	preset   string
	settings policy.Document
	test     func(t *testing.T, h *house)
	// once says that the database makes no difference: SQLite is enough.
	once bool
}

// scenarios are all of them; each document has a file of its own.
func scenarios() []scenario {
	return slices.Concat(s0Scenarios(), s1Scenarios(), s3Scenarios(), s4Scenarios())
}

// TestScenario runs each scenario as TestScenario/S3-10/sqlite and …/postgres,
// side by side, on one server for each database.
func TestScenario(t *testing.T) {
	houses := map[string]*site.Site{}
	for _, kind := range []string{site.SQLite, site.Postgres} {
		if *database == "" || *database == kind {
			houses[kind] = site.Start(t, site.Options{Database: kind})
		}
	}
	for _, s := range scenarios() {
		t.Run(s.number, func(t *testing.T) {
			for kind, shared := range houses {
				if s.once && kind != site.SQLite && len(houses) > 1 {
					continue
				}
				t.Run(kind, func(t *testing.T) {
					t.Parallel()
					h := &house{shared, t}
					h.policy(s.preset, s.settings)
					s.test(t, h)
				})
			}
		})
	}
}
