package server

import (
	"container/list"
	"crypto/tls"
	"net"
	"net/http"
	"slices"
	"sync"
)

// mostConnections is how many connections a process holds open. One that sends its
// request a byte at a time costs some 100 KiB until the limits of time end it.
const mostConnections = 2048

// mostWaiting is how many further connections may have a request that waits for
// something to happen elsewhere: a page that waits for the phone, a device for a
// question. Each costs some 30 KiB.
const mostWaiting = 12_000

// mostOfOne is how many of those one sign-in, session or device may have.
const mostOfOne = 5

// spareFiles are the open files that connections leave to the database and the rest.
const spareFiles = 256

// room is how many connections a process holds.
type room struct {
	most    int // but for those that wait
	waiting int
}

// roomFor is the room of a process that may open so many files.
func roomFor(files uint64) room {
	if files == 0 || files >= mostConnections+mostWaiting+spareFiles {
		return room{mostConnections, mostWaiting}
	}
	all := max(int(files)-spareFiles, 32)
	waiting := max(all-mostConnections, all/2)
	return room{all - waiting, waiting}
}

// connections bounds how many are open. A server that let new ones wait instead
// would be closed to everybody by whoever opens that many and says nothing. Here the
// newest is always taken, and another goes: of the sort of which there are most (they
// wait for the next request, or are at one, or have not sent the whole header of their
// first) the one that has been so for the longest time. So a crowd of lazy connections
// pays for itself, and not the few who are being served; a browser whose idle
// connection is closed opens another without telling anybody (RFC 9112, section 9.5).
//
// Those whose request waits for something to happen elsewhere are counted apart. They
// are not lazy, and there may be many; where there are too many, the one that waits for
// the longest time is answered, and asks again.
type connections struct {
	room room

	mu     sync.Mutex
	places map[net.Conn]place
	// The front of each has been in it for the longest time.
	idle, busy, silent, waiting *list.List
	// of are the connections that wait, by whose they are, the oldest first.
	of map[string][]net.Conn
}

type place struct {
	in *list.List
	at *list.Element
	// whose it is that waits, and what ends that.
	whose string
	leave func()
}

func newConnections(r room) *connections {
	return &connections{
		room: r, places: map[net.Conn]place{}, of: map[string][]net.Conn{},
		idle: list.New(), busy: list.New(), silent: list.New(), waiting: list.New(),
	}
}

// noted follows a connection's state; it is the server's ConnState hook.
func (c *connections) noted(conn net.Conn, state http.ConnState) {
	cut(c.move(conn, state))
}

// cut closes the connection that must go, if one must.
func cut(victim net.Conn) {
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
	if !c.take(conn) && state != http.StateNew {
		return nil // one that had to go is not back because the server still notes its end
	}
	switch state {
	case http.StateNew:
		c.put(conn, place{in: c.silent})
	case http.StateActive:
		c.put(conn, place{in: c.busy})
	case http.StateIdle:
		c.put(conn, place{in: c.idle})
	case http.StateHijacked, http.StateClosed:
	}
	return c.tooMany()
}

// tooMany takes the place of the connection that must go, if one must.
func (c *connections) tooMany() net.Conn {
	if len(c.places)-c.waiting.Len() <= c.room.most {
		return nil
	}
	crowd := c.idle
	for _, other := range []*list.List{c.busy, c.silent} {
		if other.Len() > crowd.Len() {
			crowd = other
		}
	}
	victim, _ := crowd.Front().Value.(net.Conn)
	c.take(victim)
	return victim
}

func (c *connections) put(conn net.Conn, p place) {
	p.at = p.in.PushBack(conn)
	c.places[conn] = p
	if p.in == c.waiting {
		c.of[p.whose] = append(c.of[p.whose], conn)
	}
}

// take tells whether the connection had a place.
func (c *connections) take(conn net.Conn) bool {
	p, here := c.places[conn]
	if !here {
		return false
	}
	p.in.Remove(p.at)
	delete(c.places, conn)
	if p.in != c.waiting {
		return true
	}
	rest := slices.DeleteFunc(c.of[p.whose], func(other net.Conn) bool { return other == conn })
	c.of[p.whose] = rest
	if len(rest) == 0 {
		delete(c.of, p.whose)
	}
	return true
}
