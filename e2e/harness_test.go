package e2e_test

import (
	"context"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/browser"
	"countersign/e2e/mailbox"
	"countersign/e2e/proc"
	"countersign/internal/config"
	"countersign/internal/password"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/server"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/store/storetest"
	"countersign/internal/words"
)

// What a test hands the server and no setting of the product can.
const (
	rootsVariable  = "E2E_ROOTS"  // a file with authorities that the server trusts
	pseudoVariable = "E2E_PSEUDO" // the right-to-left pseudo-language exists
)

var database = flag.String("database", "", "run the scenarios on this database only: sqlite or postgres")

func TestMain(m *testing.M) {
	os.Exit(proc.Main(m, proc.Programs{"server": serve}, browser.Close))
}

// cheap is the dearest part of a sign-in, as cheap as it can be.
func cheap() password.Params { return password.Params{Memory: 8, Time: 1, Lanes: 1} }

// serve is `countersign serve` with what tests replace. Its settings come from
// the environment.
func serve([]string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	err := run(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func run(ctx context.Context) error {
	o, err := replaced(os.Environ())
	if err != nil {
		return err
	}
	o.Out, o.Log, o.Now = os.Stdout, slog.New(slog.NewTextHandler(os.Stderr, nil)), proc.ClockFromEnv()
	s, err := server.New(ctx, o)
	if err != nil {
		return err
	}
	return s.Run(ctx)
}

// replaced reads the settings of a server, as the product does, and what only
// tests hand it.
func replaced(env []string) (server.Options, error) {
	c, err := config.Load(config.Inputs{Env: env, File: os.DevNull, Serving: true})
	if err != nil {
		return server.Options{}, err
	}
	o := server.Options{Config: c, Hash: cheap()}
	if valueOf(env, pseudoVariable) != "" {
		o.Words = []words.Option{words.Pseudo()}
	}
	if file := valueOf(env, rootsVariable); file != "" {
		authority, err := os.ReadFile(file) //nolint:gosec // the test names its own file
		if err != nil {
			return server.Options{}, err
		}
		o.Roots = x509.NewCertPool()
		if !o.Roots.AppendCertsFromPEM(authority) {
			return server.Options{}, errors.New("the file of roots holds no certificate")
		}
	}
	return o, nil
}

func valueOf(env []string, name string) string {
	for _, pair := range env {
		if value, found := strings.CutPrefix(pair, name+"="); found {
			return value
		}
	}
	return ""
}

// installation is a running server, its database, its clock and its mail. Many
// scenarios use one after another, each with people of its own.
type installation struct {
	kind    string // sqlite or postgres
	url     string
	clock   *proc.Clock
	box     *mailbox.Box
	process *proc.Proc
	engine  *server.Parts // the engine on the same database, to prepare what is given

	mu    sync.Mutex
	taken map[int]bool // of the box's messages, by house.mail
}

// house is an installation in the hands of one test.
type house struct {
	*installation
	t *testing.T
}

// owner is who set the installation up.
const owner = "owner@acme.example"

// newHouse starts a server for one test alone: one that restarts it, moves its
// clock against others, or wants settings ("NAME=value") of its own.
//
//nolint:unparam // a test chooses its database, even if SQLite is enough for those there are
func newHouse(t *testing.T, kind string, env ...string) *house {
	t.Helper()
	return &house{installation: install(t, kind, env...), t: t}
}

// install starts a server on a new database, with an owner, and a mail server.
func install(tb testing.TB, kind string, env ...string) *installation {
	tb.Helper()
	folder := tb.TempDir()
	clock, box, address := proc.NewClock(tb), mailbox.Start(tb, mailbox.STARTTLS("countersign", "harbour")), proc.FreeAddr(tb)
	_, port, _ := strings.Cut(address, ":")
	i := &installation{
		kind: kind, url: "http://localhost:" + port, clock: clock, box: box, taken: map[int]bool{},
	}
	env = append([]string{
		clock.Env(), rootsVariable + "=" + box.AuthorityFile(), "COUNTERSIGN_DATA=" + folder,
		"COUNTERSIGN_LISTEN=" + address, "COUNTERSIGN_URL=" + i.url,
		"COUNTERSIGN_SMTP_URL=" + box.URL(), "COUNTERSIGN_SMTP_FROM=Acme <no-reply@acme.example>",
	}, env...)
	switch kind {
	case "sqlite":
	case "postgres":
		env = append(env, "COUNTERSIGN_DATABASE_URL="+storetest.Migrated(tb))
	default:
		tb.Fatalf("there is no database %q", kind)
	}
	o, err := replaced(env)
	must(tb, err)
	o.Now = clock.Now
	i.engine, err = server.Open(tb.Context(), o)
	must(tb, err)
	tb.Cleanup(func() { must(tb, i.engine.Close()) })
	i.setUp(tb)
	i.process = proc.Start(tb, "server", env)
	i.process.WaitReady(i.url + "/readyz")
	return i
}

// setUp makes the first owner, so that the server does not wait for one.
func (i *installation) setUp(tb testing.TB) {
	tb.Helper()
	address, err := i.engine.People.SetupLink(tb.Context(), countersign.DefaultWorkspace)
	must(tb, err)
	link, err := i.engine.Accounts.FindLink(tb.Context(), countersign.DefaultWorkspace, "setup", filepath.Base(address))
	must(tb, err)
	err = i.engine.People.FinishSetup(tb.Context(), link, people.FirstOwner{
		Workspace: "Acme", Name: "Olga Owner", Email: owner, Password: goodPassword,
	}, func(*store.Tx, rows.User) error { return nil })
	must(tb, err)
}

// policy gives the workspace the settings of a preset ("" is none: the
// defaults) with these over it, and nothing of what was set before.
func (h *house) policy(preset string, settings policy.Document) {
	h.t.Helper()
	document := policy.Document{}
	if preset != "" {
		var err error
		document, err = policy.Preset(preset)
		must(h.t, err)
	}
	document = document.With(settings)
	_, version, err := h.engine.People.Document(h.t.Context(), countersign.DefaultWorkspace)
	must(h.t, err)
	must(h.t, h.engine.People.StoreDocument(h.t.Context(), countersign.DefaultWorkspace, document, version, people.Shell()))
}

// mail waits for a message to this address with the text in its subject, and
// returns the oldest that was not returned before.
func (h *house) mail(to, subject string) mailbox.Message {
	h.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		message, found := h.arrived(to, subject)
		if found {
			return message
		}
	}
	var there []string
	for _, message := range h.box.All() {
		if strings.EqualFold(message.To[0], to) {
			there = append(there, message.Subject)
		}
	}
	h.t.Fatalf("no new mail to %s with %q in its subject; there are %q", to, subject, there)
	return mailbox.Message{}
}

func (h *house) arrived(to, subject string) (mailbox.Message, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for n, message := range h.box.All() {
		if !h.taken[n] && strings.EqualFold(message.To[0], to) && strings.Contains(message.Subject, subject) {
			h.taken[n] = true
			return message, true
		}
	}
	return mailbox.Message{}, false
}

// noMail fails when such a message is there, or comes within a moment.
func (h *house) noMail(to, subject string) {
	h.t.Helper()
	for deadline := time.Now().Add(300 * time.Millisecond); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		message, found := h.arrived(to, subject)
		if found {
			h.t.Fatalf("there should be no mail to %s with %q in its subject, and there is %q", to, subject, message.Subject)
		}
	}
}

// link is the path of the one page that a mail leads to, besides the site's own
// pages of the account and of help.
func (h *house) link(message mailbox.Message) string {
	h.t.Helper()
	var found []string
	for _, address := range mailbox.Links(message) {
		path, ours := strings.CutPrefix(address, h.url)
		if !ours {
			h.t.Fatalf("the mail %q leads to another site: %s", message.Subject, address)
		}
		if !strings.HasPrefix(path, "/account") && !strings.HasPrefix(path, "/help") && strings.Trim(path, "/") != "" {
			found = append(found, path)
		}
	}
	if len(found) != 1 {
		h.t.Fatalf("the mail %q has the links %q, want one:\n%s", message.Subject, found, message.Text)
	}
	return found[0]
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil && !errors.Is(err, fs.ErrClosed) {
		tb.Fatal(err)
	}
}
