package store_test

import (
	"path/filepath"
	"strings"
	"testing"

	"countersign"
	"countersign/internal/store"
	"countersign/internal/store/storetest"
)

// Each filter of the log is answered by its own index, from one end of what is asked to the
// other: by that of the identifiers alone, SQLite would read a log of a million events for
// whatever is rare.
func TestFiltersOfTheLogKeepTheirIndex(t *testing.T) {
	file := filepath.Join(t.TempDir(), "countersign.db")
	storetest.Open(t, file)
	db := raw(t, file)
	const all, kind, user, other, ip = "sqlite_autoindex_events_1", "events_of_kind", "events_of_user", "events_by_other", "events_from"
	for _, row := range []struct {
		filter string
		l      store.EventListing
		by     []string // the index of each of its questions
	}{
		{"nothing", store.EventListing{}, []string{all}},
		{"an outcome", store.EventListing{Outcome: "refused"}, []string{all}},
		{"kinds", store.EventListing{Kinds: []string{"user.disabled", "user.enabled"}}, []string{kind, kind}},
		{"a person", store.EventListing{Users: []countersign.UserID{"usr_1"}}, []string{user}},
		{"a person and a kind", store.EventListing{Users: []countersign.UserID{"usr_1"}, Kinds: []string{"user.disabled"}}, []string{user}},
		{"an actor", store.EventListing{Actors: []countersign.UserID{"usr_1"}}, []string{other, user}},
		{"an address", store.EventListing{IP: "192.0.2.1"}, []string{ip}},
		{"a search", store.EventListing{Terms: &store.EventTerms{IDs: []string{"x"}, People: []countersign.UserID{"usr_1"}, Kinds: []string{"user.disabled"}}}, []string{
			all, user, other, ip, "events_on", "events_in_session", "events_in_attempt", "events_in_request", user, other, kind,
		}},
	} {
		for _, part := range []struct {
			of           string
			since, until countersign.EventID
			from         countersign.EventID
			newer        bool
		}{
			{"all time", "", "", "", false},
			{"all time, behind an event", "", "", "evt_2", false},
			{"all time, before an event", "", "", "evt_2", true},
			{"some days", "evt_1", "evt_3", "", false},
			{"some days, behind an event", "evt_1", "evt_3", "evt_2", false},
			{"some days, before an event", "evt_1", "evt_3", "evt_2", true},
		} {
			l := row.l
			l.Workspace, l.Most, l.Since, l.Until, l.From, l.Newer = "wsp_default", 51, part.since, part.until, part.from, part.newer
			asked := store.LogQuestions(l)
			if len(asked) != len(row.by) {
				t.Fatalf("%s is %d questions, want %d", row.filter, len(asked), len(row.by))
			}
			for i, q := range asked {
				plan := strings.Join(planOf(t, db, q.Text, q.Values...), "\n")
				ends := "id>? AND id<?)"
				if strings.Contains(q.Text, " id = ") {
					ends = "id=?)"
				}
				if !strings.HasPrefix(plan, "SEARCH events USING INDEX "+row.by[i]+" (") || !strings.HasSuffix(plan, ends) {
					t.Errorf("%s, %s, is read in another way than by %s:\n%s", row.filter, part.of, row.by[i], plan)
				}
			}
		}
	}
}
