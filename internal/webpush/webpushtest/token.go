package webpushtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"time"
)

// Token is what an Authorization header says, once its signature was found to hold.
type Token struct {
	Audience string `json:"aud"`
	Expires  int64  `json:"exp"`
	Subject  string `json:"sub"`
	// Key is the sender's public key, in base64url.
	Key string `json:"-"`
}

var vapid = regexp.MustCompile(`^vapid t=([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+), k=([A-Za-z0-9_-]+)$`)

// ReadToken reads an Authorization header as a push service does (RFC 8292).
func ReadToken(authorization string) (Token, error) {
	part := vapid.FindStringSubmatch(authorization)
	if part == nil {
		return Token{}, fmt.Errorf("no vapid: %q", authorization)
	}
	var decoded [5][]byte
	for i := 1; i < len(part); i++ {
		var err error
		decoded[i], err = base64.RawURLEncoding.Strict().DecodeString(part[i])
		if err != nil {
			return Token{}, err
		}
	}
	var head struct{ Typ, Alg string }
	err := json.Unmarshal(decoded[1], &head)
	if err != nil || head.Alg != "ES256" || head.Typ != "JWT" {
		return Token{}, fmt.Errorf("the token begins with %s", decoded[1])
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), decoded[4])
	if err != nil {
		return Token{}, err
	}
	digest := sha256.Sum256([]byte(part[1] + "." + part[2]))
	signature := decoded[3]
	if len(signature) != 64 || !ecdsa.Verify(key, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		return Token{}, errors.New("the token's signature does not hold")
	}
	t := Token{Key: part[4]}
	decoder := json.NewDecoder(strings.NewReader(string(decoded[2])))
	decoder.DisallowUnknownFields()
	return t, decoder.Decode(&t)
}

// judge says what a push service would refuse in a token.
func (t Token) judge(audience, key string, now time.Time) error {
	left := time.Unix(t.Expires, 0).Sub(now)
	switch {
	case t.Audience != audience:
		return fmt.Errorf("BadJwtToken: for %q, not for %q", t.Audience, audience)
	case left <= 0 || left > 24*time.Hour:
		return fmt.Errorf("BadJwtToken: it ends in %v", left)
	case !strings.HasPrefix(t.Subject, "https://") && !strings.HasPrefix(t.Subject, "mailto:"):
		return fmt.Errorf("BadJwtToken: the subject is %q", t.Subject)
	case t.Key != key:
		return errors.New("VapidPkHashMismatch")
	}
	return nil
}
