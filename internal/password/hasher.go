package password

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	// MinLength is the fewest code points of a password, after NFKC.
	MinLength = 8
	// MaxLength is the most code points of a password, after NFKC.
	MaxLength = 200

	saltSize = 16 // bytes; RFC 9106, section 3.1
	keySize  = 32 // bytes
	// maxBytes is read of a password before it is known to be too long. NFKC
	// can shorten a text to a fraction (composed letters), hence not 4 × 200.
	maxBytes = 4096
)

// Params are the costs of argon2id (RFC 9106).
type Params struct {
	Memory uint32 // KiB
	Time   uint32 // passes
	Lanes  uint8
}

// Default is what new hashes cost: 19 MiB, two passes, one lane.
// It is a constant in all but the language.
var Default = Params{Memory: 19 * 1024, Time: 2, Lanes: 1}

// Hasher hashes and verifies passwords, as many at once as it has workers. It
// may be used from many goroutines.
type Hasher struct {
	params   Params
	queue    *queue
	memories memories
	now      func() time.Time
	random   func(n int) []byte

	mu   sync.Mutex
	cost time.Duration // of one hash, the running mean
}

// NewHasher returns a Hasher that makes hashes with the parameters (zero ones
// are taken from Default) and computes that many at once: as many as there are
// cores, less where memory is short, at least one. Each holds Memory while it
// runs, and it is used again. The clock is for Load only; random makes salts.
func NewHasher(p Params, workers int, now func() time.Time, random func(n int) []byte) *Hasher {
	if p.Memory == 0 {
		p.Memory = Default.Memory
	}
	if p.Time == 0 {
		p.Time = Default.Time
	}
	if p.Lanes == 0 {
		p.Lanes = Default.Lanes
	}
	// RFC 9106, section 3.1: at least eight blocks for each lane, and a number
	// of them that the lanes can share. The stored parameters are then those
	// that were asked for, and no hash looks outdated for ever.
	lanes := uint32(p.Lanes)
	p.Memory = max(p.Memory/(4*lanes)*(4*lanes), 8*lanes)

	return &Hasher{params: p, queue: newQueue(workers), now: now, random: random}
}

// Hash returns the argon2id hash of a new password in PHC string format, with a
// salt of its own. It returns ErrBusy after MaxWait or when the queue is full,
// and the context's error when that ends first. Judge the password before.
func (h *Hasher) Hash(ctx context.Context, password string, c Caller) (string, error) {
	password, fits := normalize(password)
	if !fits {
		return "", errors.New("hash a password: it is too long; it should have been judged before")
	}
	encoded := ""
	err := h.run(ctx, c, func() error {
		salt := h.random(saltSize)
		key := h.memories.argon2id([]byte(password), salt, h.params, keySize)
		encoded = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", version, h.params.Memory, h.params.Time, h.params.Lanes,
			base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))

		return nil
	})

	return encoded, err
}

// Verify reports whether the password is the one of the stored hash, and if it
// is, whether it should be hashed anew: its algorithm or its parameters are not
// the present ones. Errors are ErrBusy and the context's, as with Hash, and
// ErrUnsupported for a hash that cannot be read; none of them says that the
// password is wrong.
//
// A hash brought along from elsewhere was made of the password as it was typed
// there, so it is tried that way first and then normalised.
func (h *Hasher) Verify(ctx context.Context, encoded, password string, c Caller) (bool, bool, error) {
	normal, fits := normalize(password)
	if !fits {
		// Too long to be right; it takes the time of one that is wrong.
		return false, false, h.Dummy(ctx, "", c)
	}
	hash, err := decode(encoded)
	if err != nil {
		return false, false, fmt.Errorf("verify a password: %w", err)
	}

	current := hash.argon2id && hash.params == h.params && len(hash.digest.Key()) == keySize
	ok := false
	err = h.run(ctx, c, func() error {
		if current {
			key := h.memories.argon2id([]byte(normal), hash.digest.Salt(), h.params, keySize)
			ok = subtle.ConstantTimeCompare(key, hash.digest.Key()) == 1

			return nil
		}
		if !hash.argon2id && len(password) <= 4*MaxLength && password != normal {
			ok = hash.digest.Match(password)
		}
		ok = ok || hash.digest.Match(normal)

		return nil
	})
	if err != nil {
		return false, false, err
	}

	return ok, ok && !current, nil
}

// Dummy does the work of verifying a hash of the present parameters and throws
// the result away. It is for accounts that do not exist or have no password:
// their answer must not come sooner. Its errors are those of Hash.
func (h *Hasher) Dummy(ctx context.Context, password string, c Caller) error {
	password, fits := normalize(password)
	if !fits {
		password = ""
	}

	return h.run(ctx, c, func() error {
		h.memories.argon2id([]byte(password), make([]byte, saltSize), h.params, keySize)

		return nil
	})
}

// Load returns how busy the Hasher is; its Wait is a fair Retry-After.
func (h *Hasher) Load() Load {
	l := h.queue.load()
	h.mu.Lock()
	defer h.mu.Unlock()
	l.Wait = h.cost * time.Duration(l.Waiting) / time.Duration(h.queue.workers)

	return l
}

// Close sends away all who wait and all who come, with ErrBusy, and returns
// when the last hash under way is done.
func (h *Hasher) Close() {
	h.queue.close()
	h.memories.drop()
}

// run does the work when it is the caller's turn.
func (h *Hasher) run(ctx context.Context, c Caller, work func() error) error {
	err := h.queue.enter(ctx, c)
	if err != nil {
		return err
	}
	defer h.queue.leave()

	start := h.now()
	err = work()
	h.measure(h.now().Sub(start))

	return err
}

// measure keeps a mean that forgets: each hash counts for an eighth.
func (h *Hasher) measure(took time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.cost == 0 {
		h.cost = took
	}
	h.cost += (took - h.cost) / 8
}

// normalize returns the password in NFKC, or false if it is longer than any
// password may be.
func normalize(password string) (string, bool) {
	if len(password) > maxBytes {
		return "", false
	}
	password = norm.NFKC.String(password)

	return password, utf8.RuneCountInString(password) <= MaxLength
}
