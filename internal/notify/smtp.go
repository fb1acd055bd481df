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
	// idleFor is how long a line waits for the next mail. Servers wait for
	// minutes, but a kept line takes one of the places that they have.
	idleFor = 10 * time.Second
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
	// Connect and Whole bound the connecting and the whole conversation about
	// one mail; 0 means 10 and 30 seconds.
	Connect, Whole time.Duration
	// Keep is how many connections wait for the next mail at once, and Idle how
	// long each does; 0 means one, and 10 seconds.
	Keep int
	Idle time.Duration
}

// SMTP is the Mailer for a real mail server. A connection over which a mail went
// stays open for a while, and takes the next one. It may be used by many
// goroutines.
type SMTP struct {
	server  server
	options Options
	tls     *tls.Config
	secrets []string
	kept    *lines
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
	if o.Keep == 0 {
		o.Keep = 1
	}
	if o.Idle == 0 {
		o.Idle = idleFor
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
		tls:  &tls.Config{ServerName: name, RootCAs: o.Roots, MinVersion: tls.VersionTLS12},
		kept: &lines{most: o.Keep, idle: o.Idle},
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
	err = s.hand(ctx, letter)
	if err == nil || letter.IsDelivered() {
		// What goes wrong after the server took the mail is no reason to send
		// it a second time.
		return nil
	}
	return s.explain(ctx, m, err)
}

// Close ends the connections that wait, and takes no longer than a second,
// whatever the server does. A mail that is still sent afterwards gets a
// connection of its own.
func (s *SMTP) Close() { s.kept.close() }

// hand hands the letter over on a line that waits. Where there is none, or it
// turns out to be of no use, it takes a new one; never a third.
func (s *SMTP) hand(ctx context.Context, letter *mail.Msg) error {
	l := s.kept.take(s.options.Now())
	if l != nil {
		err := l.wake(ctx, s.options.Connect)
		if err != nil {
			l.cut()
		} else {
			err = s.carry(l, letter)
		}
		if err == nil || !forLine(err) || ctx.Err() != nil {
			return err
		}
	}
	l, err := s.open(ctx)
	if err != nil {
		return err
	}
	return s.carry(l, letter)
}

// carry hands the letter over on a line, and lets the line wait for the next
// one where all went well.
func (s *SMTP) carry(l *line, letter *mail.Msg) error {
	err := l.carry(letter)
	switch {
	case !l.conn.release(), err != nil && !answered(err):
		// The time is over, or the server said nothing. No QUIT then: in the
		// middle of a mail it would end the mail.
		l.cut()
	case err != nil:
		s.kept.end(l)
	default:
		s.kept.put(l, s.options.Now())
	}
	return err
}

// explain turns the library's error about a mail into ours.
func (s *SMTP) explain(ctx context.Context, m Mail, err error) *Error {
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
		e.again = e.code/100 != 5 || permission(e.code)
		if send.Reason == mail.ErrSMTPDataClose || send.Reason == mail.ErrWriteContent {
			// The answer to the mail itself may quote it, link and code included.
			e.words = send.EnhancedStatusCode()
		}
		if ofSender(send, m, words) {
			e.step, e.again = SenderRefused+m.From, true
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

// permission tells whether a server's code is about who may send at all (RFC 4954,
// section 6).
func permission(code int) bool {
	return code == 530 || code == 534 || code == 535 || code == 538
}

// ofSender tells that a mail was refused for whom it comes from, and not for whom it is
// for: that is mended in the set-up, and the same mail goes through then. Where the sender
// is named, every refusal for good is about it. Many servers say it later: Postfix waits
// for the recipient, and others look at the mail. Then it is theirs to say so: by a status
// (RFC 3463, section 3.2: X.1.7 and X.1.8), in Exchange's words, or by repeating the address
// alone. A refusal that names the recipient too is taken for the recipient's.
func ofSender(send *mail.SendError, m Mail, words string) bool {
	code := send.ErrorCode()
	if code == 0 || permission(code) {
		return false
	}
	_, status, _ := strings.Cut(send.EnhancedStatusCode(), ".")
	if status == "1.7" || status == "1.8" {
		return true
	}
	if code/100 != 5 || send.Reason == mail.ErrSMTPMailFrom {
		return code/100 == 5
	}
	words = strings.ToLower(words)
	named := strings.Contains(words, strings.ToLower(m.From)) || strings.Contains(words, "to send as this sender")
	return named && !strings.Contains(words, strings.ToLower(m.To))
}
