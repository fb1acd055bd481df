//go:build unix

package storetest

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// asOwner makes the command run apart from the terminal's signals (Ctrl-C must
// not stop the server before its watchdog does) and, because PostgreSQL refuses
// to run as root, as the user postgres when we are root.
func asOwner(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() != 0 {
		return nil
	}
	uid, gid, err := owner()
	if err != nil {
		return err
	}
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uid, Gid: gid}
	return nil
}

// handOver gives the files to the user that runs the server.
func handOver(paths ...string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	uid, gid, err := owner()
	if err != nil {
		return err
	}
	for _, path := range paths {
		err = os.Chown(path, int(uid), int(gid))
		if err != nil {
			return fmt.Errorf("hand the server its folder: %w", err)
		}
	}
	return nil
}

// owner is the user postgres, which Debian's package makes.
func owner() (uint32, uint32, error) {
	u, err := user.Lookup("postgres")
	if err != nil {
		return 0, 0, fmt.Errorf("PostgreSQL does not run as root, and there is no user postgres: make one, or run the tests as another user: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return 0, 0, fmt.Errorf("read the id of the user postgres: %w", err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return 0, 0, fmt.Errorf("read the group of the user postgres: %w", err)
	}
	return uint32(uid), uint32(gid), nil
}
