package audit_test

import (
	"context"
	"errors"
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

func TestWhatIsSealedHolds(t *testing.T) {
	logs(t, func(t *testing.T, l *logged) {
		if r := l.verify(t); !r.Holds() || r.Seals != 0 || r.Head.String() != "" {
			t.Errorf("an empty log: %+v", r)
		}
		s := l.filled(t)
		l.write(t, workspace, 3)
		r := l.verify(t)
		if !r.Holds() || r.Seals != 5 || r.Events != 21 || r.Unsealed != 3 || r.OldestUnsealed != l.time().UnixMilli() || r.Head.Seal != 5 {
			t.Errorf("five seals: %+v", r)
		}
		head, err := l.Head(t.Context(), workspace)
		if err != nil || head.String() != r.Head.String() {
			t.Errorf("the head is %v, %v", head, err)
		}
		look(t, s)
		look(t, s)
		if r := l.verify(t, head); !r.Holds() || r.Seals != 6 || r.Unsealed != 0 || r.OldestUnsealed != 0 {
			t.Errorf("six seals: %+v", r)
		}
	})
}

// A chain is one workspace's, and each has its own.
func TestEachWorkspaceHasItsChain(t *testing.T) {
	logs(t, func(t *testing.T, l *logged) {
		l.do(t, "INSERT INTO workspaces (id, name, host, language, settings, settings_version, created_at) VALUES ('wsp_other', 'Other', 'other', '', '{}', 1, 0)")
		l.filled(t)
		l.write(t, "wsp_other", 2)
		look(t, l.sealerOf(l.Store))
		l.advance(10 * time.Second)
		look(t, l.sealerOf(l.Store))
		before := l.verify(t)
		r, err := l.Verify(t.Context(), "wsp_other")
		if err != nil || !r.Holds() || r.Seals != 1 || r.Events != 3 || r.Head.Seal != 1 {
			t.Errorf("the other workspace: %+v, %v", r, err)
		}
		r, err = l.Verify(t.Context(), "wsp_other", before.Head)
		if err != nil || r.Holds() {
			t.Errorf("the head of one workspace is in the chain of the other: %+v, %v", r, err)
		}
		l.do(t, "DELETE FROM events WHERE workspace_id = 'wsp_other'; DELETE FROM seals WHERE workspace_id = 'wsp_other'; DELETE FROM seal_heads WHERE workspace_id = 'wsp_other'")
		if r := l.verify(t); !r.Holds() || r.Events != 21 {
			t.Errorf("this workspace: %+v", r)
		}
	})
}

// A workspace that is removed between a look and its seal leaves no log behind, with which
// every later verification would find a log without a workspace.
func TestAWorkspaceThatIsRemovedBeforeItsFirstSeal(t *testing.T) {
	logs(t, func(t *testing.T, l *logged) {
		s := l.filled(t)
		l.do(t, "INSERT INTO workspaces (id, name, host, language, settings, settings_version, created_at) VALUES ('wsp_other', 'Other', 'other', '', '{}', 1, 0)")
		l.write(t, "wsp_other", 2)
		waiting := l.list(t, "SELECT id FROM events WHERE workspace_id = 'wsp_other' ORDER BY id")
		nothing := func(*store.Tx) error { return nil }
		err := l.Store.RemoveWorkspace(t.Context(), "wsp_other", nothing, nothing)
		if err != nil {
			t.Fatal(err)
		}
		n, err := s.Seal(t.Context(), "wsp_other", countersign.EventID(waiting[0]), countersign.EventID(waiting[1]))
		if n != 0 || err != nil {
			t.Errorf("%d events were sealed, %v", n, err)
		}
		if all, err := l.Logs(t.Context()); err != nil || !slices.Equal(all, []countersign.WorkspaceID{workspace}) {
			t.Errorf("then there are logs of %v, %v", all, err)
		}
	})
}

// What an act that was under way writes for a workspace that was removed meanwhile goes
// with the workspace's log, also where this node has sealed that; the others' logs hold.
func TestEventsThatComeAfterTheirWorkspaceIsGone(t *testing.T) {
	logs(t, func(t *testing.T, l *logged) {
		s := l.filled(t)
		l.do(t, "INSERT INTO workspaces (id, name, host, language, settings, settings_version, created_at) VALUES ('wsp_other', 'Other', 'other', '', '{}', 1, 0)")
		l.write(t, "wsp_other", 2)
		err := s.LookWhole(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		nothing := func(*store.Tx) error { return nil }
		err = l.Store.RemoveWorkspace(t.Context(), "wsp_other", nothing, nothing)
		if err != nil {
			t.Fatal(err)
		}
		l.write(t, "wsp_other", 3)
		l.write(t, workspace, 1)
		err = s.LookWhole(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if all, err := l.Logs(t.Context()); err != nil || !slices.Equal(all, []countersign.WorkspaceID{workspace}) {
			t.Errorf("then there are logs of %v, %v", all, err)
		}
		if left := l.list(t, "SELECT id FROM events WHERE workspace_id = 'wsp_other' OR seal_id IS NULL"); len(left) != 0 {
			t.Errorf("%v were left", left)
		}
		if r := l.verify(t); !r.Holds() {
			t.Errorf("the other log does not hold: %+v", r)
		}
	})
}

// A workspace's row that a hand took away takes no log with it: that stays to be found.
func TestALogWithoutAWorkspaceStays(t *testing.T) {
	logs(t, func(t *testing.T, l *logged) {
		s := l.filled(t)
		l.do(t, "INSERT INTO workspaces (id, name, host, language, settings, settings_version, created_at) VALUES ('wsp_other', 'Other', 'other', '', '{}', 1, 0)")
		l.write(t, "wsp_other", 2)
		err := s.LookWhole(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		l.write(t, "wsp_other", 1)
		l.do(t, "DELETE FROM workspaces WHERE id = 'wsp_other'")
		err = s.LookWhole(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if kept := l.list(t, "SELECT id FROM events WHERE workspace_id = 'wsp_other'"); len(kept) < 3 {
			t.Errorf("%d events are left", len(kept))
		}
	})
}

// sealerOf is a sealer of another node.
func (l *logged) sealerOf(s *store.Store) *audit.Sealer {
	other := *l.Chain
	other.Store = s
	return (&logged{Chain: &other, said: l.said}).sealer()
}

// More than fits one seal is sealed by several, in one look.
func TestABatchIsBounded(t *testing.T) {
	logs(t, func(t *testing.T, l *logged) {
		const n = 2*audit.BatchSize + 10
		l.write(t, workspace, n)
		look(t, l.sealer())
		r := l.verify(t)
		if !r.Holds() || r.Seals != 3 || r.Events != n+1 || r.Unsealed != 0 {
			t.Errorf("%+v", r)
		}
		for _, size := range l.list(t, "SELECT CAST(events AS TEXT) FROM seals") {
			if len(size) > len(fmt.Sprint(audit.BatchSize)) {
				t.Errorf("a batch of %s", size)
			}
		}
	})
}

// A transaction that began first and commits last has the smaller identifier.
func TestTransactionsCommitOutOfOrder(t *testing.T) {
	logs(t, func(t *testing.T, l *logged) {
		var late []rows.InsertEventParams
		for n := range 3 {
			row, err := audit.Row(workspace, audit.Event{Kind: "proof.refused"}, l.time(), n)
			if err != nil {
				t.Fatal(err)
			}
			late = append(late, row)
			l.advance(10 * time.Millisecond)
		}
		s := l.filled(t)
		for _, row := range late { // one of them after each look
			err := l.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertEvent(tx.Ctx, row) })
			if err != nil {
				t.Fatal(err)
			}
			l.write(t, workspace, 1)
			look(t, s)
		}
		r := l.verify(t)
		if !r.Holds() || r.Seals != 8 || r.Events != 27 || r.Unsealed != 0 {
			t.Errorf("%+v", r)
		}
		first := l.list(t, "SELECT first_id FROM seals ORDER BY id")
		if first[5] >= first[0] || slices.IsSorted(first) {
			t.Errorf("the late ones are not late: %q", first)
		}
	})
}

// What commits later than anything should is sealed all the same, within a minute.
func TestAnEventThatComesVeryLate(t *testing.T) {
	logs(t, func(t *testing.T, l *logged) {
		row, err := audit.Row(workspace, audit.Event{Kind: "proof.refused"}, l.time().Add(-time.Hour), 0)
		if err != nil {
			t.Fatal(err)
		}
		s := l.filled(t)
		err = l.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.InsertEvent(tx.Ctx, row) })
		if err != nil {
			t.Fatal(err)
		}
		for range 60 {
			look(t, s)
		}
		if r := l.verify(t); !r.Holds() || r.Events != 22 || r.Unsealed != 0 {
			t.Errorf("%+v", r)
		}
	})
}

// An event that is not committed yet waits for a later seal, and nobody waits for it.
func TestASealDoesNotWaitForATransaction(t *testing.T) {
	l := newLogged(t, storetest.Migrated(t)) // on SQLite one writes at a time
	tx, err := l.hand.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = tx.ExecContext(t.Context(), strings.ReplaceAll(byHand, "ID", string(audit.FirstAt(l.time()))+"00aaaaaaaaaaaaaa"))
	if err != nil {
		t.Fatal(err)
	}
	s := l.filled(t)
	if r := l.verify(t); !r.Holds() || r.Events != 21 || r.Unsealed != 0 {
		t.Errorf("while it is under way: %+v", r)
	}
	err = tx.Commit()
	if err != nil {
		t.Fatal(err)
	}
	look(t, s)
	if r := l.verify(t); !r.Holds() || r.Events != 22 || r.Seals != 6 {
		t.Errorf("when it is committed: %+v", r)
	}
}

// Nodes that all believe to have the turn make one chain.
func TestNodesThatSealAtOnce(t *testing.T) {
	logs(t, func(t *testing.T, l *logged) {
		const nodes, each = 4, 100
		sealers := make([]*audit.Sealer, nodes)
		for i := range sealers {
			sealers[i] = l.sealerOf(l.Store)
			if !l.Store.SQLite() { // which serves one process
				sealers[i] = l.sealerOf(l.node(t))
			}
		}
		failed := make(chan error, nodes)
		for _, s := range sealers {
			go func() {
				var err error
				for range each {
					err = errors.Join(err, s.Look(t.Context()), l.forget(t.Context()))
				}
				failed <- err
			}()
		}
		written := 0
		for done := 0; done < nodes; {
			l.write(t, workspace, 5)
			written += 5
			select {
			case err := <-failed:
				if err != nil {
					t.Error(err)
				}
				done++
			default:
			}
		}
		l.advance(time.Minute)
		look(t, l.sealer())
		r := l.verify(t)
		if !r.Holds() || r.Events != int64(written)+1 || r.Unsealed != 0 || r.Seals != r.Head.Seal {
			t.Errorf("of %d events: %+v", written, r)
		}
		if strings.Contains(l.said.String(), "does not end where it was left") {
			t.Errorf("a node took another's seal for a break:\n%s", l.said)
		}
	})
}

// forget makes everybody believe to have the turn.
func (l *logged) forget(ctx context.Context) error {
	return l.Store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.HoldLease(tx.Ctx, rows.HoldLeaseParams{Name: "seal", Holder: "nobody", Until: 0, Now: 1 << 62, Latest: 0})
		return err
	})
}

