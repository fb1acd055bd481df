package audit_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign"
	"countersign/internal/audit"
	"countersign/internal/store"
	"countersign/internal/store/storetest"
)

// Whoever can write the database and has no master key is found, whatever they do to what
// was sealed. N1 to N4 stand for the events of the third of five seals, M1 for the first of
// the fourth.
func TestTheDatabaseIsChangedByHand(t *testing.T) {
	type found []string
	for _, row := range []struct {
		sentence string
		by       string
		want     found // fault, seal and event
	}{
		{"an address is changed", "UPDATE events SET ip = '192.0.2.2' WHERE id = 'N2'", found{"event_changed 3 N2"}},
		{"a person is changed", "UPDATE events SET user_id = 'usr_2' WHERE id = 'N2'", found{"event_changed 3 N2"}},
		{"a time is changed", "UPDATE events SET at = at + 1 WHERE id = 'N4'", found{"event_changed 3 N4"}},
		{"an identifier is changed", "UPDATE events SET id = 'N2x' WHERE id = 'N2'", found{"event_changed 3 N2x"}},
		{"every event of a batch is changed", "UPDATE events SET detail = '{}' WHERE seal_id = 3", found{"event_changed 3 N1"}},
		{"an event is removed", "DELETE FROM events WHERE id = 'N2'", found{"event_missing 3 N3"}},
		{"the last of a batch is removed", "DELETE FROM events WHERE id = 'N4'", found{"event_missing 3 "}},
		{"a batch is removed", "DELETE FROM events WHERE seal_id = 3", found{"event_missing 3 "}},
		{"two exchange their identifiers", "UPDATE events SET id = 'x', at = at + 1 WHERE id = 'N1'; UPDATE events SET id = 'N1' WHERE id = 'N2'; UPDATE events SET id = 'N2' WHERE id = 'x'", found{"event_changed 3 N2"}},
		{"one moves into another batch", "UPDATE events SET seal_id = 4 WHERE id = 'N4'", found{"event_missing 3 ", "event_added 4 N4"}},
		{"two exchange their batches", "UPDATE events SET seal_id = 4 WHERE id = 'N1'; UPDATE events SET seal_id = 3 WHERE id = 'M1'", found{"event_missing 3 N2", "event_added 3 M1", "event_changed 4 N1", "event_added 4 N1"}},
		{"one is said not to be sealed", "UPDATE events SET seal_id = NULL WHERE id = 'N1'", found{"event_missing 3 N2"}},
		{"one is put in between", like("N2", "N25"), found{"event_added 3 N25"}},
		{"a thousand are put in between", "INSERT INTO events SELECT e.workspace_id, e.id || n.v, at, kind, outcome, actor_kind, actor_id, user_id, target, session_id, attempt_id, request_id, ip, user_agent, detail, seal_id FROM events e, (WITH RECURSIVE r(v) AS (SELECT 1000 UNION ALL SELECT v + 1 FROM r WHERE v < 2000) SELECT v FROM r) n WHERE e.id = 'N2'", found{"event_added 3 N21000"}},
		{"one is put behind all", like("N2", "evt_zz"), found{"event_added 3 evt_zz"}},
		{"one is put into a seal that is not there", "UPDATE events SET seal_id = 99 WHERE id = 'N1'", found{"event_missing 3 N2", "event_added 99 N1"}},
		{"a seal is removed", "DELETE FROM seals WHERE id = 3", found{"seal_missing 3 ", "event_added 3 N1", "event_added 3 N2", "event_added 3 N3", "event_added 3 N4", "seal_changed 4 "}},
		{"a seal is removed with its events", "DELETE FROM seals WHERE id = 3; DELETE FROM events WHERE seal_id = 3", found{"seal_missing 3 ", "seal_changed 4 "}},
		{"a seal says less", "UPDATE seals SET events = 3 WHERE id = 3; DELETE FROM events WHERE id = 'N4'", found{"seal_changed 3 "}},
		{"the digest of a seal is that of another", "UPDATE seals SET digest = (SELECT digest FROM seals s WHERE s.id = 2) WHERE id = 3", found{"seal_changed 3 "}},
		{"the tail is cut off", "DELETE FROM seals WHERE id > 3; DELETE FROM events WHERE seal_id > 3", found{"tail_cut 4 "}},
		{"the last seal is cut off", "DELETE FROM seals WHERE id > 4; DELETE FROM events WHERE seal_id > 4", found{"tail_cut 5 "}},
		{"seals are cut off, and their events to be sealed again", "DELETE FROM seals WHERE id > 3; UPDATE events SET seal_id = NULL WHERE seal_id > 3", found{"tail_cut 4 "}},
		{"all is cut off", "DELETE FROM seals; DELETE FROM events", found{"tail_cut 1 "}},
		{"the tail is cut off, and the note says so", "DELETE FROM seals WHERE id > 3; DELETE FROM events WHERE seal_id > 3; UPDATE seal_heads SET seal_id = 3", found{"head_changed 3 "}},
		{"the tail is cut off, and the note removed", "DELETE FROM seals WHERE id > 3; DELETE FROM events WHERE seal_id > 3; DELETE FROM seal_heads", found{"head_changed 3 "}},
		{"the note is removed", "DELETE FROM seal_heads", found{"head_changed 5 "}},
		{"the note of a seal is its keyed digest", "UPDATE seal_heads SET mac = (SELECT mac FROM seals WHERE id = 5)", found{"head_changed 5 "}},
		{"a batch is removed and called retired", "DELETE FROM events WHERE seal_id = 3; UPDATE seals SET retired_at = 9999999999999 WHERE id = 3", found{"events_removed 3 "}},
		{"with the seal's keyed digest as its proof", "DELETE FROM events WHERE seal_id = 3; UPDATE seals SET retired_at = 9999999999999, retired_mac = mac WHERE id = 3", found{"events_removed 3 "}},
		{"and without removing anything", "UPDATE seals SET retired_at = 1 WHERE id = 3", found{"events_removed 3 ", "event_added 3 N1", "event_added 3 N2", "event_added 3 N3", "event_added 3 N4"}},
		{"the marks are gone", "UPDATE seals SET marks = digest WHERE id = 3", found{"seal_changed 3 "}},
		{"the marks are gone, and an event is changed", "UPDATE seals SET marks = digest WHERE id = 3; UPDATE events SET ip = '' WHERE id = 'N2'", found{"event_changed 3 N1"}},
	} {
		t.Run(strings.ReplaceAll(row.sentence, " ", "_"), func(t *testing.T) {
			logs(t, func(t *testing.T, l *logged) {
				s := l.filled(t)
				before := l.verify(t)
				names := l.names(t)
				l.do(t, names.Replace(row.by))
				r := l.verify(t)
				var got found
				for _, p := range r.Problems {
					got = append(got, fmt.Sprintf("%s %d %s", p.Fault, p.Seal, p.Event))
				}
				var want found
				for _, w := range row.want {
					want = append(want, names.Replace(w))
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("it is found as:\n%s", diff)
				}
				if r.Holds() != (row.want == nil) {
					t.Errorf("holds: %v", r.Holds())
				}
				// The server goes on, and what was found stays to be found.
				l.write(t, workspace, 2)
				look(t, s)
				if again := l.verify(t); again.Holds() != r.Holds() {
					t.Errorf("after another seal holds: %v; %+v", again.Holds(), again.Problems)
				}
				if cut := l.verify(t, before.Head); strings.Contains(strings.Join(got, ""), "tail_cut") && cut.Wrong < 2 {
					t.Errorf("with the head of before only this is wrong: %+v", cut.Problems)
				}
			})
		})
	}
}

