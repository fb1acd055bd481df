package bench_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"syscall"
	"testing"
	"time"

	"countersign/e2e/proc"
	"countersign/e2e/site"
)

// The programs whose memory is measured, each in a process of its own.
const (
	waitingServer = "waiting-server" // the product's server
	emptyStreams  = "empty-streams"  // net/http alone
)

// waitingPages is what a page that waits costs the server, beside a stream of net/http
// that says the same and waits for nothing; and how long it takes from a decision to one
// page of them all.
func waitingPages(t *testing.T, all *table) {
	n := size(50, 10_000)
	var ours, theirs, ratios, late []float64
	for range *rounds {
		s := site.Start(t, site.Options{Program: waitingServer})
		questions := ask(t, s, phones(t, s, "waiting", size(2, 9)))
		crowd := more(t, s, questions[0], n)
		header := probe(t, s, crowd[0])
		cost := streamsCost(t, s.Nodes[0], n, func(i int) *page { return waitFor(t, s, 0, crowd[i]) }, func() {
			var each []time.Duration
			for _, q := range questions {
				each = append(each, toldWithin(t, s, q, 0))
			}
			slices.Sort(each)
			late = append(late, each[len(each)/2].Seconds()*1000)
		})
		s.Nodes[0].Kill9()
		address := proc.FreeAddr(t)
		text, err := json.Marshal(header)
		must(t, err)
		nothing := proc.Start(t, emptyStreams, nil, address, string(text))
		nothing.WaitOpen(address)
		limit := streamsCost(t, nothing, n, func(int) *page { return open(t, address, "/signin/"+string(crowd[0].attempt)+"/phone/events") }, func() {})
		nothing.Kill9()
		t.Logf("a waiting page %.1f KiB, an empty stream %.1f KiB; told after %.1f ms", cost, limit, late[len(late)-1])
		ours, theirs, ratios = append(ours, cost), append(theirs, limit), append(ratios, cost/limit)
	}
	what := fmt.Sprintf("memory of a page that waits, of %d, SQLite", n)
	all.within(what, fmt.Sprintf("%.1f KiB", median(ours)), fmt.Sprintf("an empty net/http stream: %.1f KiB", median(theirs)), median(ratios), 1.5)
	all.atMost(fmt.Sprintf("from a decision to one page of %d that wait, median", n), fmt.Sprintf("%.1f ms", median(late)), "", "at most 50 ms", median(late) <= 50)
}

// probe is the header of a stream's answer.
func probe(t *testing.T, s *site.Site, q *question) http.Header {
	t.Helper()
	p := waitFor(t, s, 0, q)
	must(t, p.Close())
	return p.header
}

// streamsCost opens so many streams, and returns how much memory each takes, in KiB, as
// the process's resident memory after what it does not need was given back. meanwhile is
// called while all are open.
func streamsCost(t *testing.T, of *proc.Proc, n int, open func(int) *page, meanwhile func()) float64 {
	t.Helper()
	pages := make([]*page, n)
	fill := func(n int) {
		shared(16, n, func(i int) { pages[i] = open(i) })
		if t.Failed() {
			t.FailNow()
		}
	}
	leave := func(n int) {
		for _, p := range pages[:n] {
			must(t, p.Close())
		}
	}
	few := min(n, 500)
	fill(few) // what is there once, such as the database's caches, is there before
	leave(few)
	before := collected(t, of)
	fill(n)
	after := collected(t, of)
	t.Logf("%d KiB, with %d streams %d KiB", before, n, after)
	meanwhile()
	leave(n)
	return float64(after-before) / float64(n)
}

// collected is the resident memory of a process that was told to collect its garbage, in
// KiB.
func collected(t *testing.T, of *proc.Proc) int {
	t.Helper()
	must(t, syscall.Kill(of.PID(), syscall.SIGUSR1))
	of.WaitLog("collected")
	of.ForgetLog()
	return resident(t, of.PID(), "VmRSS")
}

// collecting is a program that, when it gets SIGUSR1, gives back what it does not need.
func collecting(program func(args []string) int) func([]string) int {
	return func(args []string) int {
		asked := make(chan os.Signal, 1)
		signal.Notify(asked, syscall.SIGUSR1)
		go func() {
			for range asked {
				for range 4 { // a collection halves a goroutine's stack at most
					runtime.GC()
				}
				debug.FreeOSMemory()
				_, _ = fmt.Fprintln(os.Stderr, "collected")
			}
		}()
		return program(args)
	}
}

// streams answers every request with the header that it was given, and the first octets
// of a stream.
func streams(args []string) int {
	var header http.Header
	err := json.Unmarshal([]byte(args[1]), &header)
	if err != nil {
		return 2
	}
	header.Del("Transfer-Encoding")
	server := &http.Server{Addr: args[0], ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, values := range header {
			w.Header()[name] = values
		}
		_, _ = io.WriteString(w, "retry: 1000\nevent: waiting\ndata: 1\n\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})}
	_ = server.ListenAndServe()
	return 1
}