// Where a node has the turn, the others leave it alone until it says nothing more.
func TestOneNodeHasTheTurn(t *testing.T) {
	logs(t, func(t *testing.T, l *logged) {
		first, second := l.filled(t), l.sealerOf(l.node(t))
		l.write(t, workspace, 1)
		look(t, second)
		if r := l.verify(t); r.Unsealed != 1 {
			t.Errorf("the second node sealed beside the first: %+v", r)
		}
		look(t, first)
		l.write(t, workspace, 1)
		l.advance(6 * time.Second)
		look(t, second)
		l.write(t, workspace, 1)
		look(t, first)
		if r := l.verify(t); !r.Holds() || r.Unsealed != 1 {
			t.Errorf("the first node sealed beside the second: %+v", r)
		}
		look(t, second)
		if r := l.verify(t); !r.Holds() || r.Events != 24 || r.Unsealed != 0 {
			t.Errorf("%+v", r)
		}
	})
}

// A database that is gone is an error, and nothing is called wrong or right.
func TestNothingIsVerifiedWithoutADatabase(t *testing.T) {
	logs(t, func(t *testing.T, l *logged) {
		l.filled(t)
		_ = l.Store.Close()
		_, err := l.Verify(t.Context(), workspace)
		if err == nil {
			t.Error("a log that cannot be read is said to hold")
		}
		if err := l.sealer().Look(t.Context()); err == nil {
			t.Error("a log that cannot be read is said to be sealed")
		}
	})
}

