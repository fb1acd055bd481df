package webpush_test

import (
	"net/url"
	"testing"
	"time"

	"countersign/internal/webpush"
	"countersign/internal/webpush/webpushtest"
)

func newIdentity(t *testing.T) webpush.Identity {
	t.Helper()
	one, err := webpush.NewIdentity(random)
	if err != nil {
		t.Fatal(err)
	}
	return one
}

func TestAPushServiceTakesTheToken(t *testing.T) {
	// Some signatures begin with zeros, which must not be left out.
	for range 300 {
		one := newIdentity(t)
		authorization, err := one.Authorization("https://push.example.net", "https://mfa.example.org", time.Unix(1_800_000_000, 0))
		if err != nil {
			t.Fatal(err)
		}
		token, err := webpushtest.ReadToken(authorization)
		want := webpushtest.Token{Audience: "https://push.example.net", Expires: 1_800_000_000, Subject: "https://mfa.example.org", Key: one.Public()}
		if err != nil || token != want {
			t.Fatalf("%+v, %v; want %+v", token, err, want)
		}
	}
}

func TestAnIdentityIsKept(t *testing.T) {
	one := newIdentity(t)
	secret, err := one.Secret()
	if err != nil || len(secret) != 32 {
		t.Fatalf("a secret of %d octets, %v", len(secret), err)
	}
	again, err := webpush.ParseIdentity(secret)
	if err != nil || again.Public() != one.Public() || len(webpushtest.Octets(t, one.Public())) != 65 {
		t.Errorf("%s became %s, %v", one.Public(), again.Public(), err)
	}
	for _, wrong := range [][]byte{nil, secret[1:], append([]byte{0}, secret...), make([]byte, 32)} {
		_, err := webpush.ParseIdentity(wrong)
		if err == nil {
			t.Errorf("%d octets are taken for a key", len(wrong))
		}
	}
}

func TestASubjectThatPushServicesRefuse(t *testing.T) {
	one := newIdentity(t)
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
	if err != nil || webpush.Audience(endpoint) != "https://push.example.net" {
		t.Errorf("%s, %v", webpush.Audience(endpoint), err)
	}
}
