//go:build unix

package seal

import (
	"io/fs"
	"os"
	"syscall"
)

// keepOwner gives the file the owner and group that the old one had.
func keepOwner(file string, old fs.FileInfo) error {
	stat, ok := old.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}

	return os.Chown(file, int(stat.Uid), int(stat.Gid))
}
