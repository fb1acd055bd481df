package mailbox

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Stage is a point of the conversation at which the server can misbehave.
type Stage int

// The stages, in the order in which they come.
const (
	AtConnect Stage = iota // before the server's first word
	AtMail                 // when the sender is named
	AtRecipient
	AtData // when the whole message has been handed over
)

// trouble is how the server misbehaves.
type trouble struct {
	kind  troubleKind
	stage Stage
	code  int
	only  string // the one recipient that meets it; "" is everybody
}

type troubleKind int

const (
	works troubleKind = iota
	refuses
	hangs
	cuts
)

// errCut tells the library that the connection is of no use any more.
var errCut = errors.New("the line was cut")

// Refuse makes the server answer with this code from now on, 4xx for "later" or
// 5xx for "never", at a stage after [AtConnect].
func (b *Box) Refuse(at Stage, code int) {
	b.tb.Helper()
	if at == AtConnect {
		b.tb.Fatal("the mail server cannot refuse before its first word; use Stop, Hang or Cut")
	}
	b.behave(trouble{kind: refuses, stage: at, code: code})
}

// Hang makes the server say nothing more at this stage, until [Box.Work] or the
// end of the test; what hung is then cut.
func (b *Box) Hang(at Stage) { b.behave(trouble{kind: hangs, stage: at}) }

// HangOnly makes the server say nothing more where a message to this one address
// is, at [AtRecipient] or [AtData]; messages to others are taken.
func (b *Box) HangOnly(at Stage, to string) {
	b.tb.Helper()
	if at != AtRecipient && at != AtData {
		b.tb.Fatal("the mail server does not know the recipient yet at this stage")
	}
	b.behave(trouble{kind: hangs, stage: at, only: to})
}

// Cut makes the server break the connection at this stage. At [AtData] the client
// cannot know whether the message was taken; it was not.
func (b *Box) Cut(at Stage) { b.behave(trouble{kind: cuts, stage: at}) }

// Work ends all misbehaving.
func (b *Box) Work() { b.behave(trouble{}) }

func (b *Box) behave(t trouble) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trouble = t
	close(b.hold)
	b.hold = make(chan struct{})
}

// meet misbehaves when this is the stage for it, and one of these the recipient.
func (b *Box) meet(at Stage, line net.Conn, to ...string) error {
	b.mu.Lock()
	t, hold := b.trouble, b.hold
	b.mu.Unlock()
	if t.kind == works || t.stage != at || (t.only != "" && !slices.Contains(to, t.only)) {
		return nil
	}
	switch t.kind {
	case refuses:
		class := t.code / 100
		return &smtp.SMTPError{Code: t.code, EnhancedCode: smtp.EnhancedCode{class, 0, 0}, Message: fmt.Sprintf("refused by the test with %d", t.code)}
	case hangs:
		<-hold
	}
	_ = line.Close()
	return errCut
}

// door is the listener at which a hanging or cutting server stops its guests.
type door struct {
	net.Listener
	box *Box
}

// Accept lets in whom the server would talk to.
func (d *door) Accept() (net.Conn, error) {
	for {
		line, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		d.box.mu.Lock()
		t := d.box.trouble
		d.box.mu.Unlock()
		if t.kind == works || t.stage != AtConnect {
			return line, nil
		}
		go func() { _ = d.box.meet(AtConnect, line) }()
	}
}

// session is one conversation.
type session struct {
	box  *Box
	conn *smtp.Conn
	user string
	from string
	to   []string
}

func (b *Box) session(conn *smtp.Conn) (smtp.Session, error) {
	return &session{box: b, conn: conn}, nil
}

// AuthMechanisms is called by the library for an encrypted connection only.
func (s *session) AuthMechanisms() []string {
	if s.box.user == "" {
		return nil
	}
	return []string{sasl.Plain, sasl.Login}
}

// Auth checks the password.
func (s *session) Auth(mechanism string) (sasl.Server, error) {
	check := func(user, password string) error {
		if user != s.box.user || password != s.box.password {
			return smtp.ErrAuthFailed
		}
		s.user = user
		return nil
	}
	switch mechanism {
	case sasl.Plain:
		return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
	case sasl.Login:
		return &login{check: check}, nil
	}
	return nil, smtp.ErrAuthUnknownMechanism
}

// Mail begins a message.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.box.user != "" && s.user == "" {
		return smtp.ErrAuthRequired
	}
	s.from = from
	return s.box.meet(AtMail, s.conn.Conn())
}

// Rcpt adds a recipient.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return s.box.meet(AtRecipient, s.conn.Conn(), to)
}

// Data takes the message.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	err = s.box.meet(AtData, s.conn.Conn(), s.to...)
	if err != nil {
		return err
	}
	m, err := parse(raw)
	if err != nil {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: err.Error()}
	}
	_, m.TLS = s.conn.TLSConnectionState()
	m.From, m.To, m.User, m.At = s.from, slices.Clone(s.to), s.user, time.Now()
	s.box.keep(m)
	return nil
}

// Reset forgets the message that was begun.
func (s *session) Reset() { s.from, s.to = "", nil }

// Logout ends the conversation.
func (s *session) Logout() error { return nil }

// login is the server's side of AUTH LOGIN, which the library has no more.
type login struct {
	check func(user, password string) error
	step  int
	user  string
}

// Next answers the client's turn.
func (l *login) Next(response []byte) ([]byte, bool, error) {
	l.step++
	switch {
	case l.step == 1 && response == nil:
		return []byte("Username:"), false, nil
	case l.user == "":
		l.user = string(response)
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.user, string(response))
}
