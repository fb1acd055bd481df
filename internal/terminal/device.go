package terminal

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"errors"
	"sync"
	"time"
)

// Identity is what a device knows of itself.
type Identity struct {
	// Issuer is the server's public address, without a slash at the end.
	Issuer string `json:"issuer"`
	// ID is the device's ("dev_…").
	ID string `json:"device"`
	// Name is what the person calls it.
	Name string `json:"name"`
	// Workspace and Account are as the server told them at the pairing, the account
	// with most of it hidden.
	Workspace string `json:"workspace"`
	Account   string `json:"account"`
	// PairedAt is by this machine's clock.
	PairedAt time.Time `json:"paired_at"`
}

// Device is one with its keys. Its calls may be made by any number of goroutines; what
// changes it ([Device.Lock], [Device.Unlock], [Folder.Save], [Folder.Learn]) comes before.
type Device struct {
	Identity

	client  *Client
	key     *ecdsa.PrivateKey
	verify  authenticator
	locked  locked
	counter counter
}

// ErrLocked is an approval before the PIN was given.
var ErrLocked = errors.New("the verifying key is locked: it needs the PIN")

func (d *Device) by() *signer { return &signer{d.ID, d.key} }

// newKey makes a key of P-256 out of chance: any 32 octets that are a number from 1 to
// the order of the curve are one, and nearly all are (FIPS 186-5, appendix A.2.2).
func newKey(random func(int) []byte) (*ecdsa.PrivateKey, error) {
	for range 100 {
		key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), random(scalarSize))
		if err == nil {
			return key, nil
		}
	}
	return nil, errors.New("make a key: what should be chance is none")
}

// scalarSize is how many octets a private key of P-256 has.
const scalarSize = 32

// counter is a signature counter that lives as long as the process.
type counter struct {
	mu   sync.Mutex
	last uint32
}

func (c *counter) next() (uint32, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	return c.last, nil
}
