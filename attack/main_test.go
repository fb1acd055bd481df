package attack_test

import (
	"flag"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"countersign/e2e/proc"
	"countersign/e2e/site"
	"countersign/internal/store/storetest"
)

var (
	long = flag.Bool("long", false, "run the long forms")
	seed = flag.Uint64("seed", 0, "repeat the run with this seed; 0 chooses one")
)

func TestMain(m *testing.M) {
	os.Exit(proc.Main(m, proc.Programs{site.Program: site.Serve, tightProgram: serveTight}, storetest.Close))
}

// scale is how much of something a test does: in the short form and in the long.
func scale(short, atLength int) int {
	if *long {
		return atLength
	}
	return short
}

// chance is the test's own source of random numbers. Two tests of one run draw
// different ones, and each draws the same again when its seed is given.
func chance(t *testing.T) *rand.Rand {
	t.Helper()
	from := *seed
	switch {
	case from != 0:
	case !*long:
		// Every run of the short form is the same: one that fails is found where it was made.
		from = 1
	default:
		from = uint64(time.Now().UnixNano())
	}
	t.Logf("repeat with: make attack SEED=%d ONLY=%s", from, t.Name())
	name := fnv.New64a()
	_, _ = name.Write([]byte(t.Name()))
	return rand.New(rand.NewPCG(from, name.Sum64())) //nolint:gosec // the attack must be repeatable
}

// alongside lets a test that measures no time and breaks nothing of others run beside
// such others: half of what an attack takes is waiting. The long forms run alone.
func alongside(t *testing.T) {
	t.Helper()
	if !*long {
		t.Parallel()
	}
}

// both runs the attack against an installation on SQLite with one server, and
// against one on PostgreSQL with two.
func both(t *testing.T, attack func(t *testing.T, s *site.Site), env ...string) {
	t.Helper()
	t.Run(site.SQLite, func(t *testing.T) {
		attack(t, site.Start(t, site.Options{Database: site.SQLite, Env: env}))
	})
	t.Run(site.Postgres, func(t *testing.T) {
		attack(t, site.Start(t, site.Options{Database: site.Postgres, Nodes: 2, Env: env}))
	})
}

// together calls act n times at once, as close to one moment as can be, and
// returns what each call returned.
func together[T any](n int, act func(i int) T) []T {
	results := make([]T, n)
	start := make(chan struct{})
	var ready, done sync.WaitGroup
	for i := range n {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			results[i] = act(i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	return results
}

// crew calls act for each of n numbers, by so many workers at once.
func crew(workers, n int, act func(i int)) {
	next := make(chan int)
	var done sync.WaitGroup
	for range workers {
		done.Go(func() {
			for i := range next {
				act(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	done.Wait()
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
