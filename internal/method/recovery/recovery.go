package recovery

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"countersign/internal/method"
	"countersign/internal/seal"
)

// purpose keeps the digests of recovery codes apart from all others under the
// same key.
const purpose = "recovery code"

// mark is the stored form of one code.
type mark struct {
	MAC []byte `json:"mac"`
	// Used is when, in Unix milliseconds; 0 while the code is good.
	Used int64 `json:"used,omitempty"`
}

// Used says whether one code has been used.
type Used struct {
	// Index counts from 0 in the order in which the codes were shown.
	Index int
	// UsedAt is in Unix milliseconds, 0 while the code is good.
	UsedAt int64
}

// Pack returns the secret of a credential that holds these codes: JSON of their
// digests under the key, each bound to the credential. No code can be had back
// from it, and one stored for another credential is good for nothing here. It
// refuses what is no code, and codes that are not all different.
func Pack(codes []string, key seal.MACKey, credentialID string) ([]byte, error) {
	if len(codes) == 0 || len(key) == 0 || credentialID == "" {
		return nil, errors.New("recovery: pack needs codes, a key and a credential")
	}
	marks := make([]mark, 0, len(codes))
	seen := make(map[string]bool, len(codes))
	for i, typed := range codes {
		code, problem := Normalize(typed)
		if problem != method.Fine {
			return nil, fmt.Errorf("recovery: pack code %d: %s", i, problem)
		}
		if seen[code] {
			return nil, fmt.Errorf("recovery: pack code %d: it is there twice", i)
		}
		seen[code] = true
		marks = append(marks, mark{MAC: key.Sum(purpose, credentialID, code)})
	}

	return json.Marshal(marks)
}

// Left returns how many codes of a packed secret are still good; none of what
// is no packed secret.
func Left(secret []byte) int {
	left := 0
	for _, u := range List(secret) {
		if u.UsedAt == 0 {
			left++
		}
	}

	return left
}

// List returns every code of a packed secret, used or not, in order.
func List(secret []byte) []Used {
	marks, err := unpack(secret)
	if err != nil {
		return nil
	}
	out := make([]Used, len(marks))
	for i, m := range marks {
		out[i] = Used{Index: i, UsedAt: m.Used}
	}

	return out
}

func unpack(secret []byte) ([]mark, error) {
	var marks []mark
	err := json.Unmarshal(secret, &marks)
	if err != nil {
		// What json says of a bad value may quote it.
		return nil, errors.New("recovery: the stored codes cannot be read")
	}
	for _, m := range marks {
		if len(m.MAC) != sha256.Size {
			return nil, errors.New("recovery: the stored codes are damaged")
		}
	}

	return marks, nil
}

// Method verifies recovery codes.
type Method struct {
	// Key is the one with which the codes were packed.
	Key seal.MACKey
}

// Kind returns method.Recovery.
func (Method) Kind() method.Kind { return method.Recovery }

// AMR returns "otp" (RFC 8176): a code that works once. The registry has no
// name of its own for one that is looked up on paper.
func (Method) AMR() []string { return []string{"otp"} }

// Verify marks the code as used. The returned credential's Counter is the
// number of codes left, and Spent the index of this one. A code used before is
// ErrUsed, what has not the form of a code is ErrMalformed, another is ErrWrong.
// Every stored code is compared in full.
func (m Method) Verify(c method.Credential, proof string, now time.Time) (method.Accepted, error) {
	if c.Kind != method.Recovery {
		return method.Accepted{}, fmt.Errorf("recovery: verify a credential of kind %q", c.Kind)
	}
	if len(m.Key) == 0 || c.ID == "" {
		return method.Accepted{}, errors.New("recovery: verify without a key or an identifier")
	}
	marks, err := unpack(c.Secret)
	if err != nil {
		return method.Accepted{}, err
	}
	code, problem := Normalize(proof)
	if problem != method.Fine {
		return method.Accepted{}, method.ErrMalformed
	}

	sum := m.Key.Sum(purpose, c.ID, code)
	found := -1
	for i := range marks {
		if seal.Equal(marks[i].MAC, sum) {
			found = i
		}
	}
	if found < 0 {
		return method.Accepted{}, method.ErrWrong
	}
	if marks[found].Used != 0 {
		return method.Accepted{}, method.ErrUsed
	}

	marks[found].Used = max(now.UnixMilli(), 1) // 0 would mean that it is good
	c.Secret, err = json.Marshal(marks)
	if err != nil {
		return method.Accepted{}, fmt.Errorf("recovery: store the used code: %w", err)
	}
	c.Counter = int64(Left(c.Secret))

	return method.Accepted{Credential: c, Spent: int64(found)}, nil
}
