package server

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"
)

// bounded is a server with so many places, whose /slow answers when it is told.
func bounded(t *testing.T, most int, start func(*httptest.Server)) (*httptest.Server, *connections, chan struct{}) {
	t.Helper()
	c, answer := newConnections(room{most, 16}), make(chan struct{})
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-answer
		}
		_, _ = io.WriteString(w, "served")
	}))
	s.Config.ConnState, s.Config.ErrorLog = c.noted, log.New(t.Output(), "", 0)
	start(s)
	t.Cleanup(s.Close)
	return s, c, answer
}

// connect connects, and sends what is given.
func connect(t *testing.T, s *httptest.Server, request string) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_, err = io.WriteString(conn, request)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// reach waits until so many connections wait for a request, are at one, and have
// sent nothing.
func reach(t *testing.T, c *connections, idle, busy, silent int) {
	t.Helper()
	want := [4]int{idle, busy, silent, idle + busy + silent}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		c.mu.Lock()
		got := [4]int{c.idle.Len(), c.busy.Len(), c.silent.Len(), len(c.places)}
		c.mu.Unlock()
		if got == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%v are idle, busy, silent and all of them; want %v", got, want)
		}
	}
}

// ended tells whether the server closed a connection; an open one stays silent.
func ended(t *testing.T, conn net.Conn, wait time.Duration) bool {
	t.Helper()
	must(t, conn.SetReadDeadline(time.Now().Add(wait)))
	_, err := conn.Read(make([]byte, 1))
	return err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func served(t *testing.T, s *httptest.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, http.NoBody)
	must(t, err)
	r.Close = true
	got, err := s.Client().Do(r)
	must(t, err)
	must(t, got.Body.Close())
}

// Whoever fills the server with connections that say nothing, or never finish what
// they say, loses the oldest of them; everybody else is served.
func TestASilentCrowdKeepsNobodyOut(t *testing.T) {
	s, c, answer := bounded(t, 4, (*httptest.Server).Start)
	busy := connect(t, s, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
	reach(t, c, 0, 1, 0)
	var crowd []net.Conn
	for i := range 3 {
		crowd = append(crowd, connect(t, s, ""))
		reach(t, c, 0, 1, i+1)
	}
	served(t, s)
	if !ended(t, crowd[0], 20*time.Second) {
		t.Error("the connection that was silent for the longest time still has its place")
	}
	reach(t, c, 0, 1, 2)
	if ended(t, crowd[1], 10*time.Millisecond) || ended(t, crowd[2], 10*time.Millisecond) {
		t.Error("more connections than needed were closed")
	}
	for range 20 {
		crowd = append(crowd, connect(t, s, ""))
		served(t, s)
		reach(t, c, 0, 1, 2) // whoever is served leaves a place
	}
	close(answer)
	welcome(t, busy)
	reach(t, c, 1, 0, 2)
	for _, conn := range append(crowd, busy) {
		must(t, conn.Close())
	}
	reach(t, c, 0, 0, 0)
}

// A connection that had to go while its request was being read does not take a place
// again, for which somebody else would have to go, when the server notes its end.
func TestWhoHadToGoIsNotBack(t *testing.T) {
	for range 20 {
		s, c, answer := bounded(t, 2, (*httptest.Server).Start)
		slow := connect(t, s, "GET / HT")
		reach(t, c, 0, 0, 1) // net/http calls it active when its header is whole, or breaks
		busy := connect(t, s, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
		reach(t, c, 0, 1, 1)
		third := connect(t, s, "")
		if !ended(t, slow, 20*time.Second) {
			t.Error("the slow connection still has its place")
		}
		reach(t, c, 0, 1, 1)
		close(answer)
		welcome(t, busy)
		must(t, third.Close())
	}
}

// welcome reads the answer of a request that was under way.
func welcome(t *testing.T, conn net.Conn) {
	t.Helper()
	must(t, conn.SetReadDeadline(time.Now().Add(20*time.Second)))
	got, err := http.ReadResponse(bufio.NewReader(conn), nil)
	must(t, err)
	must(t, got.Body.Close())
	if got.StatusCode != http.StatusOK {
		t.Errorf("the request under way is answered %s", got.Status)
	}
}

// Where nobody crowds, a connection without a request goes first.
func TestAnIdleConnectionGoesFirst(t *testing.T) {
	s, c, answer := bounded(t, 2, (*httptest.Server).Start)
	busy := connect(t, s, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
	reach(t, c, 0, 1, 0)
	idle := connect(t, s, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	welcome(t, idle)
	reach(t, c, 1, 1, 0)
	served(t, s)
	if !ended(t, idle, 20*time.Second) {
		t.Error("the idle connection still has its place")
	}
	close(answer)
	welcome(t, busy)
	reach(t, c, 1, 0, 0)
}

// A handshake that never goes on holds no place, nor does taking leave of it.
func TestASilentCrowdOfHandshakes(t *testing.T) {
	s, c, _ := bounded(t, 1, (*httptest.Server).StartTLS)
	silent := connect(t, s, "")
	reach(t, c, 0, 0, 1)
	transport, _ := s.Client().Transport.(*http.Transport)
	trusting := transport.TLSClientConfig.Clone()
	trusting.ServerName = "example.com" // the test server's own
	encrypted := tls.Client(connect(t, s, ""), trusting)
	must(t, encrypted.HandshakeContext(t.Context()))
	if !ended(t, silent, 20*time.Second) {
		t.Error("the silent handshake still has its place")
	}
	served(t, s)
	if !ended(t, encrypted, 20*time.Second) {
		t.Error("the connection without a request still has its place")
	}
	reach(t, c, 0, 0, 0)
}

// The database needs files too.
func TestConnectionsLeaveFilesToOthers(t *testing.T) {
	for files, want := range map[uint64]room{
		0: {2048, 12000}, 1 << 63: {2048, 12000}, 14304: {2048, 12000}, 14303: {2048, 11999}, 4352: {2048, 2048}, 4096: {1920, 1920},
		1024: {384, 384}, 256: {16, 16}, 10: {16, 16},
	} {
		got := roomFor(files)
		if got != want {
			t.Errorf("with %d files: %+v, want %+v", files, got, want)
		}
	}
}
