package password

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ErrBusy means that the hash was not computed: the queue was full, the caller
// waited MaxWait, or the server is stopping. The answer is 503 with
// Retry-After; it says nothing about the password.
var ErrBusy = errors.New("too many passwords to check at once")

const (
	// MaxWait is how long a caller waits for its turn.
	MaxWait = 5 * time.Second
	// MaxWaiting is how many callers wait at most, in both lanes together.
	MaxWaiting = 256
	// laneLimit keeps a quarter of the places for the other lane, so that a
	// flood in one never shuts out the other.
	laneLimit = MaxWaiting * 3 / 4
	// knownInRow is how many known browsers go first before one of the others
	// has a turn: an attacker may well own one account and its browser.
	knownInRow = 4
)

// Caller says who wants a hash, for the order of the queue only.
type Caller struct {
	// Known: this browser completed a sign-in to this account before. Such
	// callers go first.
	Known bool
	// Network is where the request comes from, cut by the caller to what one
	// source easily owns: the whole address for IPv4, the /64 for IPv6. Within
	// a lane the networks take turns.
	Network string
}

// Load is how busy a Hasher is.
type Load struct {
	Waiting int           // callers in the queue
	Running int           // hashes being computed
	Wait    time.Duration // what a caller who came now would wait, about
}

// queue hands out a fixed number of turns. Who gets one runs in its own
// goroutine and gives the turn back.
type queue struct {
	mu      sync.Mutex
	free    int // turns that nobody has
	workers int
	closed  bool
	idle    chan struct{} // closed when the queue is and no turn is taken
	known   lane
	others  lane
	inRow   int // known callers that went before waiting others
}

// ticket is one waiting caller. Its channel is closed when it is decided.
type ticket struct {
	network string
	decided chan struct{}
	granted bool // read after decided is closed
}

func newQueue(workers int) *queue {
	workers = max(workers, 1)

	return &queue{free: workers, workers: workers, idle: make(chan struct{})}
}

// enter waits for a turn. On nil the caller has one and must leave.
func (q *queue) enter(ctx context.Context, c Caller) error {
	err := ctx.Err()
	if err != nil {
		return err
	}
	t, err := q.join(c)
	if err != nil || t == nil {
		return err
	}

	timer := time.NewTimer(MaxWait)
	defer timer.Stop()
	select {
	case <-t.decided:
		err = ErrBusy
	case <-ctx.Done():
		err = ctx.Err()
	case <-timer.C:
		err = ErrBusy
	}

	return q.settle(t, c, err)
}

// join takes a free turn (no ticket) or a place in the queue (a ticket).
func (q *queue) join(c Caller) (*ticket, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil, ErrBusy
	}
	// A turn is free only while nobody waits: leave passes it on at once.
	if q.free > 0 {
		q.free--

		return nil, nil //nolint:nilnil // no ticket: it is the caller's turn
	}

	mine, other := q.lanes(c)
	if mine.count >= laneLimit || mine.count+other.count >= MaxWaiting {
		// Whoever fills the queue from one network makes room for the rest.
		last := mine.dropFor(c.Network)
		if last == nil {
			return nil, ErrBusy
		}
		close(last.decided)
	}
	t := &ticket{network: c.Network, decided: make(chan struct{})}
	mine.push(t)

	return t, nil
}

// settle ends the wait with err, unless the ticket was granted: also in the
// instant in which the caller gave up, for then the turn is its own to use.
func (q *queue) settle(t *ticket, c Caller, err error) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if t.granted {
		return nil
	}
	mine, _ := q.lanes(c)
	mine.remove(t)

	return err
}

// leave gives the turn to the next caller.
func (q *queue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	t := q.next()
	if t == nil {
		q.free++
		if q.closed && q.free == q.workers {
			close(q.idle)
		}

		return
	}
	t.granted = true
	close(t.decided)
}

// next takes the caller whose turn it is out of its lane.
func (q *queue) next() *ticket {
	first := q.known.count > 0
	if first && q.others.count > 0 && q.inRow >= knownInRow {
		first = false
	}
	if !first {
		q.inRow = 0

		return q.others.pop()
	}
	if q.others.count > 0 {
		q.inRow++
	}

	return q.known.pop()
}

// lanes returns the lane of the caller and the other one.
func (q *queue) lanes(c Caller) (*lane, *lane) {
	if c.Known {
		return &q.known, &q.others
	}

	return &q.others, &q.known
}

// close sends everybody away who waits, and whoever comes later, and returns
// when the turns that were granted are over.
func (q *queue) close() {
	q.mu.Lock()
	if !q.closed {
		q.closed = true
		for _, l := range []*lane{&q.known, &q.others} {
			for t := l.pop(); t != nil; t = l.pop() {
				close(t.decided)
			}
		}
		if q.free == q.workers {
			close(q.idle)
		}
	}
	q.mu.Unlock()
	<-q.idle
}

// load returns how many wait and how many have a turn.
func (q *queue) load() Load {
	q.mu.Lock()
	defer q.mu.Unlock()

	return Load{Waiting: q.known.count + q.others.count, Running: q.workers - q.free}
}
