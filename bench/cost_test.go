package bench_test

import (
	"fmt"
	"testing"
	"time"

	"countersign/e2e/site"
)

// beyondTheHash is what a sign-in costs the server besides the password's hash: the
// processor time of a server whose hash costs next to nothing, and is otherwise the
// product's. (Taking the time of the hash off the time of a whole sign-in instead
// would compare two figures of 25 ms, each of which depends on what else uses the
// memory at that moment.)
func beyondTheHash(t *testing.T, all *table) {
	s := site.Start(t, site.Options{})
	n := size(20, 1000)
	crowd := s.Crowd(t, "cost", n*(*rounds+1))
	rush(s, crowd[:n], 8)
	crowd = crowd[n:]
	var beyond []float64
	for range *rounds {
		before := cpuTime(t, s.Nodes[0].PID())
		_, failed := rush(s, crowd[:n], 8)
		crowd = crowd[n:]
		each := (cpuTime(t, s.Nodes[0].PID()) - before) / time.Duration(n)
		if failed > 0 {
			t.Errorf("%d of %d sign-ins failed", failed, n)
		}
		t.Logf("a sign-in without its hash %v", each)
		beyond = append(beyond, each.Seconds()*1000)
	}
	all.atMost("processor time of a sign-in beyond the hash, mail included", fmt.Sprintf("%.1f ms", median(beyond)), "",
		"at most 3 ms", median(beyond) <= 3)
}
