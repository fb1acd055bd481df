package attack_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"countersign/e2e/proc"
	"countersign/e2e/site"
	"countersign/internal/store/storetest"
)

// TestFaultsFirstStart kills a server at random moments of its very first start,
// while the database, the master key and the schema are made. The next start
// finds whatever was left and finishes it.
func TestFaultsFirstStart(t *testing.T) {
	alongside(t)
	r := chance(t)
	for _, database := range []string{site.SQLite, site.Postgres} {
		t.Run(database, func(t *testing.T) {
			whole := time.Duration(0) // nobody disturbs the first of them
			for round := range scale(map[string]int{site.SQLite: 6, site.Postgres: 3}[database], 60) {
				address, data := proc.FreeAddr(t), t.TempDir()
				env := []string{"COUNTERSIGN_LISTEN=" + address, "COUNTERSIGN_DATA=" + data}
				if database == site.Postgres {
					env = append(env, "COUNTERSIGN_DATABASE_URL="+storetest.Postgres(t))
				}
				began := time.Now()
				p := proc.Start(t, site.Program, env)
				for range round % 3 {
					time.Sleep(time.Duration(r.Int64N(int64(whole))))
					p.Kill9()
					p.Restart()
				}
				p.WaitReady("http://" + address + "/readyz")
				if whole == 0 {
					whole = time.Since(began)
				}
				p.WaitLog("/setup/")
				p.Kill9()
			}
			t.Logf("a first start that nobody disturbs takes %v", whole)
		})
	}
}

// TestFaultsMasterKey starts a server without its master key, and with wrong ones:
// it says what is the matter, makes no other key, and works when it is back.
func TestFaultsMasterKey(t *testing.T) {
	s := site.Start(t, site.Options{})
	ada := s.Guarded(t, "Ada Lovelace", "ada@acme.example")
	c := s.Client()
	c.SignIn(ada)
	key := filepath.Join(s.Data, "master.key")
	kept, err := os.ReadFile(key) //nolint:gosec // of this test
	must(t, err)
	other := regexp.MustCompile(`[A-Za-z0-9+/_-]{40,}=*`).ReplaceAllStringFunc(string(kept), func(k string) string {
		return strings.Repeat("A", 10) + k[10:]
	})
	for sentence, found := range map[string]string{
		"it is not there": "", "it is empty": " ", "it is cut off": string(kept[:len(kept)/2]), "it is another one": other,
	} {
		t.Run(sentence, func(t *testing.T) {
			s.Nodes[0].Kill9()
			must(t, os.Remove(key))
			if found != "" {
				must(t, os.WriteFile(key, []byte(strings.TrimSpace(found)), 0o600))
			}
			before := len(s.Nodes[0].Log())
			s.Nodes[0].Restart()
			code, said := s.Nodes[0].Wait(), s.Nodes[0].Log()[before:]
			if code != 1 || !strings.Contains(said, "master key") || !strings.Contains(said, key) || strings.Contains(said, "goroutine") {
				t.Errorf("the server ended with %d and said %q", code, said)
			}
			now, err := os.ReadFile(key) //nolint:gosec // of this test
			if string(now) != strings.TrimSpace(found) || (found == "") != os.IsNotExist(err) {
				t.Errorf("the server wrote a key: %v", err)
			}
			must(t, os.WriteFile(key, kept, 0o600))
			s.Nodes[0].Restart()
			s.WaitReady(0)
			if !c.SignedIn() {
				t.Error("with the key back the session is gone")
			}
			if again := s.Client(); again.SignIn(ada).Status == 0 || !again.SignedIn() {
				t.Error("with the key back nobody can sign in")
			}
		})
	}
}
