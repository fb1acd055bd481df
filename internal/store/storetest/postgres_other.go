//go:build !unix

package storetest

import (
	"errors"
	"os/exec"
)

// errSystem is what the starter says where it has not been written for.
var errSystem = errors.New("the private PostgreSQL of the tests needs a Unix system")

func asOwner(*exec.Cmd) error { return errSystem }

func handOver(...string) error { return errSystem }
