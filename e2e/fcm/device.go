package fcm

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"time"

	"countersign/internal/webpush/webpushtest"
)

// address says for whom on a device a message is.
type address struct{ app, subtype, sender string }

// device is a browser that has checked in.
type device struct {
	mu        sync.Mutex
	line      net.Conn // nil while there is none
	waiting   []message
	last      int
	endpoints map[address]string
}

// message is one that is not known to have arrived.
type message struct {
	id     string // by which the browser says that it has it
	stanza []byte
	topic  string // with the address; "" replaces nothing
	until  time.Time
}

// The tags of packets on a line (mcs.proto).
const (
	heartbeatPing = 0
	heartbeatAck  = 1
	loginRequest  = 2
	loginResponse = 3
	dataMessage   = 8
)

// writeWithin bounds how long a browser may not read.
const writeWithin = 5 * time.Second

func packet(w io.Writer, tag byte, body []byte) error {
	_, err := w.Write(append(binary.AppendUvarint([]byte{tag}, uint64(len(body))), body...))
	return err
}

func (d *device) join(to address, endpoint string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.endpoints == nil {
		d.endpoints = map[address]string{}
	}
	d.endpoints[to] = endpoint
}

// leave forgets who has unsubscribed, and returns the endpoint.
func (d *device) leave(to address) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	for known, endpoint := range d.endpoints {
		if known.subtype == to.subtype {
			delete(d.endpoints, known)
			return endpoint
		}
	}
	return ""
}

// take keeps a push and sends it, when there is a line. One with the same topic takes
// the place of what waits (RFC 8030, section 5.4).
func (d *device) take(to address, push *webpushtest.Push, body []byte, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last++
	m := message{id: fmt.Sprintf("0:%d%%countersign", d.last), until: now.Add(time.Duration(push.TTL) * time.Second)}
	if push.Topic != "" {
		m.topic = push.Endpoint + " " + push.Topic
		d.waiting = slices.DeleteFunc(d.waiting, func(old message) bool { return old.topic == m.topic })
	}
	b := text(nil, 2, fmt.Sprintf("m%d", d.last))
	b = text(b, 3, to.sender)
	b = text(b, 5, to.app)
	b = text(b, 7, string(text(text(nil, 1, "subtype"), 2, to.subtype)))
	b = text(b, 7, string(text(text(nil, 1, "content-encoding"), 2, "aes128gcm")))
	b = text(b, 9, m.id)
	b = number(b, 17, uint64(push.TTL)) // #nosec G115 -- judged before
	b = number(b, 18, milliseconds(now))
	m.stanza = text(b, 21, string(body))
	if d.line != nil {
		d.send(m)
	}
	d.waiting = append(d.waiting, m)
}

func (d *device) send(m message) {
	_ = d.line.SetWriteDeadline(time.Now().Add(writeWithin))
	err := packet(d.line, dataMessage, m.stanza)
	if err != nil {
		_ = d.line.Close() // the reader ends and tells the device
	}
}

// pickUp gives the device a line, and sends what waits and has not arrived.
func (d *device) pickUp(line net.Conn, arrived []string, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.line != nil {
		_ = d.line.Close()
	}
	d.line = line
	d.waiting = slices.DeleteFunc(d.waiting, func(m message) bool {
		return slices.Contains(arrived, m.id) || now.After(m.until)
	})
	for _, m := range d.waiting {
		d.send(m)
	}
}

// lose takes a line away that has ended.
func (d *device) lose(line net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.line == line {
		d.line = nil
	}
}

func (d *device) hangUp() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.line != nil {
		_ = d.line.Close()
		d.line = nil
	}
}
