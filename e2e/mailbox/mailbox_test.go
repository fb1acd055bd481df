package mailbox

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/smtp"
	"net/textproto"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wneessen/go-mail"
)

// send sends a message with a text and an HTML part through a client of the kind
// that the product uses.
func send(t *testing.T, b *Box, password string, options ...mail.Option) error {
	t.Helper()
	m := mail.NewMsg()
	err := errors.Join(m.From("countersign@example.com"), m.To("ada@example.com"))
	if err != nil {
		t.Fatal(err)
	}
	m.Subject("Zwei-Faktor-Anmeldung für Ada – eingeschaltet")
	m.SetBodyString(mail.TypeTextPlain, "Guten Tag, Größe\n\nhttps://id.example.com/link?a=1&b=2.\n")
	m.AddAlternativeString(mail.TypeTextHTML, `<p>Größe <a href="https://id.example.com/link?a=1&amp;b=2">weiter</a></p>`)

	host, port, err := net.SplitHostPort(b.Addr())
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(b.AuthorityFile())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	config := &tls.Config{RootCAs: pool, ServerName: host, MinVersion: tls.VersionTLS12}
	options = append([]mail.Option{mail.WithPort(number), mail.WithTLSConfig(config), mail.WithTimeout(time.Second)}, options...)
	if password != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername("mailer"), mail.WithPassword(password))
	}
	client, err := mail.NewClient(host, options...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	return client.DialAndSendWithContext(ctx, m)
}

func TestMailArrives(t *testing.T) {
	rows := []struct {
		name     string
		server   []Option
		client   mail.Option
		password string
		scheme   string
		tls      bool
	}{
		{"plain", nil, mail.WithTLSPolicy(mail.NoTLS), "", "smtp://127.0.0.1:", false},
		{"with STARTTLS and a password", []Option{STARTTLS("mailer", "pass word")}, mail.WithTLSPolicy(mail.TLSMandatory), "pass word", "smtp://mailer:pass%20word@127.0.0.1:", true},
		{"with TLS from the first byte", []Option{ImplicitTLS("mailer", "pw")}, mail.WithSSL(), "pw", "smtps://mailer:pw@127.0.0.1:", true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			b := Start(t, row.server...)
			if !strings.HasPrefix(b.URL(), row.scheme) {
				t.Errorf("URL %s; want it to begin %s", b.URL(), row.scheme)
			}
			err := send(t, b, row.password, row.client)
			if err != nil {
				t.Fatal(err)
			}
			m := b.Wait("ada@example.com", "für Ada – ein")
			if m.Text != "Guten Tag, Größe\n\nhttps://id.example.com/link?a=1&b=2.\n" || !strings.Contains(m.HTML, "<p>Größe <a") {
				t.Errorf("text %q\nHTML %q", m.Text, m.HTML)
			}
			if m.TLS != row.tls || (m.User == "mailer") != row.tls || m.From != "countersign@example.com" {
				t.Errorf("TLS %v, user %q, from %q", m.TLS, m.User, m.From)
			}
			if link := b.Link(m); link != "https://id.example.com/link?a=1&b=2" {
				t.Errorf("link %s", link)
			}
			b.None("ada@example.com", "", 0) // each message is returned once
			if len(b.All()) != 1 || m.Header.Get("Message-ID") == "" {
				t.Errorf("%d messages, header %v", len(b.All()), m.Header)
			}
		})
	}
}

func TestWithoutThePasswordNothingIsTaken(t *testing.T) {
	b := Start(t, STARTTLS("mailer", "right"))
	for _, row := range []struct{ name, password string }{
		{"a wrong password is refused", "wrong"},
		{"no password is refused", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			err := send(t, b, row.password, mail.WithTLSPolicy(mail.TLSMandatory))
			if err == nil {
				t.Error("the message was taken")
			}
		})
	}
	client, err := smtp.Dial(b.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	if ok, _ := client.Extension("AUTH"); ok {
		t.Error("a password is asked for on a line that anybody can read")
	}
}

func TestTheServerMisbehaves(t *testing.T) {
	code := func(err error) int {
		var answer *mail.SendError
		if errors.As(err, &answer) {
			return answer.ErrorCode()
		}
		var protocol *textproto.Error
		if errors.As(err, &protocol) {
			return protocol.Code
		}
		return 0
	}
	rows := []struct {
		name    string
		trouble func(b *Box)
		code    int
	}{
		{"refuses the sender for now", func(b *Box) { b.Refuse(AtMail, 451) }, 451},
		{"refuses the recipient for good", func(b *Box) { b.Refuse(AtRecipient, 550) }, 550},
		{"refuses the message for now", func(b *Box) { b.Refuse(AtData, 452) }, 452},
		{"hangs before its first word", func(b *Box) { b.Hang(AtConnect) }, 0},
		{"hangs with the message in its hands", func(b *Box) { b.Hang(AtData) }, 0},
		{"hangs for this recipient", func(b *Box) { b.HangOnly(AtRecipient, "ada@example.com") }, 0},
		{"cuts the line at once", func(b *Box) { b.Cut(AtConnect) }, 0},
		{"cuts the line with the message in its hands", func(b *Box) { b.Cut(AtData) }, 0},
		{"is not there", func(b *Box) { b.Stop() }, 0},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			b := Start(t)
			row.trouble(b)
			err := send(t, b, "", mail.WithTLSPolicy(mail.NoTLS))
			if err == nil || code(err) != row.code {
				t.Fatalf("sending: %v (code %d); want an error with code %d", err, code(err), row.code)
			}
			if len(b.All()) != 0 {
				t.Error("the message was taken")
			}
			if row.name == "is not there" {
				b.Start()
			}
			b.Work()
			err = send(t, b, "", mail.WithTLSPolicy(mail.NoTLS))
			if err != nil || len(b.All()) != 1 {
				t.Errorf("afterwards: %v, %d messages; want one", err, len(b.All()))
			}
		})
	}
}

func TestOneRecipientThatHangsStopsNobodyElse(t *testing.T) {
	b := Start(t)
	b.HangOnly(AtData, "grace@example.com")
	err := send(t, b, "", mail.WithTLSPolicy(mail.NoTLS))
	if err != nil || len(b.All()) != 1 {
		t.Errorf("to somebody else: %v, %d messages; want one", err, len(b.All()))
	}
}

func TestMessagesThatWaitAtTheGate(t *testing.T) {
	t.Parallel()
	b := Start(t)
	b.Gate()
	taken := make(chan error, 3)
	for range 3 {
		line := dial(t, b)
		go func() { taken <- give(line) }()
	}
	for deadline := time.Now().Add(patience); len(b.Come("ada")) < 3 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	if len(b.Come("ada")) != 3 || len(b.Come("bob")) != 0 || len(b.All()) != 0 {
		t.Fatalf("%v came, %d were taken", b.Come(""), len(b.All()))
	}
	b.Let()
	err := <-taken
	if err != nil || len(b.All()) != 1 {
		t.Errorf("one was let through: %v, %d were taken", err, len(b.All()))
	}
	b.Work()
	for range 2 {
		err = <-taken
		if err != nil {
			t.Error(err)
		}
	}
	if len(b.All()) != 3 || len(b.Come("")) != 3 {
		t.Errorf("%d of %d were taken", len(b.All()), len(b.Come("")))
	}
}
