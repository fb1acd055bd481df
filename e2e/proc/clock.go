package proc

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

const (
	clockVariable = "COUNTERSIGN_TEST_CLOCK"
	clockBytes    = 24
	clockMark     = 0x636c6f636b // makes the check of an all-zero file wrong
)

// Clock is the time that the test and its programs share. It runs like the real
// one until the test moves or freezes it. A program reads it at every look, so a
// move is seen by whatever the program does next; timers that it has already set
// (a ticker, a timeout) still run by the real clock, and so does the browser: a
// cookie ends by the browser's time.
type Clock struct {
	tb   testing.TB
	mu   sync.Mutex
	path string
	file *os.File
	at   setting
}

// setting is what the clock's file holds, in nanoseconds.
type setting struct {
	offset int64 // added to the real time
	frozen int64 // since 1970, when not 0: the time stands still there
}

// NewClock makes a clock that runs with the real time.
func NewClock(tb testing.TB) *Clock {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "clock")
	file, err := os.Create(path) // #nosec G304 -- a new file of this test
	if err != nil {
		tb.Fatalf("make the clock: %v", err)
	}
	tb.Cleanup(func() { _ = file.Close() })
	c := &Clock{tb: tb, path: path, file: file}
	c.write()
	return c
}

// Env is the setting for [Start] and [Run] by which a program finds the clock.
func (c *Clock) Env() string { return clockVariable + "=" + c.path }

// Now is the time as the programs see it.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at.now()
}

// Advance moves the clock forward, or back when d is negative.
func (c *Clock) Advance(d time.Duration) {
	c.tb.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at.offset += int64(d)
	if c.at.frozen != 0 {
		c.at.frozen += int64(d)
	}
	c.write()
}

// Set moves the clock to a time.
func (c *Clock) Set(to time.Time) {
	c.tb.Helper()
	c.Advance(to.Sub(c.Now()))
}

// Freeze stops the clock at a time, for what must not be disturbed by a second
// that passes; [Clock.Run] lets it go on from there.
func (c *Clock) Freeze(at time.Time) {
	c.tb.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at.frozen = at.UnixNano()
	c.write()
}

// Run lets a frozen clock go on.
func (c *Clock) Run() {
	c.tb.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at.frozen != 0 {
		c.at = setting{offset: c.at.frozen - time.Now().UnixNano()}
	}
	c.write()
}

func (c *Clock) write() {
	c.tb.Helper()
	_, err := c.file.WriteAt(c.at.encode(), 0)
	if err != nil {
		c.tb.Fatalf("move the clock: %v", err)
	}
}

func (s setting) now() time.Time {
	if s.frozen != 0 {
		return time.Unix(0, s.frozen)
	}
	return time.Unix(0, time.Now().UnixNano()+s.offset)
}

// encode appends a check: a program may read while the test writes.
func (s setting) encode() []byte {
	b := make([]byte, 0, clockBytes)
	for _, v := range []int64{s.offset, s.frozen, s.offset ^ s.frozen ^ clockMark} {
		b = binary.BigEndian.AppendUint64(b, uint64(v)) // #nosec G115 -- the same bits
	}
	return b
}

func decode(b []byte) (setting, bool) {
	var v [3]int64
	for i := range v {
		v[i] = int64(binary.BigEndian.Uint64(b[i*8:])) // #nosec G115 -- the same bits
	}
	return setting{offset: v[0], frozen: v[1]}, v[0]^v[1]^clockMark == v[2]
}

// ClockFromEnv is the clock that the test handed to this program, or the real one
// when it handed none. It panics when the clock cannot be read: a program that
// went on with another time would make the test lie.
func ClockFromEnv() func() time.Time {
	path := os.Getenv(clockVariable)
	if path == "" {
		return time.Now
	}
	file, err := os.Open(path) // #nosec G304 -- the test that starts us names it
	if err != nil {
		panic("open the test's clock: " + err.Error())
	}
	return func() time.Time {
		var b [clockBytes]byte
		for {
			_, err := file.ReadAt(b[:], 0)
			if err != nil {
				panic("read the test's clock: " + err.Error())
			}
			s, whole := decode(b[:])
			if whole {
				return s.now()
			}
		}
	}
}
