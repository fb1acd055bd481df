package bench_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"countersign/e2e/proc"
	"countersign/e2e/site"
	"countersign/internal/store/storetest"
)

var (
	rounds = flag.Int("rounds", 1, "how often each figure is measured; the median counts")
	full   = flag.Bool("full", false, "measure as long as the figures need, not as short as a test may")
	binary = flag.String("binary", "", "the product's program; without it the tests' own server stands in")
	pages  = flag.String("pages", "", "of the console, only what is called so: a regular expression")
	out    = flag.String("out", "", "also write the table to this file")
)

func TestMain(m *testing.M) {
	os.Exit(proc.Main(m, proc.Programs{
		site.Program: site.Serve, "empty": empty, waitingServer: collecting(site.Serve), emptyStreams: collecting(streams),
	}, storetest.Close))
}

// TestFigures measures everything and prints the table. It fails when something
// cannot be measured or an answer is wrong, never because a machine is slow. One
// figure alone is measured by its name: -run TestFigures/codes.
func TestFigures(t *testing.T) {
	var all table
	for _, m := range []struct {
		name    string
		measure func(*testing.T, *table)
	}{
		{"sign-ins", signIns},
		{"many", manySignIns},
		{"beyond", beyondTheHash},
		{"codes", codeChecks},
		{"sealing", sealing},
		{"sessions", sessionChecks},
		{"approvals", approvals},
		{"decisions", decisions},
		{"waiting", waitingPages},
		{"console", consolePages},
		{"memory", memory},
		{"start", starts},
	} {
		t.Run(m.name, func(t *testing.T) { m.measure(t, &all) })
	}
	text := all.markdown()
	_, _ = fmt.Fprintln(os.Stdout, text)
	if *out != "" {
		must(t, os.WriteFile(*out, []byte(text), 0o644)) //nolint:gosec // a document
	}
}

// size is how much of something is done: in a test, and when figures are wanted.
func size(short, atLength int) int {
	if *full {
		return atLength
	}
	return short
}

// installation starts the product's own program where there is one, else the
// tests' server.
func installation(t *testing.T, database string) *site.Site {
	t.Helper()
	o := site.Options{Database: database, Env: []string{site.FullHash}}
	if *binary != "" {
		file, err := filepath.Abs(*binary)
		must(t, err)
		o.Binary = file
	}
	return site.Start(t, o)
}

// shared calls act for each of n numbers, by so many workers at once, and returns
// how long all of it took.
func shared(workers, n int, act func(i int)) time.Duration {
	next := make(chan int, n)
	for i := range n {
		next <- i
	}
	close(next)
	var done sync.WaitGroup
	start := time.Now()
	for range workers {
		done.Go(func() {
			for i := range next {
				act(i)
			}
		})
	}
	done.Wait()
	return time.Since(start)
}

func perSecond(n int, took time.Duration) float64 { return float64(n) / took.Seconds() }

func cores() int { return runtime.GOMAXPROCS(0) }

// median of an odd number of figures; of an even one, the upper of the two.
func median(figures []float64) float64 {
	sorted := slices.Sorted(slices.Values(figures))
	return sorted[len(sorted)/2]
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
