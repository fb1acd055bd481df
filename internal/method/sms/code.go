package sms

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"countersign/internal/method"
	"countersign/internal/seal"
)

const (
	// Digits is the length of a code.
	Digits = 6
	// Life is how long a code is good. NIST SP 800-63B, section 3.1.3.2, allows ten
	// minutes.
	Life = 3 * time.Minute
	// Again is how long a person waits before another can be sent.
	Again = 30 * time.Second
	// Tries are the wrong codes after which the sent one is over, beside the account's
	// own count of wrong second factors.
	Tries = 5
)

// purpose keeps the digests of these codes apart from all others under the same key.
const purpose = "text code"

// ErrOver is an answer to a code that is over, or was never sent: its time or its tries
// are. Nothing was compared, so it is no guess, and it wraps nothing.
var ErrOver = errors.New("the texted code is over")

// Challenge is one code that was sent, as it is stored.
type Challenge struct {
	// ID names it; Credential is the number it went to, Holder the sign-in or session it
	// was sent for. The code is good for nothing else.
	ID, Credential, Holder string
	// MAC is the keyed digest of the code and of all the names above.
	MAC []byte
	// Expires is the first moment at which it is over.
	Expires time.Time
	// Tried counts the answers to it, this one included; Spent tells that one was right.
	Tried int64
	Spent bool
}

// Sum is the digest of a challenge's code under the installation's key.
func (c Challenge) Sum(key seal.MACKey, code string) []byte {
	return key.Sum(purpose, c.ID, c.Credential, c.Holder, code)
}

// number is what marks the challenge as spent, beside its own row: 63 bits of its digest.
func (c Challenge) number() int64 {
	digest := sha256.Sum256([]byte(c.ID))
	return int64(binary.BigEndian.Uint64(digest[:8]) >> 1)
}

// Normalize takes what a person typed and returns the six digits, or what is the matter:
// see method.Code.
func Normalize(proof string) (string, method.Problem) { return method.Code(proof, Digits) }

// Judge is a [method.Method] for the answers to one challenge, the newest of its holder.
type Judge struct {
	Key seal.MACKey
	// Challenge is nil where none was sent, or a newer one has taken its place elsewhere.
	Challenge *Challenge
	// Holder is who answers.
	Holder string
}

// Kind returns method.SMS.
func (Judge) Kind() method.Kind { return method.SMS }

// AMR returns "sms" (RFC 8176).
func (Judge) AMR() []string { return []string{"sms"} }

// Verify checks what a person typed. Errors: [ErrOver]; [method.ErrUsed] once an answer
// was right; [method.ErrMalformed]; [method.ErrWrong].
func (j Judge) Verify(c method.Credential, proof string, now time.Time) (method.Accepted, error) {
	if c.Kind != method.SMS {
		return method.Accepted{}, fmt.Errorf("sms: verify a credential of kind %q", c.Kind)
	}
	if len(j.Key) == 0 {
		return method.Accepted{}, errors.New("sms: verify without a key")
	}
	code, problem := Normalize(proof)
	if problem != method.Fine {
		return method.Accepted{}, method.ErrMalformed
	}
	sent := j.Challenge
	switch {
	case sent == nil || sent.Credential != c.ID || sent.Holder != j.Holder || j.Holder == "":
		return method.Accepted{}, ErrOver
	case sent.Spent:
		return method.Accepted{}, method.ErrUsed
	case !now.Before(sent.Expires) || sent.Tried > Tries:
		return method.Accepted{}, ErrOver
	// A clock that was wrong when the code was sent must not let it live for years.
	case sent.Expires.Sub(now) > Life+time.Minute:
		return method.Accepted{}, ErrOver
	case !seal.Equal(sent.MAC, sent.Sum(j.Key, code)):
		return method.Accepted{}, method.ErrWrong
	}
	return method.Accepted{Credential: c, Spent: sent.number()}, nil
}
