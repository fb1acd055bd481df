package password

import (
	"encoding/binary"
	"sync"
	"time"
	_ "unsafe" // for go:linkname

	_ "golang.org/x/crypto/argon2" // has fill
	"golang.org/x/crypto/blake2b"
)

const (
	blockSize   = 1024 // bytes; RFC 9106, section 3.1
	argon2idTag = 2    // the type y of RFC 9106, section 3.2
	version     = 0x13
)

// block is one block of argon2's memory.
type block [blockSize / 8]uint64

// fill is steps 5 and 6 of RFC 9106, section 3.2, where all the time goes. The
// library has it for itself alone, and takes new memory for each hash, 19 MiB that
// are garbage 20 ms later: the collector then runs for nearly every sign-in and
// doubles the memory of the process. See doc/decisions/0035.
//
// The blocks must be zero but for the first two of each lane.
//
//go:linkname fill golang.org/x/crypto/argon2.processBlocks
func fill(blocks []block, time, memory, threads uint32, mode int)

// memoryIdle is how long memory is kept for hashes that may come.
const memoryIdle = 30 * time.Second

// memories keeps the memory of hashes that are done for those that come. Never
// more is kept than hashes run at once, and nothing when none has run for a while.
// A sync.Pool would keep one for each thread, whoever runs there.
type memories struct {
	mu    sync.Mutex
	free  [][]block
	sweep *time.Timer
}

// take returns n blocks that are zero.
func (m *memories) take(n int) []block {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.free) > 0 {
		blocks := m.free[len(m.free)-1]
		m.free = m.free[:len(m.free)-1]
		if len(blocks) == n {
			return blocks
		}
	}

	return make([]block, n)
}

// give wipes the blocks and keeps them: what remains of a hash would make the next
// guess at that password cheaper for whoever sees it.
func (m *memories) give(blocks []block) {
	clear(blocks)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.free = append(m.free, blocks)
	if m.sweep == nil {
		m.sweep = time.AfterFunc(memoryIdle, m.drop)
	}
	m.sweep.Reset(memoryIdle)
}

// drop leaves all that is kept to the collector.
func (m *memories) drop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.free = nil
	if m.sweep != nil {
		m.sweep.Stop()
	}
}

// argon2id is argon2id of RFC 9106 without secret and associated data, as
// [golang.org/x/crypto/argon2.IDKey] computes it. Memory must be a multiple of
// four times the lanes, as NewHasher makes it.
func (m *memories) argon2id(password, salt []byte, p Params, size int) []byte {
	lanes := uint32(p.Lanes)
	blocks := m.take(int(p.Memory))
	// A fault in between leaves the memory to the collector.
	start(blocks, firstHash(password, salt, p, size), lanes)
	fill(blocks, p.Time, p.Memory, lanes, argon2idTag)
	key := last(blocks, lanes, size)
	m.give(blocks)

	return key
}

// firstHash is H_0 of RFC 9106, section 3.2, step 1.
func firstHash(password, salt []byte, p Params, size int) []byte {
	var in []byte
	for _, n := range []uint32{uint32(p.Lanes), uint32(size), p.Memory, p.Time, version, argon2idTag} { //nolint:gosec // a few bytes
		in = binary.LittleEndian.AppendUint32(in, n)
	}
	for _, part := range [][]byte{password, salt, nil, nil} { // no secret, no associated data
		in = binary.LittleEndian.AppendUint32(in, uint32(len(part))) //nolint:gosec // bounded by Judge
		in = append(in, part...)
	}
	sum := blake2b.Sum512(in)

	return sum[:]
}

// start makes the first two blocks of each lane: steps 3 and 4.
func start(blocks []block, first []byte, lanes uint32) {
	length := uint32(len(blocks)) / lanes //nolint:gosec // Params.Memory
	for lane := range lanes {
		for column := range uint32(2) {
			seed := binary.LittleEndian.AppendUint32(append([]byte(nil), first...), column)
			seed = binary.LittleEndian.AppendUint32(seed, lane)
			bytes := longHash(seed, blockSize)
			for i := range blocks[0] {
				blocks[lane*length+column][i] = binary.LittleEndian.Uint64(bytes[8*i:])
			}
		}
	}
}

// last turns the last blocks of all lanes into the key: steps 7 and 8.
func last(blocks []block, lanes uint32, size int) []byte {
	length := len(blocks) / int(lanes)
	var sum block
	for end := length - 1; end < len(blocks); end += length {
		for i, word := range blocks[end] {
			sum[i] ^= word
		}
	}
	bytes := make([]byte, 0, blockSize)
	for _, word := range sum {
		bytes = binary.LittleEndian.AppendUint64(bytes, word)
	}

	return longHash(bytes, size)
}

// longHash is H' of RFC 9106, section 3.3: BLAKE2b of any length.
func longHash(in []byte, size int) []byte {
	in = append(binary.LittleEndian.AppendUint32(nil, uint32(size)), in...) //nolint:gosec // a key or a block
	if size <= blake2b.Size {
		return shortHash(in, size)
	}
	out := make([]byte, 0, size)
	v := blake2b.Sum512(in)
	for size-len(out) > blake2b.Size {
		out = append(out, v[:blake2b.Size/2]...)
		if size-len(out) > blake2b.Size {
			v = blake2b.Sum512(v[:])
		}
	}

	return append(out, shortHash(v[:], size-len(out))...)
}

// shortHash is BLAKE2b of up to 64 bytes.
func shortHash(in []byte, size int) []byte {
	h, err := blake2b.New(size, nil)
	if err != nil {
		panic("blake2b of " + err.Error()) // the sizes are constants, from 1 to 64
	}
	_, _ = h.Write(in) // never fails: hash.Hash

	return h.Sum(nil)
}
