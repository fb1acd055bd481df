package accounttest

import (
	"bytes"
	"context"
	"log/slog"
	"net/mail"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"countersign"
	"countersign/internal/account"
	"countersign/internal/approve"
	"countersign/internal/device"
	"countersign/internal/enrol"
	"countersign/internal/hosts"
	"countersign/internal/message"
	"countersign/internal/method"
	"countersign/internal/method/recovery"
	"countersign/internal/method/totp"
	"countersign/internal/password"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/session"
	"countersign/internal/signin"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/store/storetest"
	"countersign/internal/words"
)

// Workspace is the one that every test uses.
const Workspace = countersign.DefaultWorkspace

// URL is the public address of the engine.
const URL = "https://signin.example.com"

// Clock is a clock that stands still until it is told to go on.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now reads the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *Clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Engine is one node.
type Engine struct {
	Clock    *Clock
	Store    *store.Store
	Ring     *seal.Ring
	MAC      seal.MACKey
	Hasher   *password.Hasher
	Outbox   *message.Outbox
	Accounts *account.Service
	SignIn   *signin.Service
	Enrol    *enrol.Service
	Sessions *session.Service
	// Approvals ask people's phones, Devices pairs them.
	Approvals *approve.Service
	Devices   *device.Service
	// Hosts knows the workspaces.
	Hosts *hosts.Book
	// Log is everything that was logged.
	Log *Log

	database string
}

// Log collects what is logged; it is safe for concurrent use.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write adds to the log.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String returns what was logged.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Both runs the test twice, as "sqlite" and as "postgres", each time with a new
// engine on a database that is as new.
func Both(t *testing.T, test func(t *testing.T, e *Engine)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, New(t, storetest.File(t))) })
	t.Run("postgres", func(t *testing.T) { test(t, New(t, postgres(t))) })
}

// New builds an engine on a database, named as [store.Options] names it. Its
// clock stands at noon of a day in 2026, seven seconds into a step of codes.
func New(tb testing.TB, database string) *Engine {
	tb.Helper()
	ring, err := seal.CreateRing(filepath.Join(tb.TempDir(), "master.key"))
	must(tb, err)
	e := &Engine{
		Clock: &Clock{now: time.Date(2026, 11, 21, 12, 0, 7, 0, time.UTC)}, Ring: ring,
		MAC: seal.MACKey(seal.Bytes(32)), Log: &Log{}, database: database,
	}
	e.build(tb)
	return e
}

// Node builds a second node on the same database, with the same clock and keys.
// On SQLite it stands for a command of the shell beside the server.
func (e *Engine) Node(tb testing.TB) *Engine {
	tb.Helper()
	n := &Engine{Clock: e.Clock, Ring: e.Ring, MAC: e.MAC, Log: e.Log, database: e.database}
	n.build(tb)
	return n
}

func (e *Engine) build(tb testing.TB) {
	tb.Helper()
	log := slog.New(slog.NewTextHandler(e.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	e.Store, err = store.Open(context.Background(), store.Options{Database: e.database, Now: e.Clock.Now, Log: log})
	must(tb, err)
	tb.Cleanup(func() { must(tb, e.Store.Close()) })
	texts, err := catalogue()
	must(tb, err)
	e.Hosts, err = hosts.New(URL, e.Store.Homes)
	must(tb, err)
	must(tb, e.Hosts.Reload(context.Background()))
	e.Outbox, err = message.New(message.Options{
		Store: e.Store, Ring: e.Ring, Words: texts, From: mail.Address{Address: "countersign@example.com"}, Now: e.Clock.Now, Log: log, Hosts: e.Hosts,
	})
	must(tb, err)
	// The dearest part of a sign-in, as cheap as it can be.
	e.Hasher = password.NewHasher(password.Params{Memory: 8, Time: 1, Lanes: 1}, 2, time.Now, seal.Bytes)
	tb.Cleanup(e.Hasher.Close)
	e.Accounts = &account.Service{
		Store: e.Store, Ring: e.Ring, MAC: e.MAC, Hasher: e.Hasher, Outbox: e.Outbox, Now: e.Clock.Now, Hosts: e.Hosts,
		Texting: true,
		Methods: map[method.Kind]method.Method{method.TOTP: totp.Method{}, method.Recovery: recovery.Method{Key: e.MAC}},
	}
	e.Enrol = &enrol.Service{Accounts: e.Accounts, Store: e.Store, Ring: e.Ring, MAC: e.MAC, Now: e.Clock.Now}
	e.Approvals = &approve.Service{Accounts: e.Accounts, Store: e.Store, Now: e.Clock.Now}
	e.Devices = &device.Service{
		Accounts: e.Accounts, Approvals: e.Approvals, Enrol: e.Enrol, Store: e.Store, Ring: e.Ring, MAC: e.MAC, Now: e.Clock.Now,
		Vapid: "a key",
	}
	e.Approvals.Tested = e.Devices.Tested
	e.SignIn = &signin.Service{Accounts: e.Accounts, Approvals: e.Approvals, Store: e.Store, Now: e.Clock.Now}
	e.Sessions = &session.Service{
		Accounts: e.Accounts, Approvals: e.Approvals, Store: e.Store, Now: e.Clock.Now, Cookies: session.Cookies{Secure: true},
	}
}

// catalogue is every text. To read it is the dearest part of an engine, and nothing writes to it.
var catalogue = sync.OnceValues(func() (*words.Catalogue, error) { return words.Load() })

// Advance lets time go by. Mails that wait are delivered before, as they would
// be.
func (e *Engine) Advance(tb testing.TB, d time.Duration) {
	tb.Helper()
	e.deliver(tb)
	e.Clock.advance(d)
}

// Write runs one transaction that has to succeed.
func (e *Engine) Write(tb testing.TB, act func(tx *store.Tx) error) {
	tb.Helper()
	must(tb, e.Store.Write(context.Background(), act))
}

// Set stores settings of the workspace over those it has.
func (e *Engine) Set(tb testing.TB, settings policy.Document) {
	tb.Helper()
	w, err := e.Store.Read().GetWorkspace(context.Background(), Workspace)
	must(tb, err)
	old, err := policy.ParseDocument([]byte(w.Settings))
	must(tb, err)
	text, err := old.With(settings).JSON()
	must(tb, err)
	_, err = policy.ParseDocument([]byte(text))
	must(tb, err)
	e.Write(tb, func(tx *store.Tx) error {
		_, err := tx.StoreSettings(tx.Ctx, text, Workspace, w.SettingsVersion)
		return err
	})
}

// Events lists every event, the oldest first.
func (e *Engine) Events(tb testing.TB) []rows.Event {
	tb.Helper()
	list, err := e.Store.Read().ListEvents(context.Background(), Workspace, "", 1<<20)
	must(tb, err)
	return list
}

// Count counts the events of a kind whose detail holds a text.
func (e *Engine) Count(tb testing.TB, kind, detail string) int {
	tb.Helper()
	n := 0
	for _, event := range e.Events(tb) {
		if event.Kind == kind && bytes.Contains([]byte(event.Detail), []byte(detail)) {
			n++
		}
	}
	return n
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// Costly gives the node higher costs of password hashes than the others have.
func (e *Engine) Costly(tb testing.TB) {
	tb.Helper()
	e.Hasher = password.NewHasher(password.Params{Memory: 16, Time: 2, Lanes: 1}, 2, time.Now, seal.Bytes)
	tb.Cleanup(e.Hasher.Close)
	e.Accounts.Hasher = e.Hasher
}
