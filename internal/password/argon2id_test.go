package password

import (
	"bytes"
	"fmt"
	"sync"
	"testing"

	"golang.org/x/crypto/argon2"
)

// The library's public function is the judge, for every shape of parameters that
// a hash of ours can have, and for memory that other hashes have used before.
func TestArgon2idIsTheLibrarys(t *testing.T) {
	var m memories
	salt := []byte("sixteen bytes ..")
	for _, p := range []Params{Default, {8, 1, 1}, {8, 3, 1}, {64, 2, 2}, {96, 1, 3}, {256, 2, 16}, {1024, 1, 4}} {
		for _, size := range []int{16, keySize, 64, 65, 96, 128, 200} {
			for _, password := range []string{"", "nine walnuts under a lamp", "日本語のパスワード", string(make([]byte, 4*MaxLength))} {
				got := m.argon2id([]byte(password), salt, p, size)
				want := argon2.IDKey([]byte(password), salt, p.Time, p.Memory, p.Lanes, uint32(size)) //nolint:gosec // small
				if !bytes.Equal(got, want) {
					t.Fatalf("%+v, %d bytes, password %q: %x, want %x", p, size, password, got, want)
				}
			}
		}
	}
}

func TestHashesAtOnceDoNotShareMemory(t *testing.T) {
	var m memories
	p := Params{Memory: 512, Time: 2, Lanes: 1}
	var done sync.WaitGroup
	for worker := range 8 {
		done.Go(func() {
			for n := range 20 {
				password := fmt.Appendf(nil, "password %d of %d", n, worker)
				got := m.argon2id(password, make([]byte, saltSize), p, keySize)
				if want := argon2.IDKey(password, make([]byte, saltSize), p.Time, p.Memory, p.Lanes, keySize); !bytes.Equal(got, want) {
					t.Errorf("%s: %x, want %x", password, got, want)
				}
			}
		})
	}
	done.Wait()
}

func TestMemoryOfAHashIsKeptWipedAndDropped(t *testing.T) {
	var m memories
	for range 3 {
		m.argon2id([]byte("nine walnuts under a lamp"), make([]byte, saltSize), Default, keySize)
	}
	if len(m.free) != 1 {
		t.Fatalf("%d pieces of memory are kept after three hashes one by one, want 1", len(m.free))
	}
	for i := range m.free[0] {
		if m.free[0][i] != (block{}) {
			t.Fatalf("block %d was left as the hash made it", i)
		}
	}
	m.drop()
	if len(m.free) != 0 {
		t.Error("memory is kept although nothing hashes")
	}
}

func BenchmarkArgon2id(b *testing.B) {
	password, salt := []byte("nine walnuts under a lamp"), make([]byte, saltSize)
	b.Run("memory used again", func(b *testing.B) {
		var m memories
		for b.Loop() {
			m.argon2id(password, salt, Default, keySize)
		}
	})
	b.Run("library", func(b *testing.B) {
		for b.Loop() {
			argon2.IDKey(password, salt, Default.Time, Default.Memory, Default.Lanes, keySize)
		}
	})
}
