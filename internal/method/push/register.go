package push

import (
	"encoding/base64"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"

	"countersign/internal/method"
)

// ErrUnverified is a verifying key that was made without its user being verified: the
// phone has neither a biometric nor a screen lock, or did not ask for it. It wraps
// [method.ErrWrong].
var ErrUnverified = fmt.Errorf("%w: the user was not verified", method.ErrWrong)

// Registered is a new verifying key, as it is stored.
type Registered struct {
	ID, PublicKey []byte
	BackedUp      bool
	Counter       uint32
}

// Options are those of navigator.credentials.create for a verifying key, as
// PublicKeyCredentialCreationOptionsJSON (WebAuthn Level 3, section 5.1.8). It is of
// this machine, verifies its user, and is no passkey: nothing else finds it, but for
// iOS, where an app loses what it cannot find again. A program without an authenticator
// of its machine (roaming) may use a security key.
func Options(site Site, name string, challenge, user []byte, ios, roaming bool) map[string]any {
	selection := map[string]any{"authenticatorAttachment": "platform", "userVerification": "required", "residentKey": "discouraged"}
	if ios {
		selection["residentKey"] = "required"
	}
	if roaming {
		delete(selection, "authenticatorAttachment")
	}
	return map[string]any{
		"rp":        map[string]any{"id": site.RPID, "name": name},
		"user":      map[string]any{"id": encoded(user), "name": name, "displayName": name},
		"challenge": encoded(challenge), "attestation": "none", "timeout": 120_000,
		"pubKeyCredParams":       []any{algorithm(webauthncose.AlgES256), algorithm(webauthncose.AlgRS256)},
		"authenticatorSelection": selection,
	}
}

// algorithm is one that a verifying key may have: that of phones, and that of the TPMs
// which Windows uses.
func algorithm(id webauthncose.COSEAlgorithmIdentifier) map[string]any {
	return map[string]any{"type": "public-key", "alg": int(id)}
}

func encoded(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// Register judges a new verifying key (WebAuthn Level 3, section 7.1): the JSON of a
// PublicKeyCredential that was made for the challenge at this site. Errors:
// [ErrUnverified]; [method.ErrWrong] and [method.ErrMalformed] for all else.
func Register(challenge []byte, site Site, credential []byte) (Registered, error) {
	parsed, err := protocol.ParseCredentialCreationResponseBytes(credential)
	if err != nil {
		return Registered{}, fmt.Errorf("%w: the credential: %s", method.ErrMalformed, said(err))
	}
	algorithms := []protocol.CredentialParameter{
		{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgES256}, {Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgRS256},
	}
	_, err = parsed.Verify(encoded(challenge), site.RPID, []string{site.Origin}, nil, nil, protocol.TopOriginExplicitVerificationMode,
		false, false, true, nil, algorithms, protocol.AttestationPolicy{}, protocol.SignaturePolicy{})
	if err != nil {
		return Registered{}, fmt.Errorf("%w: the credential: %s", method.ErrWrong, said(err))
	}
	data := parsed.Response.AttestationObject.AuthData
	if !data.Flags.HasUserVerified() {
		return Registered{}, ErrUnverified
	}
	if data.Flags.HasBackupState() && !data.Flags.HasBackupEligible() {
		return Registered{}, fmt.Errorf("%w: the credential is backed up and may not be", method.ErrWrong)
	}
	return Registered{
		ID: data.AttData.CredentialID, PublicKey: data.AttData.CredentialPublicKey, BackedUp: data.Flags.HasBackupEligible(), Counter: data.Counter,
	}, nil
}
