package passkey

import (
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/protocol"

	"countersign/internal/method"
)

// ToSign are the options of navigator.credentials.get, as
// PublicKeyCredentialRequestOptionsJSON (WebAuthn Level 3, section 5.1.8). Without keys
// the browser offers whatever passkeys it has for the site, and nothing tells whose.
func (p Party) ToSign(challenge []byte, keys []Key, verified bool) map[string]any {
	return map[string]any{
		"challenge": encoded(challenge), "rpId": p.RPID, "timeout": timeout,
		"allowCredentials": descriptors(keys), "userVerification": verification(verified),
	}
}

// Claim is what an assertion says of itself before anything is verified.
type Claim struct {
	// User is the handle, nil for none; ID the credential's identifier.
	User, ID []byte
}

// Read reads what an assertion claims, to find whose passkey may judge it. Errors:
// [method.ErrMalformed].
func Read(proof string) (Claim, error) {
	parsed, err := parse(proof)
	if err != nil {
		return Claim{}, err
	}
	return Claim{User: parsed.Response.UserHandle, ID: parsed.RawID}, nil
}

func parse(proof string) (*protocol.ParsedCredentialAssertionData, error) {
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(proof))
	if err != nil {
		return nil, fmt.Errorf("%w: the assertion: %s", method.ErrMalformed, said(err))
	}
	return parsed, nil
}

// Normalize says what is the matter with a proof that no passkey can have made: Empty,
// or BadChar for what cannot be read.
func Normalize(proof string) method.Problem {
	if proof == "" {
		return method.Empty
	}
	_, err := parse(proof)
	if err != nil {
		return method.BadChar
	}
	return method.Fine
}

// Judge is a [method.Method] for the proofs of one ceremony.
type Judge struct {
	Party    Party
	Ceremony Ceremony
	// Verified tells that the user must have been verified.
	Verified bool
}

// Kind returns method.Passkey.
func (Judge) Kind() method.Kind { return method.Passkey }

// AMR returns the names of RFC 8176 that every passkey stands for; whether its key can
// leave its device is in [method.Accepted]'s As.
func (Judge) AMR() []string { return []string{"user"} }

// Verify judges an assertion (WebAuthn Level 3, section 7.2), the JSON of a
// PublicKeyCredential: of this passkey, for a challenge of this ceremony, with its user
// present and, where that is asked, verified. The challenge is what is Spent, the
// signature counter the new Counter.
//
// Errors: [ErrStale], [method.ErrMalformed]; [method.ErrUsed] for a counter that stands
// still; [method.ErrWrong] for all else that is no fault.
func (j Judge) Verify(c method.Credential, proof string, now time.Time) (method.Accepted, error) {
	if c.Kind != method.Passkey {
		return method.Accepted{}, fmt.Errorf("passkey: verify a credential of kind %q", c.Kind)
	}
	key, err := Decode(c.Secret)
	if err != nil {
		return method.Accepted{}, err
	}
	parsed, err := parse(proof)
	if err != nil {
		return method.Accepted{}, err
	}
	challenge := parsed.Response.CollectedClientData.Challenge
	spent, err := j.Party.Made(j.Ceremony, challenge, now)
	if err != nil {
		return method.Accepted{}, err
	}
	key, c.Counter, err = j.Party.verified(parsed, challenge, key, c.Counter, j.Verified)
	if err != nil {
		return method.Accepted{}, err
	}
	c.Secret, err = key.Encode()
	return method.Accepted{Credential: c, Spent: spent, As: key.Proof()}, err
}

// verified checks an assertion against a passkey and its counter, and returns both as
// they must now be stored.
func (p Party) verified(parsed *protocol.ParsedCredentialAssertionData, challenge string, key Key, counter int64, verify bool) (Key, int64, error) {
	handle := parsed.Response.UserHandle
	if string(parsed.RawID) != string(key.ID) || len(handle) > 0 && string(handle) != string(key.User) {
		return Key{}, 0, fmt.Errorf("%w: the assertion is of another credential", method.ErrWrong)
	}
	err := parsed.Verify(challenge, p.RPID, "", []string{p.Origin}, nil, nil,
		protocol.TopOriginExplicitVerificationMode, false, verify, true, key.PublicKey, protocol.SignaturePolicy{})
	if err != nil {
		return Key{}, 0, fmt.Errorf("%w: the assertion: %s", method.ErrWrong, said(err))
	}
	data := parsed.Response.AuthenticatorData
	switch {
	case data.Flags.HasBackupEligible() != key.Eligible:
		return Key{}, 0, fmt.Errorf("%w: the credential is of another kind than the one that was registered", method.ErrWrong)
	case data.Flags.HasBackupState() && !key.Eligible:
		return Key{}, 0, errBackedUp
	}
	// A counter that stands still or goes back is a copy of the key; credentials that
	// may be copied have none that means anything.
	seen := int64(data.Counter)
	if !key.Eligible && seen == counter && seen != 0 {
		// The very answer that counted last, perhaps: a second click is no guess.
		return Key{}, 0, method.ErrUsed
	}
	if !key.Eligible && seen|counter != 0 && seen < counter {
		return Key{}, 0, fmt.Errorf("%w: the signature counter went from %d to %d", method.ErrWrong, counter, seen)
	}
	key.BackedUp = data.Flags.HasBackupState()
	return key, max(seen, counter), nil
}
