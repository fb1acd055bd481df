package totp

import (
	"bytes"
	"encoding/base32"
	"net/url"
	"strings"
	"unicode"
)

// Size returns how many random bytes a secret needs whose key has that many
// characters: 20 for 32 characters (160 bits, as RFC 4226 recommends), 10 for
// 16. Numbers between are rounded up to whole bytes.
func Size(chars int) int { return (chars*5 + 7) / 8 }

// Secret returns a new secret made of random bytes, of which there are at least
// MinSecret: Secret(seal.Bytes(Size(32))). The bytes stay the caller's.
func Secret(random []byte) []byte { return bytes.Clone(random) }

// Key returns the secret as a person types it into an app: base 32 (RFC 4648)
// in upper case, without padding, which several apps refuse.
func Key(secret []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
}

// Groups cuts a key into groups of four for the eye. Joined, they are the key.
func Groups(key string) []string {
	var out []string
	for len(key) > 4 {
		out = append(out, key[:4])
		key = key[4:]
	}
	if key != "" {
		out = append(out, key)
	}

	return out
}

// URI returns the otpauth address that the QR code holds. The issuer, what the
// person signs in to, stands in the label and as a parameter, as the apps'
// common format asks; account is the e-mail address. A colon ends the issuer in
// that format even when it is escaped, so colons in the names become spaces.
// Spaces are written %20, because some apps show a plus sign as it is.
func URI(issuer, account string, secret []byte) string {
	issuer, account = plain(issuer), plain(account)
	label, named := escape(account), ""
	if issuer != "" {
		label = escape(issuer) + ":" + label
		named = "&issuer=" + escape(issuer)
	}

	return "otpauth://totp/" + label + "?secret=" + Key(secret) + named + "&algorithm=SHA1&digits=6&period=30"
}

// plain removes from a name what would change what an app shows: colons,
// control characters, marks that turn the direction, repeated spaces.
func plain(name string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(name, ""), func(r rune) bool {
		return r == ':' || unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf)
	}), " ")
}

// escape writes everything but letters, digits and -._~ as percent codes.
func escape(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}
