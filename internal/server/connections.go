package server

import (
	"container/list"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
)

// mostConnections is how many connections a process holds open. One that sends its
// request a byte at a time costs some 100 KiB until the limits of time end it.
const mostConnections = 2048

// spareFiles are the open files that connections leave to the database and the rest.
const spareFiles = 256

// roomFor is how many connections a process that may open so many files holds.
func roomFor(files uint64) int {
	if files == 0 || files >= mostConnections+spareFiles {
		return mostConnections
	}
	return max(int(files)-spareFiles, 16) //nolint:gosec // G115: smaller than the sum above
}

// connections bounds how many are open. A server that let new ones wait instead
// would be closed to everybody by whoever opens that many and says nothing. Here the
// newest is always taken, and another goes: of the sort of which there are most (they
// wait for the next request, or are at one, or have not sent the whole header of their
// first) the one that has been so for the longest time. So a crowd of lazy connections
// pays for itself, and not the few who are being served; a browser whose idle
// connection is closed opens another without telling anybody (RFC 9112, section 9.5).
type connections struct {
	most int

	mu     sync.Mutex
	places map[net.Conn]place
	// The front of each has been in it for the longest time.
	idle, busy, silent *list.List
}

type place struct {
	in *list.List
	at *list.Element
}

func newConnections(most int) *connections {
	return &connections{most: most, places: map[net.Conn]place{}, idle: list.New(), busy: list.New(), silent: list.New()}
}

// noted follows a connection's state; it is the server's ConnState hook.
func (c *connections) noted(conn net.Conn, state http.ConnState) {
	victim := c.move(conn, state)
	if victim == nil {
		return
	}
	if encrypted, ok := victim.(*tls.Conn); ok {
		// TLS would take leave of the client first, and wait for a slow one.
		victim = encrypted.NetConn()
	}
	_ = victim.Close()
}

// move returns the connection that must go, if one must.
func (c *connections) move(conn net.Conn, state http.ConnState) net.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch p, here := c.places[conn]; {
	case here:
		p.in.Remove(p.at)
		delete(c.places, conn)
	case state != http.StateNew:
		return nil // one that had to go is not back because the server still notes its end
	}
	switch state {
	case http.StateNew:
		c.put(conn, c.silent)
	case http.StateActive:
		c.put(conn, c.busy)
	case http.StateIdle:
		c.put(conn, c.idle)
	case http.StateHijacked, http.StateClosed:
	}
	if len(c.places) <= c.most {
		return nil
	}
	crowd := c.idle
	for _, other := range []*list.List{c.busy, c.silent} {
		if other.Len() > crowd.Len() {
			crowd = other
		}
	}
	victim, _ := crowd.Remove(crowd.Front()).(net.Conn)
	delete(c.places, victim)
	return victim
}

func (c *connections) put(conn net.Conn, in *list.List) {
	c.places[conn] = place{in: in, at: in.PushBack(conn)}
}
