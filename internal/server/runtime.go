package server

import (
	"os"
	"runtime"
	"strconv"
)

// tune sets what the Go runtime is told for serving; it holds for the process.
func tune() {
	// Hashes hold a thread for each core, 20 ms at a time. With no thread more,
	// whatever costs nothing (a code, an approval, a session check, a commit)
	// would wait until one of them is preempted, 10 ms at each of its steps; with
	// more, the kernel lets it in at once. See doc/decisions/0036.
	runtime.GOMAXPROCS(2 * cores())
}

// cores is how many threads for Go code Go itself would take: the cores, what a
// container may use of them, or what the environment says (GOMAXPROCS). tune may
// have raised it in this process before.
func cores() int {
	said, err := strconv.Atoi(os.Getenv("GOMAXPROCS"))
	if err == nil && said > 0 {
		return said
	}
	runtime.SetDefaultGOMAXPROCS()
	return runtime.GOMAXPROCS(0)
}
