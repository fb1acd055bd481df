package terminal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Folder holds the files of devices, one for each, which only their owner may read.
type Folder struct {
	// Path is made when the first device is saved.
	Path string
}

const (
	extension = ".json"
	// longestFile bounds what is read of a device's file, in octets.
	longestFile = 64 << 10
)

// ErrNoDevice is a folder in which there is no such device.
var ErrNoDevice = errors.New("no such device is paired here")

// file is where a device lies. Its name comes from the server, so one that could lead
// elsewhere is refused.
func (f Folder) file(id string) (string, error) {
	if id == "" || len(id) > 128 || strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" {
		return "", fmt.Errorf("%q is no name of a device", id)
	}
	return filepath.Join(f.Path, id+extension), nil
}

// List tells which devices lie here, the oldest pairing first. A folder that is not
// there has none.
func (f Folder) List() ([]Identity, error) {
	entries, err := os.ReadDir(f.Path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list the devices: %w", err)
	}
	var all []Identity
	for _, entry := range entries {
		id, is := strings.CutSuffix(entry.Name(), extension)
		if !is || entry.IsDir() {
			continue
		}
		s, err := f.load(id)
		if err != nil {
			return nil, err
		}
		all = append(all, s.Identity)
	}
	slices.SortFunc(all, func(a, b Identity) int {
		if order := a.PairedAt.Compare(b.PairedAt); order != 0 {
			return order
		}
		return strings.Compare(a.ID, b.ID)
	})
	return all, nil
}

// load reads a file, and refuses one that others on the machine may read.
func (f Folder) load(id string) (stored, error) {
	name, err := f.file(id)
	if err != nil {
		return stored{}, err
	}
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return stored{}, ErrNoDevice
	}
	if err != nil {
		return stored{}, fmt.Errorf("look at the device's file: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > longestFile {
		return stored{}, fmt.Errorf("%s is no file of a device", name)
	}
	// Windows keeps no such bits; there the folder's access list decides.
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o077 != 0 {
		return stored{}, fmt.Errorf("%s: others on this machine may use it (mode %04o); if nobody has, run: chmod 600 %s", name, mode, name)
	}
	text, err := os.ReadFile(name) // #nosec G304 -- the name was checked
	if err != nil {
		return stored{}, fmt.Errorf("read the device's file: %w", err)
	}
	s, err := readStored(text)
	if err != nil {
		return stored{}, fmt.Errorf("%s: %w", name, err)
	}
	if s.ID != id {
		return stored{}, fmt.Errorf("%s is the file of another device, %s", name, s.ID)
	}
	return s, nil
}

// Forget removes a device's file: nobody has its keys any more. Errors: [ErrNoDevice].
func (f Folder) Forget(id string) error {
	name, err := f.file(id)
	if err != nil {
		return err
	}
	err = os.Remove(name)
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNoDevice
	}
	if err != nil {
		return fmt.Errorf("remove the device's file: %w", err)
	}
	return nil
}
