package device

import (
	"sync"
	"time"

	"countersign"
	"countersign/internal/limit"
)

// callRate is for all calls of one device, changeRate for those of them that change
// something and therefore write. A person who uses an app, and an app that waits for
// news, stay far below; a broken app in a loop, or who has copied a key, does not.
func callRate() limit.Rate   { return limit.Rate{Interval: 500 * time.Millisecond, Burst: 120} }
func changeRate() limit.Rate { return limit.Rate{Interval: 2 * time.Second, Burst: 30} }

// calls counts what each device calls, in memory and on each node for itself: a row for
// each would cost more than the calls that it bounds, and nothing is guessed here, so
// that a restart gives nothing away. The zero value is ready.
//
// Only calls whose signature holds are counted: else whoever has read a device's
// identifier could keep its person's phone from answering.
type calls struct {
	mu       sync.Mutex
	arrivals map[string]time.Time
	tidied   time.Time
}

// forget is how often those are let go of whom nothing needs to be known any more.
const forget = time.Minute

func changes(device countersign.DeviceID) string { return "changes " + string(device) }

// wait is how long until there may be another act.
func (c *calls) wait(subject string, rate limit.Rate, now time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return rate.Wait(c.arrivals[subject], now)
}

// take counts an act, or tells how long to wait for it.
func (c *calls) take(subject string, rate limit.Rate, now time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	arrival := c.arrivals[subject]
	wait := rate.Wait(arrival, now)
	if wait > 0 {
		return wait
	}
	// One that is later than the rate allows was counted while the clock was wrong.
	if arrival.Before(now) || arrival.After(now.Add(rate.Tolerance())) {
		arrival = now
	}
	if c.arrivals == nil {
		c.arrivals = map[string]time.Time{}
	}
	c.arrivals[subject] = arrival.Add(rate.Interval)
	c.tidy(now)
	return 0
}

func (c *calls) tidy(now time.Time) {
	if age := now.Sub(c.tidied); age >= 0 && age < forget {
		return
	}
	c.tidied = now
	for subject, arrival := range c.arrivals {
		if !arrival.After(now) {
			delete(c.arrivals, subject)
		}
	}
}

// tooManyCalls refuses, where there is something to wait for.
func tooManyCalls(wait time.Duration) error {
	if wait <= 0 {
		return nil
	}
	return &countersign.Error{Kind: countersign.Limited, Code: "too_many_calls", RetryAfter: max(wait, time.Second)}
}
