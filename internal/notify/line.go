package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

const (
	// mostMails go over one line, and for no longer than oldest: a server is
	// found by its name anew from time to time, and asks for the password again.
	mostMails = 100
	oldest    = 5 * time.Minute
	// farewell bounds QUIT and its answer.
	farewell = time.Second
)

// line is a connection to the server over which mails go, one after the other.
// It belongs to one goroutine at a time.
type line struct {
	conn   *guardedConn
	smtp   *smtp.Client
	client *mail.Client
	opened time.Time
	mails  int
	idle   *time.Timer // ends it while it waits
}

// open connects and signs in. The client is made anew for each line because it
// changes itself while it chooses how to sign in.
func (s *SMTP) open(ctx context.Context) (*line, error) {
	l := &line{opened: s.options.Now()}
	options := []mail.Option{
		mail.WithPort(s.server.port), mail.WithTLSConfig(s.tls),
		// It is the guard that ends a conversation; the library's own deadline,
		// which begins anew with every step, must not come before.
		mail.WithTimeout(2 * s.options.Whole),
		// A line that waited is asked by wake, and one that was just opened need
		// not be; what follows a mail is left to the next one.
		mail.WithoutNoop(), mail.WithoutRset(),
		// Not the context that the library hands on: it ends with the dialling.
		mail.WithDialContextFunc(func(_ context.Context, network, address string) (net.Conn, error) {
			return s.dial(ctx, l, network, address)
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
	var err error
	l.client, err = mail.NewClient(s.server.host, options...)
	if err != nil {
		return nil, err
	}
	l.smtp, err = l.client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		// The library leaves the connection open where the greeting, the
		// encryption or the password went wrong.
		l.cut()
		return nil, fmt.Errorf("dial failed: %w", err)
	}
	return l, nil
}

// dial connects, and closes the connection when ctx, the time of the whole
// conversation, is over.
func (s *SMTP) dial(ctx context.Context, l *line, network, address string) (net.Conn, error) {
	first, cancel := context.WithTimeout(ctx, s.options.Connect)
	defer cancel()
	conn, err := s.options.Dial(first, network, address)
	if err != nil {
		return nil, err
	}
	l.conn = &guardedConn{Conn: conn}
	l.conn.guard(ctx)
	if s.server.security != implicit {
		return l.conn, nil
	}
	encrypted := tls.Client(l.conn, s.tls)
	err = encrypted.HandshakeContext(ctx)
	if err != nil {
		return nil, err
	}
	return encrypted, nil
}

// wake asks a line that waited whether the server still listens. RSET is what
// the server has to answer to at any moment, and nothing of an earlier mail is
// left after it.
func (l *line) wake(ctx context.Context, within time.Duration) error {
	l.conn.guard(ctx)
	err := l.smtp.UpdateDeadline(within)
	if err != nil {
		return err
	}
	return l.smtp.Reset()
}

// carry hands the letter over.
func (l *line) carry(letter *mail.Msg) error {
	l.mails++
	return l.client.SendWithSMTPClient(l.smtp, letter)
}

// worn tells that no more mails should go over the line.
func (l *line) worn(now time.Time) bool {
	return l.mails >= mostMails || now.Sub(l.opened) >= oldest
}

// quit ends the line as the server likes it.
func (l *line) quit() {
	err := l.smtp.UpdateDeadline(farewell)
	if err == nil {
		_ = l.smtp.Quit() // when it does not answer, it finds out by itself
	}
	l.cut()
}

// cut ends the line without a word. It may be called for one that was never
// connected, and twice.
func (l *line) cut() {
	if l.conn != nil {
		_ = l.conn.Close()
	}
}

// guardedConn is a connection that a context closes.
type guardedConn struct {
	net.Conn
	release func() bool
}

// guard lets the end of ctx close the connection, until release is called. That
// returns false when ctx has ended before.
func (c *guardedConn) guard(ctx context.Context) {
	c.release = context.AfterFunc(ctx, func() { _ = c.Conn.Close() })
}

// Close closes the connection and lets go of the context.
func (c *guardedConn) Close() error {
	c.release()
	return c.Conn.Close()
}

// forLine tells that a mail did not go over a line that had waited because of
// the line, and may go over another: nothing of the mail itself had been handed
// over. Before the sender was accepted, any refusal may be about what this line
// carried before; after that only the end of the line is. From DATA on nobody
// knows what became of the mail, and it is the outbox that decides.
func forLine(err error) bool {
	var send *mail.SendError
	if !errors.As(err, &send) {
		return true // wake failed
	}
	switch send.Reason {
	case mail.ErrConnCheck, mail.ErrSMTPMailFrom:
		return true
	case mail.ErrSMTPRcptTo:
		return !answered(err) || send.ErrorCode() == 421
	default:
		return false
	}
}

// answered tells that the server said why it did not take a mail.
func answered(err error) bool {
	var send *mail.SendError
	return errors.As(err, &send) && send.ErrorCode() != 0
}
