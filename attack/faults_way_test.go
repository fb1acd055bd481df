package attack_test

import (
	"context"
	"net"
	"sync"
	"testing"
)

// way is a stretch of network between the servers and PostgreSQL that can carry
// nothing for a while: what was sent waits, and connections stay open.
type way struct {
	listener net.Listener
	far      string

	mu    sync.Mutex
	stop  chan struct{} // closed while the way is open
	lines []net.Conn
}

// newWay is an open way that ends with the test.
func newWay(t *testing.T) *way {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	w := &way{listener: listener, stop: make(chan struct{})}
	close(w.stop)
	t.Cleanup(w.close)
	return w
}

// to begins to carry to an address, and returns where the way begins.
func (w *way) to(address string) string {
	w.far = address
	go func() {
		for {
			near, err := w.listener.Accept()
			if err != nil {
				return
			}
			go w.carry(near)
		}
	}()
	return w.listener.Addr().String()
}

func (w *way) carry(near net.Conn) {
	<-w.gate()
	far, err := new(net.Dialer).DialContext(context.Background(), "tcp", w.far)
	if err != nil {
		_ = near.Close()
		return
	}
	w.mu.Lock()
	w.lines = append(w.lines, near, far)
	w.mu.Unlock()
	go w.copy(far, near)
	w.copy(near, far)
}

func (w *way) copy(to, from net.Conn) {
	defer func() { _ = to.Close() }()
	defer func() { _ = from.Close() }()
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		<-w.gate()
		if n > 0 {
			_, werr := to.Write(buffer[:n])
			if werr != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (w *way) gate() chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stop
}

// block lets nothing through any more.
func (w *way) block() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stop = make(chan struct{})
}

// open lets through what waited.
func (w *way) open() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.stop)
}

func (w *way) close() {
	_ = w.listener.Close()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, line := range w.lines {
		_ = line.Close()
	}
}
