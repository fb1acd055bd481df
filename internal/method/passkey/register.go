package passkey

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"

	"countersign/internal/method"
)

// ErrUnverified is a new passkey whose maker did not verify its user, where that is
// asked. It wraps [method.ErrWrong].
var ErrUnverified = fmt.Errorf("%w: the user was not verified", method.ErrWrong)

// ErrModel is a new passkey of a model that is not allowed. It wraps [method.ErrWrong].
var ErrModel = fmt.Errorf("%w: the model is not allowed", method.ErrWrong)

// Rules are what a workspace asks of passkeys.
type Rules struct {
	// Verified tells that the user must be verified: by a finger, a face or a PIN.
	Verified bool
	// Models are the AAGUIDs that are allowed, in lower case; none for all.
	Models []string
}

// Person is whose passkey is made.
type Person struct {
	// Handle is the user handle: it finds the account at a sign-in that names none. It
	// says nothing of the person (WebAuthn Level 3, section 14.6.1).
	Handle []byte
	// Email and Name are what the browser and the authenticator show.
	Email, Name string
}

// maxID is the longest credential identifier (WebAuthn Level 3, section 7.1, step 26).
const maxID = 1023

// algorithms are those that a passkey may have: of phones and security keys, of newer
// ones, of the TPMs which Windows uses, and with longer keys.
func algorithms() []protocol.CredentialParameter {
	var out []protocol.CredentialParameter
	for _, id := range []webauthncose.COSEAlgorithmIdentifier{
		webauthncose.AlgES256, webauthncose.AlgEdDSA, webauthncose.AlgRS256, webauthncose.AlgES384, webauthncose.AlgES512,
	} {
		out = append(out, protocol.CredentialParameter{Type: protocol.PublicKeyCredentialType, Algorithm: id})
	}
	return out
}

// ToRegister are the options of navigator.credentials.create, as
// PublicKeyCredentialCreationOptionsJSON (WebAuthn Level 3, section 5.1.8). Which maker
// it is of is asked only where that is a rule. have are the person's passkeys: what holds
// one of them makes no second.
func (p Party) ToRegister(workspace string, who Person, challenge []byte, have []Key, r Rules) map[string]any {
	attestation := "none"
	if len(r.Models) > 0 {
		attestation = "direct"
	}
	var params []any
	for _, a := range algorithms() {
		params = append(params, map[string]any{"type": "public-key", "alg": int(a.Algorithm)})
	}
	return map[string]any{
		"rp":        map[string]any{"id": p.RPID, "name": workspace},
		"user":      map[string]any{"id": encoded(who.Handle), "name": who.Email, "displayName": who.Name},
		"challenge": encoded(challenge), "attestation": attestation, "timeout": timeout,
		"pubKeyCredParams": params, "excludeCredentials": descriptors(have),
		// As a passkey where the authenticator can keep one: then it may be the first factor.
		"authenticatorSelection": map[string]any{"userVerification": verification(r.Verified), "residentKey": "preferred"},
		"extensions":             map[string]any{"credProps": true},
	}
}

// timeout is how long the browser waits for the person, in milliseconds.
const timeout = 300_000

func verification(required bool) string {
	if required {
		return "required"
	}
	return "preferred"
}

func descriptors(keys []Key) []any {
	out := []any{}
	for _, k := range keys {
		one := map[string]any{"type": "public-key", "id": encoded(k.ID)}
		if len(k.Transports) > 0 {
			one["transports"] = k.Transports
		}
		out = append(out, one)
	}
	return out
}

func encoded(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// Registered is a new passkey.
type Registered struct {
	Key Key
	// Counter is the signature counter, 0 where there is none.
	Counter int64
	// Spent is the number of the challenge: see [method.Accepted].
	Spent int64
}

// Register judges a new passkey (WebAuthn Level 3, section 7.1): the JSON of a
// PublicKeyCredential that was made for a challenge of the ceremony. Whose it is, and
// whether somebody has it already, is the caller's to say.
//
// Errors: [ErrUnverified], [ErrModel], [ErrStale]; [method.ErrMalformed] for what cannot
// be read; [method.ErrWrong] for all else.
func (p Party) Register(c Ceremony, credential []byte, r Rules, now time.Time) (Registered, error) {
	parsed, err := protocol.ParseCredentialCreationResponseBytes(credential)
	if err != nil {
		return Registered{}, fmt.Errorf("%w: the credential: %s", method.ErrMalformed, said(err))
	}
	challenge := parsed.Response.CollectedClientData.Challenge
	spent, err := p.Made(c, challenge, now)
	if err != nil {
		return Registered{}, err
	}
	made, err := p.registered(parsed, challenge, r)
	made.Spent = spent
	return made, err
}

func (p Party) registered(parsed *protocol.ParsedCredentialCreationData, challenge string, r Rules) (Registered, error) {
	_, err := parsed.Verify(challenge, p.RPID, []string{p.Origin}, nil, nil, protocol.TopOriginExplicitVerificationMode,
		false, false, true, nil, algorithms(), protocol.AttestationPolicy{}, protocol.SignaturePolicy{})
	if err != nil {
		return Registered{}, fmt.Errorf("%w: the credential: %s", method.ErrWrong, said(err))
	}
	data := parsed.Response.AttestationObject.AuthData
	k := Key{
		ID: data.AttData.CredentialID, PublicKey: data.AttData.CredentialPublicKey, Eligible: data.Flags.HasBackupEligible(),
		BackedUp: data.Flags.HasBackupState(), Model: modelOf(data.AttData.AAGUID), Transports: transports(parsed.Response.Transports),
	}
	switch {
	case len(k.ID) == 0 || len(k.ID) > maxID:
		return Registered{}, fmt.Errorf("%w: an identifier of %d octets", method.ErrWrong, len(k.ID))
	case k.BackedUp && !k.Eligible:
		return Registered{}, errBackedUp
	case r.Verified && !data.Flags.HasUserVerified():
		return Registered{}, ErrUnverified
	case len(r.Models) > 0 && !slices.Contains(r.Models, k.Model):
		return Registered{}, ErrModel
	}
	return Registered{Key: k, Counter: int64(data.Counter)}, nil
}

var errBackedUp = fmt.Errorf("%w: it is backed up and may not be", method.ErrWrong)

// transports keeps those that this version of the standard knows: the rest is whatever a
// client likes to say.
func transports(said []protocol.AuthenticatorTransport) []string {
	var out []string
	for _, one := range []string{"usb", "nfc", "ble", "smart-card", "hybrid", "internal"} {
		if slices.Contains(said, protocol.AuthenticatorTransport(one)) {
			out = append(out, one)
		}
	}
	return out
}

// said is what the library says is wrong, without what it repeats of the request.
func said(err error) string {
	var known *protocol.Error
	if errors.As(err, &known) {
		return known.Details
	}
	return "it cannot be read"
}
