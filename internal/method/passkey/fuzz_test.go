package passkey_test

import (
	"errors"
	"testing"

	"countersign/internal/method"
	"countersign/internal/method/passkey"
	"countersign/internal/method/passkey/passkeytest"
)

// Whatever a client sends as a passkey is refused as wrong: it is no fault, and gets
// nobody in.
func FuzzWhatAClientSends(f *testing.F) {
	k := passkeytest.New(f, "example.org", "https://example.org")
	p := example()
	asked := map[string]any{"challenge": passkeytest.Text(p.Challenge("attempt:att_2", nonce(), now())), "user": map[string]any{"id": "dXNyXzE"}}
	f.Add(k.Create(asked))
	f.Add(k.Sign(asked))
	f.Add(`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"","signature":""}}`)
	f.Add("{}")
	secret, err := passkey.Key{ID: k.ID, PublicKey: []byte{0xa0}}.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, sent string) {
		_, err := p.Register(ceremony, []byte(sent), passkey.Rules{}, now())
		if !errors.Is(err, method.ErrWrong) {
			t.Errorf("registered: %v", err)
		}
		_, err = passkey.Judge{Party: p, Ceremony: ceremony}.Verify(method.Credential{Kind: method.Passkey, Secret: secret}, sent, now())
		if !errors.Is(err, method.ErrWrong) {
			t.Errorf("signed in: %v", err)
		}
	})
}
