package webpush

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"countersign/internal/es256"
)

// Identity is the key pair by which push services know a sender (RFC 8292). A
// subscription is made for one, and takes pushes from no other.
type Identity struct {
	key    *ecdsa.PrivateKey
	public string
}

// NewIdentity draws a key pair; see Seal for random.
func NewIdentity(random func(n int) []byte) (Identity, error) {
	key, err := newKey(random)
	if err != nil {
		return Identity{}, err
	}
	return ParseIdentity(key.Bytes())
}

// ParseIdentity reads what Secret returned.
func ParseIdentity(secret []byte) (Identity, error) {
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), secret)
	if err != nil {
		return Identity{}, errors.New("not a private key of P-256")
	}
	public, err := key.PublicKey.Bytes()
	if err != nil {
		return Identity{}, fmt.Errorf("encode the public key: %w", err)
	}
	return Identity{key: key, public: base64.RawURLEncoding.EncodeToString(public)}, nil
}

// Secret is the private key, 32 octets, to be sealed and stored.
func (i Identity) Secret() ([]byte, error) { return i.key.Bytes() }

// Public is the public key as a page hands it to PushManager.subscribe, its
// applicationServerKey: the uncompressed point in base64url.
func (i Identity) Public() string { return i.public }

// Audience is whom a token for an endpoint is for: the origin of its push service
// (RFC 8292, section 2).
func Audience(endpoint *url.URL) string { return endpoint.Scheme + "://" + endpoint.Host }

// Authorization is the header of that name for requests to one push service: a signed
// token and the key that signed it (RFC 8292, section 3). subject is a https: or
// mailto: address of who runs the sender, for the push service's own people; expires
// comes at most 24 hours after any request that uses it. Services ask to be sent one
// token for a while, and not a new one each time.
//
// Errors: a subject of another kind.
func (i Identity) Authorization(audience, subject string, expires time.Time) (string, error) {
	who, err := url.Parse(subject)
	if err != nil || (who.Scheme != "https" && who.Scheme != "mailto") {
		return "", errors.New("the subject of a token is a https: or mailto: address")
	}
	claims, err := json.Marshal(struct {
		Audience string `json:"aud"`
		Expires  int64  `json:"exp"`
		Subject  string `json:"sub"`
	}{audience, expires.Unix(), subject})
	if err != nil {
		return "", fmt.Errorf("encode a token: %w", err)
	}
	signed := encode([]byte(`{"typ":"JWT","alg":"ES256"}`)) + "." + encode(claims)
	signature, err := es256.Sign(i.key, []byte(signed))
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return "vapid t=" + signed + "." + encode(signature) + ", k=" + i.public, nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
