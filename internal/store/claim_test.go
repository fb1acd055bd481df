package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/store/storetest"
)

// query is the text of a query as it is written, with its names.
func query(t *testing.T, file, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("queries", file)) //nolint:gosec // the package's own file
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(text), "-- name: "+name+" ")
	if !found {
		t.Fatalf("%s has no query %s", file, name)
	}
	_, after, _ = strings.Cut(after, "\n")
	before, _, _ := strings.Cut(after, ";\n")
	return before
}

// While a mail server is away, thousands of messages may wait. A claim happens on
// the connection that every sign-in writes on, and must not read them all.
func TestAClaimReadsOnlyWhatItTakes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "countersign.db")
	storetest.Open(t, file)
	db := raw(t, file)
	plan := planOf(t, db, query(t, "messages.sql", "ClaimMessages"),
		sql.Named("lease_until", 60_000), sql.Named("now", 1_000), sql.Named("channel", "email"), sql.Named("urgency", 2),
		sql.Named("workspace_id", "wsp_default"), sql.Named("most", 4))
	for _, want := range []string{
		"SEARCH messages USING INDEX sqlite_autoindex_messages_1 (workspace_id=? AND id=?)",
		"SEARCH m USING INDEX messages_turn (channel=? AND urgency=? AND workspace_id=? AND next_at<?)",
	} {
		if !slices.Contains(plan, want) {
			t.Errorf("the plan has no step %q:\n%s", want, strings.Join(plan, "\n"))
		}
	}
}

// The workspaces that have something due are found from one to the next, and not by reading
// what one of them wants to send to thousands.
func TestTurnsAreFoundWithoutReadingWhatWaits(t *testing.T) {
	file := filepath.Join(t.TempDir(), "countersign.db")
	storetest.Open(t, file)
	plan := strings.Join(planOf(t, raw(t, file), query(t, "messages.sql", "ListTurns"), sql.Named("now", 1_000), sql.Named("channel", "email")), "\n")
	for _, want := range []string{
		"SEARCH m USING COVERING INDEX messages_turn (channel=? AND urgency=?)",
		"SEARCH m USING COVERING INDEX messages_turn (channel=? AND urgency=? AND workspace_id>?)",
		"SEARCH m EXISTS USING INDEX messages_turn (channel=? AND urgency=? AND workspace_id=? AND next_at<?)",
	} {
		if !strings.Contains(plan, want) {
			t.Errorf("the plan has no step %q:\n%s", want, plan)
		}
	}
}

func TestTurns(t *testing.T) {
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		post := func(workspace countersign.WorkspaceID, id, channel string, urgency, at int64) {
			write(t, s, func(tx *store.Tx) error {
				return tx.InsertMessage(tx.Ctx, rows.InsertMessageParams{
					WorkspaceID: workspace, ID: countersign.MessageID(id), Kind: "k", Channel: channel, Urgency: urgency, Recipient: "r", Body: []byte{1},
					CreatedAt: at, ExpiresAt: 99_000,
				})
			})
		}
		for i := range 300 {
			post("wsp_b", fmt.Sprintf("msg_b%d", i), "email", 2, 1_000)
		}
		post("wsp_a", "msg_a", "email", 2, 1_000)
		post("wsp_c", "msg_c", "email", 0, 1_000)
		post("wsp_c", "msg_later", "email", 1, 3_000)
		post("wsp_d", "msg_d", "push", 0, 1_000)
		turns, err := s.Read().ListTurns(t.Context(), "email", 2_000)
		if got := fmt.Sprint(turns); err != nil || got != "[{0 wsp_c} {2 wsp_a} {2 wsp_b}]" {
			t.Errorf("the turns are %s, %v", got, err)
		}
		write(t, s, func(tx *store.Tx) error {
			_, err := tx.ClaimMessages(tx.Ctx, rows.ClaimMessagesParams{LeaseUntil: 60_000, Now: 2_000, Channel: "email", Urgency: 2, WorkspaceID: "wsp_a", Most: 4})
			return err
		})
		turns, err = s.Read().ListTurns(t.Context(), "email", 2_000)
		if got := fmt.Sprint(turns); err != nil || got != "[{0 wsp_c} {2 wsp_b}]" {
			t.Errorf("the turns are %s, %v, with one under way", got, err)
		}
	})
}

