package terminal

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// stored is a device's file.
type stored struct {
	Form int `json:"form"`
	Identity
	// Key is the device key, as open as the key of a shell to other machines: it
	// denies, and lists; an approval needs the PIN too.
	Key octets `json:"key"`

	RPID       string `json:"rp_id"`
	Origin     string `json:"origin"`
	Credential octets `json:"credential"`
	User       octets `json:"user"`
	// Counter is the last signature counter that was used.
	Counter   uint32 `json:"counter"`
	Verifying locked `json:"verifying"`
}

// form is that of the files that this program writes.
const form = 1

func readStored(text []byte) (stored, error) {
	var s stored
	err := json.Unmarshal(text, &s)
	if err != nil {
		return stored{}, fmt.Errorf("it is no file of a device: %w", err)
	}
	if s.Form != form {
		return stored{}, fmt.Errorf("it has form %d, and this program knows %d", s.Form, form)
	}
	return s, nil
}

// Save writes a device that was locked by a PIN. From here on its counter is kept in the
// file. Errors: [ErrLocked] before [Device.Lock].
func (f Folder) Save(d *Device) error {
	if len(d.locked.Sealed) == 0 {
		return ErrLocked
	}
	key, err := d.key.Bytes()
	if err != nil {
		return fmt.Errorf("write the device key: %w", err)
	}
	d.counter.mu.Lock()
	last := d.counter.last
	d.counter.mu.Unlock()
	name, err := f.file(d.ID)
	if err != nil {
		return err
	}
	err = os.MkdirAll(f.Path, 0o700)
	if err != nil {
		return fmt.Errorf("make the folder of the devices: %w", err)
	}
	err = replace(name, func() (stored, error) {
		return stored{form, d.Identity, key, d.verify.rpID, d.verify.origin, d.verify.id, d.verify.user, last, d.locked}, nil
	})
	if err != nil {
		return err
	}
	d.verify.count = func() (uint32, error) { return f.count(d.ID) }
	return nil
}

// Open reads a device and makes its client. Its verifying key is locked. Errors:
// [ErrNoDevice]; a file that others may read, or that is damaged.
func (f Folder) Open(id string, o Options) (*Device, error) {
	s, err := f.load(id)
	if err != nil {
		return nil, err
	}
	client, err := New(s.Issuer, o)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), s.Key)
	if err != nil {
		return nil, errors.New("the device key is damaged")
	}
	return &Device{Identity: s.Identity, client: client, key: key, locked: s.Verifying, verify: authenticator{
		rpID: s.RPID, origin: s.Origin, id: s.Credential, user: s.User, count: func() (uint32, error) { return f.count(id) },
	}}, nil
}

// Learn keeps what the server calls the device, its workspace and its account: it may
// have given another name than the one that was asked for. Errors: [ErrNoDevice].
func (f Folder) Learn(d *Device, h Hello) error {
	if d.Name == h.Name && d.Workspace == h.Workspace && d.Account == h.Account {
		return nil
	}
	name, err := f.file(d.ID)
	if err != nil {
		return err
	}
	d.Name, d.Workspace, d.Account = h.Name, h.Workspace, h.Account
	return replace(name, func() (stored, error) {
		s, err := f.load(d.ID)
		s.Name, s.Workspace, s.Account = h.Name, h.Workspace, h.Account
		return s, err
	})
}

// count takes the next value of the signature counter: it is on the disk before it is
// used, and two processes never have the same.
func (f Folder) count(id string) (uint32, error) {
	name, err := f.file(id)
	if err != nil {
		return 0, err
	}
	var next uint32
	err = replace(name, func() (stored, error) {
		s, err := f.load(id)
		s.Counter++
		next = s.Counter
		return s, err
	})
	return next, err
}

const (
	tries        = 100
	betweenTries = 20 * time.Millisecond
)

// replace puts a file in the place of another in one step: whoever reads it sees the old
// one or the new one whole. The new file's fixed name is a lock between processes, held
// for a moment and taken before the old one is read.
func replace(name string, edit func() (stored, error)) error {
	next := name + ".new"
	var file *os.File
	for range tries {
		var err error
		file, err = os.OpenFile(filepath.Clean(next), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("write the device's file: %w", err)
		}
		time.Sleep(betweenTries)
	}
	if file == nil {
		return fmt.Errorf("another program changes the device's file; if none does, one was interrupted: remove %s", next)
	}
	err := fill(file, edit)
	if err == nil {
		err = os.Rename(next, name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write the device's file: %w", err), os.Remove(next))
	}
	return syncFolder(filepath.Dir(name))
}

func fill(file *os.File, edit func() (stored, error)) error {
	s, err := edit()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	text, err := json.MarshalIndent(s, "", "  ")
	if err == nil {
		_, err = file.Write(append(text, '\n'))
	}
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// syncFolder makes a new name in the folder survive a power cut.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil // a folder cannot be opened for this there
	}
	folder, err := os.Open(filepath.Clean(path))
	if err != nil {
		return fmt.Errorf("open the folder of the devices: %w", err)
	}
	err = errors.Join(folder.Sync(), folder.Close())
	if err != nil {
		return fmt.Errorf("flush the folder of the devices: %w", err)
	}
	return nil
}
