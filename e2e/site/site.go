package site

import (
	"cmp"
	"errors"
	"io/fs"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/mailbox"
	"countersign/e2e/proc"
	"countersign/internal/notify/text/texttest"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/server"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/store/storetest"
)

// Owner is the address of who set the installation up.
const Owner = "owner@acme.example"

// The databases that an installation can lie on.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// Options say what [Start] starts.
type Options struct {
	Database string   // SQLite or Postgres; "" is SQLite
	Nodes    int      // server processes; 0 is one, and more need Postgres
	Env      []string // further settings, as "NAME=value"
	Binary   string   // the product's own program instead of [Serve]: it has the real clock
	Program  string   // another program of the test binary that serves, instead of [Program]
	// Through stands between the servers and PostgreSQL: it gets the address of
	// PostgreSQL, host:port, and returns the one that the servers are told.
	Through func(address string) string
}

// Site is a running installation.
type Site struct {
	Database string
	URL      string // the address that people open; the same for all nodes
	// Workspace is the one at URL.
	Workspace countersign.WorkspaceID
	Data      string // the data folder, of all nodes
	Nodes     []*proc.Proc
	Clock     *proc.Clock
	Box       *mailbox.Box
	Texts     *texttest.Gateway // whom text messages are handed to
	Engine    *server.Parts     // the engine on the same database, to prepare and to look
	DSN       string            // the URL of the PostgreSQL database

	addresses  []string // of the nodes, host:port
	transports sync.Map // door -> *http.Transport

	mails *taken
}

// taken are the messages of the box that were returned before.
type taken struct {
	mu  sync.Mutex
	all map[int]bool
}

// Start starts servers on a new database that has an owner, and a mail server.
func Start(tb testing.TB, o Options) *Site {
	tb.Helper()
	if o.Database == "" {
		o.Database = SQLite
	}
	s := &Site{
		Database: o.Database, Data: tb.TempDir(), Clock: proc.NewClock(tb),
		Box: mailbox.Start(tb, mailbox.STARTTLS("countersign", "harbour")), Texts: texttest.NewGateway(tb), mails: &taken{all: map[int]bool{}},
		Workspace: countersign.DefaultWorkspace,
	}
	for range max(o.Nodes, 1) {
		s.addresses = append(s.addresses, proc.FreeAddr(tb))
	}
	_, port, _ := strings.Cut(s.addresses[0], ":")
	s.URL = "http://localhost:" + port
	env := s.settings(tb, o)
	s.open(tb, env)
	if o.Through != nil {
		env = append(env, "COUNTERSIGN_DATABASE_URL="+s.through(tb, o.Through))
	}
	for _, address := range s.addresses {
		listen := append([]string{"COUNTERSIGN_LISTEN=" + address}, env...)
		if o.Binary == "" {
			s.Nodes = append(s.Nodes, proc.Start(tb, cmp.Or(o.Program, Program), listen))
		} else {
			s.Nodes = append(s.Nodes, proc.StartFile(tb, o.Binary, append(listen, "SSL_CERT_FILE="+s.Box.AuthorityFile()), "serve"))
		}
	}
	for n := range s.Nodes {
		s.WaitReady(n)
	}
	return s
}

// settings are those of every node, but for its address.
func (s *Site) settings(tb testing.TB, o Options) []string {
	tb.Helper()
	env := []string{
		s.Clock.Env(), rootsVariable + "=" + s.Box.AuthorityFile(), "COUNTERSIGN_DATA=" + s.Data,
		"COUNTERSIGN_URL=" + s.URL, "COUNTERSIGN_SMTP_URL=" + s.Box.URL(),
		"COUNTERSIGN_SMTP_FROM=Acme <no-reply@acme.example>", "COUNTERSIGN_TEXTS_FILE=" + TextsFile(tb, s.Texts.Entry("gateway")),
	}
	if s.Database == Postgres {
		s.DSN = storetest.Migrated(tb)
		env = append(env, "COUNTERSIGN_DATABASE_URL="+s.DSN)
	}
	return append(env, o.Env...)
}

// through is the URL of the database as the servers are told it.
func (s *Site) through(tb testing.TB, way func(address string) string) string {
	tb.Helper()
	u, err := url.Parse(s.DSN)
	must(tb, err)
	u.Host = way(u.Host)
	return u.String()
}

