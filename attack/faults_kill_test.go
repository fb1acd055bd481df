package attack_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"countersign"
	"countersign/e2e/site"
	"countersign/internal/store/storetest"
)

// TestFaultsKill kills servers at random moments of enrolments and sign-ins. On
// SQLite everybody waits for the one server; on PostgreSQL they go on at the
// other one at once.
func TestFaultsKill(t *testing.T) {
	both(t, func(t *testing.T, s *site.Site) {
		r := chance(t)
		k := &killer{s: s, r: r, idle: start(t, s)}
		lives := make([]*life, scale(6, 200))
		for i := range lives {
			number := strconv.Itoa(i)
			up := func(node int) int { return k.up(t, node) }
			lives[i] = newLife(s, s.Person(t, "Person "+number, "life-"+number+"@acme.example", countersign.Member), up)
			lives[i].from = "127.1.0." + strconv.Itoa(i+1)
			lives[i].c = lives[i].client()
		}
		// Nobody is disturbed first: how long a life takes says when to kill.
		began := time.Now()
		must(t, lives[0].live())
		k.whole = time.Since(began)
		t.Logf("a life that nobody disturbs takes %v", k.whole)
		var left atomic.Int64
		left.Store(int64(len(lives) - 1))
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			for left.Load() > 0 {
				k.kill(t)
			}
		}()
		var mu sync.Mutex
		cuts, passages := lives[0].cuts, lives[0].passages
		crew(4, len(lives)-1, func(i int) {
			l := lives[i+1]
			err := l.live()
			left.Add(-1)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			passages += l.passages
			for what, n := range l.cuts {
				cuts[what] += n
			}
		})
		<-stopped
		for _, what := range slices.Sorted(maps.Keys(cuts)) {
			t.Logf("cut off %4d times: %s", cuts[what], what)
		}
		t.Logf("%d enrolments and sign-ins, %d kills, %d orderly stops; started in %v when idle, at most %v after a kill",
			passages, k.kills, k.stops, k.idle, k.slowest)
		if t.Failed() {
			return
		}
		mailsOfLives(t, s, lives, k.kills)
		crew(4, len(lives), func(i int) {
			err := lives[i].review()
			if err != nil {
				t.Errorf("%s afterwards: %v", lives[i].Email, err)
			}
		})
	})
}

// mailsOfLives looks whether everybody was told by mail of what changed, and that
// a kill doubles no more than the few mails that a server had in its hands.
func mailsOfLives(t *testing.T, s *site.Site, lives []*life, kills int) {
	t.Helper()
	s.Clock.Advance(10 * time.Minute) // what killed servers had taken is free, and pauses are over
	for _, l := range lives {
		for _, subject := range []string{"Two-factor authentication is on", "recovery codes", "recovery code was used", "was changed"} {
			s.Mail(t, l.Email, subject)
		}
	}
	const inHand = 4 // mails that one server delivers at a time
	times, doubled := map[string]int{}, 0
	for _, m := range s.Box.All() {
		id := m.Header.Get("Message-Id")
		times[id]++
		if times[id] > 1 {
			doubled++
		}
	}
	if doubled > kills*inHand {
		t.Errorf("%d mails came once more than they should, after %d kills", doubled, kills)
	}
	t.Logf("%d mails, %d of them a second time", len(s.Box.All()), doubled)
}

// start measures how long a server takes from its start until it is ready when
// nothing has happened to it.
func start(t *testing.T, s *site.Site) time.Duration {
	t.Helper()
	s.Nodes[0].Stop()
	began := time.Now()
	s.Nodes[0].Restart()
	s.WaitReady(0)
	return time.Since(began)
}

// killer ends servers, one at a time, and starts them again.
type killer struct {
	s     *site.Site
	r     *rand.Rand
	whole time.Duration // how long a life takes that nobody disturbs
	idle  time.Duration // how long a server takes to start

	down         atomic.Int64 // 1 + the number of the node that is down
	kills, stops int
	slowest      time.Duration // from start to ready
}

func (k *killer) kill(t *testing.T) {
	time.Sleep(k.whole/4 + time.Duration(k.r.Int64N(int64(k.whole/2))))
	node := k.r.IntN(len(k.s.Nodes))
	k.down.Store(int64(node) + 1)
	if k.r.IntN(5) == 0 {
		if code := k.s.Nodes[node].Stop(); code != 0 {
			t.Errorf("a server that was asked to end ended with %d", code)
		}
		k.stops++
	} else {
		k.s.Nodes[node].Kill9()
		k.kills++
	}
	began := time.Now()
	k.s.Nodes[node].Restart()
	k.s.WaitReady(node)
	k.slowest = max(k.slowest, time.Since(began))
	k.down.Store(0)
}

// up names a server that lives: another one, or this one when it is back.
func (k *killer) up(t *testing.T, node int) int {
	t.Helper()
	if k.s.Database == site.SQLite {
		for deadline := time.Now().Add(30 * time.Second); k.down.Load() != 0 && time.Now().Before(deadline); {
			time.Sleep(2 * time.Millisecond)
		}
		return node
	}
	// What the dead one had sent may still be committed for a moment.
	storetest.AsSuperuser(t, `DO $$ DECLARE now timestamptz := clock_timestamp(); BEGIN
		WHILE EXISTS (SELECT FROM pg_stat_activity WHERE xact_start < now AND pid <> pg_backend_pid()) LOOP
			PERFORM pg_sleep(0.002), pg_stat_clear_snapshot();
		END LOOP; END $$`)
	return (node + 1) % len(k.s.Nodes)
}
