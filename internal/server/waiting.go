package server

import (
	"context"
	"net"
)

type connectionKey struct{}

// named puts the connection into the context of its requests; it is the server's
// ConnContext hook.
func named(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, conn)
}

// wait gives the connection of a request a place among those that wait for something to
// happen, until what it returns is called. leave has the request answered before that;
// it may be called at once. See web.Options.Waits.
func (c *connections) wait(ctx context.Context, whose string, leave func()) func() {
	conn, ok := ctx.Value(connectionKey{}).(net.Conn)
	if !ok {
		return func() {}
	}
	end, victim := c.enter(conn, whose, leave)
	end()
	cut(victim)
	return func() { cut(c.leave(conn)) }
}

// enter returns what ends the waiting of somebody, where too many wait, and the
// connection that must go, if one must. Of those of the same who waits, else of all, it
// is the one that has waited for the longest time. It is answered as
// if its time were over, so its page asks again by itself, and misses nothing: what it
// waits for is a row. The new one would have to be told to come back, and its person
// has only just opened it.
func (c *connections) enter(conn net.Conn, whose string, leave func()) (func(), net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.take(conn) {
		return leave, nil // it had to go
	}
	c.put(conn, place{in: c.waiting, whose: whose, leave: leave})
	oldest, _ := c.waiting.Front().Value.(net.Conn)
	switch {
	case len(c.of[whose]) > mostOfOne:
		oldest = c.of[whose][0]
	case c.waiting.Len() <= c.room.waiting:
		return func() {}, nil
	}
	end := c.places[oldest].leave
	c.answer(oldest)
	return end, c.tooMany()
}

// leave ends a waiting, and returns the connection that must go, if one must.
func (c *connections) leave(conn net.Conn) net.Conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.places[conn].in != c.waiting {
		return nil
	}
	c.answer(conn)
	return c.tooMany()
}

// answer gives a connection that has waited the place of one that is at a request.
func (c *connections) answer(conn net.Conn) {
	c.take(conn)
	c.put(conn, place{in: c.busy})
}
