// Package totp is the authenticator app: time-based one-time passwords of RFC
// 6238 over HMAC-SHA-1, six digits, 30 seconds, one step of drift each way.
//
// It owns the codes, the form of the key that a person types, the otpauth
// address behind the QR code, and the rule that each step works once. It does
// not draw the secret (the caller hands in random bytes), draw the QR code, or
// store anything. Package account verifies with it, enrol sets up with it.
package totp

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238: the one algorithm that every app knows. HMAC does not need SHA-1 to resist collisions.
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"countersign/internal/method"
)

const (
	// Digits is the length of a code.
	Digits = 6
	// Period is how long a code is shown.
	Period = 30 * time.Second
	// Drift is how many steps before and after the present one are accepted:
	// a clock may be wrong by that, and a person takes time to type (RFC 6238,
	// section 5.2).
	Drift = 1
	// MinSecret is the fewest bytes of a secret that is accepted: 80 bits, the
	// 16-character keys of older systems. RFC 4226 asks for 128 and recommends
	// 160 (section 4, R6).
	MinSecret = 10
)

const period = int64(Period / time.Second)

// Step returns the number of the period in which t lies (RFC 6238, section 4.2,
// with T0 = 0).
func Step(t time.Time) int64 {
	s := t.Unix()
	if s < 0 {
		s -= period - 1 // round down, not towards zero
	}

	return s / period
}

// Code returns the code of a step (RFC 4226, section 5.3).
func Code(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	_, _ = mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step))) //nolint:gosec // the RFC's counter is the same eight bytes
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 15
	n := binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff

	return fmt.Sprintf("%06d", n%1_000_000)
}

// Problem says what is the matter with a typed code: see package method.
type Problem = method.Problem

// Normalize takes what a person typed and returns the six digits, or what is
// the matter: Empty, NonDigits, TooFew or TooMany. Spaces and dashes are
// allowed anywhere; digits of any script count.
func Normalize(proof string) (string, Problem) { return method.Code(proof, Digits) }

// Method verifies codes of authenticator apps. Its zero value is ready.
type Method struct{}

// Kind returns method.TOTP.
func (Method) Kind() method.Kind { return method.TOTP }

// AMR returns "otp" (RFC 8176).
func (Method) AMR() []string { return []string{"otp"} }

// Verify accepts the code of the present step or one beside it, if that step
// comes after c.Counter, the last one accepted. The step becomes the new
// Counter and is what is Spent. A right code of a step that is over or used is
// ErrUsed; what is no six digits is ErrMalformed; another code is ErrWrong.
//
// All steps are computed and compared in full each time, so the answer's time
// does not tell how near a guess was.
func (Method) Verify(c method.Credential, proof string, now time.Time) (method.Accepted, error) {
	if c.Kind != method.TOTP {
		return method.Accepted{}, fmt.Errorf("totp: verify a credential of kind %q", c.Kind)
	}
	if len(c.Secret) < MinSecret {
		return method.Accepted{}, errors.New("totp: verify a credential without a proper secret")
	}
	code, problem := Normalize(proof)
	if problem != method.Fine {
		return method.Accepted{}, method.ErrMalformed
	}

	accepted, used := int64(-1), false
	present := Step(now)
	// From the latest down, so that of two steps with one code the earlier is
	// spent and the later stays good.
	for step := present + Drift; step >= present-Drift; step-- {
		same := subtle.ConstantTimeCompare([]byte(Code(c.Secret, step)), []byte(code)) == 1
		switch {
		case !same || step < 0:
		case step > c.Counter:
			accepted = step
		default:
			used = true
		}
	}
	switch {
	case accepted >= 0:
		c.Counter = accepted

		return method.Accepted{Credential: c, Spent: accepted}, nil
	case used:
		return method.Accepted{}, method.ErrUsed
	default:
		return method.Accepted{}, method.ErrWrong
	}
}
