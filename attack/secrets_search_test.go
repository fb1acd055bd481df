package attack_test

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode"
)

// secret is something that must be nowhere but where it was shown.
type secret struct {
	is    string
	value string
	// shown tells where it may be seen, of all that was asked; nil is nowhere.
	shown func(asked string) bool
	// mailed is in the subject of the mails that may have it, "" is none.
	mailed string
}

// vault holds what was planted, and finds it again.
type vault struct {
	mu      sync.Mutex
	secrets []secret
	known   map[string]bool
	// needles are the forms of all secrets by their first bytes.
	needles map[[fewest]byte][]needle
}

// fewest is how long a form of a secret is at least: shorter ones are there by
// accident.
const fewest = 6

type needle struct {
	form   string
	secret int
	// whole: it counts only where it stands alone, because it is so short that it
	// is a part of other numbers.
	whole bool
}

func newVault() *vault {
	return &vault{known: map[string]bool{}, needles: map[[fewest]byte][]needle{}}
}

// plant remembers a secret; one that is known already is left as it is.
func (v *vault) plant(s secret) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if s.value == "" || v.known[s.value] {
		return
	}
	v.known[s.value] = true
	v.secrets = append(v.secrets, s)
	for _, form := range forms(s.value) {
		if len(form) < fewest {
			continue
		}
		first := [fewest]byte([]byte(form))
		v.needles[first] = append(v.needles[first], needle{form, len(v.secrets) - 1, digitsOnly(form)})
	}
}

// found are the secrets that are in a text or in the bytes of a file, and the
// form in which they are; but for those that may be there.
func (v *vault) found(data []byte, mayBe func(s secret) bool) []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	var out []string
	for at := 0; at+fewest <= len(data); at++ {
		if data[at] == 0 {
			continue // the empty pages of files
		}
		for _, n := range v.needles[[fewest]byte(data[at:at+fewest])] {
			end := at + len(n.form)
			if end > len(data) || string(data[at:end]) != n.form || n.whole && !alone(data, at, end) || mayBe(v.secrets[n.secret]) {
				continue
			}
			what := fmt.Sprintf("%s, as %q", v.secrets[n.secret].is, n.form)
			if !slices.Contains(out, what) {
				out = append(out, what)
			}
		}
	}
	return out
}

// nowhere is for places that no secret may be in.
func nowhere(secret) bool { return false }

func digitsOnly(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !unicode.IsDigit(r) && !unicode.IsSpace(r) }) < 0
}

// alone tells whether the bytes are no part of a longer word or number.
func alone(data []byte, from, to int) bool {
	word := func(at int) bool {
		return at >= 0 && at < len(data) && (data[at] == '_' || unicode.IsDigit(rune(data[at])) || unicode.IsLetter(rune(data[at])))
	}
	return !word(from-1) && !word(to)
}

// forms are the ways in which a secret can be written down.
func forms(value string) []string {
	quoted, _ := json.Marshal(value) // a text always can be
	var plainJSON bytes.Buffer
	encoder := json.NewEncoder(&plainJSON)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // likewise
	all := []string{
		value, strings.ToUpper(value), strings.ToLower(value), otherCase(value), reversed(value),
		strings.Trim(string(quoted), `"`), strings.Trim(strings.TrimSpace(plainJSON.String()), `"`), strings.Trim(strconv.Quote(value), `"`),
		html.EscapeString(value), strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;", "+", "&#43;").Replace(value),
		url.QueryEscape(value), url.PathEscape(value), strings.ReplaceAll(value, "-", ""),
		hex.EncodeToString([]byte(value)), strings.ToUpper(hex.EncodeToString([]byte(value))),
		base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte(value)),
		base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte(value)),
	}
	if len(value) == 6 && digitsOnly(value) {
		all = append(all, value[:3]+" "+value[3:], value[:3]+"\u00a0"+value[3:])
	}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		// As a part of something longer it can begin at each of three places.
		for shift, cut := range []int{0, 2, 3} {
			encoded := encoding.EncodeToString(append(make([]byte, shift), value...))
			if (shift+len(value))%3 != 0 {
				encoded = encoded[:len(encoded)-1]
			}
			all = append(all, encoded[cut:])
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func otherCase(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsUpper(r) {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, s)
}

func reversed(s string) string {
	letters := []rune(s)
	slices.Reverse(letters)
	return string(letters)
}

// TestSecretsAreFound writes secrets down in every form, between other things,
// and finds each: a search that finds nothing proves nothing.
func TestSecretsAreFound(t *testing.T) {
	v := newVault()
	v.plant(secret{is: "a password", value: `Quokka's "7" & <walnut> über+lamp`})
	v.plant(secret{is: "a key", value: "\x01\x02\x03\xfe\xffabcdefghijklmno"})
	v.plant(secret{is: "a recovery code", value: "7q0w2-m5x9d"})
	v.plant(secret{is: "a mailed code", value: "123456"})
	for i, s := range v.secrets {
		for _, form := range forms(s.value) {
			for _, around := range []string{"%s", "x=%s;", "\x00\x17%s\x00", "…{\"a\":\"%s\"}\n"} {
				if got := v.found([]byte(fmt.Sprintf(around, form)), nowhere); len(form) >= fewest && len(got) == 0 {
					t.Errorf("%s as %q in %q is not found", v.secrets[i].is, form, around)
				}
			}
		}
		for shift := range 3 {
			longer := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + s.value + "yz"))
			if len(s.value) > 8 && len(v.found([]byte(longer), nowhere)) == 0 {
				t.Errorf("%s inside %q is not found", s.is, longer)
			}
		}
	}
	for _, innocent := range []string{"1795123456789", "evt_123456abc", "nothing", strings.Repeat("walnut", 99)} {
		if got := v.found([]byte(innocent), nowhere); len(got) > 0 {
			t.Errorf("%q has %v", innocent, got)
		}
	}
}
