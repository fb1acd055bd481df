package attack_test

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/audit"
	"countersign/internal/store"
)

// TestConsoleLog reads the log as those who may, and tries to as others: nothing in its
// tables is a formula, a table wants a fresh proof and is noted, and a page that follows
// keeps no console open.
func TestConsoleLog(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		eve := s.Guarded(t, "Eve Neighbour", "eve@acme.example")
		s.Write(t, func(tx *store.Tx) error {
			e := audit.Event{Kind: "device.paired", User: eve.ID, Target: "=1+1", Place: countersign.Place{UserAgent: "@SUM(A1)", IP: "-1"}, Detail: map[string]string{"name": "=cmd"}}
			return audit.Write(tx, countersign.DefaultWorkspace, e)
		})
		_, c := manager(t, s, countersign.Auditor, "Audrey Auditor")
		page := c.Get("/console/log?person=eve@acme.example")
		if page.Status != http.StatusOK || !strings.Contains(page.Body, "Eve Neighbour") || !strings.Contains(page.Body, "Paired =cmd") {
			t.Errorf("an auditor is answered %v", page)
		}
		if got := c.Get("/console/log?q=%3D1%2B1"); !strings.Contains(got.Body, "Paired =cmd") {
			t.Errorf("a search for a target is answered %v", got)
		}
		for _, bad := range []string{"kind=nonsense", "outcome=x", "ip=1", "from=x", "to=2026-13-01", "person=nobody", "actor=%00"} {
			if got := c.Get("/console/log?" + bad); got.Status != http.StatusUnprocessableEntity || strings.Contains(got.Body, `"/console/log/evt_`) {
				t.Errorf("%s is answered %v", bad, got)
			}
		}
		for _, odd := range []string{"q=%25", "q=%27%20OR%201=1", "older=x", "newer=evt_x", "q=" + strings.Repeat("a", 3000), "person=usr_x"} {
			if got := c.Get("/console/log?" + odd); got.Status != http.StatusOK {
				t.Errorf("%s is answered %v", odd, got)
			}
		}
		table := c.Post("/console/log/export", "person", eve.Email, "format", "csv")
		lines, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(table.Body, "\ufeff"))).ReadAll()
		if err != nil || len(lines) < 2 {
			t.Fatalf("the table is %d lines, %v", len(lines), err)
		}
		for _, line := range lines {
			for _, cell := range line {
				if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r\n") {
					t.Errorf("a cell is a formula: %q", cell)
				}
			}
		}
		found := 0
		for scan := bufio.NewScanner(strings.NewReader(c.Post("/console/log/export", "kind", "device.paired", "format", "jsonl").Body)); scan.Scan(); found++ {
			var e struct{ Kind, Target string }
			if json.Unmarshal(scan.Bytes(), &e) != nil || e.Kind != "device.paired" || e.Target != "=1+1" {
				t.Errorf("a line of JSON is %s", scan.Text())
			}
		}
		if found != 1 {
			t.Errorf("%d lines of JSON, want one", found)
		}
		if got := c.Get("/console/log?kind=audit.exported"); strings.Count(got.Body, `"/console/log/evt_`) != 2 {
			t.Errorf("two exports are noted as %v", got)
		}
		if got := c.Post("/console/log/verify"); got.Status != http.StatusOK || !strings.Contains(got.Body, "as it was sealed") {
			t.Errorf("verifying is answered %v", got)
		}
		if got := c.Post("/console/log/verify", "head", "999:"+strings.Repeat("00", 32)); !strings.Contains(got.Body, "The chain was cut off") {
			t.Errorf("a head that is not in the chain is answered %v", got)
		}
		_, helper := manager(t, s, countersign.HelpDesk, "Hedda Helpdesk")
		if got := helper.Get("/console/log"); got.Status != http.StatusForbidden {
			t.Errorf("the help desk is answered %v", got)
		}
		s.Clock.Advance(20 * time.Minute)
		if got := c.Post("/console/log/export", "ip", "203.0.113.7"); got.Location != "/proof?act=log_export&return=%2Fconsole%2Flog%3Fip%3D203.0.113.7" {
			t.Errorf("without a fresh proof: %v", got)
		}
		for range 7 {
			s.Clock.Advance(10 * time.Minute)
			c.Get("/console/log/live")
			c.Get("/console/log/events")
		}
		if got := c.Get("/console/log"); !strings.HasPrefix(got.Location, "/proof?act=console") {
			t.Errorf("a page that follows kept the console open: %v", got)
		}
	})
}
