package notify

import (
	"context"
	"strings"
	"unicode"

	"countersign/internal/sender"
)

// Mail is one finished mail to one person.
type Mail struct {
	// From is the sender's bare address, FromName what is shown before it.
	From, FromName string
	// To is the recipient's bare address; exactly one.
	To string
	// Subject is one line, not encoded.
	Subject string
	// Text and HTML say the same; each is a whole document in UTF-8.
	Text, HTML string
	// Language is a BCP 47 tag.
	Language string
	// ID names the message; the Message-ID is made from it and the sender's
	// domain, so that a second delivery of the same message can be told.
	ID string
}

// Mailer hands mails over. Send returns nil only when the other side has taken
// the responsibility; [Temporary] tells what to do with an error.
type Mailer interface {
	Send(ctx context.Context, m Mail) error
}

// check refuses what would write a header or an envelope of its own: names and
// addresses come from people. The addresses come back with their domains in
// ASCII, as the wire wants them.
func (m Mail) check() (Mail, error) {
	for field, value := range map[string]string{"from": m.From, "from name": m.FromName, "to": m.To, "subject": m.Subject, "language": m.Language, "id": m.ID} {
		if strings.ContainsFunc(value, unicode.IsControl) {
			return m, refused("a control character in the field " + field)
		}
	}
	if m.ID == "" || strings.ContainsAny(m.ID, " @<>\"\\(),:;[]") {
		return m, refused("an id that cannot stand in a header")
	}
	var err error
	m.From, err = bare(m.From, "from")
	if err != nil {
		return m, err
	}
	m.To, err = bare(m.To, "to")
	return m, err
}

// bare accepts one address without a name, a comment or a list around it.
func bare(address, field string) (string, error) {
	wire, err := sender.Bare(address)
	if err != nil {
		return "", refused("the field " + field + " has " + err.Error())
	}
	return wire, nil
}
