package push

import (
	"crypto/ecdsa"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/protocol"

	"countersign/internal/es256"
	"countersign/internal/method"
)

// Device are the public halves of a phone's keys, as they were stored at its pairing.
type Device struct {
	Key *ecdsa.PublicKey
	// Credential is the identifier of the verifying key, PublicKey its COSE form, User
	// the random handle under which it was made.
	Credential, PublicKey, User []byte
	// BackedUp tells that the credential may be copied to the person's other phones; it
	// never changes for one credential.
	BackedUp bool
	// Counter is the highest signature counter that was seen, 0 where there is none.
	Counter uint32
}

// Site is where the phone's WebAuthn credential belongs.
type Site struct {
	// RPID is the relying party's identifier, Origin that of the app's pages.
	RPID, Origin string
}

// Answer is what a phone sent.
type Answer struct {
	Decision Decision
	// Number are the digits that were typed, "" where none are asked.
	Number string
	// Signature is the device key's, over the challenge.
	Signature []byte
	// Assertion is the verifying key's: the JSON of a PublicKeyCredential whose
	// challenge is the same. Only an approval has one.
	Assertion []byte
}

// Outcome is what an answer comes to.
type Outcome string

// The outcomes. A mismatch is an approval with another number: both signatures hold,
// and the person looked at another sign-in than this.
const (
	Approved Outcome = "approved"
	Denied   Outcome = "denied"
	Reported Outcome = "reported"
	Mismatch Outcome = "mismatch"
)

// Evidence is what shows to anybody, later, what was signed.
type Evidence struct {
	AuthenticatorData, ClientData, Signature []byte
}

// Verdict is a judged answer.
type Verdict struct {
	Outcome Outcome
	// Counter is to be stored with the device.
	Counter uint32
	// Evidence is of the verifying key; the rest is in the request and the answer.
	Evidence Evidence
}

// Judge judges an answer to a request beside which a number was shown. It knows
// neither whether the request is still open nor whether this is its phone: its caller
// has looked them up.
//
// Errors: [method.ErrWrong] for an answer that the phone's keys did not sign;
// [method.ErrMalformed] for one that cannot be read; any other is a fault.
func Judge(r Request, shown Number, d Device, site Site, a Answer) (Verdict, error) {
	err := errors.Join(shown.check(), r.check())
	if err != nil {
		return Verdict{}, err
	}
	outcome, err := outcomeOf(a, shown)
	if err != nil {
		return Verdict{}, err
	}
	challenge, err := r.Challenge(a.Decision, a.Number)
	if err != nil {
		return Verdict{}, fmt.Errorf("%w: %w", method.ErrMalformed, err)
	}
	if !es256.Verify(d.Key, challenge, a.Signature) {
		return Verdict{}, fmt.Errorf("%w: the device key did not sign it", method.ErrWrong)
	}
	v := Verdict{Outcome: outcome, Counter: d.Counter}
	if a.Decision != Approve {
		return v, nil
	}
	v.Counter, v.Evidence, err = d.verified(challenge, site, a.Assertion)
	if err != nil {
		return Verdict{}, err
	}
	return v, nil
}

// Recheck checks the signatures of an answer that was judged before, from what was kept
// of it. Errors: as Judge.
func Recheck(r Request, d Device, a Answer) error {
	err := r.check()
	if err != nil {
		return err
	}
	challenge, err := r.Challenge(a.Decision, a.Number)
	if err != nil {
		return fmt.Errorf("%w: %w", method.ErrMalformed, err)
	}
	if !es256.Verify(d.Key, challenge, a.Signature) {
		return fmt.Errorf("%w: the device key did not sign it", method.ErrWrong)
	}
	if a.Decision != Approve {
		return nil
	}
	site, err := SiteOf(r.Issuer)
	if err != nil {
		return err
	}
	_, err = d.signed(challenge, site, a.Assertion)
	return err
}

// SignIn judges the assertion by which a person signs in to the app again, and returns
// the signature counter to store. Errors: as Judge.
func SignIn(issuer, device string, at time.Time, d Device, site Site, assertion []byte) (uint32, error) {
	challenge, err := SignInChallenge(issuer, device, at)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", method.ErrMalformed, err)
	}
	counter, _, err := d.verified(challenge, site, assertion)
	return counter, err
}

// longestNumber bounds what is hashed as a number.
const longestNumber = 16

func outcomeOf(a Answer, shown Number) (Outcome, error) {
	switch {
	case len(a.Number) > longestNumber:
		return "", fmt.Errorf("%w: a number of %d digits", method.ErrMalformed, len(a.Number))
	case a.Decision == Approve && shown.is(a.Number):
		return Approved, nil
	case a.Decision == Approve:
		return Mismatch, nil
	case a.Number != "" || len(a.Assertion) > 0:
		return "", fmt.Errorf("%w: a number or an assertion with %q", method.ErrMalformed, a.Decision)
	case a.Decision == Deny:
		return Denied, nil
	case a.Decision == Report:
		return Reported, nil
	}
	return "", fmt.Errorf("%w: no decision %q", method.ErrMalformed, a.Decision)
}

// verified checks the verifying key's assertion (WebAuthn Level 3, section 7.2).
func (d Device) verified(challenge []byte, site Site, assertion []byte) (uint32, Evidence, error) {
	parsed, err := d.signed(challenge, site, assertion)
	if err != nil {
		return 0, Evidence{}, err
	}
	data := parsed.Response.AuthenticatorData
	if data.Flags.HasBackupEligible() != d.BackedUp || data.Flags.HasBackupState() && !d.BackedUp {
		return 0, Evidence{}, fmt.Errorf("%w: the credential is of another kind than the one that was paired", method.ErrWrong)
	}
	// A counter that stands still or goes back is a copy of the key; credentials that
	// may be copied have none that means anything.
	if !d.BackedUp && data.Counter|d.Counter != 0 && data.Counter <= d.Counter {
		return 0, Evidence{}, fmt.Errorf("%w: the signature counter went from %d to %d", method.ErrWrong, d.Counter, data.Counter)
	}
	raw := parsed.Raw.AssertionResponse
	return max(data.Counter, d.Counter), Evidence{AuthenticatorData: raw.AuthenticatorData, ClientData: raw.ClientDataJSON, Signature: raw.Signature}, nil
}

// signed checks that the verifying key signed the challenge for the site, with its user
// present and verified.
func (d Device) signed(challenge []byte, site Site, assertion []byte) (*protocol.ParsedCredentialAssertionData, error) {
	parsed, err := protocol.ParseCredentialRequestResponseBytes(assertion)
	if err != nil {
		return nil, fmt.Errorf("%w: the assertion: %s", method.ErrMalformed, said(err))
	}
	handle := parsed.Response.UserHandle
	if string(parsed.RawID) != string(d.Credential) || len(handle) > 0 && string(handle) != string(d.User) {
		return nil, fmt.Errorf("%w: the assertion is of another credential", method.ErrWrong)
	}
	err = parsed.Verify(base64.RawURLEncoding.EncodeToString(challenge), site.RPID, "", []string{site.Origin}, nil, nil,
		protocol.TopOriginExplicitVerificationMode, false, true, true, d.PublicKey, protocol.SignaturePolicy{})
	if err != nil {
		return nil, fmt.Errorf("%w: the assertion: %s", method.ErrWrong, said(err))
	}
	return parsed, nil
}

// said is what the library says is wrong, without what it repeats of the request.
func said(err error) string {
	var known *protocol.Error
	if errors.As(err, &known) {
		return known.Details
	}
	return "it cannot be read"
}
