package server

import (
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
)

// tune sets what the Go runtime is told for serving; it holds for the process.
func tune() {
	// Hashes hold a thread for each core, 20 ms at a time. With no thread more,
	// whatever costs nothing (a code, an approval, a session check, a commit)
	// would wait until one of them is preempted, 10 ms at each of its steps; with
	// more, the kernel lets it in at once. See doc/decisions/0036.
	runtime.GOMAXPROCS(2 * cores())
	// What lives is a few MiB, so a collection comes after a few MiB more, and under load
	// was an eighth of all work. GOGC in the environment counts for more.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200)
	}
	// To start takes several times the memory that serving does: the texts and pages are
	// read, the schema is looked at.
	debug.FreeOSMemory()
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
