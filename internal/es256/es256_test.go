package es256_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/hex"
	"slices"
	"testing"

	"countersign/internal/es256"
)

func octets(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// RFC 6979, appendix A.2.5, P-256 with SHA-256.
func TestTheExampleOfTheRFC(t *testing.T) {
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), octets(t, "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"))
	if err != nil {
		t.Fatal(err)
	}
	const want = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716" +
		"f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
	got, err := es256.Sign(key, []byte("sample"))
	if err != nil || hex.EncodeToString(got) != want {
		t.Errorf("%x, %v", got, err)
	}
	if !es256.Verify(&key.PublicKey, []byte("sample"), octets(t, want)) {
		t.Error("the example does not hold")
	}
}

// Some signatures begin with zeros, which must not be left out.
func TestEverySignatureHoldsAndNoOther(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 600 {
		text := []byte{byte(i), byte(i >> 8)}
		signature, err := es256.Sign(key, text)
		if err != nil || len(signature) != es256.Size || !es256.Verify(&key.PublicKey, text, signature) {
			t.Fatalf("%d: %x, %v", i, signature, err)
		}
		if es256.Verify(&other.PublicKey, text, signature) || es256.Verify(&key.PublicKey, []byte{byte(i), byte(i >> 8), 0}, signature) {
			t.Fatal("a signature holds for another key or text")
		}
		changed := slices.Clone(signature)
		changed[i%es256.Size] ^= 1
		if es256.Verify(&key.PublicKey, text, changed) {
			t.Fatal("a changed signature holds")
		}
	}
	for _, length := range []int{0, 63, 65, 72} {
		if es256.Verify(&key.PublicKey, nil, make([]byte, length)) {
			t.Errorf("%d octets are taken for a signature", length)
		}
	}
	if es256.Verify(&key.PublicKey, nil, make([]byte, es256.Size)) {
		t.Error("zeros are taken for a signature")
	}
}

func TestKeysOfOtherCurves(t *testing.T) {
	for _, curve := range []elliptic.Curve{elliptic.P224(), elliptic.P384(), elliptic.P521()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		signature, err := es256.Sign(key, []byte("x"))
		if err == nil || es256.Verify(&key.PublicKey, []byte("x"), signature) {
			t.Errorf("%s signs", curve.Params().Name)
		}
	}
	_, err := es256.Sign(nil, nil)
	if err == nil || es256.Verify(nil, nil, make([]byte, es256.Size)) || es256.Verify(&ecdsa.PublicKey{}, nil, make([]byte, es256.Size)) {
		t.Errorf("no key signs, %v", err)
	}
}
