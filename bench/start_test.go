package bench_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"countersign/e2e/site"
)

// starts is how long the program takes from its start on an existing database to
// the first answer of /readyz, beyond what it takes to say its version.
func starts(t *testing.T, all *table) {
	s := installation(t, site.SQLite)
	s.Crowd(t, "start", size(10, 1000))
	node := s.Nodes[0]
	node.Kill9()
	var beyond []float64
	for range max(*rounds, 1) {
		said := time.Duration(0)
		if *binary != "" {
			start := time.Now()
			must(t, exec.CommandContext(t.Context(), *binary, "version").Run()) // #nosec G204 -- the program to measure
			said = time.Since(start)
		}
		start := time.Now()
		node.Restart()
		ready(t, "http://"+s.Address(0)+"/readyz")
		took := time.Since(start) - said
		t.Logf("ready %v after its start, less %v for the version", took+said, said)
		beyond = append(beyond, took.Seconds()*1000)
		node.Stop()
	}
	if *binary == "" {
		return // the tests' server is neither the program nor its size
	}
	all.atMost("from start to ready on an existing database, beyond `countersign version`",
		fmt.Sprintf("%.0f ms", median(beyond)), "", "at most 100 ms", median(beyond) <= 100)
	file, err := os.Stat(*binary)
	must(t, err)
	megabytes := float64(file.Size()) / 1e6
	all.atMost("the program, without cgo", fmt.Sprintf("%.0f MB", megabytes), "", "at most 35 MB", megabytes <= 35)
}

// ready polls quicker than a test would: what is measured is a tenth of a second.
func ready(t *testing.T, url string) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
		must(t, err)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			continue
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		if response.StatusCode == http.StatusOK {
			return
		}
	}
	t.Fatalf("%s is not ready", url)
}
