package method

import (
	"strings"
	"unicode"
)

// Problem says what is the matter with a code that a person typed, so that the
// page can say it. It is the end of a key of the message catalogue; empty means
// that the code has the right form.
type Problem string

// The problems of a typed code.
const (
	Fine      Problem = ""
	Empty     Problem = "empty"
	TooFew    Problem = "too_few"
	TooMany   Problem = "too_many"
	NonDigits Problem = "non_digits" // of a code that is digits only
	BadChar   Problem = "bad_char"   // of a code of digits and letters
)

// Clean prepares a typed or pasted code: white space, hyphens, dashes and
// characters that cannot be seen go; the digits of all scripts and full-width
// Latin letters become ASCII. Upper and lower case stay, as does everything
// else.
func Clean(typed string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9':
			return r
		case unicode.IsSpace(r), unicode.In(r, unicode.Pd, unicode.Cf), r == '−', r == '\u2800':
			return -1 // Cf: soft hyphen, zero-width, direction marks
		case r >= 'Ａ' && r <= 'Ｚ', r >= 'ａ' && r <= 'ｚ':
			return r - 'Ａ' + 'A'
		case unicode.Is(unicode.Nd, r):
			return '0' + digit(r)
		default:
			return r
		}
	}, typed)
}

// Code takes what a person typed as a code of n digits and returns the digits, or what is
// the matter: Empty, NonDigits, TooFew or TooMany. Spaces and dashes are allowed
// anywhere; digits of any script count.
func Code(typed string, n int) (string, Problem) {
	code := Clean(typed)
	if code == "" {
		return "", Empty
	}
	for _, r := range code {
		if r < '0' || r > '9' {
			return "", NonDigits
		}
	}
	switch {
	case len(code) < n:
		return "", TooFew
	case len(code) > n:
		return "", TooMany
	}

	return code, Fine
}

// digit returns the value of a decimal digit of any script. Unicode keeps the
// ten digits of a script in one run from 0 to 9 (chapter 4.6), so the distance
// from the start of the run tells.
func digit(r rune) rune {
	for _, run := range unicode.Nd.R16 {
		if n := int64(r) - int64(run.Lo); n >= 0 && int64(r) <= int64(run.Hi) {
			return rune(n % 10)
		}
	}
	for _, run := range unicode.Nd.R32 {
		if n := int64(r) - int64(run.Lo); n >= 0 && int64(r) <= int64(run.Hi) {
			return rune(n % 10)
		}
	}

	return 0
}
