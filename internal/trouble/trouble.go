// Package trouble tells the log of what fails again and again: at once, then every ten
// minutes while it lasts, and when it is over. Loops that look every few seconds would fill
// it else while the database is away, and with that hide what else goes wrong.
//
// It owns nothing but when the log was told last. What failed, and how often it is tried,
// is its caller's; approve, message, people, server and signin call it.
package trouble

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Every is how long the log is not told again of what goes on failing.
const Every = 10 * time.Minute

// Trouble is one thing that may fail. It may be used by many goroutines.
type Trouble struct {
	log  *slog.Logger
	now  func() time.Time
	what string

	mu          sync.Mutex
	lasts       bool
	since, told time.Time
}

// New makes one that is well. what is done names it in the log, as "read the outbox".
func New(log *slog.Logger, now func() time.Time, what string) *Trouble {
	return &Trouble{log: log, now: now, what: what}
}

// Note takes how it went. With a context that has ended it does nothing: what ends now is no
// failure, and nothing is over.
func (t *Trouble) Note(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if err == nil {
		if t.lasts {
			t.log.InfoContext(ctx, "it works again", "what", t.what, "failed_for", now.Sub(t.since))
		}
		t.lasts = false
		return
	}
	if !t.lasts {
		t.lasts, t.since, t.told = true, now, time.Time{}
	}
	// A clock that was set back must not silence it.
	if since := now.Sub(t.told); since < 0 || since >= Every {
		t.told = now
		t.log.ErrorContext(ctx, "it fails, is tried again", "what", t.what, "err", err)
	}
}
