package seal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// Ring is the set of master keys in one file, newest first. It seals with the
// newest and opens with any. Several rings, in several processes, may use one
// file: each notices when another one has changed it. A Ring may be used from
// many goroutines.
type Ring struct {
	file string

	mu   sync.RWMutex
	keys []key
	info fs.FileInfo // of the file that keys came from
}

// CreateRing makes the file with one new key, readable by its owner only, and
// returns its ring. A file that exists is never touched: the error then wraps
// fs.ErrExist. When it returns without an error the file is on the disk.
func CreateRing(file string) (*Ring, error) {
	err := createFile(file, []byte(header+keyLine(Bytes(keySize))))
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("create the master key file: %s is there already and holds the keys of the data sealed so far: %w", file, fs.ErrExist)
	}
	if err != nil {
		return nil, fmt.Errorf("create the master key file: %w", err)
	}
	err = syncFolder(filepath.Dir(file))
	if err != nil {
		return nil, err
	}

	return ReadRing(file)
}

// ReadRing reads the keys of an existing file. It wraps fs.ErrNotExist when
// there is none, and refuses a file that others on the machine may read, that
// is damaged, or that holds no key; the error says what to do and never
// contains any part of a key.
func ReadRing(file string) (*Ring, error) {
	// A link (as some orchestrators mount secrets) is followed once, here, so
	// that a rotation replaces the file and not the link to it.
	if target, err := filepath.EvalSymlinks(file); err == nil {
		file = target
	}
	r := &Ring{file: file}
	err := r.read()
	if err != nil {
		return nil, err
	}

	return r, nil
}

// File returns the path of the key file, links resolved. A backup of the
// database leaves this file out; the person is told where it lies.
func (r *Ring) File() string { return r.file }

// Rotate adds a new first key to the file, in one step. Everything sealed from
// then on, by this ring and by every other on the file, is under the new key;
// everything older still opens. Then seal again each value that is Stale, and
// Drop when none is left. The error says when another process is at it.
func (r *Ring) Rotate() error {
	return r.change(func(text []byte) []byte {
		return withFirst(text, keyLine(Bytes(keySize)))
	})
}

// Drop removes all keys but the newest from the file. What is still sealed
// under one of them can never be opened again: the caller has looked, after
// Rotate, that nothing is Stale.
func (r *Ring) Drop() error {
	return r.change(onlyFirst)
}

// change writes the file anew and reads it back. It starts from what the file
// says now, not from what this ring has read.
func (r *Ring) change(edit func(text []byte) []byte) error {
	err := replaceFile(r.file, func(text []byte) ([]byte, error) {
		_, err := parse(text)
		if err != nil {
			return nil, fmt.Errorf("master key file %s: %w", r.file, err)
		}
		text = edit(text)
		_, err = parse(text)
		if err != nil {
			return nil, fmt.Errorf("master key file %s, after the change: %w", r.file, err)
		}

		return text, nil
	})
	if err != nil {
		return err
	}

	return r.read()
}

// read takes the keys from the file; on an error the ring stays as it was.
func (r *Ring) read() error {
	text, info, err := readKeyFile(r.file)
	if err != nil {
		return err
	}
	keys, err := parse(text)
	if err != nil {
		return fmt.Errorf("master key file %s: %w", r.file, err)
	}

	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys, r.info = keys, info

	return nil
}

// newest returns the key to seal with. It looks whether another process has
// changed the file: a server that went on sealing under a key which the shell
// has dropped would lose those values at its next start. While the file cannot
// be read, the keys at hand go on working; the next start will say why.
func (r *Ring) newest() key {
	info, err := os.Stat(r.file)
	r.mu.RLock()
	first, known := r.keys[0], r.info
	r.mu.RUnlock()

	same := err == nil && os.SameFile(info, known) && info.ModTime().Equal(known.ModTime()) && info.Size() == known.Size()
	if err != nil || same || r.read() != nil {
		return first
	}

	r.mu.RLock()
	defer r.mu.RUnlock()

	return r.keys[0]
}

// find returns the key of that name, reading the file once more if it is
// unknown.
func (r *Ring) find(id keyID) (key, error) {
	k, ok := r.lookup(id)
	if ok {
		return k, nil
	}
	err := r.read()
	if err != nil {
		return key{}, fmt.Errorf("%w, and the file could not be read again: %w", ErrNoKey, err)
	}
	k, ok = r.lookup(id)
	if !ok {
		return key{}, fmt.Errorf("%w (%x); if the file was restored from an older copy, restore the newer one", ErrNoKey, id)
	}

	return k, nil
}

func (r *Ring) lookup(id keyID) (key, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, k := range r.keys {
		if k.id == id {
			return k, true
		}
	}

	return key{}, false
}
