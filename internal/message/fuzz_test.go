package message

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"

	"countersign/internal/hosts"
	"countersign/internal/notify"
	"countersign/internal/store/rows"
	"countersign/internal/words"
)

// strangers are values that people choose for what stands in mails to others.
func strangers() []string {
	return []string{
		"Ada Lovelace", "Win at https://evil.example", "evil.example", "<script>alert(1)</script>", "a\r\nBcc: b@c.example", "\u202eadA", "\ue000strong\ue002", "{{.Name}}", "⟦x⟧",
		strings.Repeat("ﷺ", 80), "\xff\x00", "a\u2028b", "", "@", "://", "http:\u2060//x", strings.Repeat("a.", 100), "&lt;b&gt;", "…",
	}
}

// Whatever people call themselves and their devices: a mail has one subject, its
// own elements and its own link, and can be sent.
func FuzzMail(f *testing.F) {
	for i, value := range strangers() {
		for kind := range Kinds() {
			f.Add(uint8(kind), value, strangers()[(i+kind)%len(strangers())], "Europe/Berlin", int64(kind)*1000)
		}
	}
	catalogue, err := words.Load(words.Pseudo())
	if err != nil {
		f.Fatal(err)
	}
	book, err := hosts.New("https://signin.example.com", nil)
	if err != nil {
		f.Fatal(err)
	}
	o, err := New(Options{Words: catalogue, Hosts: book, Now: time.Now})
	if err != nil {
		f.Fatal(err)
	}
	mailer, err := notify.NewSMTP(notify.Options{
		Server: "smtp://localhost", Now: time.Now,
		Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("nobody is there") },
	})
	if err != nil {
		f.Fatal(err)
	}
	const link = "https://signin.example.com/reset/AAAAAAAAAAAAAAAAAAAAAA"
	f.Fuzz(func(t *testing.T, which uint8, value, other, place string, n int64) {
		kind := Kinds()[int(which)%len(Kinds())]
		data := Data{
			Name: value, Workspace: other, Address: "https://signin.example.com", At: n % (1 << 45), IP: place, UserAgent: value, Link: link, Code: "123456", Codes: []string{value, "b"},
			Device: value, OldDevice: other, Method: place, Actor: other, Reason: value, Email: value, OldEmail: other, Left: int(n % 100), Minutes: int(n % 100_000), CodesTotal: int(n % 12), Backup: n%2 == 0,
		}
		for _, language := range catalogue.Languages() {
			mail, err := o.compose(rows.Message{ID: "msg_1", Kind: string(kind), Recipient: "ada@example.com", CreatedAt: 1_800_000_000_000, ExpiresAt: 1_800_000_900_000},
				envelope{Language: language.Tag, Zone: place, Data: data})
			if err != nil {
				t.Fatalf("%s in %s: %v", kind, language.Tag, err)
			}
			if mail.subject == "" || strings.ContainsFunc(mail.subject+mail.workspace, unicode.IsControl) || !utf8.ValidString(mail.subject+mail.text) || strings.Contains(mail.text, "\r") {
				t.Fatalf("%s in %s has the subject %q and the text %q", kind, language.Tag, mail.subject, mail.text)
			}
			if strings.ContainsFunc(mail.subject+mail.text+mail.html, func(r rune) bool { return unicode.Is(unicode.Co, r) }) {
				t.Fatalf("%s in %s has a mark left: %q", kind, language.Tag, mail.text)
			}
			ours(t, mail.html, link)
			err = mailer.Send(t.Context(), notify.Mail{
				From: "no-reply@example.com", FromName: mail.workspace, To: "ada@example.com", Subject: mail.subject, Text: mail.text, HTML: mail.html, Language: mail.language, ID: "msg_1",
			})
			if !notify.Temporary(err) {
				t.Fatalf("%s in %s cannot be sent: %v", kind, language.Tag, err)
			}
		}
	})
}

// ours fails when a mail has elements that the template has not, or leads
// anywhere but to its own link.
func ours(t *testing.T, source, link string) {
	t.Helper()
	const known = " html head meta title style body main h1 h2 p ol ul li dl div dt dd a strong bdi footer br span hr "
	z := html.NewTokenizer(strings.NewReader(source))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			token := z.Token()
			if !strings.Contains(known, " "+token.Data+" ") {
				t.Fatalf("a mail has <%s>:\n%s", token.Data, source)
			}
			for _, a := range token.Attr {
				if (a.Key == "href" || a.Key == "src") && a.Val != link {
					t.Fatalf("a mail leads to %q", a.Val)
				}
			}
		}
	}
}

// A cleaned value is one line of bounded length without a mark, and stays as it
// is when it is cleaned again.
func FuzzClean(f *testing.F) {
	for _, value := range strangers() {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		got := clean(value)
		if clean(got) != got || utf8.RuneCountInString(got) > longestValue+1 || !utf8.ValidString(got) || strings.ContainsFunc(got, unicode.IsControl) {
			t.Fatalf("%q becomes %q", value, got)
		}
		named := name(value)
		if strings.Contains(named, "://") || strings.ContainsAny(named, "\u202e\u2066\r\n") {
			t.Fatalf("%q is shown as %q", value, named)
		}
		said := parseRuns("a" + strong(got) + "b" + ltr(got))
		if said.String() != "a"+got+"b"+got {
			t.Fatalf("%q is said as %q", value, said)
		}
		wrapped := wrap(got, "  ")
		if strings.Join(strings.Fields(wrapped), " ") != strings.Join(strings.Fields(got), " ") {
			t.Fatalf("%q is wrapped as %q", got, wrapped)
		}
	})
}
