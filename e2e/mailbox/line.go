package mailbox

import (
	"net"
	"time"
)

// Lines is how many connections were made to the server so far, those included
// that it let hang or cut at once.
func (b *Box) Lines() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lines
}

// Open is how many connections are open on which the client has said EHLO.
func (b *Box) Open() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.open)
}

// Most makes the server take at most n messages on one line from now on: it
// answers the next one with 421 and ends the line. 0 is any number.
func (b *Box) Most(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.most = n
}

// HangUp ends every open line, as a server does that has waited long enough or
// that restarts: with these last words, such as "421 4.4.2 idle", or without.
func (b *Box) HangUp(words string) {
	b.mu.Lock()
	var lines []net.Conn
	for s := range b.open {
		lines = append(lines, s.line)
	}
	b.mu.Unlock()
	for _, line := range lines {
		farewell(line, words)
	}
}

// farewell ends a line. A client that does not read must not hold it up.
func farewell(line net.Conn, words string) {
	if words != "" {
		_ = line.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = line.Write([]byte(words + "\r\n"))
	}
	_ = line.Close()
}