// like is an insert of an event that is another one's copy, under its seal.
func like(id, as string) string {
	return "INSERT INTO events SELECT workspace_id, '" + as + "', at, kind, outcome, actor_kind, actor_id, user_id, target, session_id, attempt_id, request_id, ip, user_agent, detail, seal_id FROM events WHERE id = '" + id + "'"
}

// names are the identifiers of events by which the table calls them.
func (l *logged) names(t *testing.T) *strings.Replacer {
	t.Helper()
	var pairs []string
	for n, id := range l.list(t, "SELECT id FROM events WHERE seal_id = 3 ORDER BY id") {
		pairs = append(pairs, fmt.Sprintf("N%d", n+1), id)
	}
	for n, id := range l.list(t, "SELECT id FROM events WHERE seal_id = 4 ORDER BY id") {
		pairs = append(pairs, fmt.Sprintf("M%d", n+1), id)
	}
	return strings.NewReplacer(pairs...)
}

// A database that was put back whole, note and all, is what it was: only a head that was
// noted elsewhere tells that it once was longer.
func TestADatabaseThatWasPutBackWhole(t *testing.T) {
	logs(t, func(t *testing.T, l *logged) {
		s := l.filled(t)
		head := l.list(t, "SELECT mac FROM seal_heads")[0]
		old := l.verify(t)
		l.write(t, workspace, 4)
		look(t, s)
		newest := l.verify(t)
		l.do(t, "DELETE FROM seals WHERE id > 5")
		l.do(t, "DELETE FROM events WHERE seal_id > 5")
		l.do(t, "UPDATE seal_heads SET seal_id = 5, mac = $1", []byte(head))
		if r := l.verify(t, old.Head); !r.Holds() {
			t.Errorf("what was put back: %+v", r)
		}
		r := l.verify(t, newest.Head)
		if r.Holds() || r.Problems[0] != (audit.Problem{Fault: audit.TailCut, Seal: 6}) {
			t.Errorf("with the head that was noted: %+v", r)
		}
		if r := l.verify(t, old.Head, audit.Head{Seal: 5, MAC: newest.Head.MAC}); r.Holds() {
			t.Error("a head that is not the chain's is in it")
		}
		// The server that made the seal still knows it, and one that starts does not.
		l.write(t, workspace, 1)
		look(t, s)
		if r := l.verify(t); r.Holds() || r.Problems[0] != (audit.Problem{Fault: audit.SealMissing, Seal: 6}) || r.Head.Seal != 7 {
			t.Errorf("when the server went on: %+v", r)
		}
		if !strings.Contains(l.said.String(), "goes on after a gap") {
			t.Errorf("the server's log says nothing of it:\n%s", l.said)
		}
		l.write(t, workspace, 1)
		look(t, s)
		if r := l.verify(t); r.Wrong != 1 || r.Head.Seal != 8 {
			t.Errorf("and after another seal: %+v", r)
		}
	})
}

