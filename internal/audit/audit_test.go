package audit_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign"
	"countersign/internal/audit"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

const workspace = countersign.DefaultWorkspace

func events(t *testing.T, s *store.Store, w countersign.WorkspaceID) []rows.Event {
	t.Helper()
	list, err := s.Read().ListEvents(context.Background(), w, "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestAnEventIsKeptWhole(t *testing.T) {
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		detail := map[string]string{"method": "totp", "name": "Ada’s \"phone\" <\u202e>\n"}
		var at int64
		err := s.Write(context.Background(), func(tx *store.Tx) error {
			at = tx.NowMilli()
			return audit.Write(tx, workspace, audit.Event{
				Kind: "proof.refused", Outcome: audit.Refused, Actor: countersign.Actor{Kind: countersign.ByUser, User: "usr_1"},
				User: "usr_2", Target: "crd_1", Session: "ses_1", Attempt: "att_1",
				Place: countersign.Place{IP: "192.0.2.1", UserAgent: "Firefox", RequestID: "rid_1"}, Detail: detail,
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		got := events(t, s, workspace)
		if len(got) != 1 {
			t.Fatalf("%d events", len(got))
		}
		if diff := cmp.Diff(detail, audit.Detail(got[0])); diff != "" {
			t.Errorf("detail:\n%s", diff)
		}
		id := got[0].ID
		got[0].Detail, got[0].ID = "", ""
		want := rows.Event{
			WorkspaceID: workspace, At: countersign.Milli(at), Kind: "proof.refused", Outcome: "refused", ActorKind: countersign.ByUser, ActorID: "usr_1",
			UserID: "usr_2", Target: "crd_1", SessionID: "ses_1", AttemptID: "att_1", RequestID: "rid_1", IP: "192.0.2.1", UserAgent: "Firefox",
		}
		if diff := cmp.Diff(want, got[0]); diff != "" {
			t.Error(diff)
		}
		if !strings.HasPrefix(string(id), "evt_") {
			t.Errorf("id %s", id)
		}
	})
}

func TestAnEventWithoutOutcomeOrDetailIsOfSomethingDone(t *testing.T) {
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		err := s.Write(context.Background(), func(tx *store.Tx) error {
			return audit.Write(tx, workspace, audit.Event{Kind: "setup.link_made", Actor: countersign.Actor{Kind: countersign.BySystem}})
		})
		got := events(t, s, workspace)
		if err != nil || len(got) != 1 || got[0].Outcome != "ok" || got[0].Detail != "{}" || len(audit.Detail(got[0])) != 0 {
			t.Errorf("%+v, %v", got, err)
		}
		if list := events(t, s, "wsp_other"); len(list) != 0 {
			t.Errorf("another workspace has %d events", len(list))
		}
	})
}

// Neither the act nor its event exists without the other.
func TestAnEventSharesTheFateOfItsAct(t *testing.T) {
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		failed := errors.New("the act failed")
		err := s.Write(context.Background(), func(tx *store.Tx) error {
			return errors.Join(audit.Write(tx, workspace, audit.Event{Kind: "user.disabled"}), failed)
		})
		if !errors.Is(err, failed) {
			t.Fatal(err)
		}
		if list := events(t, s, workspace); len(list) != 0 {
			t.Errorf("%d events of what never happened", len(list))
		}
	})
}

// One transaction has one moment; what came of what is told by the order.
func TestEventsOfOneTransactionAreInTheirOrder(t *testing.T) {
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		want := strings.Split("a.b c.d e.f g.h i.j k.l m.n o.p q.r s.t", " ")
		err := s.Write(context.Background(), func(tx *store.Tx) error {
			var err error
			for _, kind := range want {
				err = errors.Join(err, audit.Write(tx, workspace, audit.Event{Kind: kind}))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range events(t, s, workspace) {
			got = append(got, e.Kind)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestADetailThatCannotBeReadIsEmpty(t *testing.T) {
	for _, text := range []string{"", "null", "[]", `{"a":1}`, "{"} {
		if got := audit.Detail(rows.Event{Detail: text}); len(got) != 0 {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// Whatever happens at a moment or after it has an identifier from its first one on, and
// whatever happened before has one below it.
func TestTheFirstIdentifierOfAMoment(t *testing.T) {
	monday := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	first := audit.FirstAt(monday)
	for _, row := range []struct {
		sentence string
		at       time.Time
		n        int
		before   bool
	}{
		{"the first of the moment", monday, 0, false},
		{"the last of the moment", monday, 1023, false},
		{"a year later", monday.AddDate(1, 0, 0), 0, false},
		{"the last of the millisecond before", monday.Add(-time.Millisecond), 1023, true},
		{"a year before", monday.AddDate(-1, 0, 0), 0, true},
	} {
		event, err := audit.Row(workspace, audit.Event{Kind: "test"}, row.at, row.n)
		if err != nil {
			t.Fatal(err)
		}
		if (event.ID < first) != row.before {
			t.Errorf("%s: %s and %s", row.sentence, event.ID, first)
		}
	}
}
