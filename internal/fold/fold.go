// Package fold writes names as they are sorted and searched: without case, accents and
// the differences that people do not type. It owns that form and nothing that is stored
// in it; package store keeps it beside each person.
//
// What it returns is hexadecimal. The order of such texts is that of the letters in
// Unicode, the same in both databases whatever their collation is, and the texts that
// begin with another one are a range.
package fold

import (
	"encoding/hex"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

const (
	// longestKey and longestWord bound what an index holds, in bytes before they are
	// written in hexadecimal. An address has 254 at most (RFC 5321, section 4.5.3.1.3).
	longestKey  = 60
	longestWord = 254
	// mostWords bounds the rows of one person.
	mostWords = 24
	// mostTerms bounds what one search asks.
	mostTerms = 6
)

// Key is by what a person is sorted: the name, or the address where there is none. It is
// never empty.
func Key(name, email string) string {
	key := strings.Join(parts(name), " ")
	if key == "" {
		key = plain(email)
	}
	if key == "" {
		key = email + " "
	}
	return encode(key, longestKey)
}

// Words are those by which a person is found, each once: the words of the name, the
// address, its domain, and the words before the "@".
func Words(name, email string) []string {
	local, domain, _ := strings.Cut(plain(email), "@")
	all := append(parts(name), plain(email), domain)
	all = append(all, parts(local)...)
	var out []string
	for _, word := range all {
		word = encode(word, longestWord)
		if word != "" && len(out) < mostWords && !slices.Contains(out, word) {
			out = append(out, word)
		}
	}
	return out
}

// Terms are the beginnings of words that somebody types, the longest first: all of them
// must be found. What looks like a piece of an address is one of them as it stands.
func Terms(typed string) []string {
	var out []string
	for _, field := range strings.Fields(plain(typed)) {
		found := parts(field)
		if strings.ContainsAny(strings.TrimRight(field, "."), "@.") {
			found = []string{strings.TrimSuffix(field, ".")}
		}
		for _, term := range found {
			term = encode(term, longestWord)
			if len(out) < mostTerms && !slices.Contains(out, term) {
				out = append(out, term)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b string) int { return len(b) - len(a) })
	return out
}

// After is the end of the range of all texts that begin with this one.
func After(term string) string { return term + "g" }

// Is tells whether a text is one that this package writes.
func Is(text string) bool {
	return strings.Trim(text, "0123456789abcdef") == ""
}

func encode(text string, longest int) string {
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "")
	}
	return hex.EncodeToString([]byte(text))
}

// parts are the words of a text: what stands between anything but letters and digits.
func parts(text string) []string {
	return strings.FieldsFunc(plain(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// plain is a text in small letters without accents (Unicode Standard Annex 15, NFKD).
func plain(text string) string {
	spelled := strings.NewReplacer("ß", "ss", "æ", "ae", "œ", "oe", "ø", "o", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "ı", "i")
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(text)) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(r)
		}
	}
	return spelled.Replace(b.String())
}
