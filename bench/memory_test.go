package bench_test

import (
	"fmt"
	"testing"
	"time"

	"countersign/e2e/site"
)

const mebi = 1024 // KiB

// memory is what the process holds when nobody asks anything, and the most it ever
// held while 32 clients signed in at once.
func memory(t *testing.T, all *table) {
	var idle, more []float64
	for range *rounds {
		s := installation(t, site.SQLite)
		n := size(40, 400)
		crowd := s.Crowd(t, "memory", n)
		time.Sleep(time.Duration(size(100, 3000)) * time.Millisecond)
		quiet := resident(t, s.Nodes[0].PID(), "VmRSS")
		_, failed := rush(s, crowd, 32)
		if failed > 0 {
			t.Errorf("%d of %d sign-ins failed", failed, n)
		}
		peak := resident(t, s.Nodes[0].PID(), "VmHWM")
		t.Logf("idle %d KiB, peak %d KiB", quiet, peak)
		idle, more = append(idle, float64(quiet)/mebi), append(more, float64(peak-quiet)/mebi)
		s.Nodes[0].Kill9()
	}
	all.atMost("memory of an idle server", fmt.Sprintf("%.0f MiB", median(idle)), "", "at most 45 MiB", median(idle) <= 45)
	all.atMost("more of it at the worst moment of 32 sign-ins at once", fmt.Sprintf("%.0f MiB", median(more)), "", "at most 120 MiB", median(more) <= 120)
}
