package account

import "sync"

// lately are counts at which this process refused an answer because of a lock. It is a
// hint where to look before a transaction is begun: a flood of answers during a lock
// would otherwise take turns at the person's row, and the person wait among them.
// Nothing is refused by it, only by what is stored.
type lately struct {
	mu      sync.Mutex
	refused map[count]struct{}
}

// mostLately bounds its memory; what is forgotten costs a transaction.
const mostLately = 4096

// note keeps whether a count refused.
func (l *lately) note(c count, refused bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !refused {
		delete(l.refused, c)
		return
	}
	if l.refused == nil || len(l.refused) >= mostLately {
		l.refused = map[count]struct{}{}
	}
	l.refused[c] = struct{}{}
}

// has tells whether a count refused when it was last asked.
func (l *lately) has(c count) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, found := l.refused[c]
	return found
}
