package attack_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the drivers of the store, for a hand in the database
	_ "modernc.org/sqlite"

	"countersign"
	"countersign/e2e/site"
)

// TestChain is somebody who can write the database of a busy installation, and has no
// master key: they change, remove, exchange, add and cut off what the log has of people,
// while servers go on. The shell finds each, and what is put back holds again.
func TestChain(t *testing.T) {
	alongside(t)
	shell := build(t)
	both(t, func(t *testing.T, s *site.Site) {
		c := &chain{t: t, s: s, hand: byHand(t, s), shell: *shell}
		c.shell.t = t
		for range 2 { // so that there are several seals
			busy(t, s, scale(16, 200))
			c.sealed()
		}
		if code, said := c.verify(); code != 0 || !strings.Contains(said, "The log holds") {
			t.Fatalf("what nobody touched: %d\n%s", code, said)
		}
		code, head := c.says("seal-head")
		if head = strings.TrimSpace(head); code != 0 || !strings.HasPrefix(head, "wsp_default/") {
			t.Fatalf("the head: %d\n%s", code, head)
		}
		some := column(t, c.hand, "SELECT id FROM events WHERE kind = 'signin.completed' AND seal_id IS NOT NULL ORDER BY id")
		a, z := some[0], some[len(some)-1]
		c.do("CREATE TABLE was AS SELECT * FROM events")
		for _, row := range []struct{ what, by, back, told string }{
			{"an address is changed", "UPDATE events SET ip = '192.0.2.66' WHERE id = 'A'", "UPDATE events SET ip = (SELECT ip FROM was WHERE id = 'A') WHERE id = 'A'", "the event A is not as it was sealed"},
			{"a refusal becomes a success", "UPDATE events SET outcome = 'refused' WHERE id = 'Z'", "UPDATE events SET outcome = 'ok' WHERE id = 'Z'", "the event Z is not as it was sealed"},
			{"an event is removed", "DELETE FROM events WHERE id = 'A'", "INSERT INTO events SELECT * FROM was WHERE id = 'A'", "removed"},
			{
				"two exchange their people", "UPDATE events SET user_id = (SELECT user_id FROM was WHERE id = 'Z') WHERE id = 'A'; UPDATE events SET user_id = (SELECT user_id FROM was WHERE id = 'A') WHERE id = 'Z'",
				"UPDATE events SET user_id = (SELECT user_id FROM was WHERE was.id = events.id) WHERE id IN ('A', 'Z')", "the event A is not as it was sealed",
			},
			{
				"two exchange their seals", "UPDATE events SET seal_id = (SELECT seal_id FROM was WHERE id = 'Z') WHERE id = 'A'; UPDATE events SET seal_id = (SELECT seal_id FROM was WHERE id = 'A') WHERE id = 'Z'",
				"UPDATE events SET seal_id = (SELECT seal_id FROM was WHERE was.id = events.id) WHERE id IN ('A', 'Z')", "the event A was not in it",
			},
			{
				"an event is added", "INSERT INTO events SELECT workspace_id, id || 'x', at, kind, outcome, actor_kind, actor_id, user_id, target, session_id, attempt_id, request_id, ip, user_agent, detail, seal_id FROM was WHERE id = 'A'",
				"DELETE FROM events WHERE id = 'Ax'", "the event Ax was not in it",
			},
			{"a batch is called retired", "UPDATE seals SET retired_at = at + 1000 WHERE id = 1", "UPDATE seals SET retired_at = 0 WHERE id = 1", "not removed by the retention"},
		} {
			names := strings.NewReplacer("'A'", "'"+a+"'", "'Ax'", "'"+a+"x'", "'Z'", "'"+z+"'", "event A ", "event "+a+" ", "event Ax ", "event "+a+"x ", "event Z ", "event "+z+" ")
			c.do(names.Replace(row.by))
			code, said := c.verify()
			if code != 1 || !strings.Contains(said, names.Replace(row.told)) {
				t.Errorf("%s: %d\n%s", row.what, code, said)
			}
			c.do(names.Replace(row.back))
			code, said = c.verify("--head", head)
			if code != 0 {
				t.Fatalf("%s, and it is put back: %d\n%s", row.what, code, said)
			}
		}
		c.cut(head)
	})
}

