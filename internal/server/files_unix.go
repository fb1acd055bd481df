//go:build unix

package server

import "syscall"

// maxFiles is how many files the process may have open. (Go has raised it to what the
// system allows at the most.) It is 0 where nobody knows.
func maxFiles() uint64 {
	var limit syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	if err != nil {
		return 0
	}
	return uint64(limit.Cur) //nolint:unconvert // signed on some systems
}
