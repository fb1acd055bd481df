package passkey_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"countersign/internal/method/passkey"
	"countersign/internal/method/passkey/passkeytest"
)

// octets are hexadecimal in the vectors.
type octets []byte

func (o *octets) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	*o = b
	return err
}

// vector is one example of WebAuthn Level 3, section 16.
type vector struct {
	Name         string
	Registration struct {
		Challenge         octets `json:"challenge"`
		CredentialID      octets `json:"credential_id"`
		ClientDataJSON    octets `json:"clientDataJSON"`
		AttestationObject octets `json:"attestationObject"`
	}
	Authentication struct {
		Challenge         octets `json:"challenge"`
		AuthenticatorData octets `json:"authenticatorData"`
		ClientDataJSON    octets `json:"clientDataJSON"`
		Signature         octets `json:"signature"`
	}
}

func vectors(t *testing.T) []vector {
	t.Helper()
	text, err := os.ReadFile("testdata/webauthn-level-3-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	err = json.Unmarshal(text, &all)
	if err != nil || len(all) != 15 {
		t.Fatalf("%d vectors, %v", len(all), err)
	}
	return all
}

func (v vector) created() []byte {
	r := v.Registration
	return credentialJSON(r.CredentialID, map[string]any{"clientDataJSON": passkeytest.Text(r.ClientDataJSON), "attestationObject": passkeytest.Text(r.AttestationObject)})
}

func (v vector) signed() string {
	a := v.Authentication
	return string(credentialJSON(v.Registration.CredentialID, map[string]any{
		"clientDataJSON": passkeytest.Text(a.ClientDataJSON), "authenticatorData": passkeytest.Text(a.AuthenticatorData), "signature": passkeytest.Text(a.Signature),
	}))
}

func credentialJSON(id []byte, response map[string]any) []byte {
	text, err := json.Marshal(map[string]any{
		"id": passkeytest.Text(id), "rawId": passkeytest.Text(id), "type": "public-key", "clientExtensionResults": map[string]any{}, "response": response,
	})
	if err != nil {
		panic(err)
	}
	return text
}

// refusedHere are the examples that this relying party refuses: pages in another site's
// frame, and a curve that it does not ask for.
func refusedHere() map[string]bool {
	return map[string]bool{"none-es256-crossOrigin": true, "none-es256-topOrigin": true, "packed-ed448": true}
}

// notVouched are the examples that say to be of a maker whose certificates are known: the
// standard's own test certificates are none of these, so they are not registered. What
// they sign is checked all the same.
func notVouched() map[string]bool {
	return map[string]bool{"tpm-es256": true, "android-key-es256": true, "apple-es256": true}
}

// registered is the example's passkey as it would be stored.
func (v vector) registered(t *testing.T) passkey.Registered {
	t.Helper()
	made, err := example().RegisterFor(v.Registration.Challenge, v.created(), passkey.Rules{})
	if (err != nil) != notVouched()[v.Name] {
		t.Fatal(err)
	}
	if err != nil {
		made.Key, err = passkey.KeyIn(v.created())
	}
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func example() passkey.Party {
	return passkey.Party{RPID: "example.org", Origin: "https://example.org", Key: []byte("a key of the tests")}
}

func TestTheVectorsOfTheStandard(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			if refusedHere()[v.Name] {
				_, err := example().RegisterFor(v.Registration.Challenge, v.created(), passkey.Rules{})
				if err == nil {
					t.Error("it is registered")
				}
				return
			}
			made := v.registered(t)
			_, _, err := example().VerifyFor(v.Authentication.Challenge, v.signed(), made.Key, made.Counter, false)
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func flip(at int, b octets) octets {
	out := append(octets{}, b...)
	if at < 0 {
		at += len(out)
	}
	out[at] ^= 1
	return out
}

func TestTheVectorsWithOneFieldChanged(t *testing.T) {
	for _, v := range vectors(t) {
		if refusedHere()[v.Name] {
			continue
		}
		t.Run(v.Name, func(t *testing.T) {
			for name, change := range map[string]func(v *vector){
				"challenge":  func(v *vector) { v.Registration.Challenge = flip(0, v.Registration.Challenge) },
				"identifier": func(v *vector) { v.Registration.CredentialID = flip(0, v.Registration.CredentialID) },
				// The type comes first in the client data, the origin last.
				"client data":        func(v *vector) { v.Registration.ClientDataJSON = flip(12, v.Registration.ClientDataJSON) },
				"attestation format": func(v *vector) { v.Registration.AttestationObject = flip(7, v.Registration.AttestationObject) },
			} {
				changed := v
				change(&changed)
				_, err := example().RegisterFor(changed.Registration.Challenge, changed.created(), passkey.Rules{})
				if err == nil {
					t.Errorf("registered with another %s", name)
				}
			}
			made := v.registered(t)
			for name, change := range map[string]func(v *vector){
				"challenge":   func(v *vector) { v.Authentication.Challenge = flip(0, v.Authentication.Challenge) },
				"identifier":  func(v *vector) { v.Registration.CredentialID = flip(0, v.Registration.CredentialID) },
				"client data": func(v *vector) { v.Authentication.ClientDataJSON = flip(12, v.Authentication.ClientDataJSON) },
				"site":        func(v *vector) { v.Authentication.AuthenticatorData = flip(0, v.Authentication.AuthenticatorData) },
				"presence":    func(v *vector) { v.Authentication.AuthenticatorData = flip(32, v.Authentication.AuthenticatorData) },
				"counter":     func(v *vector) { v.Authentication.AuthenticatorData = flip(36, v.Authentication.AuthenticatorData) },
				"signature":   func(v *vector) { v.Authentication.Signature = flip(-1, v.Authentication.Signature) },
				"end of a signature": func(v *vector) {
					v.Authentication.Signature = v.Authentication.Signature[:len(v.Authentication.Signature)-1]
				},
			} {
				changed := v
				change(&changed)
				_, _, err := example().VerifyFor(changed.Authentication.Challenge, changed.signed(), made.Key, made.Counter, false)
				if err == nil {
					t.Errorf("signed in with another %s", name)
				}
			}
			for name, other := range map[string]passkey.Party{
				"site":   {RPID: "example.com", Origin: "https://example.org"},
				"origin": {RPID: "example.org", Origin: "https://www.example.org"},
			} {
				_, err := other.RegisterFor(v.Registration.Challenge, v.created(), passkey.Rules{})
				if err == nil {
					t.Errorf("registered at another %s", name)
				}
				_, _, err = other.VerifyFor(v.Authentication.Challenge, v.signed(), made.Key, made.Counter, false)
				if err == nil {
					t.Errorf("signed in at another %s", name)
				}
			}
		})
	}
}
