package attack_test

import (
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/people"
	"countersign/internal/store"
)

// TestFaultsBeside does what an administrator's commands do beside busy servers:
// it disables and enables people, sweeps, backs up and changes the master key.
// On SQLite there is a second server on the same file, which is nobody's plan and
// happens when an old one has not ended yet.
func TestFaultsBeside(t *testing.T) {
	for _, database := range []string{site.SQLite, site.Postgres} {
		t.Run(database, func(t *testing.T) {
			s := site.Start(t, site.Options{Database: database, Nodes: 2})
			g := crowded(t, s, "beside", scale(600, 20000))
			g.pause, g.over = 20*time.Millisecond, true // with a master key sign-ins under way end
			bob := s.Person(t, "Bob", "bob@acme.example", countersign.Member)
			c := s.Client()
			c.SignIn(bob)
			g.begin(8)
			g.until(t, 5)
			var slowest time.Duration
			for round := range scale(1, 8) {
				for what, act := range map[string]func() error{
					"disabling somebody": func() error { return putOut(t, s, c, bob) },
					"sweeping":           func() error { return s.Engine.Accounts.Sweep(t.Context()) },
					"a backup": func() error {
						return store.Backup(t.Context(), s.Engine.Store, filepath.Join(t.TempDir(), strconv.Itoa(round)))
					},
					"another master key": func() error { return newKey(t, s) },
				} {
					if what == "a backup" && database == site.Postgres {
						continue // that is PostgreSQL's own matter
					}
					began := time.Now()
					err := act()
					if err != nil {
						t.Errorf("%s beside busy servers: %v", what, err)
					}
					slowest = max(slowest, time.Since(began))
				}
				g.until(t, 5)
			}
			g.end()
			in, out := g.came()
			t.Logf("%d got in, %d were sent away; the slowest act beside them took %v", in, out, slowest)
			if g.sorry > 0 {
				t.Errorf("%d answers were 503 though nothing was broken", g.sorry)
			}
			g.judge(t)
		})
	}
}

// putOut disables a person, whose session is over at once on every server, and
// enables them again.
func putOut(t *testing.T, s *site.Site, c *site.Client, p *site.Person) error {
	t.Helper()
	a, err := s.Engine.People.Find(t.Context(), countersign.DefaultWorkspace, p.Email)
	if err == nil {
		err = s.Engine.People.Disable(t.Context(), a, people.Shell())
	}
	if err != nil {
		return err
	}
	for n := range s.Nodes {
		if inside(c.On(n)) {
			t.Errorf("somebody who is disabled is in at server %d", n)
		}
	}
	a, err = s.Engine.People.Find(t.Context(), countersign.DefaultWorkspace, p.Email)
	if err == nil {
		_, err = s.Engine.People.Enable(t.Context(), a, people.Shell())
	}
	if err != nil {
		return err
	}
	if in := c.SignIn(p); !inside(c) {
		t.Errorf("somebody who was enabled again cannot sign in: %s", in)
	}
	return nil
}

// newKey seals everything under a new master key. The older one is dropped where
// nothing can be sealed under it any more.
func newKey(t *testing.T, s *site.Site) error {
	t.Helper()
	err := s.Engine.Ring.Rotate()
	if err != nil {
		return err
	}
	_, err = store.Reseal(t.Context(), s.Engine.Store, s.Engine.Ring)
	if err != nil || s.Database == site.Postgres {
		return err
	}
	return s.Engine.Ring.Drop()
}
