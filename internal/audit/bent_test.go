package audit_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/audit"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/store/storetest"
)

// bend is one column of one row, and what a hand puts there.
type bend struct{ table, column, value, row string }

func (b bend) String() string { return b.table + "." + b.column + " of " + b.row + " = " + b.value }

// bends are all of some rows of a table: of each column that the database says it has, and of
// whatever the database may take for a value of it.
func (l *logged) bends(t *testing.T, table string, where ...string) []bend {
	t.Helper()
	columns, values := "SELECT name FROM pragma_table_info('"+table+"')", map[string][]string{}
	if store.IsPostgres(l.database) {
		columns = "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = '" + table + "'"
	}
	for _, column := range l.list(t, columns) {
		values[column] = []string{"'x'", "''", "'" + strings.Repeat("z", 50) + "'", "NULL", "0", "1", "-5", "9223372036854775807", "-9223372036854775808"}
		if store.IsPostgres(l.database) {
			values[column] = append(values[column], "''::bytea", "'abc'::bytea")
		} else {
			values[column] = append(values[column], "X''", "X'00ff'", "1.5", "-1.5", "9e300", "CAST("+column+" AS BLOB)", "CAST("+column+" AS TEXT)", column+" + 0.5")
		}
	}
	if len(values) < 3 {
		t.Fatalf("the columns of %s are %v", table, values)
	}
	var all []bend
	for _, row := range where {
		for column, of := range values {
			for _, value := range of {
				all = append(all, bend{table, column, value, row})
			}
		}
	}
	slices.SortFunc(all, func(a, b bend) int { return strings.Compare(a.String(), b.String()) })
	return all
}

// is what a column holds, with what kind of value that is.
func (l *logged) is(t *testing.T, b bend) string {
	t.Helper()
	shown := "typeof(" + b.column + ") || quote(" + b.column + ")"
	if store.IsPostgres(l.database) {
		shown = "COALESCE(CAST(" + b.column + " AS TEXT), 'NULL')"
	}
	return strings.Join(l.list(t, "SELECT "+shown+" FROM "+b.table+" ORDER BY 1"), " ")
}

// bent applies a bend, and tells whether the database took it and has another value now.
func (l *logged) bent(t *testing.T, b bend) bool {
	t.Helper()
	was := l.is(t, b)
	_, err := l.hand.ExecContext(t.Context(), "UPDATE "+b.table+" SET "+b.column+" = "+b.value+" WHERE "+b.row) // #nosec G202 -- the test's own words
	return err == nil && l.is(t, b) != was
}

// bendable is a database that is put back after each bend.
type bendable struct {
	*logged

	begun time.Time
}

func tables() []string { return []string{"events", "seals", "seal_heads", "workspaces"} }

func newBendable(t *testing.T, l *logged) *bendable {
	t.Helper()
	l.filled(t)
	l.advance(40 * days)
	l.retire(t)
	l.filled(t)
	for _, table := range tables() {
		l.do(t, "CREATE TABLE kept_"+table+" AS SELECT * FROM "+table)
	}
	// Pools belong to the workspace, which then cannot lose its identifier.
	if store.IsPostgres(l.database) {
		l.do(t, "ALTER TABLE pools DROP CONSTRAINT pools_workspace_id_fkey")
	}
	return &bendable{l, l.time()}
}

