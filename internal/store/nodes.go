package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"countersign/internal/seal"
)

// nodes carries rings between the processes of one PostgreSQL database, by its NOTIFY
// and LISTEN. NOTIFY is sent after the commit and not in it: PostgreSQL would let one
// transaction at a time commit.
//
// It is a hint and no more. But where rings may have been missed, those of others while
// the connection was lost or ours that could not be sent, everybody is woken to look as
// soon as that is possible.
type nodes struct {
	bells *bells
	db    *sql.DB
	url   string
	log   *slog.Logger
	name  string        // of this process, before each topic
	idle  time.Duration // without a ring, after which the connection is tried

	once   sync.Once
	over   sync.Once
	out    chan string
	missed atomic.Bool   // a ring was not sent
	quit   chan struct{} // closed when the store closes
	ctx    context.Context
	end    context.CancelFunc
	tasks  sync.WaitGroup
}

const (
	// channel is PostgreSQL's name for what is said between nodes.
	channel = "countersign_wake"
	// mostUntold bounds the rings that wait to be sent on.
	mostUntold = 1024
	// mostAtOnce is how many of them go together.
	mostAtOnce = 128
	// tellWithin and tryWithin bound one exchange with the database.
	tellWithin = 2 * time.Second
	tryWithin  = 5 * time.Second
	// again is the pause before what failed is tried again; it doubles up to longAgain
	// as long as it keeps failing.
	again     = time.Second
	longAgain = 30 * time.Second
	hearIdle  = 30 * time.Second
	// everything is said in the place of a topic: look at all of them.
	everything = "*"
	// probe is said to oneself.
	probe = "?"
)

func newNodes(s *Store, url string) *nodes {
	n := &nodes{
		bells: &s.bells, db: s.db, url: url, log: s.log, name: seal.ID("nod"), idle: hearIdle,
		out: make(chan string, mostUntold), quit: make(chan struct{}),
	}
	n.ctx, n.end = context.WithCancel(context.Background())
	n.tasks.Go(n.send)
	return n
}

// listen begins to hear other nodes, at the first call: the commands of the shell,
// which wait for nothing, need no connection for it.
func (n *nodes) listen() { n.once.Do(func() { n.tasks.Go(n.hear) }) }

// close sends what is still to be sent, for a moment, and ends.
func (n *nodes) close() {
	n.over.Do(func() { close(n.quit) })
	n.once.Do(func() {}) // nobody begins to listen now
	late := time.AfterFunc(tellWithin, n.end)
	n.tasks.Wait()
	late.Stop()
	n.end()
}

// tell has a ring sent to the other nodes.
func (n *nodes) tell(topic string) {
	select {
	case n.out <- topic:
	default:
		n.missed.Store(true)
	}
}

func (n *nodes) send() {
	tick := time.NewTicker(again)
	defer tick.Stop()
	for {
		if n.sayMissed() {
			select {
			case topic := <-n.out:
				n.sayAll(topic)
				continue
			default:
			}
		}
		ring := n.out
		if n.missed.Load() {
			ring = nil // it is part of what is missed
		}
		select {
		case topic := <-ring:
			n.sayAll(topic)
		case <-tick.C: // what tell could not queue is looked for
		case <-n.quit:
			if len(n.out) == 0 || ring == nil || n.ctx.Err() != nil {
				return
			}
		}
	}
}

// sayAll sends a ring and those that wait behind it.
func (n *nodes) sayAll(topic string) {
	topics := []string{topic}
	for range min(len(n.out), mostAtOnce-1) {
		topics = append(topics, <-n.out)
	}
	n.say(topics...)
}

// say sends rings; those that cannot be sent are missed. Each NOTIFY takes part in a
// commit, and PostgreSQL lets one such commit at a time; so those that wait go together,
// and nobody waits for the disk: after a power cut nobody waits for a ring either.
func (n *nodes) say(topics ...string) {
	ctx, cancel := context.WithTimeout(n.ctx, tellWithin)
	defer cancel()
	payloads := make([]string, len(topics))
	for i, topic := range topics {
		payloads[i] = n.name + " " + topic
	}
	_, err := n.db.ExecContext(ctx, "SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, said) FROM unnest($2::text[]) AS said", channel, payloads)
	if err == nil {
		return
	}
	if !n.missed.Swap(true) {
		n.log.Warn("other nodes are not told of changes at once for now", "err", err)
	}
}

// sayMissed has everybody look, where rings were missed, in the place of those that
// wait. It tells whether none is missed now.
func (n *nodes) sayMissed() bool {
	if !n.missed.Load() {
		return true
	}
	for len(n.out) > 0 {
		<-n.out
	}
	n.missed.Store(false)
	n.say(everything)
	return !n.missed.Load()
}

func (n *nodes) hear() {
	lost, pause := false, again
	for n.ctx.Err() == nil {
		heard, err := n.attend(func() {
			if lost {
				n.log.Info("changes of other nodes are heard again")
			}
			lost = false
		})
		if n.closing() {
			return
		}
		if !lost {
			n.log.Warn("changes of other nodes are not heard at once for now", "err", err)
		}
		lost = true
		if heard {
			pause = again
		}
		select {
		case <-n.quit:
		case <-time.After(pause):
		}
		pause = min(2*pause, longAgain) // each time that it comes back, everybody looks
	}
}

func (n *nodes) closing() bool {
	select {
	case <-n.quit:
		return true
	default:
		return false
	}
}

// attend hears on a connection of its own until that breaks, and tells whether it
// heard anything.
func (n *nodes) attend(ready func()) (bool, error) {
	ctx, cancel := context.WithCancel(n.ctx)
	defer cancel()
	n.tasks.Go(func() {
		select {
		case <-n.quit:
			cancel()
		case <-ctx.Done():
		}
	})
	conn, err := n.connect(ctx)
	if err != nil {
		return false, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), tellWithin)
		defer cancel()
		_ = conn.Close(ctx) // it is broken, or of no use any more
	}()
	ready()
	n.bells.all()
	for heard := false; ; heard = true {
		payload, err := n.next(ctx, conn)
		if err != nil {
			return heard, err
		}
		n.heard(payload)
	}
}

// heard rings what another node says; this one's own was rung when it was said.
func (n *nodes) heard(payload string) {
	from, topic, _ := strings.Cut(payload, " ")
	switch {
	case from == n.name:
	case topic == everything:
		n.bells.all()
	default:
		n.bells.ring(topic)
	}
}

func (n *nodes) connect(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, tryWithin)
	defer cancel()
	conn, err := pgx.Connect(ctx, n.url)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	_, err = conn.Exec(ctx, "LISTEN "+channel)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen: %w", err), conn.Close(ctx))
	}
	return conn, nil
}

// next waits for what is said. After a while without anything it says something to
// itself: a connection may have died without a word, or have a pooler before it that
// keeps what it should hear.
func (n *nodes) next(ctx context.Context, conn *pgx.Conn) (string, error) {
	payload, err := wait(ctx, conn, n.idle)
	if err == nil || !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
		return payload, err
	}
	n.say(probe)
	payload, err = wait(ctx, conn, tryWithin)
	if err != nil {
		return "", fmt.Errorf("nothing is heard any more: %w", err)
	}
	return payload, nil
}

func wait(ctx context.Context, conn *pgx.Conn, most time.Duration) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	notification, err := conn.WaitForNotification(ctx)
	if err != nil {
		return "", errors.Join(err, ctx.Err())
	}
	return notification.Payload, nil
}
