package passkey

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"time"

	"countersign/internal/method"
	"countersign/internal/seal"
)

const (
	// NonceSize is how many octets of chance a challenge has. WebAuthn asks for 16 at
	// least (Level 3, section 13.4.3).
	NonceSize = 16
	// Life is how long a challenge is good for. A page that stays open asks for another.
	Life = 15 * time.Minute

	timeSize = 8
	headSize = NonceSize + timeSize
	sumSize  = sha256.Size
	purpose  = "passkey-challenge"
)

// ErrStale is a proof for a challenge whose time is over. It wraps [method.ErrWrong].
var ErrStale = fmt.Errorf("%w: the page waited too long", method.ErrWrong)

// Ceremony is what a challenge is for: that of one can never answer another. It names
// the attempt, the session or the browser that it was made for.
type Ceremony string

// Party is the relying party: the site, and the key that signs its challenges.
type Party struct {
	// RPID is the relying party's identifier, a host name; Origin that of its pages (RFC
	// 6454).
	RPID, Origin string
	// Key signs the challenges.
	Key seal.MACKey
}

// Challenge makes a challenge for a ceremony: nonce, time in milliseconds since 1970 in
// eight octets (the most significant first), and the keyed digest of both and the
// ceremony. So showing a page writes nothing, and the page cannot choose what is signed.
// nonce are [NonceSize] octets of chance.
func (p Party) Challenge(c Ceremony, nonce []byte, now time.Time) []byte {
	head := binary.BigEndian.AppendUint64(append([]byte{}, nonce...), uint64(now.UnixMilli()))
	return append(head, p.sum(c, head)...)
}

func (p Party) sum(c Ceremony, head []byte) []byte {
	return p.Key.Sum(purpose, string(c), string(head))
}

// Made checks that a challenge, in base64url as the browser writes it, was made here for
// the ceremony, not too long ago. It returns the number under which it is spent, one for
// each challenge. Errors: [ErrStale]; [method.ErrWrong].
func (p Party) Made(c Ceremony, challenge string, now time.Time) (int64, error) {
	octets, err := base64.RawURLEncoding.DecodeString(challenge)
	if err != nil || len(octets) != headSize+sumSize || !seal.Equal(octets[headSize:], p.sum(c, octets[:headSize])) {
		return 0, fmt.Errorf("%w: the challenge was not made for this", method.ErrWrong)
	}
	at := time.UnixMilli(int64(binary.BigEndian.Uint64(octets[NonceSize:headSize]))) //nolint:gosec // the same bits
	if now.Sub(at) >= Life || at.Sub(now) > time.Minute {
		return 0, ErrStale
	}
	digest := sha256.Sum256(octets)
	return int64(binary.BigEndian.Uint64(digest[:]) >> 1), nil
}
