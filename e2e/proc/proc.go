// Package proc runs programs as child processes of a test: the test binary starts
// itself again as the server, so that a test can hand the server what no setting
// of the product can (another clock, other root certificates, another dialer), can
// kill it without warning, and leaves nothing behind. It owns the processes, their
// logs and the clock that they read; it knows nothing of the product. It is called
// by tests only.
//
// A package that uses it has in its TestMain:
//
//	os.Exit(proc.Main(m, proc.Programs{"server": serve}, browser.Close))
package proc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"countersign/e2e/port"
)

const (
	// programVariable names the program that a re-executed test binary plays.
	programVariable = "COUNTERSIGN_TEST_PROGRAM"
	// lifelineFile is the descriptor on which a child sees its parent end.
	lifelineFile = 3
)

// Programs are the programs that a test binary can play, by name. Each gets its
// arguments without the program's name, and returns its exit code.
type Programs map[string]func(args []string) int

// Main plays a program when the test binary was started for that by [Start] or
// [Run]. Otherwise it runs the tests, and then each of after: what has to be
// closed when the tests have ended. It returns the exit code.
func Main(m *testing.M, programs Programs, after ...func()) int {
	name := os.Getenv(programVariable)
	if name == "" {
		code := m.Run()
		for _, end := range after {
			end()
		}
		return code
	}
	program, ok := programs[name]
	if !ok {
		_, _ = fmt.Fprintf(os.Stderr, "this test binary has no program %q\n", name)
		return 2
	}
	go endWithParent(os.NewFile(lifelineFile, "lifeline"))
	return program(os.Args[1:])
}

// endWithParent ends this process as abruptly as its parent ended. The pipe never
// carries anything; it breaks when the last process that holds it is gone.
func endWithParent(lifeline io.Reader) {
	_, _ = io.Copy(io.Discard, lifeline)
	os.Exit(137)
}

// newCommand is a program of this test binary, or the file when one is named. The
// caller closes the returned lifeline after the process has ended, and the other
// end after it has started. A file knows nothing of the lifeline.
func newCommand(ctx context.Context, file, name string, env, args []string) (*exec.Cmd, *os.File, *os.File, error) {
	var attributes *syscall.SysProcAttr
	if file != "" {
		attributes = dieWithParent()
	} else {
		self, err := os.Executable()
		if err != nil {
			return nil, nil, nil, fmt.Errorf("find the test binary: %w", err)
		}
		file = self
	}
	theirs, ours, err := os.Pipe()
	if err != nil {
		return nil, nil, nil, fmt.Errorf("make the lifeline: %w", err)
	}
	cmd := exec.CommandContext(ctx, file, args...) // #nosec G204 -- this test binary itself, or the test's own choice
	cmd.Env = append(inherited(), env...)
	cmd.Env = append(cmd.Env, programVariable+"="+name)
	cmd.SysProcAttr = attributes
	cmd.ExtraFiles = []*os.File{theirs} // becomes lifelineFile
	return cmd, theirs, ours, nil
}

// inherited is our environment without the product's settings: those of the
// person who runs the tests must not change what the tests see.
func inherited() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "COUNTERSIGN_") })
}

// Result is how a program ended that was run to its end.
type Result struct {
	Code           int    // the exit code
	Stdout, Stderr string // all of it
}

// Run runs a program to its end with the text on its standard input. env are
// settings as "NAME=value". A program that does not end with the test is killed.
func Run(tb testing.TB, name, stdin string, env []string, args ...string) Result {
	tb.Helper()
	cmd, theirs, ours, err := newCommand(tb.Context(), "", name, env, args)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = errors.Join(theirs.Close(), ours.Close()) }()
	var stdout, stderr strings.Builder
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		tb.Fatalf("run %s %s: %v", name, strings.Join(args, " "), err)
	}
	return Result{Code: cmd.ProcessState.ExitCode(), Stdout: stdout.String(), Stderr: stderr.String()}
}

// FreeAddr returns an address host:port of this machine that nobody listens on.
func FreeAddr(tb testing.TB) string {
	tb.Helper()
	at, err := port.Free()
	if err != nil {
		tb.Fatal(err)
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(at))
}
