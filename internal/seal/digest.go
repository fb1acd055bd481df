package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"hash"
)

// Hash returns the SHA-256 of a token, the form in which tokens are stored: who
// reads the database holds no token. It is for the 256-bit tokens of NewToken
// only. A short code needs a MACKey, a password needs package password: both
// could be guessed from a plain hash.
func Hash(token string) []byte {
	sum := sha256.Sum256([]byte(token))

	return sum[:]
}

// Equal compares in a time that depends on the lengths only.
func Equal(a, b []byte) bool {
	return subtle.ConstantTimeCompare(a, b) == 1
}

// MACKey is a secret key for keyed digests, 32 random bytes by custom. What is
// stored under it cannot be guessed from the database alone.
type MACKey []byte

// Sum returns the HMAC-SHA-256 (RFC 2104) of the purpose and the parts. Each is
// preceded by its length, so no part can run into the next: ("ab", "c") and
// ("a", "bc") differ. The purpose keeps one use of the key from answering for
// another. It panics on an empty key, which would make every digest public.
func (k MACKey) Sum(purpose string, parts ...string) []byte {
	if len(k) == 0 {
		panic("seal: a MACKey without bytes")
	}

	mac := hmac.New(sha256.New, k)
	writeSized(mac, purpose)
	for _, p := range parts {
		writeSized(mac, p)
	}

	return mac.Sum(nil)
}

// writeSized writes the length of s as eight bytes, then s.
func writeSized(h hash.Hash, s string) {
	_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(s)))) // a hash never fails
	_, _ = h.Write([]byte(s))
}
