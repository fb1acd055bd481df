package terminal

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"fmt"
)

// The flags of authenticator data (WebAuthn Level 3, section 6.1). The flags of a
// credential that may be copied to other devices are never set: this one lies in one
// file.
const (
	userPresent  = 0x01
	userVerified = 0x04
	hasKey       = 0x40
)

// credentialSize is how many octets of chance a credential's identifier has.
const credentialSize = 32

// authenticator is the verifying key: a WebAuthn credential of this device alone, bound
// to one relying party. Whoever calls it has seen that the person verified themselves.
type authenticator struct {
	rpID, origin string
	// id names the credential, user is the handle that the server gave.
	id, user []byte
	// key is nil while it is locked by the PIN.
	key *ecdsa.PrivateKey
	// count gives the next value of the signature counter, which must be kept before
	// it is used: one that is seen twice is that of a copied key.
	count func() (uint32, error)
}

// clientData is what the person's side vouches for (WebAuthn Level 3, section 5.8.1);
// its order is that of section 5.8.1.1.
type clientData struct {
	Type        string `json:"type"`
	Challenge   octets `json:"challenge"`
	Origin      string `json:"origin"`
	CrossOrigin bool   `json:"crossOrigin"`
}

// credential is RegistrationResponseJSON and AuthenticationResponseJSON (section 5.1).
type credential struct {
	ID         octets             `json:"id"`
	RawID      octets             `json:"rawId"`
	Response   credentialResponse `json:"response"`
	Attachment string             `json:"authenticatorAttachment"`
	Extensions struct{}           `json:"clientExtensionResults"`
	Type       string             `json:"type"`
}

type credentialResponse struct {
	ClientData        octets   `json:"clientDataJSON"`
	AuthenticatorData octets   `json:"authenticatorData"`
	Transports        []string `json:"transports,omitempty"`
	PublicKey         octets   `json:"publicKey,omitempty"`
	Algorithm         int      `json:"publicKeyAlgorithm,omitempty"`
	Attestation       octets   `json:"attestationObject,omitempty"`
	Signature         octets   `json:"signature,omitempty"`
	UserHandle        octets   `json:"userHandle,omitempty"`
}

func (a *authenticator) answer(r credentialResponse) credential {
	return credential{ID: a.id, RawID: a.id, Response: r, Attachment: "platform", Type: "public-key"}
}

// register answers navigator.credentials.create, with the attestation none.
func (a *authenticator) register(challenge []byte) (credential, error) {
	client, err := json.Marshal(clientData{"webauthn.create", challenge, a.origin, false})
	if err != nil {
		return credential{}, fmt.Errorf("write the client data: %w", err)
	}
	data, err := a.data(userPresent | userVerified | hasKey)
	if err != nil {
		return credential{}, err
	}
	point, err := a.key.PublicKey.Bytes()
	if err != nil {
		return credential{}, fmt.Errorf("write the verifying key: %w", err)
	}
	public, err := x509.MarshalPKIXPublicKey(&a.key.PublicKey)
	if err != nil {
		return credential{}, fmt.Errorf("write the verifying key: %w", err)
	}
	data = append(data, make([]byte, 16)...)                      // the AAGUID of no model
	data = binary.BigEndian.AppendUint16(data, uint16(len(a.id))) //nolint:gosec // a few dozen octets
	data = append(data, a.id...)
	data = append(data, coseKey(point)...)
	return a.answer(credentialResponse{
		ClientData: client, AuthenticatorData: data, Transports: []string{"internal"},
		PublicKey: public, Algorithm: es256Algorithm, Attestation: attestation(data),
	}), nil
}

// assert answers navigator.credentials.get.
func (a *authenticator) assert(challenge []byte) (credential, error) {
	client, err := json.Marshal(clientData{"webauthn.get", challenge, a.origin, false})
	if err != nil {
		return credential{}, fmt.Errorf("write the client data: %w", err)
	}
	data, err := a.data(userPresent | userVerified)
	if err != nil {
		return credential{}, err
	}
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	// Without chance (RFC 6979), so that a weak one cannot give the key away.
	signature, err := a.key.Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		return credential{}, fmt.Errorf("sign: %w", err)
	}
	return a.answer(credentialResponse{ClientData: client, AuthenticatorData: data, Signature: signature, UserHandle: a.user}), nil
}

// data is the authenticator data without what comes behind the counter.
func (a *authenticator) data(flags byte) ([]byte, error) {
	n, err := a.count()
	if err != nil {
		return nil, fmt.Errorf("keep the signature counter: %w", err)
	}
	party := sha256.Sum256([]byte(a.rpID))
	return binary.BigEndian.AppendUint32(append(party[:], flags), n), nil
}

// es256Algorithm is ES256 in COSE (RFC 9053, section 2.1).
const es256Algorithm = -7

// coseKey is an uncompressed point as a COSE key (RFC 9053, section 7.1.1): the CBOR map
// of key type EC2, algorithm ES256, curve P-256, x and y.
func coseKey(point []byte) []byte {
	key := append([]byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20}, point[1:33]...)
	return append(append(key, 0x22, 0x58, 0x20), point[33:]...)
}

// attestation is the attestation object (WebAuthn Level 3, section 6.5.4): the CBOR map
// of "fmt", "attStmt" and "authData". The data has between 24 and 255 octets.
func attestation(data []byte) []byte {
	var b []byte
	b = append(b, 0xa3)
	b = append(b, "\x63fmt\x64none"...)
	b = append(b, "\x67attStmt\xa0"...)
	b = append(b, "\x68authData\x58"...)
	b = append(b, byte(len(data))) //nolint:gosec // 37 octets, the identifier and a key
	return append(b, data...)
}
