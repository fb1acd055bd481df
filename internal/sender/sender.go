// Package sender owns who a mail can come from: a name, an address, or a name with an
// address, and which addresses a mail can carry at all. It is values in, values out. It
// knows no workspace, no setting and no mail server: package config reads the
// installation's sender by it, people a workspace's, message takes that apart for each
// mail, and notify lets nothing else onto the wire.
package sender

import (
	"errors"
	"net/mail"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// Why something is no sender. None repeats what it was given.
var (
	// ErrForm is not one address without a name, a comment or a list around it.
	ErrForm = errors.New("not one bare address")
	// ErrDomain is an address whose domain cannot exist, or that is too long for SMTP.
	ErrDomain = errors.New("no domain that can exist")
	// ErrName is a name that cannot stand before an address.
	ErrName = errors.New("a name that cannot stand before an address")
)

// longest is the longest address that SMTP carries, in octets (RFC 5321, section
// 4.5.3.1.3, without the angle brackets).
const longest = 254

// Bare reads one address without a name, a comment or a list around it, and returns it
// with its domain in ASCII (RFC 5891), as the wire wants it. Errors: [ErrForm],
// [ErrDomain].
func Bare(address string) (string, error) {
	if len(address) > 4*longest {
		return "", ErrForm // letters of other alphabets are shorter on the wire, but not by so much
	}
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Address != address || strings.ContainsFunc(address, unicode.IsControl) {
		return "", ErrForm
	}
	at := strings.LastIndexByte(address, '@')
	domain, err := idna.Lookup.ToASCII(address[at+1:])
	if err != nil || at+1+len(domain) > longest {
		return "", ErrDomain
	}
	return address[:at+1] + domain, nil
}

// Check tells whether mails can carry a sender with an address: a line break in either
// part would write headers of its own. Errors: [ErrForm], [ErrDomain], [ErrName].
func Check(from mail.Address) error {
	if strings.ContainsFunc(from.Name, unicode.IsControl) {
		return ErrName
	}
	_, err := Bare(from.Address)
	return err
}

// Parse reads a name, an address, or a name with an address behind it in angle brackets,
// and leaves empty what is not there. A name is taken as it stands, without the quotes
// around it that mail programs write where they show one with a comma; nothing in it is a
// comment or an encoded word. What has an angle bracket and is not of this form is refused
// and not taken for a name, so that nobody is shown an address that mails do not come
// from. [Format] is the way back. Errors: [ErrForm], [ErrDomain], [ErrName].
func Parse(text string) (mail.Address, error) {
	text = strings.TrimSpace(text)
	_, err := Bare(text)
	if err == nil {
		return mail.Address{Address: text}, nil
	}
	from := mail.Address{Name: text}
	open := strings.LastIndexByte(text, '<')
	if open >= 0 && strings.HasSuffix(text, ">") {
		from.Name, from.Address = unquoted(text[:open]), text[open+1:len(text)-1]
		err = Check(from)
		if err != nil {
			return mail.Address{}, err
		}
	}
	if strings.ContainsAny(from.Name, "<>") || strings.ContainsFunc(from.Name, unicode.IsControl) {
		return mail.Address{}, ErrName
	}
	return from, nil
}

// unquoted is a name without the quotes and spaces around it.
func unquoted(name string) string {
	name = strings.TrimSpace(name)
	for len(name) > 1 && name[0] == '"' && name[len(name)-1] == '"' {
		name = strings.TrimSpace(name[1 : len(name)-1])
	}
	return name
}

// Format writes a sender as [Parse] reads it.
func Format(from mail.Address) string {
	switch {
	case from.Address == "":
		return from.Name
	case from.Name == "":
		return from.Address
	}
	return from.Name + " <" + from.Address + ">"
}
