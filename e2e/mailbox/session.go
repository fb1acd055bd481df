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
	AtData  // when the whole message has been handed over
	AtTaken // when the message was taken, before the client hears of it
	AtNext  // after that, before another message is announced on its line
)

// trouble is how the server misbehaves.
type trouble struct {
	kind  troubleKind
	stage Stage
	code  int
	only  string // the one recipient that meets it; "" is everybody
	from  string // the one sender that meets it; "" is everybody
	words string // of a refusal; "" for those of the test
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
// 5xx for "never", at a stage from [AtMail] to [AtData].
func (b *Box) Refuse(at Stage, code int) {
	b.tb.Helper()
	if at != AtMail && at != AtRecipient && at != AtData {
		b.tb.Fatal("the mail server can refuse only what it is asked; use Stop, Hang or Cut")
	}
	b.behave(trouble{kind: refuses, stage: at, code: code})
}

// RefuseFrom refuses, as [Box.Refuse] does, what comes from this one sender, in these
// words, with or without an enhanced status at their beginning. What others send is taken.
func (b *Box) RefuseFrom(at Stage, from string, code int, words string) {
	b.tb.Helper()
	if at != AtMail && at != AtRecipient && at != AtData {
		b.tb.Fatal("the mail server does not know the sender at this stage")
	}
	b.behave(trouble{kind: refuses, stage: at, code: code, from: from, words: words})
}

// Hang makes the server say nothing more at this stage, until [Box.Work] or the
// end of the test; what hung is then cut.
func (b *Box) Hang(at Stage) { b.behave(trouble{kind: hangs, stage: at}) }

// HangOnly makes the server say nothing more where a message to this one address
// is, from [AtRecipient] to [AtTaken]; messages to others are taken.
func (b *Box) HangOnly(at Stage, to string) {
	b.tb.Helper()
	if at != AtRecipient && at != AtData && at != AtTaken {
		b.tb.Fatal("the mail server does not know the recipient yet at this stage")
	}
	b.behave(trouble{kind: hangs, stage: at, only: to})
}

// Cut makes the server break the connection at this stage. At [AtData] and
// [AtTaken] the client cannot know whether the message was taken: it was not, or
// it was.
func (b *Box) Cut(at Stage) { b.behave(trouble{kind: cuts, stage: at}) }

// Work ends all misbehaving, and opens the gate.
func (b *Box) Work() {
	b.mu.Lock()
	if b.gate != nil {
		b.gate.unbar()
	}
	b.mu.Unlock()
	b.behave(trouble{})
}

// behave also ends the lines that are open where the trouble is at connecting: a
// client that keeps its line would never meet it.
func (b *Box) behave(t trouble) {
	b.mu.Lock()
	b.trouble = t
	close(b.hold)
	b.hold = make(chan struct{})
	b.mu.Unlock()
	if t.kind != works && t.stage == AtConnect {
		b.HangUp("")
	}
}

// meet misbehaves when this is the stage for it, this the sender, and one of these the
// recipient.
func (b *Box) meet(at Stage, line net.Conn, from string, to ...string) error {
	b.mu.Lock()
	t, hold := b.trouble, b.hold
	b.mu.Unlock()
	if t.kind == works || t.stage != at || (t.only != "" && !slices.Contains(to, t.only)) || (t.from != "" && t.from != from) {
		return nil
	}
	switch t.kind {
	case refuses:
		if t.words != "" {
			return &smtp.SMTPError{Code: t.code, EnhancedCode: smtp.NoEnhancedCode, Message: t.words}
		}
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
		d.box.lines++
		t := d.box.trouble
		d.box.mu.Unlock()
		if t.kind == works || t.stage != AtConnect {
			return line, nil
		}
		go func() { _ = d.box.meet(AtConnect, line, "") }()
	}
}

// session is one conversation.
type session struct {
	box   *Box
	conn  *smtp.Conn
	line  net.Conn // under conn; after STARTTLS another session begins
	user  string
	from  string
	to    []string
	taken int // messages
}

func (b *Box) session(conn *smtp.Conn) (smtp.Session, error) {
	s := &session{box: b, conn: conn, line: conn.Conn()}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open[s] = struct{}{}
	return s, nil
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
	s.box.mu.Lock()
	most := s.box.most
	s.box.mu.Unlock()
	if most > 0 && s.taken >= most {
		farewell(s.line, "421 4.7.0 too many messages on one line")
		return errCut
	}
	s.from = from
	return s.box.meet(AtMail, s.line, s.from)
}

// Rcpt adds a recipient.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return s.box.meet(AtRecipient, s.line, s.from, to)
}

// Data takes the message.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.box.pass(s.to)
	err = s.box.meet(AtData, s.line, s.from, s.to...)
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
	s.taken++
	return s.box.meet(AtTaken, s.line, s.from, s.to...)
}

// Reset forgets the message that was begun. The library calls it after each
// message, and when the client asks for it.
func (s *session) Reset() {
	s.from, s.to = "", nil
	if s.taken > 0 {
		_ = s.box.meet(AtNext, s.line, s.from)
	}
}

// Logout ends the conversation.
func (s *session) Logout() error {
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	delete(s.box.open, s)
	return nil
}

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
