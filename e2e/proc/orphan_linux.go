package proc

import "syscall"

// dieWithParent lets the kernel kill a process when this one is killed.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
