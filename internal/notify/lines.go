package notify

import (
	"slices"
	"sync"
	"time"
)

// lines are those that wait for the next mail.
type lines struct {
	most int
	idle time.Duration

	mu        sync.Mutex
	waiting   []*line // the one used last stands last
	closed    bool
	farewells sync.WaitGroup
}

// take returns the line that was used last, or nil. The others come to their
// end when there is not enough work for them.
func (p *lines) take(now time.Time) *line {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.waiting) > 0 {
		l := p.remove(len(p.waiting) - 1)
		if !l.worn(now) {
			return l
		}
		p.farewells.Go(l.quit)
	}
	return nil
}

// put lets a line wait, or ends it where it is worn or there are enough.
func (p *lines) put(l *line, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.waiting) >= p.most || l.worn(now) {
		p.dismiss(l)
		return
	}
	p.waiting = append(p.waiting, l)
	l.idle = time.AfterFunc(p.idle, func() { p.expire(l) })
}

// end ends a line over which a mail did not go.
func (p *lines) end(l *line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dismiss(l)
}

// dismiss ends a line and keeps nobody waiting.
func (p *lines) dismiss(l *line) {
	if p.closed {
		l.cut() // nobody waits for farewells any more
		return
	}
	p.farewells.Go(l.quit)
}

// expire ends a line that has waited long enough, unless it was taken in this
// very moment.
func (p *lines) expire(l *line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(p.waiting, l)
	if i >= 0 {
		p.farewells.Go(p.remove(i).quit)
	}
}

// remove takes a line out of those that wait.
func (p *lines) remove(i int) *line {
	l := p.waiting[i]
	l.idle.Stop()
	p.waiting = slices.Delete(p.waiting, i, i+1)
	return l
}

// close ends the lines that wait, and returns when they and all that were ended
// before are gone, which takes no longer than farewell.
func (p *lines) close() {
	p.mu.Lock()
	p.closed = true
	for len(p.waiting) > 0 {
		p.farewells.Go(p.remove(len(p.waiting) - 1).quit)
	}
	p.mu.Unlock()
	p.farewells.Wait()
}
