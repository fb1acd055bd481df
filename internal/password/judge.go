package password

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ccojocar/zxcvbn-go/match"
	"github.com/ccojocar/zxcvbn-go/matching"
	"github.com/ccojocar/zxcvbn-go/scoring"
	"golang.org/x/text/unicode/norm"
)

// Problem says why a new password is refused, so that the page can say it.
// Empty means that it is good enough.
type Problem string

// The problems of a new password.
const (
	Fine      Problem = ""
	TooShort  Problem = "too_short" // fewer than MinLength
	TooLong   Problem = "too_long"  // more than MaxLength
	Common    Problem = "common"    // the whole of it is a word or a known password
	Guessable Problem = "guessable" // made of words, names, dates, patterns
)

const (
	// judged is how much of a password is looked at: the time grows with the
	// cube of the length, and a thousand characters take seconds.
	judged = 100
	// enough is the least zxcvbn score, from 0 to 4: 10⁶ seconds for somebody
	// who has stolen the hash and tries ten thousand a second.
	enough = 3
	// maxAbout bounds the words that a password is compared with.
	maxAbout = 32
	// minAbout is the shortest word that is worth finding in a password.
	minAbout = 3
)

// Judge returns what is the matter with a new password. There are no rules on
// which characters it is made of (NIST SP 800-63B, section 3.1.1.2): what
// counts is how soon it would be guessed. About is what an attacker knows of
// this person: the e-mail address, the name, the name of the workspace.
func Judge(password string, about ...string) Problem {
	if len(password) > maxBytes {
		return TooLong
	}
	password = norm.NFKC.String(password)
	switch n := utf8.RuneCountInString(password); {
	case n < MinLength:
		return TooShort
	case n > MaxLength:
		return TooLong
	}

	text := ascii(password, judged)
	words := wordsAbout(about)
	if mostlyAbout(text, words) {
		return Guessable
	}
	// The library's own search for 4 in place of a and the like tries every
	// combination, which a password full of such signs makes last for seconds.
	// Three spellings do: as typed, and with 1 read as i or as l.
	readings := []string{text}
	for _, one := range []string{"i", "l"} {
		if plain := plainly(text, one); !slices.Contains(readings, plain) {
			readings = append(readings, plain)
		}
	}
	verdict := Fine
	for _, reading := range readings {
		found := matching.Omnimatch(reading, words, matching.FilterL33tMatcher)
		if isWord(reading, found) {
			return Common
		}
		if scoring.MinimumEntropyMatchSequence(reading, found).Score < enough {
			verdict = Guessable
		}
	}

	return verdict
}

// isWord reports whether the whole is one entry of the library's word lists.
func isWord(text string, found []match.Match) bool {
	return slices.ContainsFunc(found, func(m match.Match) bool {
		return m.Pattern == "dictionary" && m.DictionaryName != "user_inputs" && m.I == 0 && m.J == len(text)-1
	})
}

// ascii returns up to limit characters with accents taken off. The library mixes
// bytes and characters, so each character must be one byte: a letter of another
// script becomes a Latin one, in a way that keeps what repeats repeating and
// what runs in order running.
func ascii(password string, limit int) string {
	var out strings.Builder
	for _, r := range norm.NFKD.String(password) {
		switch {
		case out.Len() == limit:
			return out.String()
		case unicode.Is(unicode.Mn, r):
		case r < utf8.RuneSelf:
			out.WriteRune(r)
		case r == 'ß':
			out.WriteByte('s')
		default:
			out.WriteByte('a' + byte(r%26))
		}
	}

	return out.String()
}

// plainly reads digits and signs as the letters that they stand for in words.
func plainly(text, one string) string {
	return strings.NewReplacer("4", "a", "@", "a", "8", "b", "(", "c", "3", "e", "6", "g", "9", "g", "0", "o",
		"$", "s", "5", "s", "7", "t", "+", "t", "2", "z", "1", one, "!", one, "|", one).Replace(strings.ToLower(text))
}

// wordsAbout cuts what is known of a person into words, in lower case, longest
// first: of ada.lovelace@example.com the whole, both sides of the @, and each
// part.
func wordsAbout(about []string) []string {
	var words []string
	add := func(word string) {
		word = strings.ToLower(ascii(norm.NFKC.String(word), judged))
		if len(word) >= minAbout && len(words) < maxAbout && !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	for _, text := range about {
		if len(text) > maxBytes {
			continue
		}
		add(text)
		for _, side := range strings.Split(text, "@") {
			add(side)
		}
		parts := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		add(strings.Join(parts, ""))
		for _, part := range parts {
			add(part)
		}
	}
	slices.SortStableFunc(words, func(a, b string) int { return len(b) - len(a) })

	return words
}

// mostlyAbout reports whether more than half of the password is words about the
// person, also spelled with digits for letters or backwards.
func mostlyAbout(text string, words []string) bool {
	text = strings.ToLower(text)
	backwards := []byte(text)
	slices.Reverse(backwards)
	for _, reading := range []string{text, plainly(text, "i"), plainly(text, "l"), string(backwards)} {
		rest := reading
		for _, word := range words {
			// The mark keeps what stood on both sides from making a new word.
			rest = strings.ReplaceAll(rest, word, "\x00")
		}
		if left := len(rest) - strings.Count(rest, "\x00"); 2*left < len(reading) && left < len(reading) {
			return true
		}
	}

	return false
}
