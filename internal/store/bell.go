package store

import "sync"

// bells wake those who wait for rows of a kind. A ring is a hint, the row is
// the truth: whoever waits also looks by itself from time to time.
type bells struct {
	mu      sync.Mutex
	waiting map[string][]chan struct{}
}

// Listen returns a channel that gets a value after a commit that rang topic.
// Rings that come while one is still unread are one ring.
func (s *Store) Listen(topic string) <-chan struct{} {
	s.bells.mu.Lock()
	defer s.bells.mu.Unlock()
	if s.bells.waiting == nil {
		s.bells.waiting = map[string][]chan struct{}{}
	}
	c := make(chan struct{}, 1)
	s.bells.waiting[topic] = append(s.bells.waiting[topic], c)
	return c
}

// Ring wakes the listeners of topic in this process.
func (s *Store) Ring(topic string) {
	s.bells.mu.Lock()
	defer s.bells.mu.Unlock()
	for _, c := range s.bells.waiting[topic] {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}
