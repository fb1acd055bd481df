package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
)

const (
	// connectWithin bounds the search for the server and the TCP handshake.
	connectWithin = 10 * time.Second
	// sendWithin bounds the whole conversation, so that a server which takes
	// the line and says nothing cannot hold a worker for long.
	sendWithin = 30 * time.Second
)

// Dial opens a connection, as [net.Dialer.DialContext] does.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Options say how to reach an SMTP server.
type Options struct {
	// Server is smtp://host[:587] (STARTTLS, required unless the host is this
	// machine and no password is given, or ?tls=off says otherwise) or
	// smtps://host[:465] (TLS from the first byte), with user:password@ before
	// the host where the server asks for them.
	Server string
	// Now is the clock of the Date header.
	Now func() time.Time
	// Roots are the certificates to trust instead of the system's; nil means
	// the system's.
	Roots *x509.CertPool
	// ServerName is the name in the server's certificate, where it is not the
	// host's.
	ServerName string
	// Dial replaces the system's way to connect; nil means the system's.
	Dial Dial
	// Connect and Whole bound the connecting and the whole conversation; 0
	// means 10 and 30 seconds.
	Connect, Whole time.Duration
}

// SMTP is the Mailer for a real mail server. It opens one connection for each
// mail, and may be used by many goroutines.
type SMTP struct {
	server  server
	options Options
	tls     *tls.Config
	secrets []string
}

// NewSMTP checks the options; it connects to nothing. Its error never contains
// the password.
func NewSMTP(o Options) (*SMTP, error) {
	parsed, err := parseServer(o.Server)
	if err != nil {
		return nil, fmt.Errorf("mail server: %w", err)
	}
	if o.Connect == 0 {
		o.Connect = connectWithin
	}
	if o.Whole == 0 {
		o.Whole = sendWithin
	}
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	name := o.ServerName
	if name == "" {
		name = parsed.host
	}
	s := &SMTP{
		server: parsed, options: o,
		tls: &tls.Config{ServerName: name, RootCAs: o.Roots, MinVersion: tls.VersionTLS12},
	}
	if parsed.password != "" {
		// A server may repeat what it was sent, in either form.
		s.secrets = []string{
			parsed.password,
			base64.StdEncoding.EncodeToString([]byte(parsed.password)),
			base64.StdEncoding.EncodeToString([]byte("\x00" + parsed.user + "\x00" + parsed.password)),
		}
	}
	return s, nil
}

// Send hands the mail over, or says why not ([Error]).
func (s *SMTP) Send(ctx context.Context, m Mail) error {
	m, err := m.check()
	if err != nil {
		return err
	}
	letter := s.write(m)
	ctx, cancel := context.WithTimeout(ctx, s.options.Whole)
	defer cancel()
	err = s.talk(ctx, letter)
	if err == nil || letter.IsDelivered() {
		// What goes wrong after the server took the mail is no reason to send
		// it a second time.
		return nil
	}
	return s.explain(ctx, err)
}

// talk runs the conversation. The client is made anew for each mail because it
// changes itself while it chooses how to sign in.
func (s *SMTP) talk(ctx context.Context, letter *mail.Msg) error {
	options := []mail.Option{
		mail.WithPort(s.server.port), mail.WithTimeout(s.options.Whole),
		mail.WithTLSConfig(s.tls),
		// Not the context that the library hands on: it ends with the dialling.
		mail.WithDialContextFunc(func(_ context.Context, network, address string) (net.Conn, error) {
			return s.dial(ctx, network, address)
		}),
	}
	if s.server.security == startTLS {
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	} else {
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if s.server.user != "" {
		options = append(options,
			mail.WithUsername(s.server.user), mail.WithPassword(s.server.password),
			mail.WithOpportunisticSMTPAuth(mail.SMTPAuthPlain, mail.SMTPAuthLogin, mail.SMTPAuthCramMD5))
	}
	client, err := mail.NewClient(s.server.host, options...)
	if err != nil {
		return err
	}
	return client.DialAndSendWithContext(ctx, letter)
}

// dial connects, and closes the line when ctx, the time of the whole
// conversation, is over: the library's own deadline begins anew with every
// step, and after a failed greeting it leaves the line open.
func (s *SMTP) dial(ctx context.Context, network, address string) (net.Conn, error) {
	first, cancel := context.WithTimeout(ctx, s.options.Connect)
	defer cancel()
	line, err := s.options.Dial(first, network, address)
	if err != nil {
		return nil, err
	}
	guarded := &guardedConn{Conn: line}
	guarded.release = context.AfterFunc(ctx, func() { _ = line.Close() })
	if s.server.security != implicit {
		return guarded, nil
	}
	encrypted := tls.Client(guarded, s.tls)
	err = encrypted.HandshakeContext(ctx)
	if err != nil {
		_ = guarded.Close()
		return nil, err
	}
	return encrypted, nil
}

// guardedConn is a connection that a context closes.
type guardedConn struct {
	net.Conn
	release func() bool
}

// Close closes the connection and lets go of the context.
func (c *guardedConn) Close() error {
	c.release()
	return c.Conn.Close()
}

// explain turns the library's error into ours.
func (s *SMTP) explain(ctx context.Context, err error) *Error {
	code, words := answer(err)
	e := &Error{step: "the mail server cannot be used", code: code, words: clean(words, s.secrets), again: true}
	var send *mail.SendError
	if errors.As(err, &send) {
		e.step = "the mail server did not take the mail"
		e.code = send.ErrorCode()
		words, _, _ = strings.Cut(send.Error(), ", affected")
		e.words = clean(words, s.secrets)
		// Before the mail was named, and in matters of permission, a refusal is
		// about our set-up, which the operator can mend while the mail waits.
		e.again = e.code/100 != 5 || e.code == 530 || e.code == 534 || e.code == 535 || e.code == 538
		if send.Reason == mail.ErrSMTPDataClose || send.Reason == mail.ErrWriteContent {
			// The answer to the mail itself may quote it, link and code included.
			e.words = send.EnhancedStatusCode()
		}
	}
	if ctx.Err() != nil && e.code == 0 {
		e.words = "it did not answer in time"
		if errors.Is(ctx.Err(), context.Canceled) {
			e.words = "stopped before it answered"
		}
	}
	return e
}
