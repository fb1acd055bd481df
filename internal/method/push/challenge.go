package push

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"time"
)

// Decision is what a person chose on the phone.
type Decision string

// The decisions. Report is a denial that says: this was somebody else.
const (
	Approve Decision = "approve"
	Deny    Decision = "deny"
	Report  Decision = "report"
)

// Request is one question to one phone.
type Request struct {
	// Issuer is the server's public address, without a slash at the end.
	Issuer string
	// ID is the request's, Device that of the phone.
	ID, Device string
	// Nonce are 32 octets of chance, of this request and phone alone.
	Nonce []byte
	// Expires ends the request; it counts to the second.
	Expires time.Time
	// Display are the very octets of the JSON text that the phone shows.
	Display []byte
}

// check refuses a request that names nothing: it is a fault of its caller, and its
// signature would serve elsewhere.
func (r Request) check() error {
	if r.Issuer == "" || r.ID == "" || r.Device == "" || len(r.Nonce) != NonceSize {
		return errors.New("a request without a server, a name, a phone or a nonce")
	}
	return nil
}

// The first octets of what is hashed say what for, so that no hash of one kind is one
// of another.
const (
	forDecision     = "countersign-decision-v1\x00"
	forPairing      = "countersign-pair-v1\x00"
	forConfirmation = "countersign-confirm-v1\x00"
	forSignIn       = "countersign-signin-v1\x00"
)

const (
	// NonceSize is how many octets a request's nonce has.
	NonceSize = 32
	// SaltSize is how many a pairing's salt has.
	SaltSize = 16
)

// transcript hashes fields, each behind its length (two octets, the most significant
// first), so that no two lists of fields are the same octets.
type transcript struct {
	sum hash.Hash
	err error
}

func begin(purpose string) *transcript {
	t := &transcript{sum: sha256.New()}
	_, _ = t.sum.Write([]byte(purpose)) // a hash does not fail
	return t
}

func (t *transcript) field(name string, value []byte) {
	if len(value) > 1<<16-1 {
		t.err = fmt.Errorf("the %s has %d octets, more than can be signed", name, len(value))
		return
	}
	_, _ = t.sum.Write(binary.BigEndian.AppendUint16(nil, uint16(len(value)))) //nolint:gosec // bounded just above
	_, _ = t.sum.Write(value)
}

func (t *transcript) fixed(value []byte) { _, _ = t.sum.Write(value) }

func (t *transcript) done() ([]byte, error) {
	if t.err != nil {
		return nil, t.err
	}
	return t.sum.Sum(nil), nil
}

// Challenge is what both keys of the phone sign, 32 octets:
//
//	SHA-256("countersign-decision-v1" 0x00
//	  lp(issuer) lp(request) lp(device) lp(nonce) u64be(expires) SHA-256(display)
//	  lp(decision) lp(number))
//
// where lp(x) is the length of x in two octets and x, expires are seconds since 1970,
// and number the ASCII digits as they were typed, or nothing. Errors: a field of more
// than 65,535 octets.
func (r Request) Challenge(decision Decision, number string) ([]byte, error) {
	t := begin(forDecision)
	t.field("issuer", []byte(r.Issuer))
	t.field("request", []byte(r.ID))
	t.field("device", []byte(r.Device))
	t.field("nonce", r.Nonce)
	t.fixed(binary.BigEndian.AppendUint64(nil, uint64(r.Expires.Unix()))) //nolint:gosec // the same bits
	display := sha256.Sum256(r.Display)
	t.fixed(display[:])
	t.field("decision", []byte(decision))
	t.field("number", []byte(number))
	return t.done()
}

// Pairing is one phone becoming a person's.
type Pairing struct {
	// Issuer is the server's public address, without a slash at the end.
	Issuer string
	// ID is the pairing's.
	ID string
	// Code is the secret that the phone scanned or that was typed into it.
	Code string
	// Thumbprint is that of the phone's device key (RFC 7638, SHA-256, 32 octets).
	Thumbprint []byte
	// Credential is the identifier of the phone's WebAuthn credential.
	Credential []byte
	// Salt are 16 octets of chance that the server answers when the phone has sent its
	// keys. Without it, whoever claims a code that they photographed could try keys
	// until the digits are those that they want.
	Salt []byte
}

// Challenge is what the device key signs to pair, 32 octets:
//
//	SHA-256("countersign-pair-v1" 0x00
//	  lp(issuer) lp(pairing) lp(SHA-256(code)) lp(thumbprint) lp(credential))
//
// Errors: a field of more than 65,535 octets.
func (p Pairing) Challenge() ([]byte, error) {
	t := begin(forPairing)
	t.field("issuer", []byte(p.Issuer))
	t.field("pairing", []byte(p.ID))
	code := sha256.Sum256([]byte(p.Code))
	t.field("code", code[:])
	t.field("thumbprint", p.Thumbprint)
	t.field("credential", p.Credential)
	return t.done()
}

// confirmationDigits is how many digits a person carries from the phone to the desktop.
const confirmationDigits = 6

// Confirmation are the six digits that the phone shows and the person types on the
// desktop. Whoever photographed the code and was faster has another phone, whose
// digits are others:
//
//	SHA-256("countersign-confirm-v1" 0x00 pairing challenge, salt)
//
// its first eight octets as a number, the most significant first, modulo 1,000,000.
// Errors: those of Challenge; a salt of another size.
func (p Pairing) Confirmation() (string, error) {
	if len(p.Salt) != SaltSize {
		return "", fmt.Errorf("a salt of %d octets, not %d", len(p.Salt), SaltSize)
	}
	challenge, err := p.Challenge()
	if err != nil {
		return "", err
	}
	t := begin(forConfirmation)
	t.fixed(challenge)
	t.fixed(p.Salt)
	sum, err := t.done()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%0*d", confirmationDigits, binary.BigEndian.Uint64(sum)%1_000_000), nil
}

// SignInChallenge is what the verifying key signs when a person signs in to the app
// again, 32 octets:
//
//	SHA-256("countersign-signin-v1" 0x00 lp(issuer) lp(device) u64be(time))
//
// Errors: a field of more than 65,535 octets.
func SignInChallenge(issuer, device string, at time.Time) ([]byte, error) {
	t := begin(forSignIn)
	t.field("issuer", []byte(issuer))
	t.field("device", []byte(device))
	t.fixed(binary.BigEndian.AppendUint64(nil, uint64(at.Unix()))) //nolint:gosec // the same bits
	return t.done()
}
