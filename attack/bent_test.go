package attack_test

import (
	"net/http"
	"strings"
	"testing"

	"countersign"
	"countersign/e2e/site"
)

// TestBentRows is somebody who can write the database, and makes of one column after the
// other of an event, a seal, the note of the chain's end and the turn to seal what no program
// reads there. No page of the log is a fault, its verification answers, and what is done then
// is sealed.
func TestBentRows(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		hand := byHand(t, s)
		owner, c := manager(t, s, countersign.Owner, "Olga Owner")
		busy(t, s, 4)
		sealed := &chain{t: t, s: s, hand: hand}
		sealed.sealed()
		event := column(t, hand, "SELECT id FROM events WHERE kind = 'signin.completed' AND user_id = '"+string(owner.ID)+"' ORDER BY id")[0]
		type row struct{ table, where string }
		for _, r := range []row{{"events", "workspace_id = 'wsp_default' AND id = '" + event + "'"}, {"seals", "workspace_id = 'wsp_default' AND id = 1"}, {"seal_heads", "workspace_id = 'wsp_default'"}, {"leases", "name = 'seal'"}} {
			columns := "SELECT name FROM pragma_table_info('" + r.table + "')"
			values := []string{"'x'", "X'00ff'", "1.5", "9e300", "9223372036854775807", "-5", "NULL"}
			if s.Database == site.Postgres {
				columns = "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = '" + r.table + "'"
				values = []string{"'x'", "9223372036854775807", "-5", "NULL"}
			}
			for _, name := range column(t, hand, columns) {
				sealed.do("DROP TABLE IF EXISTS was; CREATE TABLE was AS SELECT * FROM " + r.table + " WHERE " + r.where)
				back := "UPDATE " + r.table + " SET " + name + " = (SELECT " + name + " FROM was) WHERE " + r.where
				if name == "id" || name == "workspace_id" || name == "name" {
					back = "INSERT INTO " + r.table + " SELECT * FROM was WHERE true ON CONFLICT DO NOTHING" // beside what was bent
				}
				for _, value := range values {
					bend := "UPDATE " + r.table + " SET " + name + " = " + value + " WHERE " + r.where // #nosec G202 -- the test's own words
					_, err := hand.ExecContext(t.Context(), bend)
					if err != nil {
						continue // the database does not take it
					}
					for _, at := range []string{"/console/log", "/console/log/live", "/console/log?kind=signin.completed", "/console/log?q=" + owner.Email, "/console/log/" + event, "/console/people/" + string(owner.ID), "/account/activity", "/console"} {
						got := c.Get(at)
						gone := got.Status == http.StatusNotFound && strings.HasSuffix(at, event)
						if got.Status != http.StatusOK && !gone {
							t.Errorf("%s.%s = %s: %s is answered %v", r.table, name, value, at, got)
						}
					}
					for _, format := range []string{"csv", "jsonl"} {
						if got := c.Post("/console/log/export", "format", format); got.Status != http.StatusOK || got.Err != nil || !strings.Contains(got.Body, "signin.completed") {
							t.Errorf("%s.%s = %s: the export is answered %v", r.table, name, value, got)
						}
					}
					got := c.Post("/console/log/verify")
					if got.Status != http.StatusOK || r.table != "leases" && strings.Contains(got.Body, "The log is as it was sealed") {
						t.Errorf("%s.%s = %s: the verification is answered %v", r.table, name, value, got)
					}
					sealed.do(back)
				}
			}
		}
		busy(t, s, 4)
		sealed.sealed()
	})
}