// chain is what the attack has at hand.
type chain struct {
	t     *testing.T
	s     *site.Site
	hand  *sql.DB
	shell program
}

// cut cuts off the tail of the chain, and waits until the servers went on.
func (c *chain) cut(head string) {
	c.t.Helper()
	c.sealed() // the verification before is an event too: its seal would be the last
	last := column(c.t, c.hand, "SELECT CAST(MAX(id) AS TEXT) FROM seals")[0]
	c.do("DROP TABLE was; DELETE FROM seals WHERE id = " + last + "; DELETE FROM events WHERE seal_id = " + last)
	busy(c.t, c.s, 2)
	c.sealed()
	code, said := c.verify()
	if code != 1 || !strings.Contains(said, "Seal "+last+" is missing") {
		c.t.Errorf("the tail was cut off, and the servers went on: %d\n%s", code, said)
	}
	code, said = c.verify("--head", head)
	if code != 1 || !strings.Contains(said, "was cut off") && !strings.Contains(said, "is missing") {
		c.t.Errorf("with the head that was noted: %d\n%s", code, said)
	}
	found := false
	for _, node := range c.s.Nodes {
		found = found || strings.Contains(node.Log(), "does not end where it was left")
	}
	if !found {
		c.t.Error("no server's log says that the chain was broken")
	}
}

// busy lets so many people sign in at once, on every node.
func busy(t *testing.T, s *site.Site, n int) {
	t.Helper()
	crowd := s.Crowd(t, fmt.Sprint("chain", time.Now().UnixNano()), n)
	crew(8, n, func(i int) {
		client := s.Client().On(i % len(s.Nodes))
		client.From = fmt.Sprintf("127.0.0.%d", 1+i%16)
		if a := client.SignIn(crowd[i]); a.Status != http.StatusSeeOther || token(client, "session") == "" {
			t.Errorf("%s cannot sign in: %s", crowd[i].Name, a)
		}
	})
}

// byHand opens the database past the program.
func byHand(t *testing.T, s *site.Site) *sql.DB {
	t.Helper()
	driver, name := "pgx", s.DSN
	if s.Database == site.SQLite {
		driver, name = "sqlite", "file:"+filepath.Join(s.Data, "countersign.db")+"?_pragma=busy_timeout(10000)&_txlock=immediate"
	}
	db, err := sql.Open(driver, name)
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// do changes the database by hand, in one transaction.
func (c *chain) do(statements string) {
	c.t.Helper()
	tx, err := c.hand.BeginTx(c.t.Context(), nil)
	must(c.t, err)
	for one := range strings.SplitSeq(statements, ";") {
		_, err = tx.ExecContext(c.t.Context(), one)
		if err != nil {
			_ = tx.Rollback()
			c.t.Fatalf("%s: %v", one, err)
		}
	}
	must(c.t, tx.Commit())
}

// sealed waits until the servers have sealed everything.
func (c *chain) sealed() {
	c.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		left, err := c.s.Engine.Store.Read().CountUnsealed(c.t.Context(), countersign.DefaultWorkspace)
		must(c.t, err)
		if left.Events == 0 {
			return
		}
	}
	c.t.Fatal("the servers do not seal what was written")
}

func (c *chain) verify(args ...string) (int, string) {
	c.t.Helper()
	return c.says(append([]string{"verify"}, args...)...)
}

func (c *chain) says(args ...string) (int, string) {
	c.t.Helper()
	env := []string{"COUNTERSIGN_DATA=" + c.s.Data, "COUNTERSIGN_DATABASE_URL=" + c.s.DSN}
	return c.shell.says("", env, append([]string{"admin", "audit"}, args...)...)
}
