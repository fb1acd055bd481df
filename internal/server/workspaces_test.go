package server_test

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"countersign/internal/config"
	"countersign/internal/people"
	"countersign/internal/server"
	"countersign/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// A workspace that is made, changed and removed beside a running server, as a command of
// the shell does, is known to it without a restart.
func TestAServerFollowsTheWorkspaces(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, c *config.Config){
		"sqlite":   func(*testing.T, *config.Config) {},
		"postgres": func(t *testing.T, c *config.Config) { c.DatabaseURL = storetest.Migrated(t) },
	} {
		t.Run(name, func(t *testing.T) {
			c := settings(t)
			change(t, &c)
			s, end := running(t, c)
			defer end()
			shell, err := server.Open(t.Context(), server.Options{Config: c})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = shell.Close() }()
			at := func(host string) int {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/help", nil)
				if err != nil {
					t.Fatal(err)
				}
				r.Host = host
				answer, err := http.DefaultClient.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				_ = answer.Body.Close()
				return answer.StatusCode
			}
			until := func(what, host string, want int) {
				t.Helper()
				for deadline := time.Now().Add(20 * time.Second); at(host) != want; time.Sleep(20 * time.Millisecond) {
					if time.Now().After(deadline) {
						t.Fatalf("%s: %s is answered %d, want %d", what, host, at(host), want)
					}
				}
			}
			until("while there is one", "nobody.example.com", http.StatusOK)
			made, err := shell.People.CreateWorkspace(t.Context(), people.NewWorkspace{Name: "Acme", Host: "acme.example.com"}, people.Shell())
			if err != nil {
				t.Fatal(err)
			}
			until("when there are two", "nobody.example.com", http.StatusNotFound)
			until("when it is made", "acme.example.com", http.StatusOK)
			err = shell.People.ChangeWorkspace(t.Context(), made.ID, people.WorkspaceChange{Name: "Acme", Host: "login.acme.example"}, people.Shell())
			if err != nil {
				t.Fatal(err)
			}
			until("under its new name", "login.acme.example", http.StatusOK)
			until("under its old name", "acme.example.com", http.StatusNotFound)
			if got := s.Parts.Accounts.Address(made.ID); !strings.HasPrefix(got, "http://login.acme.example:") {
				t.Errorf("its address is %s", got)
			}
			err = shell.People.RemoveWorkspace(t.Context(), made.ID, "", people.Shell())
			if err != nil {
				t.Fatal(err)
			}
			until("when there is one again", "nobody.example.com", http.StatusOK)
		})
	}
}

func TestAServerDoesNotTakeAWorkspacesAddress(t *testing.T) {
	c := settings(t)
	shell, err := server.Open(t.Context(), server.Options{Config: c})
	if err != nil {
		t.Fatal(err)
	}
	made, err := shell.People.CreateWorkspace(t.Context(), people.NewWorkspace{Name: "Acme", Host: "acme.example.com"}, people.Shell())
	if err == nil {
		err = shell.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	for host, taken := range map[string]bool{"acme.example.com": true, "ACME.example.com:8443": true, "signin.example.com": false} {
		c.URL = &url.URL{Scheme: "http", Host: host}
		s, err := server.New(t.Context(), server.Options{Config: c})
		if taken != (err != nil) || taken && !strings.Contains(err.Error(), string(made.ID)) {
			t.Errorf("at %s: %v; taken: %v", host, err, taken)
		}
		if err == nil {
			err = s.Close()
			if err != nil {
				t.Error(err)
			}
		}
	}
}
