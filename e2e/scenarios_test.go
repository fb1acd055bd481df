package e2e_test

import (
	"slices"
	"sync"
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
	// onPhone is a test on the shared phone, in the place of the other: on SQLite.
	onPhone func(t *testing.T, h *phoneHouse)
	// once says that the database makes no difference: SQLite is enough.
	once bool
}

// under makes scenarios that hold under one preset.
type under string

// one is told on both databases.
func (preset under) one(number string, test func(*testing.T, *house)) scenario {
	return scenario{number: number, preset: string(preset), test: test}
}

// shown is told once: it is about what a page shows.
func (preset under) shown(number string, test func(*testing.T, *house)) scenario {
	return scenario{number: number, preset: string(preset), test: test, once: true}
}

// phone is told on the shared phone.
func (preset under) phone(number string, test func(*testing.T, *phoneHouse)) scenario {
	return scenario{number: number, preset: string(preset), onPhone: test}
}

// scenarios are all of them, each document's in a file of its own; in two parts of about the
// same length.
func scenarios() [][]scenario {
	return [][]scenario{slices.Concat(s0Scenarios(), s1Scenarios(), s2Scenarios()), slices.Concat(s3Scenarios(), s4Scenarios())}
}

// TestScenario runs each scenario as TestScenario/S3-10/sqlite and …/postgres, side by side,
// on one server for each database. One follows the other, for each has settings of its own;
// the two parts have servers of their own, and go on at once.
func TestScenario(t *testing.T) {
	t.Parallel()
	var parts sync.WaitGroup
	for _, part := range scenarios() {
		houses := map[string]*site.Site{}
		shared := &sharedPhone{t: t}
		for _, kind := range []string{site.SQLite, site.Postgres} {
			switch {
			case *database != "" && *database != kind:
			case kind == site.SQLite:
				houses[kind], shared.service = startWithPushes(t, site.Options{Database: kind})
			default:
				houses[kind] = site.Start(t, site.Options{Database: kind})
			}
		}
		parts.Go(func() {
			for _, s := range part {
				t.Run(s.number, func(t *testing.T) { s.run(t, houses, shared) })
			}
		})
	}
	parts.Wait()
}

func (s scenario) run(t *testing.T, houses map[string]*site.Site, shared *sharedPhone) {
	for kind, installation := range houses {
		if kind != site.SQLite && (s.onPhone != nil || s.once && len(houses) > 1) {
			continue
		}
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			h := &house{installation, t}
			h.policy(s.preset, s.settings)
			h.forgetQuestions()
			if s.onPhone != nil {
				s.onPhone(t, &phoneHouse{h, shared.service, shared})
			} else {
				s.test(t, h)
			}
		})
	}
}
