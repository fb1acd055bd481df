package sms

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Number is a phone number that may get texts.
type Number struct {
	// E164 is the number as machines write it: + and at most 15 digits (ITU-T E.164).
	E164 string
	// Country is where it belongs, by its two letters (ISO 3166-1).
	Country string
}

// Problem says what is the matter with a typed number; it is the end of a key of the
// message catalogue.
type Problem string

// The problems of a typed number.
const (
	Fine      Problem = ""
	Empty     Problem = "empty"
	Malformed Problem = "malformed" // no number, or one that cannot exist
	Country   Problem = "country"   // of a country that is not listed
	Line      Problem = "line"      // no mobile line: a house's, a free one, or one that costs extra
)

// longest bounds what is parsed, in octets.
const longest = 64

// Parse reads a number as people write it. One without its country is read as of the
// first that is listed. Lines that cost their caller extra are refused, and all others
// that no phone in a pocket has: the first are what toll fraud lives on.
func Parse(typed string, countries []string) (Number, Problem) {
	typed = strings.TrimSpace(typed)
	switch {
	case typed == "":
		return Number{}, Empty
	case len(typed) > longest || len(countries) == 0:
		return Number{}, Malformed
	}
	parsed, err := phonenumbers.Parse(typed, countries[0])
	if err != nil || parsed.GetExtension() != "" || !phonenumbers.IsValidNumber(parsed) {
		return Number{}, Malformed
	}
	n := Number{E164: phonenumbers.Format(parsed, phonenumbers.E164), Country: phonenumbers.GetRegionCodeForNumber(parsed)}
	if !slices.Contains(countries, n.Country) {
		return Number{}, Country
	}
	switch phonenumbers.GetNumberType(parsed) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE:
		return n, Fine
	default:
		return Number{}, Line
	}
}

// CountryOf is the country of a stored number, "" for what is none.
func CountryOf(e164 string) string {
	parsed, err := phonenumbers.Parse(e164, "")
	if err != nil {
		return ""
	}
	return phonenumbers.GetRegionCodeForNumber(parsed)
}

// Show writes a number as people read it: +49 1512 3456789.
func Show(e164 string) string {
	parsed, err := phonenumbers.Parse(e164, "")
	if err != nil {
		return Mask(e164)
	}
	return phonenumbers.Format(parsed, phonenumbers.INTERNATIONAL)
}

// Mask hides all but the last two digits. Whoever has only the password must not learn
// the number.
func Mask(e164 string) string {
	const shown = 2
	if len(e164) <= shown {
		return "••••"
	}
	return "•••• " + e164[len(e164)-shown:]
}

// Prefix is the block that a number was given out in, as far as its form tells: all but
// its last four digits. Toll fraud rents such blocks.
func Prefix(e164 string) string {
	const block = 4
	return e164[:max(len(e164)-block, 0)]
}

// Area is the beginning of a number, as it may stand in a log or a mail: the country's
// code and the next digits, three at most, such as +49 151…. The last six never are in
// it, so that beside the two that [Mask] leaves nobody can try the rest.
func Area(e164 string) string {
	const shown, hidden = 3, 6
	parsed, err := phonenumbers.Parse(e164, "")
	if err != nil {
		return "…"
	}
	rest := phonenumbers.GetNationalSignificantNumber(parsed)
	area := rest[:min(max(len(rest)-hidden, 0), shown)]
	return strings.TrimSpace(fmt.Sprintf("+%d %s", parsed.GetCountryCode(), area)) + "…"
}
