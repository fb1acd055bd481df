package seal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// readKeyFile returns the text of the key file and what the file system says of
// it. It refuses a file that others on the machine may read.
func readKeyFile(file string) ([]byte, fs.FileInfo, error) {
	f, err := os.Open(filepath.Clean(file))
	if err != nil {
		return nil, nil, fmt.Errorf("open the master key file: %w", err)
	}
	defer func() { _ = f.Close() }() // read only: nothing can be lost

	info, err := f.Stat()
	if err != nil {
		return nil, nil, fmt.Errorf("look at the master key file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("master key file %s: it is not a regular file", file)
	}
	// Windows keeps no such bits; there the folder's access list decides.
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o077 != 0 {
		return nil, nil, fmt.Errorf("master key file %s: others on this machine may use it (mode %04o); run: chmod 600 %s", file, mode, file)
	}

	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read the master key file: %w", err)
	}

	return text, info, nil
}

// createFile writes a file that must not exist yet, readable by its owner only,
// and returns when it is on the disk.
func createFile(file string, text []byte) error {
	f, err := os.OpenFile(filepath.Clean(file), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = finish(f, text)
	if err != nil {
		// Half a key file would only be refused later, with a worse message.
		return errors.Join(err, os.Remove(file))
	}

	return nil
}

func finish(f *os.File, text []byte) error {
	_, err := f.Write(text)
	if err == nil {
		err = f.Sync()
	}

	return errors.Join(err, f.Close())
}

// replaceFile puts the edited text in the place of the file in one step: whoever
// reads it, or finds it after a power cut, sees the old text or the new one
// whole. The new file's fixed name is a lock between processes, taken before
// the old text is read: two rotations at once would lose one of the keys.
func replaceFile(file string, edit func(text []byte) ([]byte, error)) error {
	next := file + ".new"
	f, err := os.OpenFile(filepath.Clean(next), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("another change of the master keys is under way; if none is, one was interrupted before it took effect: remove %s", next)
	}
	if err != nil {
		return fmt.Errorf("write the new master key file: %w", err)
	}
	err = fill(f, file, edit)
	if err == nil {
		err = os.Rename(next, file)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("change the master keys: %w", err), os.Remove(next))
	}

	return syncFolder(filepath.Dir(file))
}

// fill writes the edited text of file into f and gives f its owner and mode.
func fill(f *os.File, file string, edit func(text []byte) ([]byte, error)) error {
	text, old, err := readKeyFile(file)
	if err == nil {
		text, err = edit(text)
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	err = finish(f, text)
	if err != nil {
		return err
	}
	// The shell may rotate as root what the server reads as another user.
	err = keepOwner(f.Name(), old)
	if err != nil {
		return err
	}

	return os.Chmod(f.Name(), old.Mode().Perm())
}

// syncFolder makes a new name in the folder survive a power cut.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // a folder cannot be opened for this there
	}
	d, err := os.Open(filepath.Clean(dir))
	if err != nil {
		return fmt.Errorf("open the folder of the master key file: %w", err)
	}
	err = errors.Join(d.Sync(), d.Close())
	if err != nil {
		return fmt.Errorf("flush the folder of the master key file: %w", err)
	}

	return nil
}
