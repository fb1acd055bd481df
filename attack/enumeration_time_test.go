package attack_test

import (
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"countersign/e2e/site"
	"countersign/internal/account"
	"countersign/internal/limit"
	"countersign/internal/store"
)

// trusted lets a client say where it comes from, so that one warm connection
// serves all of a measurement and no network's limit is reached.
const trusted = "COUNTERSIGN_TRUSTED_PROXIES=127.0.0.1/32"

// request is what a stopwatch measures: one request for the account of a kind
// with a number. It is made ready first, without being measured.
type request struct {
	is    string
	ready func(typed string, i int)
	send  func(typed string) site.Answer
	want  int
}

// stopwatch measures how long answers take for accounts of several kinds, the
// kinds in random order, so that what else the machine does hits all alike.
type stopwatch struct {
	site    *site.Site
	crowd   string
	kinds   []kind
	samples int     // of each kind in a round
	rounds  int     // how often a kind must differ, in the same direction
	bound   float64 // by how much of the median of the first kind
	random  *rand.Rand
	made    int // accounts of each kind
}

func newStopwatch(t *testing.T, s *site.Site, crowd string, names ...string) *stopwatch {
	t.Helper()
	w := &stopwatch{site: s, crowd: crowd, samples: scale(60, 2000), rounds: 4, bound: 0.25, random: chance(t)}
	if *long {
		w.bound = 0.05
	}
	for _, k := range kinds() {
		if slices.Contains(names, k.name) {
			w.kinds = append(w.kinds, k)
		}
	}
	return w
}

// compare fails when some kind takes longer, or less long, than the first one in
// each of several rounds. One round alone proves nothing on a busy machine.
func (w *stopwatch) compare(t *testing.T, r request) {
	t.Helper()
	t.Run(r.is, func(t *testing.T) {
		suspects := map[string]float64{}
		for round := range w.rounds {
			medians := w.round(t, r, round)
			model, still := medians[w.kinds[0].name], map[string]float64{}
			text := fmt.Sprintf("nobody %v", model.Round(time.Microsecond))
			for _, k := range w.kinds[1:] {
				off := float64(medians[k.name])/float64(model) - 1
				before, suspect := suspects[k.name]
				if math.Abs(off) > w.bound && (round == 0 || (suspect && (before > 0) == (off > 0))) {
					still[k.name] = off
				}
				text += fmt.Sprintf("; %s %+.1f %%", k.is, 100*off)
			}
			t.Log(text)
			suspects = still
			if len(suspects) == 0 {
				return
			}
		}
		for _, k := range w.kinds {
			if off, suspect := suspects[k.name]; suspect {
				t.Errorf("%s tells by its time that it is %s: %+.1f %% in %d rounds", r.is, k.is, 100*off, w.rounds)
			}
		}
	})
}

