package password

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// arrive lets a caller wait for a turn in its own goroutine; when it has one it
// notes its name and gives the turn back.
func arrive(ctx context.Context, q *queue, c Caller, name string, note func(string)) {
	go func() {
		err := q.enter(ctx, c)
		if err != nil {
			note(name + ": " + err.Error())

			return
		}
		note(name)
		q.leave()
	}()
	synctest.Wait()
}

// notes collects names in order.
func notes() (func(string), func() []string) {
	var mu sync.Mutex
	var all []string

	return func(s string) {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, s)
		}, func() []string {
			mu.Lock()
			defer mu.Unlock()

			return slices.Clone(all)
		}
}

func busyQueue(t *testing.T) *queue {
	t.Helper()
	q := newQueue(1)
	err := q.enter(t.Context(), Caller{})
	if err != nil {
		t.Fatal(err)
	}

	return q
}

func TestTheOrderOfTheQueue(t *testing.T) {
	for _, c := range []struct {
		name, arriving, want string // k is a known browser; the letter after it a network
	}{
		{"who comes first goes first", "oa1 oa2 oa3", "oa1 oa2 oa3"},
		{"networks take turns", "oa1 oa2 oa3 ob1 oc1 ob2", "oa1 ob1 oc1 oa2 ob2 oa3"},
		{"known browsers go first", "oa1 ob1 ka1 kb1", "ka1 kb1 oa1 ob1"},
		{"networks take turns among known browsers as well", "ka1 ka2 kb1", "ka1 kb1 ka2"},
		{"after four known browsers one other has a turn", "oa1 oa2 ka1 kb1 kc1 kd1 ke1 kf1", "ka1 kb1 kc1 kd1 oa1 ke1 kf1 oa2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := busyQueue(t)
				note, noted := notes()
				for _, name := range strings.Fields(c.arriving) {
					arrive(t.Context(), q, Caller{Known: name[0] == 'k', Network: name[1:2]}, name, note)
				}
				q.leave()
				synctest.Wait()
				if got := strings.Join(noted(), " "); got != c.want {
					t.Errorf("went %q, want %q", got, c.want)
				}
				if l := q.load(); l != (Load{}) {
					t.Errorf("afterwards %+v", l)
				}
			})
		})
	}
}

func TestNobodyWaitsLongerThanMaxWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := busyQueue(t)
		start := time.Now()
		err := q.enter(t.Context(), Caller{Network: "a"})
		if !errors.Is(err, ErrBusy) || time.Since(start) != MaxWait {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if l := q.load(); l.Waiting != 0 || l.Running != 1 {
			t.Errorf("left behind: %+v", l)
		}
	})
}

func TestWhoGivesUpLeavesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := busyQueue(t)
		note, noted := notes()
		ctx, cancel := context.WithCancel(t.Context())
		arrive(ctx, q, Caller{Network: "a"}, "impatient", note)
		arrive(t.Context(), q, Caller{Network: "a"}, "patient", note)
		cancel()
		synctest.Wait()
		if l := q.load(); l.Waiting != 1 {
			t.Errorf("%+v, want one waiting", l)
		}
		q.leave()
		synctest.Wait()
		want := []string{"impatient: context canceled", "patient"}
		if got := noted(); !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
		err := q.enter(ctx, Caller{})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("a caller who had given up before: %v", err)
		}
	})
}

// One network fills the queue; others still get in, in both lanes.
func TestAFloodFromOneNetworkShutsNobodyOut(t *testing.T) {
	for _, known := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			q := busyQueue(t)
			note, noted := notes()
			flood, stop := context.WithCancel(t.Context())
			for i := range 2 * MaxWaiting {
				arrive(flood, q, Caller{Known: known, Network: "flood"}, fmt.Sprint("flood ", i), note)
			}
			if l := q.load(); l.Waiting != laneLimit {
				t.Fatalf("%+v, want %d waiting", l, laneLimit)
			}
			refused := len(noted())
			if refused != 2*MaxWaiting-laneLimit {
				t.Errorf("%d refused at once", refused)
			}
			arrive(t.Context(), q, Caller{Known: known, Network: "home"}, "the same lane", note)
			arrive(t.Context(), q, Caller{Known: !known, Network: "office"}, "the other lane", note)
			if got := noted()[refused:]; len(got) != 1 || !strings.HasPrefix(got[0], "flood 191: ") {
				t.Fatalf("who made room: %q, want the last of the flood", got)
			}
			refused++
			// One turn, passed on by each who had it: within seven both have had it.
			q.leave()
			synctest.Wait()
			got := noted()[refused:][:7]
			if !slices.Contains(got, "the same lane") || !slices.Contains(got, "the other lane") {
				t.Errorf("the first seven turns went to %q", got)
			}
			stop()
			synctest.Wait()
		})
	}
}

func TestTheQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := busyQueue(t)
		note, _ := notes()
		ctx, stop := context.WithCancel(t.Context())
		for i := range 2 * MaxWaiting { // every one from a network of its own
			arrive(ctx, q, Caller{Known: i%2 == 0, Network: fmt.Sprint(i)}, "x", note)
		}
		if l := q.load(); l.Waiting != MaxWaiting {
			t.Errorf("%+v, want %d waiting", l, MaxWaiting)
		}
		stop()
		synctest.Wait()
		if l := q.load(); l.Waiting != 0 || len(q.known.ring)+len(q.others.ring) != 0 {
			t.Errorf("left behind: %+v", l)
		}
	})
}

func TestCloseSendsEverybodyAwayAndWaitsForTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := busyQueue(t)
		note, noted := notes()
		arrive(t.Context(), q, Caller{}, "waiting", note)
		closed := make(chan struct{})
		for range 2 { // closing twice does no harm
			go func() {
				q.close()
				note("closed")
				closed <- struct{}{}
			}()
		}
		synctest.Wait()
		if got := noted(); !slices.Equal(got, []string{"waiting: " + ErrBusy.Error()}) {
			t.Errorf("%q", got)
		}
		q.leave()
		<-closed
		<-closed
		err := q.enter(t.Context(), Caller{})
		if !errors.Is(err, ErrBusy) {
			t.Errorf("after closing: %v", err)
		}
	})
}

// Many callers, some of whom give up: never more than the workers at once, and
// no turn is lost.
func TestNoTurnIsLostUnderLoad(t *testing.T) {
	q := newQueue(3)
	var wait sync.WaitGroup
	var mu sync.Mutex
	at, most := 0, 0
	for i := range 400 {
		wait.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%20)*100*time.Microsecond)
			defer cancel()
			if q.enter(ctx, Caller{Known: i%3 == 0, Network: fmt.Sprint(i % 5)}) != nil {
				return
			}
			mu.Lock()
			at++
			most = max(most, at)
			mu.Unlock()
			time.Sleep(50 * time.Microsecond)
			mu.Lock()
			at--
			mu.Unlock()
			q.leave()
		})
	}
	wait.Wait()
	if l := q.load(); l != (Load{}) || q.free != 3 || most > 3 {
		t.Errorf("%+v, %d turns free, %d at once", l, q.free, most)
	}
}
