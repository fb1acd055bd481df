package message_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"countersign"
	"countersign/internal/hosts"
	"countersign/internal/message"
	"countersign/internal/notify"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/storetest"
	"countersign/internal/words"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// clock is the test's time.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// mailer is a Mailer whose answers a test decides. It is a real second
// implementation of the interface, not a recorder of expectations.
type mailer struct {
	mu     sync.Mutex
	answer func(context.Context, notify.Mail) error
	sent   []notify.Mail
	tried  int
}

func (m *mailer) Send(ctx context.Context, letter notify.Mail) error {
	m.mu.Lock()
	answer := m.answer
	m.tried++
	m.mu.Unlock()
	if answer != nil {
		err := answer(ctx, letter)
		if err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent = append(m.sent, letter)
	return nil
}

func (m *mailer) set(answer func(context.Context, notify.Mail) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.answer = answer
}

func (m *mailer) all() []notify.Mail {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.sent)
}

func (m *mailer) tries() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.tried
}

// house is a database, a key ring and what an outbox needs beside them.
type house struct {
	t     *testing.T
	clock *clock
	store *store.Store
	ring  *seal.Ring
	words *words.Catalogue
	file  string
	log   *logged
	homes *hosts.Book // of the outbox that was made last; see from
}

// logged collects log lines.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func build(t *testing.T, options ...words.Option) *house {
	t.Helper()
	return buildOn(t, "", options...)
}

// buildOn builds on the database of a URL; "" is a new SQLite file.
func buildOn(t *testing.T, database string, options ...words.Option) *house {
	t.Helper()
	h := &house{t: t, clock: &clock{now: time.Date(2026, 11, 21, 8, 12, 0, 0, time.UTC)}, log: &logged{}}
	dir := t.TempDir()
	var err error
	h.ring, err = seal.CreateRing(filepath.Join(dir, "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	h.words, err = words.Load(options...)
	if err != nil {
		t.Fatal(err)
	}
	h.file = storetest.File(t)
	h.store, err = store.Open(t.Context(), store.Options{Database: cmp.Or(database, h.file), Now: h.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.store.Close() })
	return h
}

// book knows the workspaces that there are, for a configured address.
func (h *house) book(address string) *hosts.Book {
	h.t.Helper()
	book, err := hosts.New(address, h.store.Homes)
	if err == nil {
		err = book.Reload(h.t.Context())
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return book
}

func (h *house) outbox(m notify.Mailer) *message.Outbox {
	h.t.Helper()
	o, err := message.New(message.Options{
		Store: h.store, Ring: h.ring, Words: h.words, Mailer: m,
		From: mail.Address{Address: "sign-in@acme.example"}, Hosts: h.book("https://signin.example.com"), Now: h.clock.Now,
		Log: slog.New(slog.NewTextHandler(h.log, nil)),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return o
}

// run starts the outbox and stops it with the test, or before.
func (h *house) run(o *message.Outbox) func() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := o.Run(ctx)
		if err != nil {
			h.t.Errorf("run the outbox: %v", err)
		}
	}()
	stop := sync.OnceFunc(func() {
		cancel()
		<-done
	})
	h.t.Cleanup(stop)
	return stop
}

func (h *house) post(o *message.Outbox, m message.Mail) {
	h.t.Helper()
	err := h.store.Write(h.t.Context(), func(tx *store.Tx) error {
		return o.Post(tx, countersign.DefaultWorkspace, m)
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// until waits for a thing that another goroutine does.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
	}
}

var errLater = errors.New("421 later, and here is ada@example.com 493817 https://signin.acme.example/reset/tok3n-of-32-bytes")

func data() message.Data {
	return message.Data{
		Name: "Ada Lovelace", Workspace: "Acme", Address: "https://signin.acme.example",
		At: time.Date(2026, 11, 21, 8, 12, 0, 0, time.UTC).UnixMilli(), IP: "203.0.113.84",
		UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
		Link:      "https://signin.acme.example/reset/tok3n-of-32-bytes?a=1&b=2",
		Code:      "493817", Codes: []string{"7q0w2-m5x9d", "4k8t1-v6c3n"}, KeptBefore: "365", KeptAfter: "30",
		Device: "Pixel of Ada", OldDevice: "Old phone", Method: "totp", Actor: "Grace Hopper", Reason: "Lost the phone",
		Email: "ada@new.example", OldEmail: "ada@example.com", Left: 2, Minutes: 15, CodesTotal: 10,
		Loosened: []message.Loosened{
			{Before: "never", After: "two_admins"}, {Pool: "Field staff", Before: "two_admins", After: "allowed"}, {Person: "Ben Brown", Before: "never", After: "allowed"},
		},
		Week: &message.Week{
			From: time.Date(2026, 11, 9, 0, 0, 0, 0, time.UTC).UnixMilli(), People: 1204, Protected: 1190, Required: 3,
			SignedIn: 830, Refused: 17, Denied: 2, Reported: 1, Recovered: 4, Reset: 1, Settings: 2,
		},
	}
}

func reset() message.Mail {
	return message.Mail{Kind: message.PasswordReset, User: "usr_ada", To: "ada@example.com", Language: "en", Zone: "Europe/Berlin", Data: data()}
}
