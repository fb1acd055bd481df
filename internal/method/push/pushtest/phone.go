// Package pushtest is a phone for tests: both its keys, and what it sends when a person
// decides. Its verifying key does what a platform authenticator does (WebAuthn Level 3,
// section 6.3.3).
package pushtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	"countersign/internal/es256"
	"countersign/internal/method/push"
)

// The flags of authenticator data (WebAuthn Level 3, section 6.1).
const (
	Present  = 0x01
	Verified = 0x04
	Eligible = 0x08
	BackedUp = 0x10
)

// Phone has a device key and a verifying key. Its fields change what it does.
type Phone struct {
	Site  push.Site
	Flags byte
	// Counter is that of the verifying key, counted before each signature; 0 stays 0.
	Counter uint32
	// Type and CrossOrigin go into the client data.
	Type        string
	CrossOrigin bool
	// User is the handle that the verifying key tells; nil for none.
	User []byte

	tb        testing.TB
	device    *ecdsa.PrivateKey
	verifying *ecdsa.PrivateKey
	id        []byte
}

// New is a phone that belongs to a site.
func New(tb testing.TB, site push.Site) *Phone {
	tb.Helper()
	id := make([]byte, idSize)
	_, _ = rand.Read(id)
	return &Phone{Site: site, Flags: Present | Verified, Type: "webauthn.get", tb: tb, device: newKey(tb), verifying: newKey(tb), id: id, User: []byte("a random handle")}
}

func newKey(tb testing.TB) *ecdsa.PrivateKey {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

// Device is what the server keeps of the phone.
func (p *Phone) Device() push.Device {
	p.tb.Helper()
	return push.Device{
		Key: &p.device.PublicKey, Credential: p.id, PublicKey: p.cose(), User: p.User, BackedUp: p.Flags&Eligible != 0, Counter: p.Counter,
	}
}

// cose is the public verifying key as WebAuthn gives it (RFC 9053, section 7.1.1): a
// map of key type EC2, algorithm ES256, curve P-256, x and y.
func (p *Phone) cose() []byte {
	p.tb.Helper()
	point, err := p.verifying.PublicKey.Bytes()
	if err != nil {
		p.tb.Fatal(err)
	}
	key := []byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20}
	key = append(key, point[1:33]...)
	key = append(key, 0x22, 0x58, 0x20)
	return append(key, point[33:]...)
}

// Answer is what the phone sends when the person decides: with the biometric for an
// approval, without for anything else.
func (p *Phone) Answer(r push.Request, decision push.Decision, number string) push.Answer {
	p.tb.Helper()
	challenge, err := r.Challenge(decision, number)
	if err != nil {
		p.tb.Fatal(err)
	}
	signature, err := es256.Sign(p.device, challenge)
	if err != nil {
		p.tb.Fatal(err)
	}
	a := push.Answer{Decision: decision, Number: number, Signature: signature}
	if decision == push.Approve {
		a.Assertion = p.Assert(challenge)
	}
	return a
}

// Assert is the verifying key's assertion over a challenge, as
// PublicKeyCredential.toJSON writes it.
func (p *Phone) Assert(challenge []byte) []byte {
	p.tb.Helper()
	client := p.encode(map[string]any{"type": p.Type, "challenge": text(challenge), "origin": p.Site.Origin, "crossOrigin": p.CrossOrigin})
	if p.Counter > 0 {
		p.Counter++
	}
	party, hash := sha256.Sum256([]byte(p.Site.RPID)), sha256.Sum256(client)
	data := append(party[:], p.Flags)
	data = binary.BigEndian.AppendUint32(data, p.Counter)
	digest := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, p.verifying, digest[:])
	if err != nil {
		p.tb.Fatal(err)
	}
	response := map[string]any{"clientDataJSON": text(client), "authenticatorData": text(data), "signature": text(signature)}
	if p.User != nil {
		response["userHandle"] = text(p.User)
	}
	return p.encode(map[string]any{
		"id": text(p.id), "rawId": text(p.id), "type": "public-key", "clientExtensionResults": map[string]any{},
		"response": response,
	})
}

func (p *Phone) encode(value any) []byte {
	p.tb.Helper()
	b, err := json.Marshal(value)
	if err != nil {
		p.tb.Fatal(err)
	}
	return b
}

func text(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
