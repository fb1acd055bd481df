// Package method is the contract of a way to prove who one is: values in,
// values out.
//
// It owns the kinds of credential, what a credential is while it is in the
// clear, what verifying one returns, and the three errors that mean "no". It
// has no database, no clock and no network, so replay and single use are table
// tests; the transaction around it is written once, in package account, which
// calls it. Its sub-packages are the methods themselves.
package method

import (
	"errors"
	"fmt"
	"time"
)

// Kind names a kind of credential. It is stored, and part of URLs.
type Kind string

// The kinds of credential.
const (
	TOTP     Kind = "totp"      // an authenticator app (RFC 6238)
	Push     Kind = "push"      // a paired phone, judged by package approve; its own codes count as TOTP
	Passkey  Kind = "passkey"   // a passkey or a security key (WebAuthn)
	SMS      Kind = "sms"       // a code in a text message
	Recovery Kind = "recovery"  // codes to get in without the second factor
	HelpCode Kind = "help_code" // one that the help desk gave, judged by package account
	Password Kind = "password"  // verified by package password, not by a Method
)

// Credential is one enrolled proof, opened for verifying.
type Credential struct {
	ID   string
	Kind Kind
	// Secret is in the clear here and sealed where it is stored.
	Secret []byte
	// Counter is the method's own memory: for TOTP the last step that was
	// accepted, for recovery the number of codes left.
	Counter int64
}

// Accepted is a right proof. It counts only once the caller has stored both
// halves in one transaction: that is what makes the proof work once.
type Accepted struct {
	// Credential as it must now be stored, on the condition that the stored
	// one is still the one that was verified.
	Credential Credential
	// Spent is the number of which (credential, number) must be a new row.
	Spent int64
	// As is how attempts and sessions name what was proven, where its kind alone does
	// not say it; "" for the kind.
	As string
}

// ErrWrong is a proof that is not right. Any error of Verify that does not wrap
// it is a fault: the caller lets nobody in, and counts no try.
var ErrWrong = errors.New("wrong proof")

// ErrUsed is a proof that was right and has been used. It wraps ErrWrong.
var ErrUsed = fmt.Errorf("%w: it was used before", ErrWrong)

// ErrMalformed is what cannot be a proof of this kind. It wraps ErrWrong. The
// method's Normalize says what is the matter with it.
var ErrMalformed = fmt.Errorf("%w: it has not the form of one", ErrWrong)

// Method verifies proofs of one kind. A Method is safe for concurrent use.
type Method interface {
	// Kind returns the kind of credential that it verifies.
	Kind() Kind
	// AMR returns the authentication method references of RFC 8176 that a
	// proof of this kind stands for.
	AMR() []string
	// Verify checks what a person typed against the credential. It changes
	// neither; what must be stored is in what it returns.
	Verify(c Credential, proof string, now time.Time) (Accepted, error)
}
