package server

import (
	"container/list"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
)

// mostConnections is how many connections a process holds open. One that sends its
// request a byte at a time costs some 90 KiB until the limits of time end it, and
// each is an open file, of which the database needs some too.
const mostConnections = 2048

// connections bounds how many are open. A server that let new ones wait instead
// would be closed to everybody by whoever opens that many and says nothing. Here the
// newest is always taken, and the one that gives least for its place goes: the one
// longest without a request, and where all have one, the one longest at it. A person's
// request takes a fraction of a second; who is cut off while idle connects again
// without noticing (RFC 9112, section 9.5).
type connections struct {
	most int

	mu     sync.Mutex
	places map[net.Conn]place
	// idle wait for a request; owing have sent none yet, or are at one. The front of
	// each has been so for the longest time.
	idle, owing *list.List
}

type place struct {
	in *list.List
	at *list.Element
}

func newConnections(most int) *connections {
	return &connections{most: most, places: map[net.Conn]place{}, idle: list.New(), owing: list.New()}
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
	c.drop(conn)
	switch state {
	case http.StateNew, http.StateActive:
		c.put(conn, c.owing)
	case http.StateIdle:
		c.put(conn, c.idle)
	case http.StateHijacked, http.StateClosed:
	}
	if len(c.places) <= c.most {
		return nil
	}
	front := c.idle.Front()
	if front == nil {
		front = c.owing.Front()
	}
	victim, _ := front.Value.(net.Conn)
	c.drop(victim)
	return victim
}

func (c *connections) put(conn net.Conn, in *list.List) {
	c.places[conn] = place{in: in, at: in.PushBack(conn)}
}

func (c *connections) drop(conn net.Conn) {
	p, ok := c.places[conn]
	if !ok {
		return
	}
	p.in.Remove(p.at)
	delete(c.places, conn)
}
