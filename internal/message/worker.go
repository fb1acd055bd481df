package message

import (
	"context"
	"math"
	"sync"
	"time"

	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/trouble"
)

// Parallel mails are under way at once in one process, so that one server that
// hangs does not hold up the rest. Not all of them go to what is not urgent.
const Parallel = 4

// parallelPushes are under way at once; a person waits for each.
const parallelPushes = 16

// The channels. Each has workers of its own: a mail server that is slow must not hold
// up the phone that somebody looks at, nor a push service the mails.
const (
	byEmail = "email"
	byPush  = "push"
)

// topic is the bell that a message posted to a channel rings.
func topic(channel string) string { return "outbox:" + channel }

const (
	// lease is how long a claimed message belongs to its worker. It is longer
	// than any conversation; after a crash another worker takes over.
	lease = time.Minute
	// look is how often a worker looks without being woken: for retries, and
	// for what other processes posted.
	look = 2 * time.Second
	// patience is how long the database may take to name what is due.
	patience = 10 * time.Second
	// grace is how long conversations under way may go on when the server stops.
	grace = 5 * time.Second
	// keepDevelopment is how long kept messages stay.
	keepDevelopment = 7 * 24 * time.Hour
	sweepEvery      = time.Hour
)

// KeepRecords is how long the bodiless rows of finished messages stay.
const KeepRecords = 30 * 24 * time.Hour

// Run gets messages out until ctx ends, and returns when the last conversation
// is over. Faults of the database are logged and waited out.
func (o *Outbox) Run(ctx context.Context) error {
	if o.mailer != nil {
		// A server has been configured since: what development kept, links
		// included, is of no use to anybody good.
		o.sweep(ctx, math.MaxInt64)
	}
	// Conversations outlive ctx by a little, so that a mail that is being
	// taken is also marked as taken.
	sending, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var underway sync.WaitGroup
	defer underway.Wait()

	var lanes sync.WaitGroup
	lanes.Go(func() { o.work(ctx, sending, &underway, byPush, parallelPushes) })
	lanes.Go(func() { o.work(ctx, sending, &underway, byText, parallelTexts) })
	o.work(ctx, sending, &underway, byEmail, Parallel)
	lanes.Wait()
	time.AfterFunc(grace, stop)
	return nil
}

// work gets the messages of one channel out until ctx ends.
func (o *Outbox) work(ctx, sending context.Context, underway *sync.WaitGroup, channel string, parallel int) {
	bell, unheard := o.store.Listen(topic(channel))
	defer unheard()
	tick := time.NewTicker(look)
	defer tick.Stop()
	l := &lane{channel: channel, parallel: parallel}
	l.unread = trouble.New(o.log.With("channel", channel), o.now, "read the outbox")
	done := make(chan Urgency, parallel)
	var swept time.Time
	for {
		for _, row := range o.claim(ctx, l) {
			underway.Go(func() {
				o.deliver(sending, row)
				done <- Urgency(row.Urgency)
			})
		}
		select {
		case <-ctx.Done():
			return
		case u := <-done:
			l.under[u]--
		case <-bell:
		case <-tick.C:
			if now := o.now(); channel == byEmail && now.Sub(swept) >= sweepEvery {
				swept = now
				o.sweep(ctx, now.Add(-keepDevelopment).UnixMilli())
			}
		}
	}
}

// claim takes messages that are due, for the workers that are free.
func (o *Outbox) claim(ctx context.Context, l *lane) []rows.Message {
	if l.free() == 0 || ctx.Err() != nil {
		return nil
	}
	// A database that takes the question and says nothing is asked again.
	asking, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	now := o.now().UnixMilli()
	next, err := o.store.Read().NextDue(asking, l.channel)
	if err == nil && (next == 0 || next > now) {
		l.unread.Note(ctx, nil)
		return nil
	}
	var turns []rows.ListTurnsRow
	if err == nil {
		turns, err = o.store.Read().ListTurns(asking, l.channel, now)
	}
	var claimed []rows.Message
	if err == nil && l.any(turns) {
		var after lane
		err = o.store.Write(asking, func(tx *store.Tx) error {
			after = *l // it may run more than once
			var err error
			claimed, err = after.claim(tx, turns)
			return err
		})
		if err == nil {
			*l = after
		}
	}
	l.unread.Note(ctx, err)
	if err != nil {
		return nil
	}
	return claimed
}

// sweep removes old rows, and those that development kept before a moment.
func (o *Outbox) sweep(ctx context.Context, keptBefore int64) {
	err := o.store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.DeleteKept(tx.Ctx, keptBefore)
		if err != nil {
			return err
		}
		_, err = tx.ErasePassed(tx.Ctx, []byte{}, tx.NowMilli())
		if err != nil {
			return err
		}
		_, err = tx.DeleteOldMessages(tx.Ctx, tx.Now.Add(-KeepRecords).UnixMilli())
		return err
	})
	if err != nil && ctx.Err() == nil {
		o.log.ErrorContext(ctx, "old messages cannot be removed", "err", err)
	}
}
