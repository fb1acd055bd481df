package server

import (
	"bufio"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// patient is a server with so many places, beside so many for those who wait: a request
// for /wait/somebody says that it waits, until the client leaves or it is answered.
func patient(t *testing.T, most, waiting int) (*httptest.Server, *connections) {
	t.Helper()
	c := newConnections(room{most, waiting})
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			return
		}
		ctx, leave := context.WithCancel(r.Context())
		defer leave()
		over := c.wait(r.Context(), r.URL.Path, leave)
		defer over()
		_, _ = io.WriteString(w, "waits\n")
		_ = http.NewResponseController(w).Flush()
		<-ctx.Done()
		_, _ = io.WriteString(w, "over\n")
	}))
	s.Config.ConnState, s.Config.ConnContext, s.Config.ErrorLog = c.noted, named, log.New(t.Output(), "", 0)
	s.Start()
	t.Cleanup(s.Close)
	return s, c
}

// waiter is a connection whose request waits.
type waiter struct {
	net.Conn

	lines *bufio.Reader
}

func await(t *testing.T, s *httptest.Server, whose string) waiter {
	t.Helper()
	conn := connect(t, s, "GET /wait/"+whose+" HTTP/1.1\r\nHost: a\r\n\r\n")
	w := waiter{conn, bufio.NewReader(conn)}
	w.hears(t, "waits")
	return w
}

// hears reads up to a line.
func (w waiter) hears(t *testing.T, want string) {
	t.Helper()
	must(t, w.SetReadDeadline(time.Now().Add(20*time.Second)))
	for {
		line, err := w.lines.ReadString('\n')
		if err != nil {
			t.Fatalf("before %q: %v", want, err)
		}
		if line == want+"\n" {
			return
		}
	}
}

// waits waits until so many wait.
func waits(t *testing.T, c *connections, want int) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		c.mu.Lock()
		got, listed := c.waiting.Len(), 0
		for _, of := range c.of {
			listed += len(of)
		}
		c.mu.Unlock()
		if got == want && listed == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d wait, and %d by whose they are; want %d", got, listed, want)
		}
	}
}

// A crowd that waits displaces nobody who asks for something, and is displaced by nobody.
func TestThoseWhoWaitAreCountedApart(t *testing.T) {
	s, c := patient(t, 16, 8)
	var crowd []waiter
	for _, whose := range []string{"a", "b", "c", "d", "e", "f"} {
		crowd = append(crowd, await(t, s, whose))
	}
	waits(t, c, 6)
	idle := connect(t, s, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	welcome(t, idle)
	for range 10 {
		served(t, s)
	}
	if ended(t, idle, 10*time.Millisecond) {
		t.Error("a connection was closed because others wait")
	}
	silent := connect(t, s, "")
	for range 40 {
		connect(t, s, "")
	}
	if !ended(t, silent, 20*time.Second) {
		t.Error("a crowd without requests pays nothing")
	}
	waits(t, c, 6)
	for _, w := range crowd {
		must(t, w.Close())
	}
	waits(t, c, 0)
}

// Where too many wait, the one that has waited for the longest time is answered, and
// its connection goes on.
func TestTheLongestWaitIsAnswered(t *testing.T) {
	s, c := patient(t, 4, 2)
	first, second := await(t, s, "a"), await(t, s, "b")
	waits(t, c, 2)
	third := await(t, s, "c")
	first.hears(t, "over")
	waits(t, c, 2)
	_, err := io.WriteString(first, "GET /wait/d HTTP/1.1\r\nHost: a\r\n\r\n")
	must(t, err)
	first.hears(t, "waits")
	second.hears(t, "over")
	waits(t, c, 2)
	must(t, third.Close())
	waits(t, c, 1)
}

// One sign-in has a few pages, and no more: the others' places are theirs.
func TestOneVisitorDoesNotTakeAllPlaces(t *testing.T) {
	s, c := patient(t, 32, 8)
	other := await(t, s, "b")
	var own []waiter
	for range mostOfOne {
		own = append(own, await(t, s, "a"))
	}
	waits(t, c, 1+mostOfOne)
	for i := range 3 {
		await(t, s, "a")
		own[i].hears(t, "over")
		waits(t, c, 1+mostOfOne)
	}
	if ended(t, other.Conn, 10*time.Millisecond) || ended(t, own[3].Conn, 10*time.Millisecond) {
		t.Error("more were answered than needed")
	}
}

// A connection that had to go while its request was read does not wait.
func TestWhoHadToGoDoesNotWait(t *testing.T) {
	c, left := newConnections(room{4, 4}), false
	ours, theirs := net.Pipe()
	defer func() { must(t, ours.Close()); must(t, theirs.Close()) }()
	c.wait(named(t.Context(), ours), "a", func() { left = true })()
	waits(t, c, 0)
	if !left || len(c.places) != 0 {
		t.Error("it waits, or has a place again")
	}
	c.wait(t.Context(), "a", func() { t.Error("a request without a connection is ended") })()
}