// open opens the engine and makes the first owner, so that no server waits for
// one.
func (s *Site) open(tb testing.TB, env []string) {
	tb.Helper()
	o, err := replaced(append([]string{"COUNTERSIGN_LISTEN=" + s.addresses[0]}, env...))
	must(tb, err)
	o.Now = s.Clock.Now
	s.Engine, err = server.Open(tb.Context(), o)
	must(tb, err)
	tb.Cleanup(func() { must(tb, s.Engine.Close()) })
	address, err := s.Engine.People.SetupLink(tb.Context(), countersign.DefaultWorkspace)
	must(tb, err)
	link, err := s.Engine.Accounts.FindLink(tb.Context(), countersign.DefaultWorkspace, "setup", filepath.Base(address))
	must(tb, err)
	err = s.Engine.People.FinishSetup(tb.Context(), link, people.FirstOwner{
		Workspace: "Acme", Name: "Olga Owner", Email: Owner, Password: GoodPassword,
	}, func(*store.Tx, rows.User) error { return nil })
	must(tb, err)
}

// Address is where a node listens, as host:port.
func (s *Site) Address(node int) string { return s.addresses[node] }

// WaitReady waits until a node says that a sign-in would work.
func (s *Site) WaitReady(node int) {
	s.Nodes[node].WaitReady("http://" + s.addresses[node] + "/readyz")
}

// Policy gives the workspace the settings of a preset ("" is none: the
// defaults) with these over it, and nothing of what was set before.
func (s *Site) Policy(tb testing.TB, preset string, settings policy.Document) {
	tb.Helper()
	document := policy.Document{}
	if preset != "" {
		var err error
		document, err = policy.Preset(preset)
		must(tb, err)
	}
	document = document.With(settings)
	_, version, err := s.Engine.People.Document(tb.Context(), s.Workspace)
	must(tb, err)
	must(tb, s.Engine.People.StoreDocument(tb.Context(), s.Workspace, document, version, people.Shell()))
}

// Write runs one transaction on the installation's database.
func (s *Site) Write(tb testing.TB, act func(tx *store.Tx) error) {
	tb.Helper()
	must(tb, s.Engine.Store.Write(tb.Context(), act))
}

// Mail waits for a message to this address with the text in its subject, and
// returns the oldest that was not returned before.
func (s *Site) Mail(tb testing.TB, to, subject string) mailbox.Message {
	tb.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		message, found := s.Arrived(to, subject)
		if found {
			return message
		}
	}
	var there []string
	for _, message := range s.Box.All() {
		if strings.EqualFold(message.To[0], to) {
			there = append(there, message.Subject)
		}
	}
	tb.Fatalf("no new mail to %s with %q in its subject; there are %q", to, subject, there)
	return mailbox.Message{}
}

// Arrived is what [Site.Mail] returns, if it is there now.
func (s *Site) Arrived(to, subject string) (mailbox.Message, bool) {
	s.mails.mu.Lock()
	defer s.mails.mu.Unlock()
	for n, message := range s.Box.All() {
		if !s.mails.all[n] && strings.EqualFold(message.To[0], to) && strings.Contains(message.Subject, subject) {
			s.mails.all[n] = true
			return message, true
		}
	}
	return mailbox.Message{}, false
}

// Link is the path of the one page that a mail leads to, besides the site's own
// pages of the account and of help.
func (s *Site) Link(tb testing.TB, message mailbox.Message) string {
	tb.Helper()
	var found []string
	for _, address := range mailbox.Links(message) {
		path, ours := strings.CutPrefix(address, s.URL)
		if !ours {
			tb.Fatalf("the mail %q leads to another site: %s", message.Subject, address)
		}
		if !strings.HasPrefix(path, "/account") && !strings.HasPrefix(path, "/help") && strings.Trim(path, "/") != "" {
			found = append(found, path)
		}
	}
	if len(found) != 1 {
		tb.Fatalf("the mail %q has the links %q, want one:\n%s", message.Subject, found, message.Text)
	}
	return found[0]
}

// host is what people's browsers say in the Host header.
func (s *Site) host() *url.URL {
	u, err := url.Parse(s.URL)
	if err != nil {
		panic("the address of the site: " + err.Error())
	}
	return u
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil && !errors.Is(err, fs.ErrClosed) {
		tb.Fatal(err)
	}
}
