package terminal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"errors"
	"fmt"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// LeastPIN is how many characters a PIN has at least.
const LeastPIN = 6

// longestPIN bounds what is hashed, in octets.
const longestPIN = 256

var (
	// ErrPIN is a PIN that does not open the verifying key.
	ErrPIN = errors.New("the PIN is not right")
	// ErrShortPIN is a new PIN of too few characters, or far too many.
	ErrShortPIN = errors.New("the PIN is too short")
)

// locked is the verifying key behind the PIN. Package seal seals the rows of a server
// under its master key; this is a file of a person, on a machine that has no such key,
// so its form is its own: argon2id (RFC 9106) makes a key of the PIN, and AES-256-GCM
// seals with it.
//
// It keeps the key from whoever has the file for a moment or finds it in a backup, not
// for ever: six digits can all be tried in a day or two on one core. Whoever lost such a file
// removes the device.
type locked struct {
	// Time and Memory (in KiB) and Threads are argon2id's, so that later files may ask
	// for more.
	Time    uint32 `json:"time"`
	Memory  uint32 `json:"memory"`
	Threads uint8  `json:"threads"`
	Salt    octets `json:"salt"`
	Nonce   octets `json:"nonce"`
	Sealed  octets `json:"sealed"`
}

// The parameters that RFC 9106, section 4, recommends second, for machines that are not
// short of 64 MiB; and the most that a file may ask for.
const (
	pinTime       = 3
	pinMemory     = 64 << 10
	pinThreads    = 4
	mostPinTime   = 16
	mostPinMemory = 1 << 20
)

// lock seals a key behind a PIN. about is what the key belongs to; it opens with the
// same alone. Errors: [ErrShortPIN].
func lock(key *ecdsa.PrivateKey, pin string, about []byte, random func(int) []byte) (locked, error) {
	if utf8.RuneCountInString(pin) < LeastPIN || len(pin) > longestPIN {
		return locked{}, ErrShortPIN
	}
	scalar, err := key.Bytes()
	if err != nil {
		return locked{}, fmt.Errorf("write the verifying key: %w", err)
	}
	l := locked{Time: pinTime, Memory: pinMemory, Threads: pinThreads, Salt: random(16), Nonce: random(12)}
	aead, err := l.cipher(pin)
	if err != nil {
		return locked{}, err
	}
	l.Sealed = aead.Seal(nil, l.Nonce, scalar, about)
	return l, nil
}

// open gives the key. Errors: [ErrPIN]; a file that was not made here.
func (l locked) open(pin string, about []byte) (*ecdsa.PrivateKey, error) {
	if len(pin) > longestPIN {
		return nil, ErrPIN
	}
	aead, err := l.cipher(pin)
	if err != nil {
		return nil, err
	}
	if len(l.Nonce) != aead.NonceSize() {
		return nil, errors.New("the verifying key is damaged")
	}
	scalar, err := aead.Open(nil, l.Nonce, l.Sealed, about)
	if err != nil {
		return nil, ErrPIN
	}
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar)
	if err != nil {
		return nil, errors.New("the verifying key is damaged")
	}
	return key, nil
}

func (l locked) cipher(pin string) (cipher.AEAD, error) {
	if l.Time == 0 || l.Time > mostPinTime || l.Memory == 0 || l.Memory > mostPinMemory || l.Threads == 0 || len(l.Salt) < 8 {
		return nil, errors.New("the verifying key is locked in a way that is not known")
	}
	block, err := aes.NewCipher(argon2.IDKey([]byte(pin), l.Salt, l.Time, l.Memory, l.Threads, 32))
	if err != nil {
		return nil, fmt.Errorf("make a key of the PIN: %w", err)
	}
	return cipher.NewGCM(block)
}

// about is what the verifying key belongs to: exchanged between files, it does not open.
func (d *Device) about() []byte {
	return fmt.Appendf(nil, "countersign terminal v1\x00%s\x00%s\x00%s", d.Issuer, octets(d.verify.id), d.verify.rpID)
}

// Lock puts the verifying key behind a PIN of [LeastPIN] characters or more. It stays
// open in this process. Errors: [ErrShortPIN], [ErrLocked].
func (d *Device) Lock(pin string) error {
	if d.verify.key == nil {
		return ErrLocked
	}
	l, err := lock(d.verify.key, pin, d.about(), d.client.Random)
	if err != nil {
		return err
	}
	d.locked = l
	return nil
}

// Unlock opens the verifying key for as long as this process has the device. It takes a
// tenth of a second and 64 MiB. Errors: [ErrPIN] at once, before anything is sent.
func (d *Device) Unlock(pin string) error {
	key, err := d.locked.open(pin, d.about())
	if err != nil {
		return err
	}
	d.verify.key = key
	return nil
}
