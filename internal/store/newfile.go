package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// newFile lets fill write a draft beside the file, and gives it its name only
// when it is complete and on the disk. A file that exists is never replaced.
func newFile(ctx context.Context, file string, fill func(draft string) error) error {
	_, err := os.Lstat(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", file, fs.ErrExist)
	}
	draft := file + ".part"
	f, err := os.OpenFile(filepath.Clean(draft), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is left from an attempt that was interrupted, or another one is at it; remove it: %w", draft, fs.ErrExist)
	}
	if err != nil {
		return err
	}
	err = f.Close()
	if err == nil {
		err = fill(draft)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = whole(draft)
	}
	if err == nil {
		err = place(draft, file)
	}
	for _, part := range []string{"", "-wal", "-shm", "-journal"} {
		gone := os.Remove(draft + part)
		if gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	if err != nil {
		return err
	}
	return flushFolder(filepath.Dir(file))
}

// whole makes sure that everything is in the one file and on the disk, which
// SQLite itself does not do for VACUUM.
func whole(file string) error {
	journal, err := os.Stat(file + "-wal")
	if err == nil && journal.Size() > 0 {
		return fmt.Errorf("%s was not closed: its journal is still there", file)
	}
	f, err := os.OpenFile(filepath.Clean(file), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// place gives the draft its name without replacing another file. Where a file
// cannot have two names, a short moment remains in which one could come between.
func place(draft, file string) error {
	err := os.Link(draft, file)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	_, there := os.Lstat(file)
	if !errors.Is(there, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", file, fs.ErrExist)
	}
	return os.Rename(draft, file)
}

// flushFolder makes a file's name survive a power cut.
func flushFolder(folder string) error {
	if runtime.GOOS == "windows" {
		return nil // a folder cannot be opened for this there
	}
	d, err := os.Open(filepath.Clean(folder))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
