package accounttest

import (
	"sync"
	"testing"
	"time"

	"countersign"
)

// Answer returns the code of a refusal, "ok" for none.
func Answer(err error) string {
	if err == nil {
		return "ok"
	}
	c := countersign.CodeOf(err)
	if c == "" {
		return "fault: " + err.Error()
	}
	return c
}

// Want fails the test when err is not the refusal of that code.
func Want(t *testing.T, sentence string, err error, refusal string) {
	t.Helper()
	if got := Answer(err); got != refusal {
		t.Errorf("%s: got %s, want %s", sentence, got, refusal)
	}
}

// Race runs act n times at once and counts the answers by code. Whoever hears
// that the database is busy comes again a little later, as he is told to: on a slow
// machine so many do not get through in the time that one transaction has.
func Race(n int, act func(i int) error) map[string]int {
	answers := make([]string, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			for range 40 {
				answers[i] = Answer(act(i))
				if answers[i] != "busy" {
					return
				}
				time.Sleep(250 * time.Millisecond)
			}
		})
	}
	close(start)
	wg.Wait()
	counts := map[string]int{}
	for _, answer := range answers {
		counts[answer]++
	}
	return counts
}

// Together runs acts at once, in a different order of starting each time, and
// returns when all are done.
func Together(round int, acts ...func()) {
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range acts {
		act := acts[(i+round)%len(acts)]
		wg.Go(func() {
			<-start
			act()
		})
	}
	close(start)
	wg.Wait()
}
