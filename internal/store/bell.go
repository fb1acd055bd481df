package store

import "sync"

// bells wake those who wait for rows of a kind, or for one row. A ring is a hint, the
// row is the truth: whoever waits also looks by itself from time to time.
type bells struct {
	mu      sync.Mutex
	waiting map[string]map[chan struct{}]bool
}

// Listen returns a channel that gets a value after topic was rung, in this process or,
// where that was by [Store.Wake], in another one; and a function that ends it, to be
// called once. Rings that come while one is still unread are one ring.
//
// Whoever waits for a row listens first and reads it then: what comes between is heard.
func (s *Store) Listen(topic string) (<-chan struct{}, func()) {
	if s.nodes != nil {
		s.nodes.listen()
	}
	c := make(chan struct{}, 1)
	s.bells.add(topic, c)
	return c, func() { s.bells.remove(topic, c) }
}

// Ring wakes the listeners of topic in this process.
func (s *Store) Ring(topic string) { s.bells.ring(topic) }

// Wake wakes the listeners of topic in every process that serves this database. It is
// for after a commit ([Tx.After]), returns at once, and says nothing but the topic: an
// identifier, never a secret.
func (s *Store) Wake(topic string) {
	s.bells.ring(topic)
	if s.nodes != nil {
		s.nodes.tell(topic)
	}
}

func (b *bells) add(topic string, c chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waiting == nil {
		b.waiting = map[string]map[chan struct{}]bool{}
	}
	if b.waiting[topic] == nil {
		b.waiting[topic] = map[chan struct{}]bool{}
	}
	b.waiting[topic][c] = true
}

func (b *bells) remove(topic string, c chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.waiting[topic], c)
	if len(b.waiting[topic]) == 0 {
		delete(b.waiting, topic)
	}
}

func (b *bells) ring(topic string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.waiting[topic] {
		strike(c)
	}
}

// all rings every topic: something may have been missed.
func (b *bells) all() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, listeners := range b.waiting {
		for c := range listeners {
			strike(c)
		}
	}
}

func strike(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
