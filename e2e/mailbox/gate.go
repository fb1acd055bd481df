package mailbox

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// gate is where messages wait that were handed over whole.
type gate struct {
	next  chan struct{} // one is taken for each, all when it is closed
	unbar func()        // opens it for good; what came there is kept
	come  []string      // the recipients of those that came there, in order
}

// Gate makes every message wait from now on when it was handed over whole, at [AtData], as
// at a server that takes its time: until [Box.Let] has one of them taken, or [Box.Work] all.
func (b *Box) Gate() {
	b.tb.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gate != nil {
		b.tb.Fatal("the mail server has its gate already")
	}
	next := make(chan struct{})
	b.gate = &gate{next: next, unbar: sync.OnceFunc(func() { close(next) })}
}

// Let has one message taken that waits at the gate, or the next that comes there.
func (b *Box) Let() {
	b.tb.Helper()
	b.mu.Lock()
	g := b.gate
	b.mu.Unlock()
	select {
	case g.next <- struct{}{}:
	case <-time.After(patience):
		b.tb.Fatal("no message came to the gate")
	}
}

// Come are the recipients of the messages that came to the gate, in order, also of those
// that were taken since, whose address begins with a text.
func (b *Box) Come(beginning string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.gate == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(b.gate.come), func(to string) bool { return !strings.HasPrefix(to, beginning) })
}

// pass waits at the gate.
func (b *Box) pass(to []string) {
	b.mu.Lock()
	g := b.gate
	if g != nil {
		g.come = append(g.come, to...)
	}
	b.mu.Unlock()
	if g != nil {
		<-g.next
	}
}
