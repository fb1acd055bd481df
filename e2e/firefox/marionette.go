package firefox

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// connection speaks Marionette with the browser: packets of LENGTH:JSON, and in them
// [0, id, command, parameters] and [1, id, error, result] (Firefox source docs,
// "Marionette", "Protocol").
type connection struct {
	line net.Conn
	r    *bufio.Reader
	last int
}

// dial waits until the browser listens.
func dial(ctx context.Context, address string, patience time.Duration) (*connection, error) {
	var dialer net.Dialer
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		line, err := dialer.DialContext(ctx, "tcp", address)
		if err == nil {
			c := &connection{line: line, r: bufio.NewReader(line)}
			_, err = c.receive() // who it is
			return c, err
		}
		if time.Now().After(deadline) {
			return nil, err
		}
	}
}

// stepWithin bounds how long the browser may take for one command.
const stepWithin = 60 * time.Second

// longestPacket bounds what is read; a picture has a few megabytes.
const longestPacket = 64 << 20

func (c *connection) receive() ([]byte, error) {
	err := c.line.SetDeadline(time.Now().Add(stepWithin))
	if err != nil {
		return nil, err
	}
	text, err := c.r.ReadString(':')
	if err != nil {
		return nil, err
	}
	length, err := strconv.Atoi(strings.TrimSuffix(text, ":"))
	if err != nil || length < 0 || length > longestPacket {
		return nil, fmt.Errorf("a packet begins with %q", text)
	}
	body := make([]byte, length)
	_, err = io.ReadFull(c.r, body)
	return body, err
}

// call sends a command and decodes its result into out unless that is nil.
func (c *connection) call(command string, parameters map[string]any, out any) error {
	if parameters == nil {
		parameters = map[string]any{}
	}
	c.last++
	body, err := json.Marshal([]any{0, c.last, command, parameters})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.line, "%d:%s", len(body), body)
	if err != nil {
		return err
	}
	body, err = c.receive()
	if err != nil {
		return fmt.Errorf("%s: %w", command, err)
	}
	var answer [4]json.RawMessage
	err = json.Unmarshal(body, &answer)
	if err != nil {
		return fmt.Errorf("%s: %w", command, err)
	}
	var wrong *struct{ Error, Message string }
	err = json.Unmarshal(answer[2], &wrong)
	if err == nil && wrong != nil {
		return fmt.Errorf("%s: %s: %s", command, wrong.Error, wrong.Message)
	}
	if err != nil || out == nil {
		return err
	}
	return json.Unmarshal(answer[3], out)
}
