package signin_test

import (
	"context"
	"os"
	"sync"
	"testing"

	"countersign"
	"countersign/internal/account/accounttest"
	"countersign/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// both runs a test on both databases.
func both(t *testing.T, test func(t *testing.T, e *accounttest.Engine)) {
	t.Helper()
	accounttest.Both(t, test)
}

// code returns the code of a refusal, "ok" for none.
func code(err error) string {
	if err == nil {
		return "ok"
	}
	c := countersign.CodeOf(err)
	if c == "" {
		return "fault: " + err.Error()
	}
	return c
}

// want fails the test when err is not the refusal named by a code.
func want(t *testing.T, sentence string, err error, refusal string) {
	t.Helper()
	if got := code(err); got != refusal {
		t.Errorf("%s: got %s, want %s", sentence, got, refusal)
	}
}

// race runs act n times at once and counts the answers by code.
func race(n int, act func(i int) error) map[string]int {
	answers := make([]string, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			answers[i] = code(act(i))
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

// nodes returns two nodes on one database.
func nodes(t *testing.T, e *accounttest.Engine) []*accounttest.Engine {
	t.Helper()
	return []*accounttest.Engine{e, e.Node(t)}
}

func ctx() context.Context { return context.Background() }
