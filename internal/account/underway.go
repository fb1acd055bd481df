package account

import (
	"context"
	"errors"
	"sync"
	"time"

	"countersign"
	"countersign/internal/limit"
	"countersign/internal/password"
	"countersign/internal/turn"
)

// underway knows the passwords of each network that this process judges now. Each
// holds a try of its network until it turns out to be right. Were the count full
// of them, the people of a large office who sign in at the same moment would be
// sent away for an hour; so they go in a few at a time, and the rest wait.
type underway struct {
	lines turn.Lines

	mu    sync.Mutex
	taken map[string]map[*PasswordAnswer]struct{}
}

// mostUnderway leaves tries of a network to three other processes.
func mostUnderway() int { return int(limit.RuleOf(limit.Address).Most / 4) }

// enter waits until few enough passwords of the network are under way. On nil the
// caller must leave. Errors: password.ErrBusy, and the context's.
func (u *underway) enter(ctx context.Context, network string) error {
	err := u.lines.Enter(ctx, network, turn.Most{In: mostUnderway(), Waiting: password.MaxWaiting, Wait: password.MaxWait})
	if errors.Is(err, turn.ErrCrowd) {
		return password.ErrBusy
	}
	return err
}

// took notes that an answer holds a try of its network. It may be called again:
// transactions run more than once.
func (u *underway) took(network string, a *PasswordAnswer) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.taken[network] == nil {
		if u.taken == nil {
			u.taken = map[string]map[*PasswordAnswer]struct{}{}
		}
		u.taken[network] = map[*PasswordAnswer]struct{}{}
	}
	u.taken[network][a] = struct{}{}
}

// full tells whether tries of the network are held by answers under way.
func (u *underway) full(network string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.taken[network]) > 0
}

// leave makes room for who waits longest.
func (u *underway) leave(network string, a *PasswordAnswer) {
	u.mu.Lock()
	delete(u.taken[network], a)
	if len(u.taken[network]) == 0 {
		delete(u.taken, network)
	}
	u.mu.Unlock()
	u.lines.Leave(network)
}

// crowded asks somebody to come back when the passwords before theirs are judged.
func (s *Service) crowded() error {
	return &countersign.Error{
		Kind: countersign.Unavailable, Code: "busy", RetryAfter: time.Second + s.Hasher.Load().Wait,
		Err: errors.New("the tries of this network are all under way"),
	}
}
