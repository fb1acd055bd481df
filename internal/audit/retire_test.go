package audit_test

import (
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/internal/audit"
	"countersign/internal/store/rows"
)

const days = 24 * time.Hour

// retire removes what is older than thirty days.
func (l *logged) retire(t *testing.T) {
	t.Helper()
	err := l.Retire(t.Context(), workspace, 30)
	if err != nil {
		t.Fatal(err)
	}
}

// kept are the seals whose events are there.
func (l *logged) kept(t *testing.T) []rows.Seal {
	t.Helper()
	kept, err := l.Store.Read().ListKeptSeals(t.Context(), workspace, math.MinInt64, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

func TestWhatIsOldGoesByWholeSeals(t *testing.T) {
	logs(t, func(t *testing.T, l *logged) {
		s := l.filled(t)
		l.advance(20 * days)
		l.write(t, workspace, 4)
		look(t, s)
		head := l.verify(t).Head
		for _, row := range []struct {
			sentence string
			pass     time.Duration
			kept     int
			seals    string
		}{
			{"after twenty days", 0, 6, ""},
			{"on the day on which it is thirty, not yet", 10 * days, 6, ""},
			{"when that day is over", 12 * time.Hour, 2, "1-5"},
			{"again at once", time.Minute, 2, ""},
			{"when the last is too", 20 * days, 1, "6-6"},
		} {
			l.advance(row.pass)
			before := len(l.list(t, "SELECT id FROM events WHERE kind = 'audit.retired'"))
			l.retire(t)
			look(t, s)
			if n := len(l.kept(t)); n != row.kept && row.seals != "6-6" {
				t.Errorf("%s: the events of %d seals are there", row.sentence, n)
			}
			told := l.list(t, "SELECT detail FROM events WHERE kind = 'audit.retired' ORDER BY id")
			if (len(told) > before) != (row.seals != "") || row.seals != "" && !strings.Contains(told[len(told)-1], `"seals":"`+row.seals+`"`) {
				t.Errorf("%s: the log says %q", row.sentence, told)
			}
			if r := l.verify(t, head); !r.Holds() || r.Seals != r.Head.Seal {
				t.Errorf("%s: %+v", row.sentence, r)
			}
		}
		if n := l.list(t, "SELECT CAST(COUNT(*) AS TEXT) FROM events WHERE kind = 'signin.completed'")[0]; n != "0" {
			t.Errorf("%s old events are there", n)
		}
		if n := l.list(t, "SELECT CAST(COUNT(*) AS TEXT) FROM seals WHERE retired_at <> 0 AND marks <> $1", []byte{})[0]; n != "0" {
			t.Errorf("%s retired seals keep marks of their events", n)
		}
	})
}

// A batch goes when its youngest event is old, and nothing younger goes before it.
func TestABatchGoesAsAWhole(t *testing.T) {
	logs(t, func(t *testing.T, l *logged) {
		s := l.sealer()
		l.write(t, workspace, 1)
		look(t, s)
		l.write(t, workspace, 2)
		l.advance(10 * days)
		l.write(t, workspace, 2)
		look(t, l.sealer())
		l.advance(25 * days)
		l.retire(t)
		if r := l.verify(t); !r.Holds() || r.Events != 4 || r.Retired != 1 || r.Late != 2 {
			t.Errorf("when half of it is old: %+v", r)
		}
		l.advance(6 * days)
		l.retire(t)
		if r := l.verify(t); !r.Holds() || r.Events != 0 || r.Retired != 2 || r.Unsealed != 2 {
			t.Errorf("when all of it is: %+v", r)
		}
	})
}

func TestWhatIsNotSealedStays(t *testing.T) {
	logs(t, func(t *testing.T, l *logged) {
		s := l.sealer()
		l.write(t, workspace, 1)
		look(t, s)
		l.write(t, workspace, 3)
		l.advance(100 * days)
		l.retire(t)
		if r := l.verify(t); r.Unsealed != 4 || r.Retired != 1 {
			t.Errorf("%+v", r)
		}
		look(t, l.sealer())
		l.advance(100 * days)
		l.retire(t)
		if r := l.verify(t); !r.Holds() || r.Retired != 2 || r.Events != 0 {
			t.Errorf("%+v", r)
		}
	})
}

// Much that is old goes in several transactions, each with its event.
func TestMuchIsRetired(t *testing.T) {
	logs(t, func(t *testing.T, l *logged) {
		s := l.sealer()
		for range 3 {
			l.write(t, workspace, audit.BatchSize)
			look(t, s)
		}
		for range 5 {
			l.write(t, workspace, 4)
			look(t, s)
		}
		l.advance(40 * days)
		l.retire(t)
		look(t, s)
		r := l.verify(t)
		if !r.Holds() || r.Retired != 8 || r.Events != 4 {
			t.Errorf("%+v", r)
		}
		told := strings.Join(l.list(t, "SELECT detail FROM events WHERE kind = 'audit.retired'"), "\n")
		for _, want := range []string{"1-1", "2-2", "3-3", "4-8"} {
			if strings.Count(told, `"seals":"`+want+`"`) != 1 {
				t.Errorf("the seals %s are not told once in\n%s", want, told)
			}
		}
	})
}

// Every node sweeps. What one does, the others leave.
func TestNodesThatRetireAtOnce(t *testing.T) {
	logs(t, func(t *testing.T, l *logged) {
		s := l.filled(t)
		l.advance(40 * days)
		var nodes sync.WaitGroup
		for range 4 {
			node := *l.Chain
			if !l.Store.SQLite() {
				node.Store = l.node(t)
			}
			nodes.Go(func() {
				err := node.Retire(t.Context(), workspace, 30)
				if err != nil {
					t.Error(err)
				}
			})
		}
		nodes.Wait()
		look(t, s)
		if r := l.verify(t); !r.Holds() || r.Retired != 5 || r.Events != 1 {
			t.Errorf("%+v", r)
		}
	})
}

// Whoever makes a young batch look old, so that the server itself removes it, is found: the
// server does not prove what it finds changed.
func TestYoungEventsAreMadeToGo(t *testing.T) {
	for _, row := range []struct{ sentence, before, after string }{
		{"the seal says that it is old", "UPDATE seals SET newest_at = 1, at = 1", "UPDATE seals SET newest_at = NEWEST, at = AT WHERE id = 3"},
		{"an event was removed before", "DELETE FROM events WHERE id = 'N2'", ""},
		{"an event was changed before", "UPDATE events SET ip = '' WHERE id = 'N2'", ""},
		{"what was removed comes back", "DELETE FROM events WHERE id = 'N2'", like("REST", "N2")},
	} {
		t.Run(strings.ReplaceAll(row.sentence, " ", "_"), func(t *testing.T) {
			logs(t, func(t *testing.T, l *logged) {
				s := l.filled(t)
				newest, at := l.list(t, "SELECT CAST(newest_at AS TEXT) FROM seals WHERE id = 3")[0], l.list(t, "SELECT CAST(at AS TEXT) FROM seals WHERE id = 3")[0]
				names := l.names(t)
				if !strings.Contains(row.before, "seals") {
					l.advance(40 * days)
					l.write(t, workspace, 1)
					look(t, s)
				}
				l.do(t, names.Replace(row.before))
				l.retire(t)
				look(t, s)
				rest := l.list(t, "SELECT id FROM events WHERE seal_id IS NOT NULL ORDER BY id LIMIT 1")[0] // any event there is
				if row.after != "" {
					l.do(t, names.Replace(strings.NewReplacer("NEWEST", newest, "AT WHERE", at+" WHERE", "REST", rest).Replace(row.after)))
				}
				r := l.verify(t)
				found := false
				for _, p := range r.Problems {
					found = found || p == audit.Problem{Fault: audit.EventsRemoved, Seal: 3}
				}
				if !found {
					t.Errorf("it is not found: %+v", r)
				}
				if told := l.list(t, "SELECT detail FROM events WHERE kind = 'audit.retired' AND outcome = 'refused'"); len(told) == 0 || !strings.Contains(told[0], `"broken":"`) {
					t.Errorf("the log says %q", told)
				}
			})
		})
	}
}

// An event of a clock that is a year ahead does not keep all later ones from going.
func TestAWrongClockKeepsNothing(t *testing.T) {
	logs(t, func(t *testing.T, l *logged) {
		l.advance(365 * days)
		l.write(t, workspace, 1)
		l.advance(-365 * days)
		s := l.filled(t)
		l.advance(40 * days)
		l.retire(t)
		look(t, s)
		if r := l.verify(t); !r.Holds() || r.Retired != 5 || r.Unsealed != 0 {
			t.Errorf("%+v", r)
		}
	})
}
