package sender_test

import (
	"errors"
	"net/mail"
	"strings"
	"testing"

	"countersign/internal/sender"
)

func TestASenderIsANameAnAddressOrBoth(t *testing.T) {
	for _, row := range []struct {
		what, text    string
		name, address string
		err           error
	}{
		{"nothing", " ", "", "", nil},
		{"a name", "Acme sign-in", "Acme sign-in", "", nil},
		{"a name in letters of any kind", "Ĉefa Büro – 東京", "Ĉefa Büro – 東京", "", nil},
		{"a name with an at sign", "Team @ Acme", "Team @ Acme", "", nil},
		{"an address", " no-reply@acme.example.com ", "", "no-reply@acme.example.com", nil},
		{"an address in angle brackets", "<no-reply@acme.example.com>", "", "no-reply@acme.example.com", nil},
		{"both", "Acme sign-in <no-reply@acme.example.com>", "Acme sign-in", "no-reply@acme.example.com", nil},
		{"a name with a comma", "Acme, Inc. <no-reply@acme.example.com>", "Acme, Inc.", "no-reply@acme.example.com", nil},
		{"quotes that a mail program wrote", `"Acme, Inc." <no-reply@acme.example.com>`, "Acme, Inc.", "no-reply@acme.example.com", nil},
		{"a name in brackets, which is no comment", "Acme (Wien) <no-reply@acme.example.com>", "Acme (Wien)", "no-reply@acme.example.com", nil},
		{"letters of another alphabet in the domain", "Bücher <info@bücher.example>", "Bücher", "info@bücher.example", nil},
		{"no address in the brackets", "Acme <>", "", "", sender.ErrForm},
		{"a bracket that is open", "Acme <no-reply@acme.example.com", "", "", sender.ErrName},
		{"brackets around a name", "Acme <sign-in>", "", "", sender.ErrForm},
		{"two addresses", "a@acme.example.com <b@acme.example.com> <c@acme.example.com>", "", "", sender.ErrName},
		{"a list in the brackets", "Acme <a@acme.example.com,b@acme.example.com>", "", "", sender.ErrForm},
		{"a group", "Acme <team:a@acme.example.com;>", "", "", sender.ErrForm},
		{"a space in the brackets", "Acme < no-reply@acme.example.com>", "", "", sender.ErrForm},
		{"a line break in the name", "Acme\r\nBcc: eve <no-reply@acme.example.com>", "", "", sender.ErrName},
		{"a line break in a name alone", "Acme\nBcc", "", "", sender.ErrName},
		{"a line break in the address", "Acme <no-reply@acme.example.com\r\nBcc:eve@example.com>", "", "", sender.ErrForm},
		{"a domain that cannot exist", "Acme <no-reply@-acme-.example>", "", "", sender.ErrDomain},
		{"an address that is too long", "Acme <no-reply@" + strings.Repeat("a.", 130) + "example>", "", "", sender.ErrDomain},
	} {
		got, err := sender.Parse(row.text)
		if !errors.Is(err, row.err) || got.Name != row.name || got.Address != row.address {
			t.Errorf("%s: %q <%s>, %v; want %q <%s>, %v", row.what, got.Name, got.Address, err, row.name, row.address, row.err)
		}
	}
}

func TestAnAddressGoesOutWithItsDomainInASCII(t *testing.T) {
	for address, want := range map[string]string{
		"info@bücher.example": "info@xn--bcher-kva.example",
		"Info@Acme.example":   "Info@acme.example",
		"a@b@acme.example":    "",
		"info@":               "",
		"":                    "",
	} {
		got, err := sender.Bare(address)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q is %q, %v; want %q", address, got, err, want)
		}
	}
}

// What is stored is read as what was meant, however often it is written again; and what is
// read can be sent.
func FuzzASenderIsReadAsItWasWritten(f *testing.F) {
	for _, text := range []string{
		"", "Acme", "no-reply@acme.example.com", "Acme <no-reply@acme.example.com>", `""Acme" "<a@b.example>`, `" <a@b.example>`, "<<a@b.example>", "a@b <c@d>",
		"=?utf-8?q?Acme?= <a@b.example>", "Acme\u2028<a@b.example>", "x <a@bücher.example>", `"a b"@c.example`, " \t<a@b.example>", "a @b",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		from, err := sender.Parse(text)
		if err != nil {
			if from != (mail.Address{}) {
				t.Fatalf("refused, and still %v", from)
			}
			return
		}
		again, err := sender.Parse(sender.Format(from))
		if err != nil || again != from {
			t.Fatalf("%q is %v, and written as %q it is %v, %v", text, from, sender.Format(from), again, err)
		}
		if from.Address != "" && sender.Check(from) != nil {
			t.Fatalf("%q is read as %v, which no mail can carry", text, from)
		}
		if strings.ContainsAny(from.Name+from.Address, "\r\n\x00<>") {
			t.Fatalf("%q is read as %v", text, from)
		}
	})
}
