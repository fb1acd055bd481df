// Package es256 makes and checks signatures on P-256 with SHA-256 in their short form,
// two numbers of 32 octets: what JWS calls ES256 (RFC 7518, section 3.4), HTTP message
// signatures ecdsa-p256-sha256 (RFC 9421, section 3.3.4) and WebCrypto ECDSA. It owns
// that form and nothing of what is signed.
package es256

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
)

// Size is how many octets a signature has.
const Size = 2 * half

const half = 32

// Sign signs a text. It takes no random number (RFC 6979), so that a weak one cannot
// give the key away.
func Sign(key *ecdsa.PrivateKey, text []byte) ([]byte, error) {
	if key == nil || key.Curve != elliptic.P256() {
		return nil, errors.New("sign: not a key of P-256")
	}
	digest := sha256.Sum256(text)
	der, err := key.Sign(nil, digest[:], crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	var pair struct{ R, S *big.Int }
	_, err = asn1.Unmarshal(der, &pair)
	if err != nil {
		return nil, fmt.Errorf("read a signature: %w", err)
	}
	signature := make([]byte, Size)
	pair.R.FillBytes(signature[:half])
	pair.S.FillBytes(signature[half:])
	return signature, nil
}

// Verify tells whether the key signed the text. Of one signature there are two forms
// that hold, (r, s) and (r, n-s): none is a name for what was signed.
func Verify(key *ecdsa.PublicKey, text, signature []byte) bool {
	if key == nil || key.Curve != elliptic.P256() || len(signature) != Size {
		return false
	}
	digest := sha256.Sum256(text)
	return ecdsa.Verify(key, digest[:], new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:]))
}
