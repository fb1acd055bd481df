package attack_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// shot is one request as it goes over the wire, byte for byte.
type shot struct {
	verb, target, version string
	lines                 []string // of the header, as they stand
	body                  []byte
	length                string // of the body, when the header says another than it has
	chunked               bool
	// torn means that the request breaks the rules of HTTP itself: the answer,
	// if there is one, may be net/http's own, and the connection ends.
	torn bool
}

// bytes is the request on the wire.
func (q *shot) bytes() []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s %s %s\r\n", q.verb, q.target, q.version)
	for _, line := range q.lines {
		out.WriteString(line + "\r\n")
	}
	body := q.body
	switch {
	case q.chunked:
		out.WriteString("Transfer-Encoding: chunked\r\n")
		body = chunks(body)
	case q.length != "":
		out.WriteString("Content-Length: " + q.length + "\r\n")
	case len(body) > 0 || q.verb == http.MethodPost:
		out.WriteString("Content-Length: " + strconv.Itoa(len(body)) + "\r\n")
	}
	out.WriteString("\r\n")
	out.Write(body)
	return out.Bytes()
}

// chunks cuts a body into two pieces.
func chunks(body []byte) []byte {
	var out bytes.Buffer
	for _, piece := range [][]byte{body[:len(body)/2], body[len(body)/2:]} {
		if len(piece) > 0 {
			fmt.Fprintf(&out, "%x\r\n%s\r\n", len(piece), piece)
		}
	}
	out.WriteString("0\r\n\r\n")
	return out.Bytes()
}

// header is the value of the first header line of a name, as net/http reads it.
func (q *shot) header(name string) string {
	for _, line := range q.lines {
		key, value, _ := strings.Cut(line, ":")
		if strings.EqualFold(key, name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// with replaces a header line, or adds it.
func (q *shot) with(name, value string) {
	for i, line := range q.lines {
		key, _, _ := strings.Cut(line, ":")
		if strings.EqualFold(key, name) {
			q.lines[i] = name + ": " + value
			return
		}
	}
	q.lines = append(q.lines, name+": "+value)
}

// String is the request for a complaint, cut.
func (q *shot) String() string {
	raw := strconv.QuoteToASCII(string(q.bytes()))
	const most = 1500
	if len(raw) > most {
		raw = raw[:most/2] + " … " + raw[len(raw)-most/2:]
	}
	return raw
}

// reply is what came back.
type reply struct {
	*http.Response

	body string
}

// wire is a connection to a node that is opened again whenever it has ended.
type wire struct {
	address string
	conn    net.Conn
	read    *bufio.Reader
}

// patience is how long an answer may take before it counts as none. It is longer
// than the server waits for the rest of a request.
const patience = 50 * time.Second

// send sends the request and reads the answer. No answer and no error means that
// the server ended the connection instead, as it may after a torn request.
func (w *wire) send(q *shot) (*reply, error) {
	if w.conn == nil {
		conn, err := net.DialTimeout("tcp", w.address, 10*time.Second)
		if err != nil {
			return nil, err
		}
		w.conn, w.read = conn, bufio.NewReader(conn)
	}
	err := w.conn.SetDeadline(time.Now().Add(patience))
	if err != nil {
		return nil, err
	}
	_, writeErr := w.conn.Write(q.bytes())
	if half, ok := w.conn.(*net.TCPConn); ok && q.torn {
		_ = half.CloseWrite() // a body that is too short ends here
	}
	got, err := w.answer(q)
	if err != nil || writeErr != nil || q.torn || got.Close {
		w.close()
	}
	if err != nil && q.torn {
		if late(err) {
			return nil, err
		}
		return nil, nil //nolint:nilnil // no answer is one here
	}
	return got, err
}

// late tells whether nothing came for too long.
func late(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// answer reads the final answer.
func (w *wire) answer(q *shot) (*reply, error) {
	for {
		response, err := http.ReadResponse(w.read, &http.Request{Method: q.verb})
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil {
			return nil, err
		}
		if response.StatusCode >= http.StatusOK {
			return &reply{response, string(body)}, nil
		}
	}
}

func (w *wire) close() {
	if w.conn != nil {
		_ = w.conn.Close()
		w.conn = nil
	}
}

// encoded is a form as browsers send it, in the order of its fields.
func encoded(fields []field) string {
	pairs := make([]string, 0, len(fields))
	for _, one := range fields {
		pairs = append(pairs, url.QueryEscape(one.name)+"="+url.QueryEscape(one.value))
	}
	return strings.Join(pairs, "&")
}
