// Package passkeytest is a security key for tests: what a person's authenticator does
// with the options that a page hands it (WebAuthn Level 3, section 6.3).
package passkeytest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"
)

// The flags of authenticator data (WebAuthn Level 3, section 6.1).
const (
	Present  = 0x01
	Verified = 0x04
	Eligible = 0x08
	BackedUp = 0x10
	attested = 0x40
)

// Key holds one passkey. Its fields change what it does.
type Key struct {
	RPID, Origin string
	Flags        byte
	// Counter is the signature counter, counted before each signature; 0 stays 0.
	Counter uint32
	// CrossOrigin and Type go into the client data; Type is "" for the right one.
	CrossOrigin bool
	Type        string
	// Model is its AAGUID, 16 octets.
	Model [16]byte
	// ID is its identifier, User the handle that it was given.
	ID, User []byte

	tb      testing.TB
	private *ecdsa.PrivateKey
}

// New is a security key that verifies its user and cannot be copied.
func New(tb testing.TB, rpID, origin string) *Key {
	tb.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	id := make([]byte, 16)
	_, _ = rand.Read(id)
	return &Key{RPID: rpID, Origin: origin, Flags: Present | Verified, Counter: 1, ID: id, tb: tb, private: private}
}

// Synced makes it one that is copied to other devices.
func (k *Key) Synced() *Key {
	k.Flags |= Eligible | BackedUp
	k.Counter = 0
	return k
}

// Create answers the options of navigator.credentials.create, as
// PublicKeyCredential.toJSON writes it.
func (k *Key) Create(options map[string]any) string {
	k.tb.Helper()
	user, _ := options["user"].(map[string]any)
	handle, _ := user["id"].(string)
	k.User = k.octets(handle)
	client := k.client(options, "webauthn.create")
	data := k.data(attested)
	data = append(data, k.Model[:]...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(k.ID))) //nolint:gosec // a handful
	data = append(append(data, k.ID...), k.cose()...)
	// CBOR (RFC 8949): a map of "fmt" "none", "attStmt" {}, "authData" and its octets.
	object := append([]byte{0xa3, 0x63}, "fmt\x64none\x67attStmt\xa0\x68authData\x59"...)
	object = binary.BigEndian.AppendUint16(object, uint16(len(data))) //nolint:gosec // a few hundred
	return k.encode(map[string]any{
		"id": Text(k.ID), "rawId": Text(k.ID), "type": "public-key", "clientExtensionResults": map[string]any{},
		"response": map[string]any{
			"clientDataJSON": Text(client), "attestationObject": Text(append(object, data...)), "transports": []string{"usb"},
		},
	})
}

// Sign answers the options of navigator.credentials.get.
func (k *Key) Sign(options map[string]any) string {
	k.tb.Helper()
	if k.Counter > 0 {
		k.Counter++
	}
	client, data := k.client(options, "webauthn.get"), k.data(0)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, k.private, digest[:])
	if err != nil {
		k.tb.Fatal(err)
	}
	return k.encode(map[string]any{
		"id": Text(k.ID), "rawId": Text(k.ID), "type": "public-key", "clientExtensionResults": map[string]any{},
		"response": map[string]any{
			"clientDataJSON": Text(client), "authenticatorData": Text(data), "signature": Text(signature), "userHandle": Text(k.User),
		},
	})
}

func (k *Key) client(options map[string]any, kind string) []byte {
	if k.Type != "" {
		kind = k.Type
	}
	return []byte(k.encode(map[string]any{"type": kind, "challenge": options["challenge"], "origin": k.Origin, "crossOrigin": k.CrossOrigin}))
}

func (k *Key) data(more byte) []byte {
	party := sha256.Sum256([]byte(k.RPID))
	return binary.BigEndian.AppendUint32(append(party[:], k.Flags|more), k.Counter)
}

// cose is the public key (RFC 9053, section 7.1.1): a map of key type EC2, algorithm
// ES256, curve P-256, x and y.
func (k *Key) cose() []byte {
	k.tb.Helper()
	point, err := k.private.PublicKey.Bytes()
	if err != nil {
		k.tb.Fatal(err)
	}
	key := []byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20}
	key = append(key, point[1:33]...)
	key = append(key, 0x22, 0x58, 0x20)
	return append(key, point[33:]...)
}

func (k *Key) encode(value any) string {
	k.tb.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		k.tb.Fatal(err)
	}
	return string(text)
}

func (k *Key) octets(text string) []byte {
	k.tb.Helper()
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		k.tb.Fatal(err)
	}
	return b
}

// Text is how octets are written in JSON: base64url without padding.
func Text(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
