package bench_test

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// ticks of the kernel's clock a second, in /proc: the same on every Linux.
const ticks = 100

// cpuTime is the processor time that a process has used so far.
func cpuTime(tb testing.TB, pid int) time.Duration {
	tb.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	must(tb, err)
	_, after, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(after)
	var sum int64
	for _, field := range fields[11:13] { // utime and stime: proc(5)
		n, err := strconv.ParseInt(field, 10, 64)
		must(tb, err)
		sum += n
	}
	return time.Duration(sum) * time.Second / ticks
}

// resident is a figure of /proc/PID/status in KiB.
func resident(tb testing.TB, pid int, name string) int {
	tb.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	must(tb, err)
	for line := range strings.Lines(string(status)) {
		if value, found := strings.CutPrefix(line, name+":"); found {
			n, err := strconv.Atoi(strings.Fields(value)[0])
			must(tb, err)
			return n
		}
	}
	tb.Fatalf("/proc says nothing of %s", name)
	return 0
}

// empty answers every request with nothing.
func empty(args []string) int {
	server := &http.Server{Addr: args[0], ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
	})}
	_ = server.ListenAndServe()
	return 1
}