func (l *bendable) back(t *testing.T) {
	t.Helper()
	tx, err := l.hand.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	statement := ""
	for _, table := range tables() {
		statement += "DELETE FROM " + table + "; INSERT INTO " + table + " SELECT * FROM kept_" + table + ";"
	}
	_, err = tx.ExecContext(t.Context(), statement+"DELETE FROM leases")
	if err == nil {
		err = tx.Commit()
	}
	if err != nil {
		t.Fatal(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.now = l.begun
}

// telling are bends after which the server is made to go on: of each kind of value one.
func telling(b bend) bool {
	return slices.Contains([]string{"'x'", "NULL", "X'00ff'", "1.5", "9223372036854775807", "CAST(" + b.column + " AS BLOB)"}, b.value)
}

// goesOn has a server seal what it writes, read the log, and remove what is old.
func (l *bendable) goesOn(t *testing.T, b bend) {
	t.Helper()
	s := l.sealer()
	for range 2 {
		l.write(t, workspace, 1)
		err := s.LookWhole(t.Context())
		if err != nil {
			t.Errorf("%v: the sealer says: %v", b, err)
		}
	}
	since := audit.FirstAt(l.begun)
	if n := l.list(t, "SELECT CAST(COUNT(*) AS TEXT) FROM events WHERE id > $1 AND kind = 'signin.completed' AND seal_id IS NULL AND user_id = 'usr_1'", string(since)); n[0] != "0" && b.value != "NULL" {
		t.Errorf("%v: of what was written then, %s are not sealed", b, n[0])
	}
	log := &audit.Log{Store: l.Store}
	part, err := log.Page(t.Context(), workspace, audit.Filter{}, "", "", 10)
	if err != nil || len(part.Events) != 10 || part.Events[0].At != countersign.Milli(l.time().UnixMilli()) {
		t.Errorf("%v: the first page has %d events: %v", b, len(part.Events), err)
	}
	seen := 0
	err = log.Each(t.Context(), workspace, audit.Filter{}, func(rows.Event) error { seen++; return nil })
	if all := l.list(t, "SELECT CAST(COUNT(*) AS TEXT) FROM events")[0]; err != nil || fmt.Sprint(seen) != all && fmt.Sprint(seen+1) != all {
		t.Errorf("%v: of %s events %d are listed: %v", b, all, seen, err)
	}
	latest, err := log.Latest(t.Context(), workspace)
	if err != nil || latest != part.Events[0].ID {
		t.Errorf("%v: the latest event is said to be %q: %v", b, latest, err)
	}
	id, _, _ := strings.Cut(strings.TrimPrefix(b.row, "id = '"), "'")
	_, err = log.Get(t.Context(), workspace, countersign.EventID(id))
	if err != nil && countersign.CodeOf(err) != "no_such_event" {
		t.Errorf("%v: the event: %v", b, err)
	}
}

// Whatever somebody makes of one column of the log, its seals or the note of their end, the
// verification says which event or seal it is, and the server works on.
func TestEveryColumnIsBentByHand(t *testing.T) {
	logs(t, func(t *testing.T, logged *logged) {
		l := newBendable(t, logged)
		events := l.list(t, "SELECT id FROM events WHERE seal_id = 8 ORDER BY id")
		last := l.list(t, "SELECT CAST(MAX(id) AS TEXT) FROM seals")[0]
		all := l.bends(t, "events", "id = '"+events[1]+"'")
		all = append(all, l.bends(t, "seals", "id = 2", "id = 8", "id = "+last)...)
		all = append(all, l.bends(t, "seal_heads", "workspace_id = 'wsp_default'")...)
		tried := 0
		for _, b := range all {
			l.back(t)
			if !l.bent(t, b) {
				continue
			}
			tried++
			r := l.verify(t)
			at := "8"
			if b.table != "events" {
				_, at, _ = strings.Cut(b.row, "id = ")
			}
			named := func(p audit.Problem) bool {
				return string(p.Event) == events[1] || fmt.Sprint(p.Seal) == at || b.table == "seal_heads" && (p.Fault == audit.HeadChanged || p.Fault == audit.TailCut)
			}
			if r.Holds() || !slices.ContainsFunc(r.Problems, named) {
				t.Errorf("%v is found as %+v", b, r.Problems)
			}
			if !telling(b) {
				continue
			}
			l.goesOn(t, b)
			// A note that reads as it did, and was written anew since, is what it was.
			same := b.table == "seal_heads" && strings.HasPrefix(b.value, "CAST")
			if r := l.verify(t); r.Holds() && !same {
				t.Errorf("%v is not found any more", b)
			}
			l.advance(40 * days)
			l.retire(t)
			l.verify(t)
		}
		if tried < 150 {
			t.Errorf("%d were tried", tried)
		}
	})
}

const heldBy = "INSERT INTO leases (name, holder, until) VALUES ('seal', 'nod_other', $1)"

// Nor is the work of the server ended by whose turn it is, or by the workspace's row; what
// that row cannot hold is told.
func TestWhatIsBesideTheLogIsBentByHand(t *testing.T) {
	logs(t, func(t *testing.T, logged *logged) {
		l := newBendable(t, logged)
		l.back(t)
		l.do(t, heldBy, l.time().UnixMilli())
		for _, b := range slices.Concat(l.bends(t, "leases", "name = 'seal'"), l.bends(t, "workspaces", "id = 'wsp_default'")) {
			l.back(t)
			l.do(t, heldBy, l.time().UnixMilli())
			if !l.bent(t, b) {
				continue
			}
			r := l.verify(t)
			changed, want := audit.Problem{Fault: audit.WorkspaceChanged}, false
			switch {
			case b.table == "workspaces" && b.column == "id":
				changed, want = audit.Problem{Fault: audit.WorkspaceMissing}, true
			case b.table == "workspaces" && !store.IsPostgres(l.database):
				kind := map[string]string{"created_at": "integer", "settings_version": "integer"}[b.column]
				want = cmp.Or(kind, "text") != l.list(t, "SELECT typeof("+b.column+") FROM workspaces")[0]
			}
			if slices.Contains(r.Problems, changed) != want {
				t.Errorf("%v is found as %+v", b, r.Problems)
			}
			if telling(b) {
				l.goesOn(t, b)
			}
		}
	})
}

// An event that has no seal yet, and whose key is no text any more, keeps no other from its
// own.
func TestAnEventWithoutAKeyIsNotSealed(t *testing.T) {
	l := newBendable(t, newLogged(t, storetest.File(t)))
	for _, column := range []string{"id", "workspace_id"} {
		l.back(t)
		l.write(t, workspace, 1200)
		l.do(t, "UPDATE events SET "+column+" = CAST("+column+" AS BLOB) WHERE seal_id IS NULL")
		b := bend{"events", column, "octets", "all that are not sealed"}
		l.write(t, workspace, 10)
		err := l.sealer().LookWhole(t.Context())
		r := l.verify(t)
		if err != nil || r.Head.Seal != 11 || column == "id" && (r.Unsealed != 1200 || r.Wrong < 20 || r.Problems[0].Text() != "audit.fault_event_changed_unnumbered") {
			t.Errorf("%v: %v, and it is found as %+v", b, err, r)
		}
	}
}