// Who has a log verified stands in it, with what came of it.
func TestAVerificationIsAnEvent(t *testing.T) {
	logs(t, func(t *testing.T, l *logged) {
		s := l.filled(t)
		by := audit.By{
			Actor: countersign.Actor{Kind: countersign.ByUser, User: "usr_1"}, Session: "ses_1", Place: countersign.Place{IP: "192.0.2.7"},
		}
		l.advance(time.Second)
		r, err := l.VerifyBy(t.Context(), workspace, by)
		if err != nil || !r.Holds() {
			t.Fatalf("%+v, %v", r, err)
		}
		l.do(t, "UPDATE events SET ip = '192.0.2.99' WHERE seal_id = 3")
		l.advance(time.Second)
		_, err = l.VerifyBy(t.Context(), workspace, by)
		if err != nil {
			t.Fatal(err)
		}
		look(t, s)
		all := events(t, l.Store, workspace)
		for i, want := range []struct {
			outcome audit.Outcome
			wrong   string
			fault   string
		}{{audit.OK, "0", ""}, {audit.Refused, "1", "event_changed"}} {
			e := all[len(all)-2+i]
			d := audit.Detail(e)
			if e.Kind != "audit.verified" || e.Outcome != string(want.outcome) || e.ActorID != "usr_1" || e.SessionID != "ses_1" || e.IP != "192.0.2.7" ||
				d["wrong"] != want.wrong || d["fault"] != want.fault || d["head"] != r.Head.String() {
				t.Errorf("event %d: %+v", i, e)
			}
		}
	})
}

