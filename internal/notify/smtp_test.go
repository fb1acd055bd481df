package notify_test

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"countersign/e2e/mailbox"
	"countersign/internal/notify"
)

const password = "p@ss:wörd/%secret"

var now = time.Date(2026, 11, 21, 8, 12, 0, 0, time.UTC)

func letter() notify.Mail {
	return notify.Mail{
		From: "sign-in@acme.example", FromName: "Acme – Anmeldung", To: "ada@example.com",
		Subject: "Ihr Passwort wurde geändert", Text: "Grüße\n.\nfrom Acme\n", HTML: "<p>Grüße</p>",
		Language: "de", ID: "msg_01",
	}
}

func sender(t *testing.T, box *mailbox.Box, change ...func(*notify.Options)) *notify.SMTP {
	t.Helper()
	pem, err := os.ReadFile(box.AuthorityFile())
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	o := notify.Options{
		Server: box.URL(), Now: func() time.Time { return now }, Roots: roots,
		Connect: 2 * time.Second, Whole: 2 * time.Second,
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, box.Addr())
		},
	}
	for _, c := range change {
		c(&o)
	}
	s, err := notify.NewSMTP(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestMailArrives(t *testing.T) {
	rows := []struct {
		name    string
		options []mailbox.Option
		tls     bool
		user    string
	}{
		{"in the clear on this machine", nil, false, ""},
		{"over STARTTLS with a password", []mailbox.Option{mailbox.Host("mail.acme.example"), mailbox.STARTTLS("countersign", password)}, true, "countersign"},
		{"over TLS from the first byte with a password", []mailbox.Option{mailbox.Host("mail.acme.example"), mailbox.ImplicitTLS("countersign", password)}, true, "countersign"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			box := mailbox.Start(t, row.options...)
			err := sender(t, box).Send(t.Context(), letter())
			if err != nil {
				t.Fatal(err)
			}
			m := box.Wait("ada@example.com", "Ihr Passwort wurde geändert")
			if m.TLS != row.tls || m.User != row.user {
				t.Errorf("TLS %v as user %q, want %v as %q", m.TLS, m.User, row.tls, row.user)
			}
			if m.From != "sign-in@acme.example" {
				t.Errorf("envelope from %q", m.From)
			}
			if strings.TrimSpace(m.Text) != "Grüße\n.\nfrom Acme" || strings.TrimSpace(m.HTML) != "<p>Grüße</p>" {
				t.Errorf("text %q, html %q", m.Text, m.HTML)
			}
			for header, want := range map[string]string{
				"Message-Id": "<msg_01@acme.example>", "Auto-Submitted": "auto-generated",
				"Date": "Sat, 21 Nov 2026 08:12:00 +0000", "Content-Language": "de",
				"To": "<ada@example.com>", "List-Unsubscribe": "", "User-Agent": "", "X-Mailer": "",
			} {
				if got := m.Header.Get(header); got != want {
					t.Errorf("header %s is %q, want %q", header, got, want)
				}
			}
			if got := m.Header.Get("Content-Type"); !strings.HasPrefix(got, "multipart/alternative") {
				t.Errorf("content type %q", got)
			}
		})
	}
}

func TestServerMisbehaves(t *testing.T) {
	rows := []struct {
		name      string
		trouble   func(*mailbox.Box)
		temporary bool
	}{
		{"a sender put off is tried again", func(b *mailbox.Box) { b.Refuse(mailbox.AtMail, 451) }, true},
		{"a recipient put off is tried again", func(b *mailbox.Box) { b.Refuse(mailbox.AtRecipient, 450) }, true},
		{"an unknown recipient is given up", func(b *mailbox.Box) { b.Refuse(mailbox.AtRecipient, 550) }, false},
		{"a mail put off is tried again", func(b *mailbox.Box) { b.Refuse(mailbox.AtData, 452) }, true},
		{"a mail that is not wanted is given up", func(b *mailbox.Box) { b.Refuse(mailbox.AtData, 554) }, false},
		{"a missing permission is mended while the mail waits", func(b *mailbox.Box) { b.Refuse(mailbox.AtMail, 530) }, true},
		{"a server that says nothing is tried again", func(b *mailbox.Box) { b.Hang(mailbox.AtConnect) }, true},
		{"a server that stops in the middle is tried again", func(b *mailbox.Box) { b.Hang(mailbox.AtData) }, true},
		{"a line cut at the beginning is tried again", func(b *mailbox.Box) { b.Cut(mailbox.AtConnect) }, true},
		{"a line cut in the middle is tried again", func(b *mailbox.Box) { b.Cut(mailbox.AtData) }, true},
		{"a server that is away is tried again", func(b *mailbox.Box) { b.Stop() }, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			box := mailbox.Start(t, mailbox.STARTTLS("countersign", password))
			s := sender(t, box)
			row.trouble(box)
			begun := time.Now()
			err := s.Send(t.Context(), letter())
			if err == nil {
				t.Fatal("the mail counts as sent")
			}
			if notify.Temporary(err) != row.temporary {
				t.Errorf("temporary is %v for %q", notify.Temporary(err), err)
			}
			if took := time.Since(begun); took > 10*time.Second {
				t.Errorf("took %v", took)
			}
			if len(box.All()) != 0 {
				t.Error("the mail arrived")
			}
		})
	}
}

