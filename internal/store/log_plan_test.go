package store_test

import (
	"path/filepath"
	"strings"
	"testing"

	"countersign"
	"countersign/internal/store"
	"countersign/internal/store/storetest"
)

// Each filter of the log is answered by its own index: by that of the identifiers alone,
// SQLite would read a log of a million events for whatever is rare.
func TestFiltersOfTheLogKeepTheirIndex(t *testing.T) {
	file := filepath.Join(t.TempDir(), "countersign.db")
	storetest.Open(t, file)
	db := raw(t, file)
	for _, row := range []struct {
		filter, index string
		l             store.EventListing
	}{
		{"a kind", "events_of_kind", store.EventListing{Kinds: []string{"user.disabled"}}},
		{"a kind, behind an event", "events_of_kind", store.EventListing{Kinds: []string{"user.disabled"}, From: "evt_1"}},
		{"a person", "events_of_user", store.EventListing{Users: []countersign.UserID{"usr_1"}}},
		{"an address", "events_from", store.EventListing{IP: "192.0.2.1"}},
	} {
		row.l.Workspace, row.l.Most, row.l.Reach = "wsp_default", 51, 1000
		for _, q := range store.LogQuestions(row.l) {
			plan := strings.Join(planOf(t, db, q.Text, q.Values...), "\n")
			if !strings.Contains(plan, row.index+" ") || strings.Contains(plan, "sqlite_autoindex_events_1") {
				t.Errorf("%s is read in another way:\n%s", row.filter, plan)
			}
		}
	}
}
