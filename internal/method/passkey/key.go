package passkey

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"countersign/internal/method"
	"countersign/internal/seal"
)

// Key is one passkey as it is stored, sealed: the credential record of WebAuthn Level 3,
// section 4. Nothing of it is secret, but whoever could change it could sign in.
type Key struct {
	// ID is the credential's identifier, PublicKey its COSE form (RFC 9052), User the
	// handle under which it was made.
	ID        []byte `json:"id"`
	PublicKey []byte `json:"public_key"`
	User      []byte `json:"user"`
	// Eligible tells that it may be copied to other devices, which never changes;
	// BackedUp that it was, when it was last seen.
	Eligible bool `json:"eligible"`
	BackedUp bool `json:"backed_up"`
	// Model is the AAGUID of what made it, as it says itself: 8-4-4-4-12 hexadecimal
	// digits, all zero for one that does not say.
	Model string `json:"model"`
	// Transports are hints how a browser reaches it.
	Transports []string `json:"transports"`
}

// Encode is what is sealed.
func (k Key) Encode() ([]byte, error) {
	text, err := json.Marshal(k)
	if err != nil {
		return nil, fmt.Errorf("encode a passkey: %w", err)
	}
	return text, nil
}

// Decode is the opposite of Encode. An error is a fault.
func Decode(text []byte) (Key, error) {
	var k Key
	err := json.Unmarshal(text, &k)
	if err == nil && (len(k.ID) == 0 || len(k.PublicKey) == 0) {
		err = fmt.Errorf("it has no key")
	}
	if err != nil {
		return Key{}, fmt.Errorf("decode a passkey: %w", err)
	}
	return k, nil
}

// Digest is what finds a passkey by its identifier: SHA-256.
func Digest(id []byte) []byte { return seal.Hash(string(id)) }

// The proofs that a passkey can be, as attempts and sessions name them. A synced one is
// on all the devices of its owner's account somewhere, so it proves no device.
const (
	ProofBound  = string(method.Passkey)
	ProofSynced = "passkey_synced"
)

// Proof names what the passkey proves.
func (k Key) Proof() string {
	if k.Eligible {
		return ProofSynced
	}
	return ProofBound
}

// modelOf writes an AAGUID as people do (RFC 9562, section 4).
func modelOf(aaguid []byte) string {
	const size = 16
	if len(aaguid) != size {
		aaguid = make([]byte, size)
	}
	h := hex.EncodeToString(aaguid)
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}