func TestErrorsHoldNoSecret(t *testing.T) {
	box := mailbox.Start(t, mailbox.STARTTLS("countersign", "another"))
	s := sender(t, box, func(o *notify.Options) {
		o.Server = strings.Replace(box.URL(), "another", "p%40ss-secret", 1)
	})
	err := s.Send(t.Context(), letter())
	if err == nil || !notify.Temporary(err) {
		t.Fatalf("a wrong password gives %v", err)
	}
	if !strings.Contains(err.Error(), "535") {
		t.Errorf("the error does not tell the server's code: %v", err)
	}
	for _, address := range []string{
		"smtp://countersign:p@ss-secret:x@[mail", "smtp://countersign:ss-secret@mail.example?tls=off",
		"http://countersign:ss-secret@mail.example", "smtp://countersign:ss-secret@mail.example:99999",
		"smtps://countersign:ss-secret@mail.example?tls=off", "smtp://countersign:ss-secret@", "smtp://:ss-secret@mail.example",
		"smtp://countersign:ss-secret@mail.example?starttls=1", "smtp://countersign:ss-secret%zz@mail.example",
	} {
		_, perr := notify.NewSMTP(notify.Options{Server: address})
		if perr == nil {
			t.Errorf("%s is accepted", address)
			continue
		}
		err = errors.Join(err, perr)
	}
	if strings.Contains(err.Error(), "ss-secret") {
		t.Errorf("the password is in an error: %v", err)
	}
}

func TestNothingGoesInTheClear(t *testing.T) {
	rows := []struct {
		name   string
		server func(*mailbox.Box) string
		change func(*notify.Options)
	}{
		{
			"a far server without STARTTLS gets nothing",
			func(b *mailbox.Box) string {
				return strings.Replace(b.URL(), "127.0.0.1", "mail.acme.example", 1)
			}, nil,
		},
		{
			"a near server without STARTTLS gets no password",
			func(b *mailbox.Box) string { return strings.Replace(b.URL(), "//", "//countersign:secret@", 1) }, nil,
		},
		{
			"a near server can be made to need TLS",
			func(b *mailbox.Box) string { return b.URL() + "?tls=required" }, nil,
		},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			box := mailbox.Start(t)
			err := sender(t, box, func(o *notify.Options) { o.Server = row.server(box) }).Send(t.Context(), letter())
			if err == nil || len(box.All()) != 0 {
				t.Errorf("sent, err is %v", err)
			}
		})
	}
	t.Run("a certificate that nobody vouches for is refused", func(t *testing.T) {
		box := mailbox.Start(t, mailbox.STARTTLS("countersign", password))
		err := sender(t, box, func(o *notify.Options) { o.Roots = x509.NewCertPool() }).Send(t.Context(), letter())
		if err == nil || !notify.Temporary(err) {
			t.Errorf("err is %v", err)
		}
	})
	t.Run("a certificate for another name is refused", func(t *testing.T) {
		box := mailbox.Start(t, mailbox.ImplicitTLS("countersign", password))
		err := sender(t, box, func(o *notify.Options) { o.ServerName = "other.example" }).Send(t.Context(), letter())
		if err == nil || !notify.Temporary(err) {
			t.Errorf("err is %v", err)
		}
	})
}

func TestHeadersCannotBeWritten(t *testing.T) {
	rows := []struct {
		name   string
		change func(*notify.Mail)
	}{
		{"a line break in the subject", func(m *notify.Mail) { m.Subject = "a\r\nBcc: eve@example.com" }},
		{"a line feed in the sender's name", func(m *notify.Mail) { m.FromName = "a\nBcc: eve@example.com" }},
		{"a line break in the recipient", func(m *notify.Mail) { m.To = "ada@example.com\r\nBcc: eve@example.com" }},
		{"two recipients", func(m *notify.Mail) { m.To = "ada@example.com, eve@example.com" }},
		{"a recipient with a name", func(m *notify.Mail) { m.To = "Ada <ada@example.com>" }},
		{"a recipient in angle brackets", func(m *notify.Mail) { m.To = "<ada@example.com>" }},
		{"no recipient", func(m *notify.Mail) { m.To = "" }},
		{"a sender that is a list", func(m *notify.Mail) { m.From = "a@acme.example,b@acme.example" }},
		{"an id that ends the header", func(m *notify.Mail) { m.ID = "x>\r\nBcc: eve@example.com" }},
		{"a zero byte", func(m *notify.Mail) { m.Subject = "a\x00b" }},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			box := mailbox.Start(t)
			m := letter()
			row.change(&m)
			err := sender(t, box).Send(t.Context(), m)
			if err == nil || notify.Temporary(err) || len(box.All()) != 0 {
				t.Errorf("err is %v, %d mails arrived", err, len(box.All()))
			}
		})
	}
}

func TestDomainsAreWrittenInASCII(t *testing.T) {
	box := mailbox.Start(t)
	m := letter()
	m.To = "ada@bücher.example"
	err := sender(t, box).Send(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	box.Wait("ada@xn--bcher-kva.example", "")
}

func TestStoppedIsTemporary(t *testing.T) {
	box := mailbox.Start(t)
	box.Hang(mailbox.AtMail)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	err := sender(t, box).Send(ctx, letter())
	if !notify.Temporary(err) || !strings.Contains(err.Error(), "stopped") {
		t.Errorf("err is %v", err)
	}
}
