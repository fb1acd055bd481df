package account

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"countersign"
)

// maxEmail is the longest address that SMTP carries (RFC 5321 section 4.5.3.1).
const maxEmail = 254

// EmailKey is the form under which an address is unique in a workspace and
// under which wrong passwords are counted, so that another spelling of the
// same account is not another counter. It never fails: what is no address is
// only brought to lower case.
func EmailKey(typed string) string {
	key := strings.TrimSpace(folded(typed))
	at := strings.LastIndexByte(key, '@')
	if at < 0 {
		return key
	}
	domain, err := idna.Lookup.ToASCII(strings.TrimRight(key[at+1:], "."))
	if err != nil {
		return key
	}
	return key[:at+1] + domain
}

// folded is the text in the one spelling that stands for all of them. Some
// letters are one character only when they are small ("J̌", "ǰ"), so the text is
// composed again after that.
func folded(text string) string {
	return norm.NFKC.String(strings.ToLower(norm.NFKC.String(text)))
}

// CheckEmail returns an address as it will be kept and written to, or what is
// wrong with it, for the form's field of that name.
func CheckEmail(field, typed string) (string, error) {
	address := strings.TrimSpace(typed)
	if address == "" {
		return "", countersign.InvalidField(field, "email_empty")
	}
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Name != "" || parsed.Address != address || len(EmailKey(address)) > maxEmail ||
		strings.ContainsFunc(address, unicode.IsControl) {
		return "", countersign.InvalidField(field, "email_malformed")
	}
	domain := address[strings.LastIndexByte(address, '@')+1:]
	_, err = idna.Lookup.ToASCII(domain)
	if err != nil || domain == "" {
		return "", countersign.InvalidField(field, "email_malformed")
	}
	return address, nil
}

// maxName bounds names of people, workspaces and devices, in characters.
const maxName = 80

// CheckName returns a name without the spaces around it, or what is wrong. An
// empty one is told by its field: "name_empty", "workspace_empty".
func CheckName(field, typed string, most int) (string, error) {
	name := strings.Join(strings.Fields(typed), " ")
	if name == "" {
		return "", countersign.InvalidField(field, field+"_empty")
	}
	if most == 0 {
		most = maxName
	}
	if utf8.RuneCountInString(name) > most {
		e := countersign.InvalidField(field, "name_long")
		e.Args = map[string]any{"Most": most}
		return "", e
	}
	if strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || r == '<' || r == '>' || r == utf8.RuneError }) || hides(name) {
		return "", countersign.InvalidField(field, "name_characters")
	}
	return name, nil
}

// hides tells whether a name has what nobody sees, or what turns the order of letters
// around: one name could look like another, or like more than a name in a list or a mail.
// The two joiners stay where a script needs them, between its letters, and between signs
// that are drawn as one.
func hides(name string) bool {
	before, base := ' ', ' ' // base has the marks that stand before r
	for _, r := range name {
		switch {
		case r == '\u200c' || r == '\u200d':
			if !joins(base) {
				return true
			}
		case r >= '\ufe00' && r <= '\ufe0f':
			if !drawnInWays(before) {
				return true
			}
		case unicode.Is(unicode.Cf, r), unicode.Is(blank, r):
			return true
		}
		before = r
		if !unicode.IsMark(r) {
			base = r
		}
	}
	return before == '\u200c' || before == '\u200d'
}

// joins tells whether a joiner can follow: letters of scripts that join, and signs.
func joins(r rune) bool {
	if unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) {
		return false
	}
	return unicode.IsLetter(r) || unicode.Is(unicode.So, r) || unicode.Is(unicode.Sk, r)
}

// drawnInWays tells whether a character that chooses how the one before it is drawn can
// follow: a sign, or one of Han. Behind anything else it does nothing that is seen.
func drawnInWays(r rune) bool {
	return unicode.In(r, unicode.So, unicode.Sm, unicode.Sk, unicode.Han) || strings.ContainsRune("‼⁉ℹ", r)
}

// blank are letters and signs without a shape (Unicode, Default_Ignorable_Code_Point, and
// the empty pattern of Braille).
var blank = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x034f, Hi: 0x034f, Stride: 1},
		{Lo: 0x115f, Hi: 0x1160, Stride: 1},
		{Lo: 0x17b4, Hi: 0x17b5, Stride: 1},
		{Lo: 0x180b, Hi: 0x180f, Stride: 1},
		{Lo: 0x2065, Hi: 0x2065, Stride: 1},
		{Lo: 0x2800, Hi: 0x2800, Stride: 1},
		{Lo: 0x3164, Hi: 0x3164, Stride: 1},
		{Lo: 0xffa0, Hi: 0xffa0, Stride: 1},
	},
	R32: []unicode.Range32{{Lo: 0xe0000, Hi: 0xe0fff, Stride: 1}},
}

// NameKey is the form under which a device's name is unique for its owner.
func NameKey(name string) string { return folded(name) }
