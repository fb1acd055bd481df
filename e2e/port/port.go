// Package port finds ports for the servers of tests. It owns nothing but that, and is
// called by tests only.
package port

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync/atomic"
)

// Ports below those that systems give to outgoing connections: one of these would
// otherwise take the port of a server that is about to start, or to start again.
const (
	first = 16_000
	many  = 16_000
)

// stride is far more than a process of tests has servers, and a prime.
const stride = 211

var tried atomic.Int64

// Free finds a port of 127.0.0.1 that nobody listens on. Each process begins at another
// place, and gives no port twice before it has given all.
func Free() (int, error) {
	var last error
	for range 100 {
		port := first + int((int64(os.Getpid())*stride+tried.Add(1))%many)
		listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return port, listener.Close()
		}
		last = errors.Join(last, err)
	}
	return 0, fmt.Errorf("find a free port: %w", last)
}