// Who takes the whole chain away, and the note of its end, has the server seal again what
// they made of the log. A server that runs misses its seals, and one that starts begins a
// chain that is younger than what it has seen.
func TestAChainThatWasBegunAnew(t *testing.T) {
	const away = "DELETE FROM seals; DELETE FROM seal_heads; DELETE FROM events WHERE seal_id = 3; UPDATE events SET seal_id = NULL, ip = '192.0.2.2'"
	type found []audit.Problem
	for _, row := range []struct {
		sentence string
		later    time.Duration
		restart  bool
		more     string
		want     func(oldest countersign.EventID) found
	}{
		{"the server runs on", time.Hour, false, "", func(countersign.EventID) found { return found{{Fault: audit.SealMissing, Seal: 1}} }},
		{"the server starts anew, days later", 48 * time.Hour, true, "", func(oldest countersign.EventID) found {
			return found{{Fault: audit.BegunLate, Seal: 1, Event: oldest}}
		}},
		{"what it had is called the shell's", 48 * time.Hour, true, "UPDATE events SET actor_kind = 'shell'", func(countersign.EventID) found {
			return found{{Fault: audit.BegunLate, Seal: 1}}
		}},
		{"nothing is left of it", 48 * time.Hour, true, "DELETE FROM events", func(countersign.EventID) found {
			return found{{Fault: audit.BegunLate, Seal: 1}}
		}},
		// This is what only a head tells that was noted elsewhere.
		{"nobody ever signed in", 48 * time.Hour, true, "DELETE FROM events; DELETE FROM users", func(countersign.EventID) found { return nil }},
		{"within the day", 2 * time.Hour, true, "", func(countersign.EventID) found { return nil }},
	} {
		t.Run(strings.ReplaceAll(row.sentence, " ", "_"), func(t *testing.T) {
			logs(t, func(t *testing.T, l *logged) {
				s := l.filled(t)
				l.do(t, fmt.Sprintf(somebody, l.time().UnixMilli()))
				noted := l.verify(t)
				if noted.Began == 0 || noted.Late != 0 || !noted.Holds() {
					t.Fatalf("before: %+v", noted)
				}
				l.do(t, away)
				if row.more != "" {
					l.do(t, row.more)
				}
				l.advance(row.later)
				if row.restart {
					s = l.sealer()
				}
				for range 61 { // one of them goes back to the beginning
					l.write(t, workspace, 1)
					look(t, s)
				}
				r := l.verify(t)
				oldest := countersign.EventID(l.list(t, "SELECT MIN(id) FROM events WHERE actor_kind <> 'system'")[0])
				if diff := cmp.Diff(row.want(oldest), found(r.Problems)); diff != "" || r.Unsealed != 0 {
					t.Errorf("%d are not sealed, and it is found as:\n%s", r.Unsealed, diff)
				}
				if began := l.list(t, "SELECT detail FROM events WHERE kind = 'audit.began'"); row.restart && row.more == "" && len(began) != 2 {
					t.Errorf("the log says of its beginnings: %q", began)
				}
				if row.restart && row.more == "" && row.later > 24*time.Hour && r.Late != 17 {
					t.Errorf("%d are told to be sealed late", r.Late)
				}
				if r := l.verify(t, noted.Head); r.Holds() {
					t.Errorf("with the head that was noted: %+v", r)
				}
			})
		})
	}
}

