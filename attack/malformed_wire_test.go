package attack_test

import (
	"crypto/tls"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"countersign/e2e/site"
)

// TestMalformedWire sends what is no HTTP at all, or several requests at once
// with garbage between them. Nobody answers with a fault, and the next one gets in.
func TestMalformedWire(t *testing.T) {
	both(t, func(t *testing.T, s *site.Site) {
		r := chance(t)
		honest := s.Guarded(t, "Holly Honest", "holly@acme.example")
		n := scale(200, 20_000)
		garbage := make([]string, n)
		for i := range garbage {
			garbage[i] = rubbish(r)
		}
		answers := regexp.MustCompile(`(?m)^HTTP/1\.[01] (\d{3})`)
		status := map[string]int{}
		results := make([]string, n)
		crew(shooters, n, func(i int) { results[i] = pour(s.Address(i%len(s.Nodes)), garbage[i]) })
		for i, result := range results {
			for _, found := range answers.FindAllStringSubmatch(result, -1) {
				status[found[1]]++
				if found[1] >= "500" && found[1] != "501" && found[1] != "505" { // what HTTP wants for codings and versions that there are not
					t.Errorf("%.300q was answered %q", garbage[i], found[0])
				}
			}
		}
		t.Logf("%d connections; answers by status: %v", n, status)
		for node, server := range s.Nodes {
			if log := server.Log(); strings.Contains(log, "panic") || strings.Contains(log, "level=ERROR") || !server.Running() {
				t.Errorf("node %d complains:\n%s", node, complaints(log))
			}
			if in := s.Client().On(node).SignIn(honest); in.Status != http.StatusSeeOther {
				t.Errorf("afterwards an honest person is answered %v on node %d", in, node)
			}
		}
	})
}

// pour writes the bytes into a new connection and returns what comes back.
func pour(address, garbage string) string {
	conn, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		return "HTTP/1.1 599 cannot connect: " + err.Error()
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(patience))
	go func() {
		_, _ = conn.Write([]byte(garbage)) // the server may end it before it has read all
		if half, ok := conn.(*net.TCPConn); ok {
			_ = half.CloseWrite()
		}
	}()
	const most = 4 << 20
	answer, err := io.ReadAll(io.LimitReader(conn, most))
	if late(err) {
		return "HTTP/1.1 599 the server holds the connection"
	}
	return string(answer)
}

// rubbish is something that no client of the web sends.
func rubbish(r *rand.Rand) string {
	const get = "GET /help HTTP/1.1\r\nHost: localhost\r\n\r\n"
	rest := noise(r, r.IntN(1<<r.IntN(16)))
	return pick(r, []string{
		rest, "", "\r\n", strings.Repeat("\r\n", 1000), "\x00", "GET", "GET /", "GET /\r\n", "GET / HTTP/1.1", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a\r\n", "GET / HTTP/1.1\n\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + rest, hello(), "SSH-2.0-OpenSSH_9.6\r\n", "EHLO a\r\nMAIL FROM:<a>\r\n", "\x16\x03\x01" + rest, "*1\r\n$4\r\nPING\r\n",
		strings.Repeat(get, 1+r.IntN(60)), strings.Repeat(get, 3) + rest, get + "POST /signin HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n" + get, strings.Repeat("A", 200_000),
		"GET / HTTP/1.1\r\n" + strings.Repeat("X: "+strings.Repeat("y", 1000)+"\r\n", 100) + "\r\n", "GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("\x00", 100) + "\r\n\r\n",
		"POST /signin HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + rest, "POST /signin HTTP/1.1\r\nHost: a\r\nContent-Length: 999999\r\n\r\n" + rest,
		"POST /signin HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG" + get, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n" + get, "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n" + rest,
		"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n" + rest, "GET http://[::1%25x]:x/ HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET / HTTP/9.9\r\n\r\n", "get / http/1.1\r\nhost: a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "\x05\x01\x00", "\x04\x01",
	})
}

// hello is what a client says first that takes the port for one of TLS.
func hello() string {
	here, there := net.Pipe()
	go func() {
		_ = tls.Client(here, &tls.Config{InsecureSkipVerify: true}).Handshake() // #nosec G402 -- nobody is at the other end
		_ = here.Close()
	}()
	first := make([]byte, 4096)
	n, _ := there.Read(first)
	_ = there.Close()
	return string(first[:n])
}

// TestMalformedSlow opens many connections with requests that never end, or whose
// answers are never read. Whoever comes meanwhile is served. In the long form they
// are more than the server holds, and it waits until all of them were let go.
func TestMalformedSlow(t *testing.T) {
	both(t, func(t *testing.T, s *site.Site) {
		honest := s.Guarded(t, "Holly Honest", "holly@acme.example")
		f := &fuzz{t: t, s: s}
		before := f.footprints()
		const post = "POST /signin HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 15000\r\n\r\nidentifier="
		beginnings := []string{"", "GET /signin HTTP/1.1\r\nHost: localhost\r\nX: ", post, "POST /forgot HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n", strings.Repeat("GET /help HTTP/1.1\r\nHost: localhost\r\n\r\n", 400)}
		var held []net.Conn
		defer func() {
			for _, conn := range held {
				_ = conn.Close()
			}
		}()
		for i := range scale(200, 6000) {
			conn, err := net.DialTimeout("tcp", s.Address(i%len(s.Nodes)), 10*time.Second)
			must(t, err)
			held = append(held, conn)
			must(t, conn.SetWriteDeadline(time.Now().Add(time.Second)))
			_, _ = conn.Write([]byte(beginnings[i%len(beginnings)]))
		}
		for node := range s.Nodes {
			c := s.Client().On(node)
			c.Patience = patience
			if in := c.SignIn(honest); in.Status != http.StatusSeeOther || !c.SignedIn() {
				t.Errorf("beside %d slow connections an honest person is answered %v on node %d", len(held), in, node)
			}
		}
		if *long {
			letGo(t, held)
			held = nil
		}
		for _, conn := range held {
			_ = conn.Close()
		}
		held = nil
		f.settled(before, 250) // what as many connections as a process takes may hold
	})
}

// letGo drips one more byte into each connection now and then until the server
// has ended all of them.
func letGo(t *testing.T, held []net.Conn) {
	t.Helper()
	const most = 4 * time.Minute
	for began := time.Now(); len(held) > 0; time.Sleep(time.Second) {
		if time.Since(began) > most {
			t.Errorf("after %v the server still holds %d connections", most, len(held))
			return
		}
		var still []net.Conn
		for _, conn := range held {
			_ = conn.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
			_, err := conn.Write([]byte("a"))
			if err == nil || late(err) {
				still = append(still, conn)
			} else {
				_ = conn.Close()
			}
		}
		held = still
	}
}
