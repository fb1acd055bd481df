package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// nodes carries rings between the processes of one PostgreSQL database, by its NOTIFY
// and LISTEN. NOTIFY is sent after the commit and not in it: PostgreSQL would let one
// transaction at a time commit.
//
// It is a hint and no more: when the connection is lost, rings of others are missed
// until it is there again, and then everybody is woken to look.
type nodes struct {
	bells *bells
	db    *sql.DB
	url   string
	log   *slog.Logger
	idle  time.Duration // without a ring, after which the connection is tried

	once  sync.Once
	out   chan string
	ctx   context.Context // ends with the store
	end   context.CancelFunc
	tasks sync.WaitGroup
}

const (
	// channel is PostgreSQL's name for what is said between nodes.
	channel = "countersign_wake"
	// mostUntold bounds the rings that wait to be sent on; more are dropped.
	mostUntold = 1024
	// tellWithin and tryWithin bound one exchange with the database.
	tellWithin = 2 * time.Second
	tryWithin  = 5 * time.Second
	// hearAgain is the pause before the connection is made anew.
	hearAgain = time.Second
	hearIdle  = 30 * time.Second
)

func newNodes(s *Store, url string) *nodes {
	n := &nodes{bells: &s.bells, db: s.db, url: url, log: s.log, idle: hearIdle, out: make(chan string, mostUntold)}
	n.ctx, n.end = context.WithCancel(context.Background())
	n.tasks.Go(n.send)
	return n
}

// listen begins to hear other nodes, at the first call: the commands of the shell,
// which wait for nothing, need no connection for it.
func (n *nodes) listen() { n.once.Do(func() { n.tasks.Go(n.hear) }) }

func (n *nodes) close() {
	n.end()
	n.once.Do(func() {}) // nobody begins to listen now
	n.tasks.Wait()
}

// tell has a ring sent to the other nodes.
func (n *nodes) tell(topic string) {
	select {
	case n.out <- topic:
	default: // they look by themselves
	}
}

func (n *nodes) send() {
	for {
		select {
		case <-n.ctx.Done():
			return
		case topic := <-n.out:
			ctx, cancel := context.WithTimeout(n.ctx, tellWithin)
			_, err := n.db.ExecContext(ctx, "SELECT pg_notify($1, $2)", channel, topic)
			cancel()
			if err != nil && n.ctx.Err() == nil {
				n.log.Warn("other nodes could not be told of a change, and will find it by themselves", "err", err)
			}
		}
	}
}

func (n *nodes) hear() {
	lost := false
	for n.ctx.Err() == nil {
		err := n.attend(func() {
			if lost {
				n.log.Info("changes of other nodes are heard again")
			}
			lost = false
		})
		if n.ctx.Err() != nil {
			return
		}
		if !lost {
			n.log.Warn("changes of other nodes are not heard at once for now", "err", err)
		}
		lost = true
		select {
		case <-n.ctx.Done():
		case <-time.After(hearAgain):
		}
	}
}

// attend hears on a connection of its own until that breaks.
func (n *nodes) attend(ready func()) error {
	conn, err := n.connect()
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), tellWithin)
		defer cancel()
		_ = conn.Close(ctx) // it is broken, or of no use any more
	}()
	ready()
	n.bells.all()
	for {
		topic, err := n.next(conn)
		if err != nil {
			return err
		}
		if topic != "" {
			n.bells.ring(topic)
		}
	}
}

func (n *nodes) connect() (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(n.ctx, tryWithin)
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

// next waits for a topic. After a while without one it tries the connection, which may
// have died without a word, and returns "".
func (n *nodes) next(conn *pgx.Conn) (string, error) {
	ctx, cancel := context.WithTimeout(n.ctx, n.idle)
	defer cancel()
	notification, err := conn.WaitForNotification(ctx)
	if err == nil {
		return notification.Payload, nil
	}
	if ctx.Err() == nil || n.ctx.Err() != nil {
		return "", err
	}
	ctx, cancel = context.WithTimeout(n.ctx, tryWithin)
	defer cancel()
	return "", conn.Ping(ctx)
}
