package notify

import (
	"bytes"
	"fmt"
	"io"
	"net/mail"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// A mail that is taken has exactly the headers that were meant, whoever chose
// the names in it, and goes to the one person it is for.
func FuzzLetter(f *testing.F) {
	for _, value := range []string{
		"Acme", "Acme, Inc. <x@y.example>", "a\r\nBcc: b@c.example", "=?utf-8?q?=0ABcc:_b@c.example?=", "\xff", "Ünïcode", strings.Repeat("long ", 100), "\"quoted\"", "", "a\\", "(comment)", "\u202e", "a;b:c,d",
	} {
		f.Add(value, "ada@example.com", "Subject", "en", "msg_1", "text")
		f.Add("Acme", value+"@example.com", value, "de", "msg_1", value)
		f.Add("Acme", `"a b"@example.com`, "Subject", value, value, ".\r\n.\r\n")
		f.Add("Acme", "ada@"+value, "Subject", "en", "msg_1", "text\n.\nQUIT")
	}
	s, err := NewSMTP(Options{Server: "smtp://localhost", Now: func() time.Time { return time.Unix(1_800_000_000, 0) }})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, name, to, subject, language, id, text string) {
		m, err := Mail{From: "no-reply@example.com", FromName: name, To: to, Subject: subject, Language: language, ID: id, Text: text, HTML: "<p>" + text + "</p>"}.check()
		if err != nil {
			if Temporary(err) || len(to) > 6 && strings.Contains(err.Error(), to) {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		var raw bytes.Buffer
		letter := s.write(m)
		_, err = letter.WriteTo(&raw)
		if err != nil {
			t.Fatalf("a mail that was taken cannot be written: %v", err)
		}
		read, err := mail.ReadMessage(&raw)
		if err != nil {
			t.Fatalf("cannot be read: %v", err)
		}
		known := map[string]bool{
			"From": true, "To": true, "Subject": true, "Date": true, "Message-Id": true, "Auto-Submitted": true, "X-Auto-Response-Suppress": true, "Content-Language": true,
			"Mime-Version": true, "Content-Type": true,
		}
		for header, values := range read.Header {
			if !known[header] || len(values) != 1 {
				t.Fatalf("has the header %s: %q", header, values)
			}
		}
		recipients, err := letter.GetRecipients()
		if err != nil || len(recipients) != 1 {
			t.Fatalf("goes to %q, %v", recipients, err)
		}
		_, err = io.ReadAll(read.Body)
		if err != nil {
			t.Fatal(err)
		}
	})
}

// No complaint about a mail server's address says the password, whatever is
// wrong with the address.
func FuzzServer(f *testing.F) {
	const password = "hunter2-qkzv"
	for _, address := range []string{
		"smtp://u:%s@mail.example:587", "smtps://u:%s@[::1]", "smtp://u:%s@", "smtp://u:%s@h:x", "smtp://u:%s@h?tls=%%zz", "%s", "://%s", "smtp://h?tls=off&%s", "smtp://u:%s@h?tls=off", "smtp://u:%s@h:99999",
	} {
		f.Add(strings.ReplaceAll(fmt.Sprintf(address, password), "%%", "%"))
	}
	f.Fuzz(func(t *testing.T, address string) {
		got, err := parseServer(address)
		if err != nil {
			if before, _, found := strings.Cut(address, "@"); found && strings.Contains(before, ":"+password) && !strings.Contains(before, "?") && strings.Contains(err.Error(), password) {
				t.Fatalf("%v", err)
			}
			return
		}
		if got.host == "" || got.port < 1 || got.port > 65535 || (got.user == "") != (got.password == "") {
			t.Fatalf("%q is %+v", address, got)
		}
		if got.security == plain && got.user != "" {
			t.Fatalf("%q would send a password in the clear", address)
		}
	})
}

// A server's words are one short line without what must not be repeated.
func FuzzWords(f *testing.F) {
	f.Add("550 no\r\nsuch user", "such")
	f.Add(strings.Repeat("x", 1000)+"\xff", "")
	f.Add("aXbX", "X")
	f.Fuzz(func(t *testing.T, words, secret string) {
		got := clean(words, []string{secret})
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > longestWords+1 || strings.ContainsAny(got, "\r\n\t") {
			t.Fatalf("%q becomes %q", words, got)
		}
		if len(secret) > 3 && utf8.ValidString(secret) && !strings.ContainsAny(secret, " •…?") && strings.Contains(got, secret) {
			t.Fatalf("%q says the secret %q", got, secret)
		}
	})
}
