package pushtest

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/binary"

	"countersign/internal/es256"
)

// attested says that authenticator data holds a new credential (WebAuthn Level 3,
// section 6.1).
const attested = 0x40

const (
	// idSize is that of the verifying key's identifier, in octets.
	idSize = 16
	// registeredSize is that of the authenticator data of a new key: what all have, the
	// model, the identifier behind its size, and the key.
	registeredSize = 37 + 16 + 2 + idSize + 77
)

// Key is the device key, with which a phone signs its calls.
func (p *Phone) Key() *ecdsa.PrivateKey { return p.device }

// Point is the device key's public half, uncompressed (SEC 1, section 2.3.3).
func (p *Phone) Point() []byte {
	p.tb.Helper()
	point, err := p.device.PublicKey.Bytes()
	if err != nil {
		p.tb.Fatal(err)
	}
	return point
}

// Sign is the device key's signature over a text.
func (p *Phone) Sign(text []byte) []byte {
	p.tb.Helper()
	signature, err := es256.Sign(p.device, text)
	if err != nil {
		p.tb.Fatal(err)
	}
	return signature
}

// Credential is the identifier of the verifying key.
func (p *Phone) Credential() []byte { return p.id }

// Register is a new verifying key for a challenge, as PublicKeyCredential.toJSON writes
// it: without attestation, as an authenticator answers that is asked for none.
func (p *Phone) Register(challenge []byte) []byte {
	p.tb.Helper()
	client := p.encode(map[string]any{"type": "webauthn.create", "challenge": text(challenge), "origin": p.Site.Origin, "crossOrigin": p.CrossOrigin})
	party := sha256.Sum256([]byte(p.Site.RPID))
	data := append(party[:], p.Flags|attested)
	data = binary.BigEndian.AppendUint32(data, p.Counter)
	data = append(data, make([]byte, 16)...) // no model of authenticator
	data = append(data, 0, idSize)
	data = append(append(data, p.id...), p.cose()...)
	// CBOR (RFC 8949): a map of "fmt" "none", "attStmt" {}, "authData" and its octets.
	object := append([]byte{0xa3, 0x63}, "fmt\x64none\x67attStmt\xa0\x68authData\x58"...)
	if len(data) != registeredSize {
		p.tb.Fatalf("%d octets of authenticator data", len(data))
	}
	object = append(append(object, registeredSize), data...)
	return p.encode(map[string]any{
		"id": text(p.id), "rawId": text(p.id), "type": "public-key", "clientExtensionResults": map[string]any{},
		"response": map[string]any{"clientDataJSON": text(client), "attestationObject": text(object), "transports": []string{"internal"}},
	})
}