// somebody signed in at a moment.
const somebody = `INSERT INTO users (workspace_id, id, pool_id, email, email_key, email_verified_at, name, role, state, language, zone, password_hash, password_version,
	password_changed_at, require_second_factor, default_method, default_set_at, created_at, signed_in_at)
	VALUES ('wsp_default', 'usr_1', 'pool_default', 'ada@example.com', 'ada@example.com', 0, 'Ada', 'member', 'active', '', '', '', 1, 0, '', '', 0, 0, %d)`

// What was broken is told in the server's log when the chain goes on.
func TestABrokenChainIsLogged(t *testing.T) {
	logs(t, func(t *testing.T, l *logged) {
		s := l.filled(t)
		if strings.Contains(l.said.String(), "gap") {
			t.Fatalf("a chain that holds:\n%s", l.said)
		}
		l.do(t, "DELETE FROM seals WHERE id > 3")
		l.write(t, workspace, 2)
		look(t, s)
		if n := strings.Count(l.said.String(), "goes on after a gap"); n != 1 {
			t.Errorf("told %d times:\n%s", n, l.said)
		}
		l.write(t, workspace, 2)
		look(t, s)
		if n := strings.Count(l.said.String(), "goes on after a gap"); n != 1 {
			t.Errorf("told %d times:\n%s", n, l.said)
		}
	})
}

// A workspace that is taken away, or gets another identifier, does not take its log from
// those that are looked through.
func TestALogWithoutItsWorkspace(t *testing.T) {
	logs(t, func(t *testing.T, l *logged) {
		l.filled(t)
		act := "UPDATE workspaces SET id = 'wsp_other'"
		if store.IsPostgres(l.database) {
			act = "ALTER TABLE pools DROP CONSTRAINT pools_workspace_id_fkey; " + act
		}
		l.do(t, act)
		all, err := l.Logs(t.Context())
		if err != nil || !slices.Equal(all, []countersign.WorkspaceID{workspace, "wsp_other"}) {
			t.Fatalf("the logs are %v %v", all, err)
		}
		r := l.verify(t)
		if r.Holds() || r.Problems[0] != (audit.Problem{Fault: audit.WorkspaceMissing}) {
			t.Errorf("it was found so: %+v", r)
		}
	})
}

// What is no number where a number was is found like any other change: it neither ends the
// verification nor the reading of the log. PostgreSQL keeps no such thing.
func TestAMomentThatIsNoNumber(t *testing.T) {
	l := newLogged(t, storetest.File(t))
	l.filled(t)
	id := l.list(t, "SELECT id FROM events WHERE seal_id = 3 ORDER BY id")[1]
	l.do(t, "UPDATE events SET at = 'abc' WHERE id = $1", id)
	r := l.verify(t)
	if r.Wrong != 1 || r.Problems[0] != (audit.Problem{Fault: audit.EventChanged, Seal: 3, Event: countersign.EventID(id)}) {
		t.Errorf("it was found so: %+v", r)
	}
	log := &audit.Log{Store: l.Store}
	part, err := log.Page(t.Context(), workspace, audit.Filter{}, "", "", 100)
	if err != nil || len(part.Events) == 0 {
		t.Errorf("the log has %d events: %v", len(part.Events), err)
	}
	e, err := log.Get(t.Context(), workspace, countersign.EventID(id))
	if err != nil || e.At != 0 {
		t.Errorf("the event is of %d: %v", e.At, err)
	}
}