// planOf lists the steps in which SQLite runs a query.
func planOf(t *testing.T, db *sql.DB, query string, args ...any) []string {
	t.Helper()
	steps, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = steps.Close() }()
	var plan []string
	for steps.Next() {
		var id, parent, unused int
		var step string
		err = steps.Scan(&id, &parent, &unused, &step)
		if err != nil {
			t.Fatal(err)
		}
		plan = append(plan, step)
	}
	err = steps.Err()
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// The numbers of a week are counted over what happened in it, and not over a year; who
// is protected is looked up by person.
func TestTheDigestReadsOnlyItsWeek(t *testing.T) {
	file := filepath.Join(t.TempDir(), "countersign.db")
	storetest.Open(t, file)
	db := raw(t, file)
	workspace := sql.Named("workspace_id", "wsp_default")
	plan := planOf(t, db, query(t, "events.sql", "CountEvents"), workspace, sql.Named("since", "evt_0"), sql.Named("before", "evt_1"))
	want := "SEARCH events USING INDEX sqlite_autoindex_events_1 (workspace_id=? AND id>? AND id<?)"
	if !slices.Contains(plan, want) {
		t.Errorf("events are read in another way:\n%s", strings.Join(plan, "\n"))
	}
	plan = planOf(t, db, query(t, "users.sql", "CountPeople"), workspace, sql.Named("personal_by", "required"))
	want = "SEARCH credentials USING COVERING INDEX credentials_name (workspace_id=? AND user_id=?)"
	if !slices.Contains(plan, want) {
		t.Errorf("credentials are read in another way:\n%s", strings.Join(plan, "\n"))
	}
}

// SQLite compiles a statement anew whenever another value is bound to its limit,
// which takes longer than what most statements do. It does not look through a
// CAST.
func TestNoLimitIsABareParameter(t *testing.T) {
	files, err := filepath.Glob("queries/*.sql")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files of queries, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file) //nolint:gosec // the package's own files
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "LIMIT @") {
			t.Errorf("%s has a LIMIT that is a bare parameter: write LIMIT CAST(@most AS INTEGER)", file)
		}
	}
}

// A worker has read that a message waits, and another one is done with it before
// the first can claim it.
func TestWhatWasDoneMeanwhileIsNotClaimed(t *testing.T) {
	const now = 2_000
	outcomes := []struct {
		name string
		done func(tx *store.Tx, id countersign.MessageID) (int64, error)
	}{
		{"claimed", func(tx *store.Tx, _ countersign.MessageID) (int64, error) {
			claimed, err := tx.ClaimMessages(tx.Ctx, rows.ClaimMessagesParams{LeaseUntil: 60_000, Now: now, Channel: "email", WorkspaceID: workspace, Most: 10})
			return int64(len(claimed)), err
		}},
		{"sent", func(tx *store.Tx, id countersign.MessageID) (int64, error) {
			return tx.MarkSent(tx.Ctx, rows.MarkSentParams{Body: []byte{}, SentAt: now, WorkspaceID: workspace, ID: id})
		}},
		{"given up", func(tx *store.Tx, id countersign.MessageID) (int64, error) {
			return tx.MarkFailed(tx.Ctx, rows.MarkFailedParams{Body: []byte{}, Problem: "no", WorkspaceID: workspace, ID: id})
		}},
		{"kept", func(tx *store.Tx, id countersign.MessageID) (int64, error) {
			return tx.MarkKept(tx.Ctx, now, workspace, id)
		}},
		{"left for later", func(tx *store.Tx, id countersign.MessageID) (int64, error) {
			return tx.MarkRetry(tx.Ctx, rows.MarkRetryParams{NextAt: now + 5_000, Problem: "later", WorkspaceID: workspace, ID: id})
		}},
	}
	storetest.Both(t, func(t *testing.T, s *store.Store) {
		for i, row := range outcomes {
			id := countersign.MessageID(fmt.Sprint("msg_", i))
			write(t, s, func(tx *store.Tx) error {
				return tx.InsertMessage(tx.Ctx, rows.InsertMessageParams{
					WorkspaceID: workspace, ID: id, Kind: "k", Channel: "email", Recipient: "r", Body: []byte{1}, CreatedAt: 1_000, ExpiresAt: 99_000,
				})
			})
			var once sync.Once
			doing, second := make(chan struct{}), make(chan []rows.Message, 1)
			go func() {
				<-doing
				var claimed []rows.Message
				err := s.Write(context.Background(), func(tx *store.Tx) error {
					var err error
					claimed, err = tx.ClaimMessages(tx.Ctx, rows.ClaimMessagesParams{LeaseUntil: 90_000, Now: now, Channel: "email", WorkspaceID: workspace, Most: 10})
					return err
				})
				if err != nil {
					t.Errorf("%s: claim: %v", row.name, err)
				}
				second <- claimed
			}()
			write(t, s, func(tx *store.Tx) error {
				n, err := row.done(tx, id)
				if err != nil || n != 1 {
					return fmt.Errorf("%s: %d rows, %w", row.name, n, err)
				}
				once.Do(func() { close(doing) })
				time.Sleep(100 * time.Millisecond) // the other one reads the row as it was
				return nil
			})
			if claimed := <-second; len(claimed) != 0 {
				t.Errorf("what was %s meanwhile was claimed by another worker: %+v", row.name, claimed)
			}
		}
	})
}
