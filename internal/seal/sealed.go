package seal

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrOpen is returned for a sealed value that is damaged, forged, or stands in
// another place than the one it was sealed for.
var ErrOpen = errors.New("sealed value does not open in this place")

// ErrNoKey is returned for a value sealed under a key that is not in the file.
var ErrNoKey = errors.New("the master key of this sealed value is not in the key file")

// Overhead is how many bytes longer a sealed value is: a version byte, four
// bytes that name the key, a nonce of 12 and a tag of 16.
const Overhead = 1 + 4 + 12 + 16

// version is the first byte of every sealed value: AES-256-GCM with a random
// nonce. Another algorithm gets another number.
const version = 1

// Place says where a sealed value stands. It is authenticated with the value:
// one that is copied to another row, column or table does not open there. What a
// row says beside it, whose it is for one, is not: who can write to the database
// can move a whole row, as he can write a session of his own.
// All three are needed; Row is the row's identifier, its workspace included
// where the identifier alone is not unique.
type Place struct{ Table, Column, Row string }

// Seal encrypts plain for that place under the newest key. The result is
// Overhead bytes longer and different each time. It fails only on an incomplete
// place.
func (r *Ring) Seal(plain []byte, at Place) ([]byte, error) {
	k := r.newest()
	head := append([]byte{version}, k.id[:]...)
	context, err := at.context(head)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}

	//nolint:gosec // no nonce is given: NewGCMWithRandomNonce draws one for each value and puts it in front
	return k.aead.Seal(head, nil, plain, context), nil
}

// Open decrypts a value sealed for that place. It wraps ErrOpen when the value
// does not belong there or was changed, and ErrNoKey when its key is unknown,
// after it has read the key file once more (another process may have rotated).
func (r *Ring) Open(sealed []byte, at Place) ([]byte, error) {
	id, err := sealedUnder(sealed)
	if err != nil {
		return nil, fmt.Errorf("open %s.%s: %w", at.Table, at.Column, err)
	}
	context, err := at.context(sealed[:1+len(id)])
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	k, err := r.find(id)
	if err != nil {
		return nil, fmt.Errorf("open %s.%s: %w", at.Table, at.Column, err)
	}
	plain, err := k.aead.Open(nil, nil, sealed[1+len(id):], context)
	if err != nil {
		return nil, fmt.Errorf("open %s.%s: %w", at.Table, at.Column, ErrOpen)
	}

	return plain, nil
}

// Stale reports whether the value is sealed under another key than the newest,
// so that it is to be sealed again before Drop. What is no sealed value at all
// is stale too.
func (r *Ring) Stale(sealed []byte) bool {
	id, err := sealedUnder(sealed)

	return err != nil || id != r.newest().id
}

func sealedUnder(sealed []byte) (keyID, error) {
	if len(sealed) < Overhead {
		return keyID{}, fmt.Errorf("%w: it is too short to be one", ErrOpen)
	}
	if sealed[0] != version {
		return keyID{}, fmt.Errorf("%w: it has the unknown version %d", ErrOpen, sealed[0])
	}

	return keyID(sealed[1:5]), nil
}

// context is what is authenticated with the value: its head and its place, each
// part preceded by its length so that none can run into the next.
func (p Place) context(head []byte) ([]byte, error) {
	if p.Table == "" || p.Column == "" || p.Row == "" {
		return nil, fmt.Errorf("the place %q.%q of row %q is incomplete", p.Table, p.Column, p.Row)
	}
	out := append([]byte("countersign sealed value\x00"), head...)
	for _, part := range []string{p.Table, p.Column, p.Row} {
		out = binary.BigEndian.AppendUint64(out, uint64(len(part)))
		out = append(out, part...)
	}

	return out, nil
}
