package message

import (
	"strings"
	"unicode"
)

// document is a mail before it is text or HTML: both are made from the same
// blocks, so they cannot say different things.
type document struct {
	Lang, Dir string
	From      string // the workspace
	Look      colours
	Subject   string
	Title     string
	Blocks    []block
	Footer    []runs
}

// block is one piece of a mail; which field is set says what it is.
type block struct {
	Paragraph runs
	Heading   string
	Facts     []fact
	Steps     []runs
	Button    *button
	Code      string
	Codes     []string
}

type fact struct {
	Label string
	Value runs
}

type button struct{ Label, Link string }

// runs is a sentence in which values stand out.
type runs []run

type run struct {
	Text   string
	Strong bool
	LTR    bool // an address or a number: not turned round in a right-to-left text
}

// Marks travel through the catalogue around a value and are found again in the
// finished sentence. They are private-use characters; clean removes them from
// every value, so nobody can write one.
const (
	markStrong = '\ue000'
	markLTR    = '\ue001'
	markEnd    = '\ue002'
)

func strong(value string) string { return string(markStrong) + value + string(markEnd) }
func ltr(value string) string    { return string(markLTR) + value + string(markEnd) }

// parseRuns cuts a sentence at its marks. Marks do not nest.
func parseRuns(sentence string) runs {
	var out runs
	now := run{}
	for _, r := range sentence {
		switch r {
		case markStrong, markLTR, markEnd:
			if now.Text != "" {
				out = append(out, now)
			}
			now = run{Strong: r == markStrong, LTR: r == markLTR}
		default:
			now.Text += string(r)
		}
	}
	if now.Text != "" {
		out = append(out, now)
	}
	return out
}

// String is the sentence without its marks.
func (r runs) String() string {
	var b strings.Builder
	for _, part := range r {
		b.WriteString(part.Text)
	}
	return b.String()
}

// longestValue bounds a name in a mail, in characters.
const longestValue = 120

// longestReason bounds a reason in a mail, in characters: as long as they may be.
const longestReason = 500

// clean makes a value that a person chose fit for a sentence: one line, no
// marks, and none of the characters that turn the direction of what follows,
// with which a name could rewrite the sentence around it.
func clean(value string) string { return cleanTo(value, longestValue) }

func cleanTo(value string, longest int) string {
	value = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Co, r), unicode.Is(unicode.Bidi_Control, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, value)
	letters := []rune(strings.Join(strings.Fields(value), " "))
	if len(letters) > longest {
		letters = append(letters[:longest], '…')
	}
	return string(letters)
}

// name is clean for names. A mail program makes a link of whatever looks like
// one, so "Win at https://evil.example" as a name would be a link in our mail:
// the scheme goes, and an invisible joiner breaks up what is left.
func name(value string) string { return nameTo(value, longestValue) }

// reason is a reason that somebody gave; it is as little to be trusted as a name.
func reason(value string) string { return nameTo(value, longestReason) }

func nameTo(value string, longest int) string {
	letters := []rune(strings.ReplaceAll(cleanTo(value, longest), "://", " "))
	var b strings.Builder
	for i, r := range letters {
		b.WriteRune(r)
		if r == '.' && i > 0 && i+1 < len(letters) && unicode.IsLetter(letters[i-1]) && unicode.IsLetter(letters[i+1]) {
			b.WriteRune('\u2060')
		}
	}
	return b.String()
}
