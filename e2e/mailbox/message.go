package mailbox

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Message is a mail as it arrived.
type Message struct {
	From    string      // of the envelope
	To      []string    // of the envelope
	Subject string      // decoded
	Text    string      // the text/plain part, decoded, with \n at line ends
	HTML    string      // the text/html part, likewise
	Header  mail.Header // as it was sent; values not decoded
	Raw     []byte      // all of it
	TLS     bool        // whether it came over an encrypted connection
	User    string      // who had signed in, or ""
	At      time.Time   // when it arrived, by the real clock
}

// address finds what a person would click on in a text.
var address = regexp.MustCompile(`https?://[^\s<>"'()\[\]]*[^\s<>"'()\[\].,;:!?]`)

// Link returns the one address of a page that the message has, the same in its
// text and its HTML part. None, or two different ones, fails the test.
func (b *Box) Link(m Message) string {
	b.tb.Helper()
	links := Links(m)
	if len(links) != 1 {
		b.tb.Fatalf("the message %q should have one link, and has %q; its text is:\n%s", m.Subject, links, m.Text)
	}
	if m.HTML != "" && !strings.Contains(m.HTML, `href="`+strings.ReplaceAll(links[0], "&", "&amp;")+`"`) {
		b.tb.Fatalf("the HTML of the message %q does not have the link of its text, %s:\n%s", m.Subject, links[0], m.HTML)
	}
	return links[0]
}

// Links returns every different address of a page in the message's text part.
func Links(m Message) []string {
	var links []string
	for _, link := range address.FindAllString(m.Text, -1) {
		if !slices.Contains(links, link) {
			links = append(links, link)
		}
	}
	return links
}

// parse reads what was handed over after DATA.
func parse(raw []byte) (Message, error) {
	m := Message{Raw: raw}
	parsed, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return m, fmt.Errorf("read the message: %w", err)
	}
	m.Header = parsed.Header
	m.Subject, err = new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
	if err != nil {
		return m, fmt.Errorf("decode the subject: %w", err)
	}
	return m, m.part(parsed.Header.Get("Content-Type"), parsed.Header.Get("Content-Transfer-Encoding"), parsed.Body)
}

// part reads one part, and those in it.
func (m *Message) part(contentType, encoding string, body io.Reader) error {
	if contentType == "" {
		contentType = "text/plain"
	}
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fmt.Errorf("read the content type %q: %w", contentType, err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		return m.parts(multipart.NewReader(body, params["boundary"]))
	}
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	content, err := io.ReadAll(body)
	if err != nil {
		return fmt.Errorf("decode a part of type %s: %w", kind, err)
	}
	text := strings.ReplaceAll(string(content), "\r\n", "\n")
	switch kind {
	case "text/plain":
		m.Text += text
	case "text/html":
		m.HTML += text
	}
	return nil
}

func (m *Message) parts(parts *multipart.Reader) error {
	for {
		part, err := parts.NextRawPart() // raw: we decode, and see a wrong encoding
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the next part: %w", err)
		}
		err = m.part(part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part)
		if err != nil {
			return err
		}
	}
}
