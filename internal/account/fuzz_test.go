package account_test

import (
	"context"
	"errors"
	"net"
	"net/mail"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"countersign/internal/account"
	"countersign/internal/method/totp"
	"countersign/internal/notify"
)

// addresses are those that parsers of addresses disagree about.
func addresses() []string {
	return []string{
		"ada@example.com", " ADA@Example.COM ", "ada@bücher.example", "ada@xn--bcher-kva.example", "ada@example.com.", `"a b"@example.com`,
		`"a@b"@example.com`, "a＠b@example.com", "İ@example.com", "J\u030c@example.com", "ẞ@ẞ.example", "ada@[127.0.0.1]", "ada@ex_ample.com",
		"a@b@c", "@", "a@", "@b", "ada@-.example", "a@\u00ad.b", "a@b。c", "a@\u200db", "a@xn--a", "ﬀ@ﬀ.example", "Ada <ada@example.com>",
		"(comment)ada@example.com", "a@b\r\nBcc: c@d", "\xff@\xfe", "a\x00@b", "a@" + strings.Repeat("b.", 130) + "c", "=?utf-8?q?a?=@b.c",
	}
}

// The key of an address is the same however often it is made, and for every
// spelling that is taken for the same address: else wrong passwords would be
// counted twice, and an account not be found.
func FuzzEmailKey(f *testing.F) {
	for _, address := range addresses() {
		f.Add(address)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		key := account.EmailKey(typed)
		if again := account.EmailKey(key); again != key {
			t.Fatalf("%q has the key %q, which has the key %q", typed, key, again)
		}
		if spaced := account.EmailKey(" \t" + typed + "\n"); spaced != key {
			t.Fatalf("%q has the key %q, and with spaces around it %q", typed, key, spaced)
		}
		if utf8.ValidString(typed) && !utf8.ValidString(key) {
			t.Fatalf("%q has the key %q, which no database keeps", typed, key)
		}
	})
}

// An address that is taken can be written to, kept and found again.
func FuzzCheckEmail(f *testing.F) {
	for _, address := range addresses() {
		f.Add(address)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		address, err := account.CheckEmail("email", typed)
		if err != nil {
			if address != "" || strings.Contains(err.Error(), "@") && len(typed) > 3 && strings.Contains(err.Error(), typed) {
				t.Fatalf("%q, refused, gives %q, %v", typed, address, err)
			}
			return
		}
		again, err := account.CheckEmail("email", " "+address+" ")
		if err != nil || again != address {
			t.Fatalf("%q is taken as %q, and that as %q, %v", typed, address, again, err)
		}
		parsed, err := mail.ParseAddress(address)
		if err != nil || parsed.Address != address || parsed.Name != "" {
			t.Fatalf("%q is taken and is not one bare address: %v, %v", address, parsed, err)
		}
		if !utf8.ValidString(address) || strings.ContainsFunc(address, unicode.IsControl) || len(account.EmailKey(address)) > 254 {
			t.Fatalf("%q is taken", address)
		}
		if err := writeTo(t, address); !notify.Temporary(err) {
			t.Fatalf("%q is taken, and no mail can go there: %v", address, err)
		}
		for name, spelling := range map[string]string{"in capitals": strings.ToUpper(address), "in small letters": strings.ToLower(address)} {
			same := strings.EqualFold(spelling, address) // ß has no single capital, and so on
			if same && account.EmailKey(spelling) != account.EmailKey(address) {
				t.Fatalf("%s %q has the key %q, as typed %q", name, address, account.EmailKey(spelling), account.EmailKey(address))
			}
		}
	})
}

// writeTo hands over a mail to the address, as far as the connection.
func writeTo(t *testing.T, address string) error {
	t.Helper()
	mailer, err := notify.NewSMTP(notify.Options{
		Server: "smtp://localhost", Now: time.Now,
		Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("nobody is there") },
	})
	if err != nil {
		t.Fatal(err)
	}
	return mailer.Send(t.Context(), notify.Mail{
		From: "no-reply@example.com", To: address, Subject: "Hello", Text: "Hello", HTML: "Hello", ID: "msg_1",
	})
}

// A name that is taken fits everywhere a name is shown, and is taken again.
func FuzzCheckName(f *testing.F) {
	for _, name := range []string{
		"Ada Lovelace", "  Ada \t\n Lovelace ", "<b>", "a\x00b", "\xff", "\ufffd", strings.Repeat("ﷺ", 80), "\u202eadA", "Ａda", "é", "e\u0301", "\u2028", "☃",
	} {
		f.Add(name, 40)
		f.Add(name, 0)
	}
	f.Fuzz(func(t *testing.T, typed string, most int) {
		if most < 0 {
			return
		}
		name, err := account.CheckName("name", typed, most)
		if err != nil {
			return
		}
		limit := most
		if limit == 0 {
			limit = 80
		}
		if name == "" || utf8.RuneCountInString(name) > limit || !utf8.ValidString(name) || strings.ContainsAny(name, "<>\x00\r\n\t") {
			t.Fatalf("%q is taken as %q", typed, name)
		}
		again, err := account.CheckName("name", name, most)
		if err != nil || again != name {
			t.Fatalf("%q is taken as %q, and that as %q, %v", typed, name, again, err)
		}
		// What a device is called stands in an index of PostgreSQL, which takes
		// 2,700 bytes, and under one key however it is written.
		key := account.NameKey(name)
		if limit <= 40 && len(key) > 2500 || account.NameKey(key) != key || !utf8.ValidString(key) {
			t.Fatalf("%q has the key %q, and that %q", name, key, account.NameKey(key))
		}
		uri, err := url.Parse(totp.URI(name, "ada@example.com", []byte("12345678901234567890")))
		if err != nil || uri.Query().Get("issuer") == "" && strings.Trim(name, ":") == name && strings.ContainsFunc(name, unicode.IsLetter) {
			t.Fatalf("an app cannot be told the name %q: %v, %v", name, uri, err)
		}
	})
}
