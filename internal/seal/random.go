package seal

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"strings"
	"time"
)

// alphabet is Crockford's base 32 in lower case: no i, l, o, u, so that an
// identifier can be read out. Its characters are in byte order, which is what
// makes SortableID sort.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// Bytes returns n bytes from the operating system's random source. It never
// returns fewer: a machine without randomness ends the program (crypto/rand).
func Bytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // documented never to fail

	return b
}

// ID returns prefix, an underscore and 26 lower-case Crockford base 32
// characters over 16 random bytes: ID("usr") is like
// "usr_7q0w2m5x9d4k8t1v6c3n0b7r5g". It carries neither time nor order, so it
// tells a stranger nothing about how many there are.
func ID(prefix string) string {
	return prefix + "_" + crockford(Bytes(16))
}

// SortableID returns prefix, an underscore, 10 characters of time (milliseconds
// since 1970, 48 bits), 2 of n, and 14 random characters (70 bits). Those of one
// prefix compare as bytes by their milliseconds, and within one by n: what one
// transaction writes stays in its order. Times before 1970 count as 1970, an n
// below 0 as 0 and above 1023 as 1023; of equal ones the order is random.
func SortableID(prefix string, at time.Time, n int) string {
	head := numeral(min(max(at.UnixMilli(), 0), 1<<48-1), 10) + numeral(int64(min(max(n, 0), 1<<10-1)), 2)

	return prefix + "_" + head + crockford(Bytes(10))[:14]
}

// numeral returns n in so many characters of the alphabet.
func numeral(n int64, length int) string {
	out := make([]byte, length)
	for i := length - 1; i >= 0; i-- {
		out[i] = alphabet[n&31]
		n >>= 5
	}

	return string(out)
}

// NewToken returns 32 random bytes in base64url without padding (43
// characters): cookies, links, anything that is itself the permission. Store
// only its Hash.
func NewToken() string {
	return base64.RawURLEncoding.EncodeToString(Bytes(32))
}

// Digits returns n decimal digits, each value equally likely, leading zeros
// included.
func Digits(n int) string {
	out := make([]byte, 0, n)
	for len(out) < n {
		for _, b := range Bytes(2 * n) {
			// 250 is the largest multiple of ten in a byte; taking the rest
			// as well would make 0 to 5 likelier than 6 to 9.
			if b < 250 && len(out) < n {
				out = append(out, '0'+b%10)
			}
		}
	}

	return string(out)
}

func crockford(b []byte) string {
	return base32.NewEncoding(alphabet).WithPadding(base32.NoPadding).EncodeToString(b)
}

// Letters returns n characters of the alphabet in capitals, each 5 bits of chance, to be
// read out and typed.
func Letters(n int) string {
	out := make([]byte, n)
	for i, b := range Bytes(n) {
		out[i] = alphabet[b&31]
	}

	return strings.ToUpper(string(out))
}
