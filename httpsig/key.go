package httpsig

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"errors"

	"countersign/internal/es256"
)

// A Signer signs; its algorithm is named as the registry of RFC 9421, section 6.2,
// does.
type Signer interface {
	Algorithm() string
	Sign(text []byte) ([]byte, error)
}

// A Verifier tells whether its key made a signature.
type Verifier interface {
	Algorithm() string
	Verify(text, signature []byte) bool
}

// Secret signs with a secret that both sides have: hmac-sha256.
type Secret []byte

// Algorithm implements [Signer] and [Verifier].
func (Secret) Algorithm() string { return "hmac-sha256" }

// Sign implements [Signer].
func (s Secret) Sign(text []byte) ([]byte, error) {
	if len(s) == 0 {
		return nil, errors.New("sign with no secret")
	}
	mac := hmac.New(sha256.New, s)
	_, _ = mac.Write(text) // a hash does not fail
	return mac.Sum(nil), nil
}

// Verify implements [Verifier].
func (s Secret) Verify(text, signature []byte) bool {
	want, err := s.Sign(text)
	return err == nil && hmac.Equal(want, signature)
}

// Ed25519 signs with a private key: ed25519.
type Ed25519 ed25519.PrivateKey

// Algorithm implements [Signer].
func (Ed25519) Algorithm() string { return "ed25519" }

// Sign implements [Signer].
func (k Ed25519) Sign(text []byte) ([]byte, error) {
	if len(k) != ed25519.PrivateKeySize {
		return nil, errors.New("sign with no key")
	}
	return ed25519.Sign(ed25519.PrivateKey(k), text), nil
}

// Ed25519Public checks what [Ed25519] signed.
type Ed25519Public ed25519.PublicKey

// Algorithm implements [Verifier].
func (Ed25519Public) Algorithm() string { return "ed25519" }

// Verify implements [Verifier].
func (k Ed25519Public) Verify(text, signature []byte) bool {
	return len(k) == ed25519.PublicKeySize && ed25519.Verify(ed25519.PublicKey(k), text, signature)
}

// P256 signs with a private key: ecdsa-p256-sha256.
type P256 struct{ Key *ecdsa.PrivateKey }

// Algorithm implements [Signer].
func (P256) Algorithm() string { return "ecdsa-p256-sha256" }

// Sign implements [Signer].
func (k P256) Sign(text []byte) ([]byte, error) { return es256.Sign(k.Key, text) }

// P256Public checks what [P256] signed.
type P256Public struct{ Key *ecdsa.PublicKey }

// Algorithm implements [Verifier].
func (P256Public) Algorithm() string { return "ecdsa-p256-sha256" }

// Verify implements [Verifier].
func (k P256Public) Verify(text, signature []byte) bool { return es256.Verify(k.Key, text, signature) }
