package proc

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what should happen soon. A machine that
// is busy with other tests needs more than one would think.
const patience = 30 * time.Second

// Proc is a program that runs beside the test. Its methods fail the test that
// started it.
type Proc struct {
	tb    testing.TB
	file  string // "" is this test binary
	kept  string // where a program in a file writes its log
	name  string
	env   []string
	args  []string
	log   *log
	cmd   *exec.Cmd
	ended chan struct{}
	line  *os.File // our end of the lifeline
}

// Start starts a program. env are settings as "NAME=value"; nothing named
// COUNTERSIGN_… comes from the environment of the tests. It is killed when tb
// ends, and its log is shown when tb failed.
func Start(tb testing.TB, name string, env []string, args ...string) *Proc {
	tb.Helper()
	return start(&Proc{tb: tb, name: name, env: env, args: args, log: &log{}})
}

// StartFile is [Start] for a program that lies in a file. It sees no test clock.
// When the tests are killed it dies with them on Linux, and outlives them elsewhere. Its log goes to a file, as an
// operator's does, and costs the tests nothing.
func StartFile(tb testing.TB, file string, env []string, args ...string) *Proc {
	tb.Helper()
	return start(&Proc{
		tb: tb, file: file, kept: filepath.Join(tb.TempDir(), "log"), name: filepath.Base(file), env: env, args: args, log: &log{},
	})
}

func start(p *Proc) *Proc {
	p.tb.Helper()
	p.tb.Cleanup(func() {
		if p.Running() {
			p.Kill9()
		}
		if p.tb.Failed() {
			p.tb.Logf("the log of %s:\n%s", p.name, p.Log())
		}
	})
	p.launch()
	return p
}

func (p *Proc) launch() {
	p.tb.Helper()
	cmd, theirs, ours, err := newCommand(context.Background(), p.file, p.name, p.env, p.args)
	if err != nil {
		p.tb.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = p.log, p.log
	if p.kept != "" {
		kept, err := os.OpenFile(p.kept, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600) // #nosec G304 -- the test's own
		if err != nil {
			p.tb.Fatalf("open the log of %s: %v", p.name, err)
		}
		defer func() { _ = kept.Close() }() // the process has it for itself
		cmd.Stdout, cmd.Stderr = kept, kept
	}
	err = cmd.Start()
	if err != nil {
		p.tb.Fatalf("start %s: %v", p.name, err)
	}
	err = theirs.Close()
	if err != nil {
		p.tb.Fatalf("close the child's end of the lifeline: %v", err)
	}
	ended := make(chan struct{})
	p.cmd, p.line, p.ended = cmd, ours, ended
	go func() {
		_ = cmd.Wait() // ProcessState tells how it ended
		_ = ours.Close()
		close(ended)
	}()
}

// Running tells whether the process lives.
func (p *Proc) Running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// PID is the number of the process.
func (p *Proc) PID() int { return p.cmd.Process.Pid }

// Kill9 ends the process without any warning and waits until it is gone.
func (p *Proc) Kill9() {
	p.tb.Helper()
	_ = p.cmd.Process.Kill() // fails when it has just ended, which is as good
	<-p.ended
}

// Stop asks the process to end (SIGTERM), waits, and returns its exit code.
func (p *Proc) Stop() int {
	p.tb.Helper()
	err := p.cmd.Process.Signal(syscall.SIGTERM)
	if err != nil {
		p.tb.Fatalf("ask %s to end: %v", p.name, err)
	}
	return p.Wait()
}

// Wait waits until the process has ended by itself and returns its exit code, -1
// for a signal.
func (p *Proc) Wait() int {
	p.tb.Helper()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		p.tb.Fatalf("%s has not ended after %v", p.name, patience)
		return -1
	}
}

// Restart starts the program again, with the same settings and arguments; the
// log goes on. The process must have ended.
func (p *Proc) Restart() {
	p.tb.Helper()
	if p.Running() {
		p.tb.Fatalf("%s still runs: stop or kill it before a restart", p.name)
	}
	p.launch()
}

// WaitReady waits until the address answers 200, as /readyz does.
func (p *Proc) WaitReady(url string) {
	p.tb.Helper()
	last := "no answer yet"
	ready := func() bool {
		ctx, cancel := context.WithTimeout(p.tb.Context(), 5*time.Second)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			p.tb.Fatalf("ask %s: %v", url, err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			last = err.Error()
			return false
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		last = response.Status
		return response.StatusCode == http.StatusOK
	}
	p.until(ready, func() string { return fmt.Sprintf("%s is not ready: %s", url, last) })
}

// WaitOpen waits until somebody listens at the address, host:port.
func (p *Proc) WaitOpen(address string) {
	p.tb.Helper()
	last := "no try yet"
	open := func() bool {
		connection, err := (&net.Dialer{Timeout: time.Second}).DialContext(p.tb.Context(), "tcp", address)
		if err != nil {
			last = err.Error()
			return false
		}
		_ = connection.Close()
		return true
	}
	p.until(open, func() string { return fmt.Sprintf("nobody listens at %s: %s", address, last) })
}

// WaitLog waits until a line of the log, standard output and standard error
// together, contains the text, and returns the first such line.
func (p *Proc) WaitLog(text string) string {
	p.tb.Helper()
	var line string
	found := func() bool {
		for line = range strings.Lines(p.Log()) {
			if strings.Contains(line, text) && strings.HasSuffix(line, "\n") {
				return true
			}
		}
		return false
	}
	p.until(found, func() string { return fmt.Sprintf("no line of the log contains %q", text) })
	return strings.TrimSuffix(line, "\n")
}

// until polls, and fails when the process ends or patience does.
func (p *Proc) until(done func() bool, complaint func() string) {
	p.tb.Helper()
	deadline := time.Now().Add(patience)
	for {
		running := p.Running() // before the look, so that last words are seen
		if done() {
			return
		}
		if !running {
			p.tb.Fatalf("%s ended (%v); %s", p.name, p.cmd.ProcessState, complaint())
		}
		if time.Now().After(deadline) {
			p.tb.Fatalf("after %v: %s", patience, complaint())
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// Log is what the program wrote so far.
func (p *Proc) Log() string {
	if p.kept == "" {
		return p.log.String()
	}
	text, err := os.ReadFile(p.kept)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// ForgetLog drops what the program wrote so far: a test that sends a million
// requests looks at the log of each part and keeps none.
func (p *Proc) ForgetLog() { p.log.forget() }

// log collects what a process writes while the test reads it.
type log struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *log) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Reset()
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
