package bench_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"countersign/e2e/site"
)

// page is a browser's stream of events, on a connection of its own.
type page struct {
	net.Conn

	lines  *bufio.Reader
	header http.Header
}

// open asks for a stream as the page of a sign-in does, and returns when the first
// octets are there.
func open(t *testing.T, address, path string) *page {
	t.Helper()
	conn, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(t.Context(), "tcp", address)
	must(t, err)
	p := &page{Conn: conn, lines: bufio.NewReaderSize(conn, 512)}
	must(t, p.SetDeadline(time.Now().Add(time.Minute)))
	_, err = fmt.Fprintf(conn, "GET %s?seen=pending HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\nAccept-Language: en-GB,en;q=0.5\r\n"+
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\nCookie: countersign_signin=%s\r\n\r\n",
		path, address, visitor().Bind)
	must(t, err)
	response, err := http.ReadResponse(p.lines, nil) //nolint:bodyclose // the stream is read line by line
	must(t, err)
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%s is answered %s", path, response.Status)
	}
	p.header = response.Header
	p.until(t, "event: waiting")
	return p
}

// waitFor opens the stream of a question's page on one of the nodes.
func waitFor(t *testing.T, s *site.Site, node int, q *question) *page {
	t.Helper()
	return open(t, s.Address(node), "/signin/"+string(q.attempt)+"/phone/events")
}

// until reads up to the line that begins like this.
func (p *page) until(t *testing.T, begin string) {
	t.Helper()
	for {
		line, err := p.lines.ReadString('\n')
		if err != nil {
			t.Fatalf("the stream ended before %q: %v", begin, err)
		}
		if strings.HasPrefix(line, begin) {
			return
		}
	}
}
