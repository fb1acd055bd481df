// Package webpushtest is the other end of Web Push, for tests: a browser that opens
// what is sealed for it, and a push service that judges what it is sent as RFC 8030,
// 8188, 8291 and 8292 say. Both are written from the documents and share no code with
// package webpush, so that a mistake there is not a mistake here.
package webpushtest

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"testing"
)

// Browser is the receiving end of one subscription.
type Browser struct {
	key  *ecdh.PrivateKey
	auth []byte
}

// New is a browser with keys of its own.
func New(tb testing.TB) *Browser {
	tb.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	auth := make([]byte, 16)
	_, _ = rand.Read(auth)
	return &Browser{key: key, auth: auth}
}

// Of is a browser with given keys, in base64url.
func Of(tb testing.TB, private, auth string) *Browser {
	tb.Helper()
	key, err := ecdh.P256().NewPrivateKey(Octets(tb, private))
	if err != nil {
		tb.Fatal(err)
	}
	return &Browser{key: key, auth: Octets(tb, auth)}
}

// Octets are what base64url without padding says.
func Octets(tb testing.TB, text string) []byte {
	tb.Helper()
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		tb.Fatalf("%q is not base64url: %v", text, err)
	}
	return b
}

// P256DH and Auth are the keys that a subscription's toJSON gives.
func (b *Browser) P256DH() string {
	return base64.RawURLEncoding.EncodeToString(b.key.PublicKey().Bytes())
}

// Auth is the secret; see P256DH.
func (b *Browser) Auth() string { return base64.RawURLEncoding.EncodeToString(b.auth) }

// Open opens the body of a push, or says why a browser would drop it.
func (b *Browser) Open(body []byte) ([]byte, error) {
	const header = 16 + 4 + 1 + 65
	switch {
	case len(body) < header+1+16:
		return nil, errors.New("shorter than a header and a record")
	case body[20] != 65:
		return nil, errors.New("the key's identifier is not a point")
	}
	size := binary.BigEndian.Uint32(body[16:20])
	if int64(size) < int64(len(body)-header) || size < 18 {
		return nil, errors.New("more than one record")
	}
	salt, point := body[:16], body[21:header]
	sender, err := ecdh.P256().NewPublicKey(point)
	if err != nil {
		return nil, err
	}
	secret, err := b.key.ECDH(sender)
	if err != nil {
		return nil, err
	}
	aead, nonce, err := b.keys(secret, salt, point)
	if err != nil {
		return nil, err
	}
	content, err := aead.Open(nil, nonce, body[header:], nil)
	if err != nil {
		return nil, err
	}
	content = bytes.TrimRight(content, "\x00")
	text, ended := bytes.CutSuffix(content, []byte{2})
	if !ended {
		return nil, errors.New("the last record has no end")
	}
	return text, nil
}

// keys are those of the record: RFC 8291, section 3.4.
func (b *Browser) keys(secret, salt, sender []byte) (cipher.AEAD, []byte, error) {
	combined, err := hkdf.Extract(sha256.New, secret, b.auth)
	if err != nil {
		return nil, nil, err
	}
	info := bytes.Join([][]byte{[]byte("WebPush: info\x00"), b.key.PublicKey().Bytes(), sender}, nil)
	input, err := hkdf.Expand(sha256.New, combined, string(info), 32)
	if err != nil {
		return nil, nil, err
	}
	base, err := hkdf.Extract(sha256.New, input, salt)
	if err != nil {
		return nil, nil, err
	}
	key, err := hkdf.Expand(sha256.New, base, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, nil, err
	}
	nonce, err := hkdf.Expand(sha256.New, base, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, nil, err
	}
	aead, err := cipher.NewGCM(block)
	return aead, nonce, err
}
