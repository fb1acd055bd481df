package site

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/people"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// Second makes another workspace at a host name, with an owner at [Owner], and returns the
// same installation as it is seen from there. Every node knows it when it returns.
func (s *Site) Second(tb testing.TB, name, host string) *Site {
	tb.Helper()
	made, err := s.Engine.People.CreateWorkspace(tb.Context(), people.NewWorkspace{Name: name, Host: host}, people.Shell())
	must(tb, err)
	link, err := s.Engine.Accounts.FindLink(tb.Context(), made.ID, "setup", filepath.Base(made.SetUp))
	must(tb, err)
	err = s.Engine.People.FinishSetup(tb.Context(), link, people.FirstOwner{
		Workspace: name, Name: "Olga Owner", Email: Owner, Password: GoodPassword,
	}, func(*store.Tx, rows.User) error { return nil })
	must(tb, err)
	return s.At(tb, made.ID, name)
}

// At is the same installation as it is seen from another of its workspaces, when every
// node knows that.
func (s *Site) At(tb testing.TB, id countersign.WorkspaceID, name string) *Site {
	tb.Helper()
	other := &Site{
		Database: s.Database, URL: s.Engine.Accounts.Address(id), Workspace: id, Data: s.Data, Nodes: s.Nodes, Clock: s.Clock, Box: s.Box,
		Texts: s.Texts, Engine: s.Engine, DSN: s.DSN, addresses: s.addresses, mails: s.mails,
	}
	for node := range s.Nodes {
		other.known(tb, node, name)
	}
	return other
}

// known waits until a node leads the workspace's host to it.
func (s *Site) known(tb testing.TB, node int, name string) {
	tb.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		manifest := s.Client().On(node).Get("/authenticator/manifest.webmanifest")
		if manifest.Status == http.StatusOK && strings.Contains(manifest.Body, name) {
			return
		}
	}
	tb.Fatalf("node %d does not know the workspace %s at %s", node, name, s.URL)
}

// ShownAt is a client that has the same cookies, and speaks to another workspace: as
// somebody does who has copied them.
func (c *Client) ShownAt(other *Site) *Client {
	shown := other.Client()
	shown.Header, shown.Node, shown.From, shown.Patience, shown.Bend = c.Header, c.Node, c.From, c.Patience, c.Bend
	for _, cookie := range c.Cookies() {
		shown.SetCookie(cookie.Name, cookie.Value)
	}
	return shown
}
