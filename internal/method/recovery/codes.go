// Package recovery is the recovery codes: ten short ones or a single long one,
// shown once, each good for one sign-in without the second factor.
//
// It owns the form of the codes, the form in which they are stored (keyed
// digests and marks, never a code) and the rule that each works once. It does
// not decide what a code does (sign in or reset), nor send or show it. Package
// account verifies with it; enrol makes and renews the codes.
package recovery

import (
	"strings"

	"countersign/internal/method"
)

const (
	// alphabet is Crockford's base 32 in lower case: without i, l, o and u.
	alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
	// short is the length of one of several codes: 50 bits. They are stored
	// under a key and counted, so they are never guessed off line.
	short = 10
	// long is the length of a single code: 100 bits, since it lives for years
	// and stands alone.
	long = 20
)

// Generate returns n new codes as they are shown, all different. One code is
// twenty characters in groups of four, XXXX-XXXX-XXXX-XXXX-XXXX; of several,
// each is xxxxx-xxxxx. The function random returns that many random bytes.
func Generate(n int, random func(int) []byte) []string {
	if n == 1 {
		return []string{group(strings.ToUpper(draw(long, random)), 4)}
	}

	codes := make([]string, 0, max(n, 0))
	seen := make(map[string]bool, max(n, 0))
	// Two equal codes among ten come once in 10¹³ sets. A source that repeats
	// itself on and on is broken; Pack refuses what it gave.
	for tries := 0; len(codes) < n; tries++ {
		code := draw(short, random)
		if seen[code] && tries < 8*n {
			continue
		}
		seen[code] = true
		codes = append(codes, group(code, 5))
	}

	return codes
}

// draw returns that many characters, each of the 32 equally likely.
func draw(length int, random func(int) []byte) string {
	out := make([]byte, length)
	for i, b := range random(length) {
		out[i] = alphabet[b&31]
	}

	return string(out)
}

func group(code string, size int) string {
	var out strings.Builder
	for i, r := range code {
		if i > 0 && i%size == 0 {
			out.WriteByte('-')
		}
		out.WriteRune(r)
	}

	return out.String()
}

// Problem says what is the matter with a typed code: see package method.
type Problem = method.Problem

// Normalize takes what a person typed and returns the code in lower case
// without dashes, ten or twenty characters, or what is the matter: Empty,
// BadChar, TooFew or TooMany. Case, spaces and dashes do not matter; o is read
// as 0, i and l as 1, for they are not in the alphabet and look alike on paper.
func Normalize(proof string) (string, Problem) {
	code := method.Clean(proof)
	if code == "" {
		return "", method.Empty
	}

	var out strings.Builder
	for _, r := range code {
		r = fold(r)
		if r > 'z' || !strings.ContainsRune(alphabet, r) {
			return "", method.BadChar
		}
		out.WriteRune(r)
	}
	// Whether the person holds short codes or a long one is not known here, so
	// a length between is taken for the nearer.
	switch n := out.Len(); {
	case n == short, n == long:
		return out.String(), method.Fine
	case n < short, n > (short+long)/2 && n < long:
		return "", method.TooFew
	default:
		return "", method.TooMany
	}
}

// fold brings one character to the alphabet. A keyboard set to Turkish types
// İ and ı for the letter that is read as 1.
func fold(r rune) rune {
	if r >= 'A' && r <= 'Z' {
		r += 'a' - 'A'
	}
	switch r {
	case 'o':
		return '0'
	case 'i', 'l', 'ı', 'İ':
		return '1'
	}

	return r
}
