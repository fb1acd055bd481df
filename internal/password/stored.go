package password

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/go-crypt/crypt/algorithm"
	"github.com/go-crypt/crypt/algorithm/argon2"
	"github.com/go-crypt/crypt/algorithm/bcrypt"
	"github.com/go-crypt/crypt/algorithm/pbkdf2"
	"github.com/go-crypt/crypt/algorithm/shacrypt"
)

// ErrUnsupported is a stored hash of a form that is not read here, or whose
// parameters ask for more memory or time than any honest system uses.
var ErrUnsupported = errors.New("password hash is not supported")

// What a stored hash may ask for. A hash that was brought along names its own
// price, and whoever wrote the import may be hostile: the price is bounded
// before anything is computed. Each bound is about two seconds of one core.
const (
	maxEncoded      = 512       // characters; bounds salt and key
	maxKey          = 128       // characters of the key: PBKDF2 pays per block
	maxMemory       = 128 << 10 // KiB, argon2
	maxMemoryPasses = 1 << 20   // KiB times passes, argon2
	maxLanes        = 16        // argon2
	maxBcrypt       = 14        // logarithm of the rounds
	maxPBKDF2       = 2_000_000 // iterations
	maxSHACrypt     = 1_000_000 // rounds
)

// stored is a hash that was read and found affordable.
type stored struct {
	digest algorithm.Digest
	// params are those of an argon2id hash; current reads them.
	params   Params
	argon2id bool
}

// decode reads argon2id, argon2i and argon2d, bcrypt ($2a$, $2b$, $2y$), PBKDF2
// ($pbkdf2-sha256$ and the like) and the SHA-crypt forms of Unix ($5$, $6$). Its
// errors wrap ErrUnsupported and do not quote the hash.
func decode(encoded string) (stored, error) {
	if len(encoded) > maxEncoded {
		return stored{}, fmt.Errorf("%w: it is longer than %d characters", ErrUnsupported, maxEncoded)
	}
	parts := strings.Split(encoded, "$")
	if len(parts) < 4 || parts[0] != "" || len(parts[len(parts)-1]) > maxKey {
		return stored{}, fmt.Errorf("%w: it has not the form $name$…$salt$key", ErrUnsupported)
	}

	var out stored
	var err error
	var read algorithm.DecodeFunc
	switch name := parts[1]; {
	case strings.HasPrefix(name, "argon2"):
		read = argon2.Decode
		out.argon2id = name == "argon2id"
		out.params, err = checkArgon2(parts)
	case slices.Contains([]string{"2a", "2b", "2y"}, name):
		read = bcrypt.Decode
		err = atMost(parts[2], maxBcrypt, "rounds of bcrypt")
	case strings.HasPrefix(name, "pbkdf2"):
		read = pbkdf2.Decode
		err = atMost(parts[2], maxPBKDF2, "iterations of PBKDF2")
	case name == "5" || name == "6":
		read = shacrypt.Decode
		if rounds, given := strings.CutPrefix(parts[2], "rounds="); given {
			err = atMost(rounds, maxSHACrypt, "rounds of SHA-crypt")
		}
	default:
		return stored{}, fmt.Errorf("%w: it names no algorithm that is read here", ErrUnsupported)
	}
	if err != nil {
		return stored{}, err
	}
	out.digest, err = read(encoded)
	if err != nil {
		// The library quotes what it could not read, and that may be a key.
		return stored{}, fmt.Errorf("%w: it is damaged", ErrUnsupported)
	}

	return out, nil
}

// checkArgon2 reads the parameters of $argon2id$v=19$m=19456,t=2,p=1$salt$key,
// in exactly that order.
func checkArgon2(parts []string) (Params, error) {
	if len(parts) != 6 || parts[2] != "v=19" {
		return Params{}, fmt.Errorf("%w: it is not of argon2 version 19", ErrUnsupported)
	}
	var n [3]uint64
	values := strings.Split(parts[3], ",")
	if len(values) != len(n) {
		return Params{}, fmt.Errorf("%w: argon2 needs the parameters m, t and p", ErrUnsupported)
	}
	for i, name := range []string{"m=", "t=", "p="} {
		text, is := strings.CutPrefix(values[i], name)
		value, err := strconv.ParseUint(text, 10, 32)
		if !is || err != nil || value == 0 {
			return Params{}, fmt.Errorf("%w: argon2 needs the parameters m, t and p", ErrUnsupported)
		}
		n[i] = value
	}
	if n[0] > maxMemory || n[0]*n[1] > maxMemoryPasses || n[2] > maxLanes {
		return Params{}, fmt.Errorf("%w: argon2 with m=%d, t=%d, p=%d is too expensive", ErrUnsupported, n[0], n[1], n[2])
	}

	return Params{Memory: uint32(n[0]), Time: uint32(n[1]), Lanes: uint8(n[2])}, nil //nolint:gosec // bounded above
}

func atMost(text string, limit uint64, what string) error {
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || n == 0 {
		return fmt.Errorf("%w: the number of %s is missing", ErrUnsupported, what)
	}
	if n > limit {
		return fmt.Errorf("%w: %d %s are too expensive, the most is %d", ErrUnsupported, n, what, limit)
	}

	return nil
}
