package account

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"countersign"
	"countersign/internal/limit"
	"countersign/internal/password"
)

// underway knows the passwords of each network that this process judges now. Each
// holds a try of its network until it turns out to be right. Were the count full
// of them, the people of a large office who sign in at the same moment would be
// sent away for an hour; so they go in a few at a time, and the rest wait.
type underway struct {
	mu sync.Mutex
	of map[string]*doorway
}

// doorway is one network's; it lasts while anybody is in it.
type doorway struct {
	in      int // answers that may take a try, or have
	taken   map[*PasswordAnswer]struct{}
	waiting []chan struct{} // closed when it is the answer's turn
}

// mostUnderway leaves tries of a network to three other processes.
func mostUnderway() int { return int(limit.RuleOf(limit.Address).Most / 4) }

// enter waits until few enough passwords of the network are under way. On nil the
// caller must leave. Errors: password.ErrBusy, and the context's.
func (u *underway) enter(ctx context.Context, network string) error {
	turn, err := u.join(network)
	if turn == nil {
		return err
	}
	timer := time.NewTimer(password.MaxWait)
	defer timer.Stop()
	select {
	case <-turn:
		return nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-timer.C:
		err = password.ErrBusy
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	d := u.of[network]
	if i := slices.Index(d.waiting, turn); i >= 0 {
		d.waiting = slices.Delete(d.waiting, i, i+1)
		return err
	}
	return nil // its turn came in the same instant, and is its own to use
}

// join goes in (nil and nil), or gets a place among those who wait.
func (u *underway) join(network string) (chan struct{}, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	d := u.of[network]
	if d == nil {
		d = &doorway{taken: map[*PasswordAnswer]struct{}{}}
		if u.of == nil {
			u.of = map[string]*doorway{}
		}
		u.of[network] = d
	}
	switch {
	case d.in < mostUnderway():
		d.in++
		return nil, nil //nolint:nilnil // no turn to wait for: it has come
	case len(d.waiting) >= password.MaxWaiting:
		return nil, password.ErrBusy
	}
	turn := make(chan struct{})
	d.waiting = append(d.waiting, turn)
	return turn, nil
}

// leave makes room for who waits longest.
func (u *underway) leave(network string, a *PasswordAnswer) {
	u.mu.Lock()
	defer u.mu.Unlock()
	d := u.of[network]
	delete(d.taken, a)
	if len(d.waiting) > 0 {
		close(d.waiting[0])
		d.waiting = d.waiting[1:]
		return
	}
	d.in--
	if d.in == 0 {
		delete(u.of, network)
	}
}

// took notes that an answer holds a try of its network. It may be called again:
// transactions run more than once.
func (u *underway) took(network string, a *PasswordAnswer) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.of[network].taken[a] = struct{}{}
}

// full tells whether tries of the network are held by answers under way.
func (u *underway) full(network string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.of[network].taken) > 0
}

// crowded asks somebody to come back when the passwords before theirs are judged.
func (s *Service) crowded() error {
	return &countersign.Error{
		Kind: countersign.Unavailable, Code: "busy", RetryAfter: time.Second + s.Hasher.Load().Wait,
		Err: errors.New("the tries of this network are all under way"),
	}
}