// round asks for a new account in each sample: in a round, none comes twice.
func (w *stopwatch) round(t *testing.T, r request, round int) map[string]time.Duration {
	t.Helper()
	if need := (round + 1) * w.samples; w.made < need {
		populate(t, w.site, w.kinds, w.crowd, w.made, need)
		w.made = need
	}
	drained(t, w.site)
	// Drawn independently: what an answer leaves to be done later then slows down
	// the next one of each kind as often.
	var order []kind
	for range w.samples {
		order = append(order, w.kinds...)
	}
	w.random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	took := map[string][]time.Duration{}
	for _, k := range order {
		i := round*w.samples + len(took[k.name])
		if r.ready != nil {
			r.ready(k.typed(w.crowd, i), i)
		}
		start := time.Now()
		a := r.send(k.typed(w.crowd, i))
		took[k.name] = append(took[k.name], time.Since(start))
		if a.Status != r.want {
			t.Fatalf("%s for %s: %v, want %d", r.is, k.is, a, r.want)
		}
	}
	medians := map[string]time.Duration{}
	for name, all := range took {
		medians[name] = median(all)
	}
	return medians
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

// stranger is a client that comes from another network each time.
type stranger struct {
	*site.Client
	page string
}

func newStranger(s *site.Site) *stranger { return &stranger{Client: s.Client()} }

func (c *stranger) from(typed string, i int) {
	c.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.%d", typed[2], i>>8&255, i&255))
}

// identifier, wrong password and forgotten password are what a stranger can send.
func (c *stranger) identifier() request {
	return request{
		is: "the identifier", want: http.StatusSeeOther, ready: c.from,
		send: func(typed string) site.Answer { return c.Post("/signin", "identifier", typed) },
	}
}

func (c *stranger) password(is string, want int) request {
	return request{
		is: is, want: want, ready: func(typed string, i int) {
			c.from(typed, i)
			c.page = c.Post("/signin", "identifier", typed).Location
		},
		send: func(string) site.Answer { return c.Post(c.page, "password", "eight walnuts under a lamp") },
	}
}

func (c *stranger) forgot(is string) request {
	return request{
		is: is, want: http.StatusOK, ready: c.from,
		send: func(typed string) site.Answer { return c.Post("/forgot", "email", typed) },
	}
}

// afterForgot measures whether the server is busy with a mail.
func (c *stranger) afterForgot() request {
	return request{
		is: "what follows a forgotten password", want: http.StatusOK, ready: func(typed string, i int) {
			c.from(typed, i)
			c.Post("/forgot", "email", typed)
		},
		send: func(string) site.Answer { return c.Get("/signin") },
	}
}

// TestEnumerationByTime compares how long answers take, with a hash that costs
// next to nothing: what the rest costs then shows most clearly. At the end it
// compares again: what was written for so many who do not exist must not slow
// down who asks next.
func TestEnumerationByTime(t *testing.T) {
	both(t, func(t *testing.T, s *site.Site) {
		c := newStranger(s)
		w := newStopwatch(t, s, "t", "none", "memb", "guar", "lock", "disa", "invi")
		w.compare(t, c.identifier())
		w.compare(t, c.password("a wrong password", http.StatusUnprocessableEntity))
		w.compare(t, c.forgot("a forgotten password"))
		w.compare(t, c.afterForgot())
		w = newStopwatch(t, s, "p", "none", "memb", "guar", "disa")
		w.pause(t)
		w.compare(t, c.password("a password during the pause", http.StatusTooManyRequests))
		w = newStopwatch(t, s, "f", "none", "memb", "disa")
		crew(32, scale(1000, 30_000), func(i int) {
			c := s.Client()
			c.Header.Set("X-Forwarded-For", fmt.Sprintf("11.%d.%d.%d", i>>16&255, i>>8&255, i&255))
			a := c.Post("/forgot", "email", fmt.Sprintf("nobody-%d@acme.example", i))
			if a.Status != http.StatusOK {
				t.Errorf("forgotten password %d: %v", i, a)
			}
		})
		w.compare(t, c.forgot("a forgotten password after many"))
	}, trusted)
}

// TestEnumerationByTimeOfTheHash compares wrong passwords at what they cost in the
// product.
func TestEnumerationByTimeOfTheHash(t *testing.T) {
	s := site.Start(t, site.Options{Env: []string{trusted, site.FullHash}})
	w := newStopwatch(t, s, "t", "none", "memb", "disa", "invi")
	w.samples = scale(15, 2000)
	w.compare(t, newStranger(s).password("a wrong password", http.StatusUnprocessableEntity))
}

// pause lets the passwords of all accounts wait.
func (w *stopwatch) pause(t *testing.T) {
	t.Helper()
	w.site.Write(t, func(tx *store.Tx) error {
		for _, k := range w.kinds {
			for i := range w.samples * w.rounds {
				key := w.site.Engine.Accounts.MAC.Sum("guess", account.EmailKey(k.email(w.crowd, i)))
				err := lockSubject(tx, "name:"+hex.EncodeToString(key[:16]), limit.Password)
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// drained waits until the outbox has nothing left to do.
func drained(t *testing.T, s *site.Site) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		next, err := s.Engine.Store.Read().NextDue(t.Context(), "email")
		must(t, err)
		if next == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("mails still wait after a minute")
		}
	}
}
