package passkey

import (
	"github.com/go-webauthn/webauthn/protocol"
)

// RegisterFor is Register for a challenge that somebody else made: the vectors have
// their own.
func (p Party) RegisterFor(challenge, credential []byte, r Rules) (Registered, error) {
	parsed, err := protocol.ParseCredentialCreationResponseBytes(credential)
	if err != nil {
		return Registered{}, err
	}
	return p.registered(parsed, encoded(challenge), r)
}

// VerifyFor is Verify for a challenge that somebody else made.
func (p Party) VerifyFor(challenge []byte, proof string, key Key, counter int64, verified bool) (Key, int64, error) {
	parsed, err := parse(proof)
	if err != nil {
		return Key{}, 0, err
	}
	return p.verified(parsed, encoded(challenge), key, counter, verified)
}

// KeyIn is the passkey in a registration that nobody judged.
func KeyIn(credential []byte) (Key, error) {
	parsed, err := protocol.ParseCredentialCreationResponseBytes(credential)
	if err != nil {
		return Key{}, err
	}
	data := parsed.Response.AttestationObject.AuthData
	return Key{ID: data.AttData.CredentialID, PublicKey: data.AttData.CredentialPublicKey, Eligible: data.Flags.HasBackupEligible()}, nil
}
