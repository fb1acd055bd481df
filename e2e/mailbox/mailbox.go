// Package mailbox is a real mail server in the test process: it speaks SMTP plain,
// with STARTTLS or with TLS from the first byte, asks for a password, keeps what
// it is given, and can misbehave as servers do. It owns the server and the parsing
// of messages; it knows nothing of the product. It is called by tests only.
package mailbox

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"countersign/e2e/authority"
)

// patience is how long [Box.Wait] waits for a message.
const patience = 20 * time.Second

// Box is a mail server and all that arrived at it. Its methods fail the test that
// started it.
type Box struct {
	tb        testing.TB
	host      string // the name in its URL and certificate
	addr      string // 127.0.0.1:port, kept over Stop and Start
	scheme    string // smtp or smtps
	user      string // "" when no password is asked for
	password  string
	tls       *tls.Config
	authority []byte // PEM
	listener  net.Listener
	server    *smtp.Server

	mu       sync.Mutex
	messages []Message
	taken    []bool // by Wait, one for each message
	trouble  trouble
	hold     chan struct{} // closed when hanging ends
	lines    int           // that were ever opened
	open     map[*session]struct{}
	most     int // mails on one line; 0 is any number
	gate     *gate
}

// Option changes the mail server that [Start] starts.
type Option func(*Box)

// STARTTLS makes the server offer encryption after the first words, and take mail
// only after it and after this user has signed in.
func STARTTLS(user, password string) Option {
	return func(b *Box) { b.scheme, b.user, b.password = "smtp", user, password }
}

// ImplicitTLS makes the server speak TLS from the first byte, and take mail only
// after this user has signed in.
func ImplicitTLS(user, password string) Option {
	return func(b *Box) { b.scheme, b.user, b.password = "smtps", user, password }
}

// Host gives the server a name, in its address and in its certificate. The client
// under test must be made to find it at [Box.Addr].
func Host(name string) Option { return func(b *Box) { b.host = name } }

// Start starts a mail server on a free port of 127.0.0.1, plain unless an option
// says otherwise. It ends with tb.
func Start(tb testing.TB, options ...Option) *Box {
	tb.Helper()
	b := &Box{tb: tb, host: "127.0.0.1", scheme: "smtp", addr: "127.0.0.1:0", hold: make(chan struct{}), open: map[*session]struct{}{}}
	for _, option := range options {
		option(b)
	}
	config, authority, err := authority.For(b.host)
	if err != nil {
		tb.Fatalf("make the mail server's certificate: %v", err)
	}
	b.tls, b.authority = config, authority
	tb.Cleanup(func() {
		b.Work()
		b.stop()
	})
	b.Start()
	return b
}

// Start lets a stopped server listen again, at the same address.
func (b *Box) Start() {
	b.tb.Helper()
	listener, err := new(net.ListenConfig).Listen(b.tb.Context(), "tcp", b.addr)
	if err != nil {
		b.tb.Fatalf("start the mail server: %v", err)
	}
	b.addr = listener.Addr().String()
	server := smtp.NewServer(smtp.BackendFunc(b.session))
	server.Domain = b.host
	server.ErrorLog = log.New(io.Discard, "", 0) // clients that go away are what tests do
	server.ReadTimeout, server.WriteTimeout = time.Minute, time.Minute
	listener = &door{Listener: listener, box: b}
	if b.user != "" {
		server.TLSConfig = b.tls
	}
	if b.scheme == "smtps" {
		listener = tls.NewListener(listener, b.tls)
	}
	b.listener, b.server = listener, server
	go func() { _ = server.Serve(listener) }()
}

// Stop takes the server away: its port refuses connections.
func (b *Box) Stop() {
	b.tb.Helper()
	b.stop()
}

func (b *Box) stop() {
	_ = b.listener.Close() // the library closes only what it already serves
	_ = b.server.Close()   // an error: it was closed before
}

// Addr is where the server listens, host:port.
func (b *Box) Addr() string { return b.addr }

// URL is the address with which mail is sent to the server, with user and password
// when it asks for them: smtp://host:port or smtps://user:password@host:port.
func (b *Box) URL() string {
	_, port, err := net.SplitHostPort(b.addr)
	if err != nil {
		b.tb.Fatalf("read the mail server's address: %v", err)
	}
	u := url.URL{Scheme: b.scheme, Host: net.JoinHostPort(b.host, port)}
	if b.user != "" {
		u.User = url.UserPassword(b.user, b.password)
	}
	return u.String()
}

// AuthorityFile is a file with the certificate (PEM) that a client must trust.
func (b *Box) AuthorityFile() string {
	b.tb.Helper()
	file := filepath.Join(b.tb.TempDir(), "authority.pem")
	err := os.WriteFile(file, b.authority, 0o600)
	if err != nil {
		b.tb.Fatalf("write the mail server's authority: %v", err)
	}
	return file
}

// All is every message that was taken, the oldest first.
func (b *Box) All() []Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.messages)
}

// Wait waits for a message to this address whose subject contains the text, and
// returns the oldest that no Wait has returned before.
func (b *Box) Wait(to, subject string) Message {
	b.tb.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		m, ok := b.take(to, subject)
		if ok {
			return m
		}
		if time.Now().After(deadline) {
			b.tb.Fatalf("no new message to %s with %q in its subject after %v; there are:\n%s", to, subject, patience, b.list())
		}
	}
}

// None fails when a message to this address with the text in its subject, that no
// Wait has returned, is there or comes within the time.
func (b *Box) None(to, subject string, within time.Duration) {
	b.tb.Helper()
	for deadline := time.Now().Add(within); ; time.Sleep(10 * time.Millisecond) {
		m, ok := b.take(to, subject)
		if ok {
			b.tb.Fatalf("there should be no message to %s with %q in its subject, and there is %q", to, subject, m.Subject)
		}
		if time.Now().After(deadline) {
			return
		}
	}
}

func (b *Box) take(to, subject string) (Message, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, m := range b.messages {
		if !b.taken[i] && strings.Contains(m.Subject, subject) && slices.Contains(m.To, to) {
			b.taken[i] = true
			return m, true
		}
	}
	return Message{}, false
}

// list is what a failed wait shows.
func (b *Box) list() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var s strings.Builder
	for i, m := range b.messages {
		mark := ""
		if b.taken[i] {
			mark = " (returned before)"
		}
		s.WriteString("  to " + strings.Join(m.To, ", ") + ": " + m.Subject + mark + "\n")
	}
	if s.Len() == 0 {
		return "  none\n"
	}
	return s.String()
}

func (b *Box) keep(m Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.messages, b.taken = append(b.messages, m), append(b.taken, false)
}