// byHand is an event that nobody's program wrote.
const byHand = `INSERT INTO events (workspace_id, id, at, kind, outcome, actor_kind, actor_id, user_id, target, session_id, attempt_id, request_id, ip, user_agent, detail)
	VALUES ('wsp_default', 'ID', 1795435200000, 'signin.completed', 'ok', 'user', 'usr_1', 'usr_1', '', '', '', '', '', '', '{}')`

// The beginning of a chain says which version of the program made it.
func TestTheBeginningNamesTheProgram(t *testing.T) {
	logs(t, func(t *testing.T, l *logged) {
		l.Version = "v1.2.3"
		l.filled(t)
		l.Version = ""
		l.do(t, "INSERT INTO workspaces (id, name, host, language, settings, settings_version, created_at) VALUES ('wsp_other', 'Other', 'other', '', '{}', 1, 0)")
		l.write(t, "wsp_other", 1)
		look(t, l.sealer())
		l.advance(10 * time.Second)
		look(t, l.sealer())
		began := l.list(t, "SELECT detail FROM events WHERE kind = 'audit.began' ORDER BY id")
		if len(began) != 2 || !strings.Contains(began[0], `"version":"v1.2.3"`) || strings.Contains(began[1], "version") {
			t.Errorf("the chains begin with %q", began)
		}
	})
}
