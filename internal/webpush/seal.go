package webpush

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

const (
	authSize  = 16 // octets of the authentication secret (RFC 8291, section 3.2)
	saltSize  = 16 // octets of the salt (RFC 8188, section 2.1)
	keySize   = 32 // octets of a P-256 private key
	pointSize = 65 // octets of an uncompressed P-256 point
	// recordSize is the one record's, and the most that every push service takes
	// (RFC 8291, section 4).
	recordSize = 4096
	tagSize    = 16
	headerSize = saltSize + 4 + 1 + pointSize
	// lastRecord ends the content of the last record; zeros may follow (RFC 8188,
	// section 2).
	lastRecord = 2
)

// MaxMessage is the longest message in octets that every push service takes.
const MaxMessage = recordSize - headerSize - tagSize - 1

// Keys are those of one browser's subscription.
type Keys struct {
	public *ecdh.PublicKey
	auth   []byte
}

// ParseKeys reads the keys of a subscription as its toJSON gives them (Push API,
// "p256dh" and "auth"): base64url, with or without padding. The error says which is
// wrong and contains nothing of it.
func ParseKeys(p256dh, auth string) (Keys, error) {
	point, err := decode(p256dh)
	if err != nil || len(point) != pointSize {
		return Keys{}, fmt.Errorf("p256dh is not the base64url of %d octets", pointSize)
	}
	public, err := ecdh.P256().NewPublicKey(point)
	if err != nil {
		return Keys{}, errors.New("p256dh is not a point of P-256")
	}
	secret, err := decode(auth)
	if err != nil || len(secret) != authSize {
		return Keys{}, fmt.Errorf("auth is not the base64url of %d octets", authSize)
	}
	return Keys{public: public, auth: secret}, nil
}

func decode(text string) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, errors.New("a line break in base64url") // the library would skip it
	}
	return base64.RawURLEncoding.Strict().DecodeString(strings.TrimRight(text, "="))
}

// Seal encrypts a message for one browser: the body of the request to its push
// service, of Content-Encoding aes128gcm. Zeros make the sealed message as long as one
// of length octets would be, so that its size tells nothing. random returns n octets
// that nobody can foresee; it is asked for a key and a salt that serve this once.
//
// Errors: a message or a length of more than MaxMessage octets.
func Seal(to Keys, message []byte, length int, random func(n int) []byte) ([]byte, error) {
	length = max(length, len(message))
	if length > MaxMessage {
		return nil, fmt.Errorf("a message of %d octets is more than push services take", length)
	}
	key, err := newKey(random)
	if err != nil {
		return nil, err
	}
	own, salt := key.PublicKey().Bytes(), random(saltSize)
	secret, err := key.ECDH(to.public)
	if err != nil {
		return nil, fmt.Errorf("agree on a key: %w", err)
	}
	record, nonce, err := derive(secret, to, own, salt)
	if err != nil {
		return nil, err
	}
	content := make([]byte, length+1)
	content[copy(content, message)] = lastRecord

	body := make([]byte, 0, headerSize+len(content)+tagSize)
	body = append(body, salt...)
	body = binary.BigEndian.AppendUint32(body, recordSize)
	body = append(body, pointSize)
	body = append(body, own...)
	return record.Seal(body, nonce, content, nil), nil
}

// derive makes the record's cipher and nonce (RFC 8291, section 3.4; RFC 8188,
// sections 2.2 and 2.3).
func derive(secret []byte, to Keys, own, salt []byte) (cipher.AEAD, []byte, error) {
	info := "WebPush: info\x00" + string(to.public.Bytes()) + string(own)
	input, err := hkdf.Key(sha256.New, secret, to.auth, info, 32)
	if err != nil {
		return nil, nil, fmt.Errorf("derive: %w", err)
	}
	key, err := hkdf.Key(sha256.New, input, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, nil, fmt.Errorf("derive the key: %w", err)
	}
	nonce, err := hkdf.Key(sha256.New, input, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, nil, fmt.Errorf("derive the nonce: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, nil, err
	}
	record, err := cipher.NewGCM(block)
	return record, nonce, err
}

// newKey draws a private key. Of 2³² draws one is above the group's order, and is
// drawn again.
func newKey(random func(n int) []byte) (*ecdh.PrivateKey, error) {
	var err error
	for range 4 {
		var key *ecdh.PrivateKey
		key, err = ecdh.P256().NewPrivateKey(random(keySize))
		if err == nil {
			return key, nil
		}
	}
	return nil, fmt.Errorf("draw a key: %w", err)
}
