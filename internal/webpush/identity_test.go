package webpush

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/json"
	"math/big"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

var header = regexp.MustCompile(`^vapid t=(([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+))\.([A-Za-z0-9_-]+), k=([A-Za-z0-9_-]+)$`)

// judge reads a header as a push service does, and returns its claims.
func judge(t *testing.T, authorization string) map[string]any {
	t.Helper()
	part := header.FindStringSubmatch(authorization)
	if part == nil {
		t.Fatalf("the header is %q", authorization)
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), octets(t, part[5]))
	if err != nil {
		t.Fatal(err)
	}
	signature, digest := octets(t, part[4]), sha256.Sum256([]byte(part[1]))
	if len(signature) != 64 || !ecdsa.Verify(public, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		t.Errorf("a signature of %d octets does not hold", len(signature))
	}
	if head := string(octets(t, part[2])); head != `{"typ":"JWT","alg":"ES256"}` {
		t.Errorf("the token begins with %s", head)
	}
	claims := map[string]any{}
	err = json.Unmarshal(octets(t, part[3]), &claims)
	if err != nil {
		t.Fatal(err)
	}
	return claims
}

func TestAPushServiceTakesTheToken(t *testing.T) {
	// Some signatures begin with zeros, which must not be left out.
	for range 300 {
		one, err := NewIdentity(random)
		if err != nil {
			t.Fatal(err)
		}
		expires := time.Unix(1_800_000_000, 0)
		authorization, err := one.Authorization("https://push.example.net", "https://mfa.example.org", expires)
		if err != nil {
			t.Fatal(err)
		}
		claims := judge(t, authorization)
		if len(claims) != 3 || claims["aud"] != "https://push.example.net" || claims["sub"] != "https://mfa.example.org" || claims["exp"] != 1.8e9 {
			t.Fatalf("claims %v", claims)
		}
		if !strings.HasSuffix(authorization, ", k="+one.Public()) {
			t.Errorf("%s is not signed by %s", authorization, one.Public())
		}
	}
}

func TestAnIdentityIsKept(t *testing.T) {
	one, err := NewIdentity(random)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := one.Secret()
	if err != nil || len(secret) != keySize {
		t.Fatalf("a secret of %d octets, %v", len(secret), err)
	}
	again, err := ParseIdentity(secret)
	if err != nil || again.Public() != one.Public() || len(octets(t, one.Public())) != pointSize {
		t.Errorf("%s became %s, %v", one.Public(), again.Public(), err)
	}
	for _, wrong := range [][]byte{nil, secret[1:], append([]byte{0}, secret...), make([]byte, keySize)} {
		_, err := ParseIdentity(wrong)
		if err == nil {
			t.Errorf("%d octets are taken for a key", len(wrong))
		}
	}
}

func TestASubjectThatPushServicesRefuse(t *testing.T) {
	one, err := NewIdentity(random)
	if err != nil {
		t.Fatal(err)
	}
	for subject, taken := range map[string]bool{
		"https://mfa.example.org": true, "mailto:ops@example.org": true,
		"": false, "http://mfa.example.org": false, "ops@example.org": false, "https://mfa.example.org\x00": false,
	} {
		_, err := one.Authorization("https://push.example.net", subject, time.Unix(1_800_000_000, 0))
		if (err == nil) != taken {
			t.Errorf("%q: %v", subject, err)
		}
	}
}

func TestTheAudienceIsTheOrigin(t *testing.T) {
	endpoint, err := url.Parse("https://push.example.net/wpush/v2/secret?x=1")
	if err != nil || Audience(endpoint) != "https://push.example.net" {
		t.Errorf("%s, %v", Audience(endpoint), err)
	}
}
