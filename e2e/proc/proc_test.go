package proc

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	os.Exit(Main(m, Programs{"server": serve, "cat": cat, "parent": parent}))
}

// serve tells the time until it is asked to end.
func serve(args []string) int {
	now := ClockFromEnv()
	mux := http.NewServeMux()
	mux.HandleFunc("/readyz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/time", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, now().UTC().Format(time.RFC3339Nano))
	})
	server := &http.Server{Addr: args[0], Handler: mux, ReadHeaderTimeout: time.Second}
	ended, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	go func() {
		<-ended.Done()
		_ = server.Shutdown(context.WithoutCancel(ended))
	}()
	_, _ = fmt.Fprintf(os.Stderr, "serving %s\n", os.Getenv("COUNTERSIGN_TEST_WORD"))
	if !errors.Is(server.ListenAndServe(), http.ErrServerClosed) {
		return 1
	}
	return 7
}

// cat gives back its input in upper case and what it was called with.
func cat(args []string) int {
	in, err := io.ReadAll(os.Stdin)
	if err != nil {
		return 1
	}
	_, _ = io.WriteString(os.Stdout, strings.ToUpper(string(in)))
	_, _ = io.WriteString(os.Stderr, strings.Join(args, "|"))
	return len(args)
}

// parent starts a child of its own, or the program in a file, and says its number.
func parent(args []string) int {
	child := []string{"127.0.0.1:0"}
	if args[0] != "" {
		child = []string{"60"}
	}
	cmd, _, _, err := newCommand(context.Background(), args[0], "server", nil, child)
	if err != nil {
		return 1
	}
	err = cmd.Start()
	if err != nil {
		return 1
	}
	_, _ = fmt.Fprintf(os.Stdout, "child %d\n", cmd.Process.Pid)
	_ = cmd.Wait()
	return 0
}

func get(t *testing.T, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := bufio.NewReader(response.Body).ReadString(0)
	if !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return body
}

func TestAServerIsStoppedKilledAndStartedAgain(t *testing.T) {
	t.Setenv("COUNTERSIGN_TEST_WORD", "from the person's own environment")
	addr := FreeAddr(t)
	p := Start(t, "server", []string{"COUNTERSIGN_TEST_OTHER=1"}, addr)
	p.WaitReady("http://" + addr + "/readyz")
	if line := p.WaitLog("serving"); line != "serving " {
		t.Errorf("the server saw %q; settings of the outside must not reach it", line)
	}
	p.Kill9()
	_, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
	if err == nil || p.Running() {
		t.Error("the killed server still answers")
	}
	p.Restart()
	p.WaitReady("http://" + addr + "/readyz")
	if code := p.Stop(); code != 7 {
		t.Errorf("exit code %d; want 7, as after a graceful end", code)
	}
}

func TestAProgramRunsToItsEnd(t *testing.T) {
	got := Run(t, "cat", "secret\n", nil, "--password-file", "-")
	want := Result{Code: 2, Stdout: "SECRET\n", Stderr: "--password-file|-"}
	if got != want {
		t.Errorf("got %+v; want %+v", got, want)
	}
	if got := Run(t, "nobody", "", nil); got.Code != 2 || !strings.Contains(got.Stderr, "nobody") {
		t.Errorf("an unknown program: %+v", got)
	}
}

func TestTheClockIsShared(t *testing.T) {
	clock := NewClock(t)
	addr := FreeAddr(t)
	Start(t, "server", []string{clock.Env()}, addr).WaitReady("http://" + addr + "/readyz")
	read := func() time.Time {
		at, err := time.Parse(time.RFC3339Nano, get(t, "http://"+addr+"/time"))
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	near := func(what string, want time.Time) {
		t.Helper()
		if got := read(); got.Sub(want).Abs() > 10*time.Second {
			t.Errorf("%s the server has %v; want about %v", what, got, want)
		}
	}
	near("at first", time.Now())
	clock.Advance(15 * time.Minute)
	near("15 minutes later", time.Now().Add(15*time.Minute))
	stop := time.Date(2030, 2, 3, 4, 5, 6, 0, time.UTC)
	clock.Set(stop)
	near("when set", stop)
	clock.Freeze(stop)
	if got := read(); !got.Equal(stop) {
		t.Errorf("frozen, the server has %v; want exactly %v", got, stop)
	}
	clock.Advance(time.Nanosecond)
	if got := read(); !got.Equal(stop.Add(time.Nanosecond)) {
		t.Errorf("frozen and moved, the server has %v; want one nanosecond after %v", got, stop)
	}
	clock.Run()
	if one, two := read(), read(); !two.After(one) || one.Before(stop) {
		t.Errorf("running again, the server has %v and then %v", one, two)
	}
}

func TestAChildDiesWithItsParent(t *testing.T) {
	t.Run("this program", func(t *testing.T) { dies(t, "") })
	if runtime.GOOS == "linux" {
		t.Run("a file", func(t *testing.T) { dies(t, "/bin/sleep") })
	}
}

func dies(t *testing.T, file string) {
	t.Helper()
	p := Start(t, "parent", nil, file)
	var child int
	_, err := fmt.Sscanf(p.WaitLog("child"), "child %d", &child)
	if err != nil {
		t.Fatal(err)
	}
	p.Kill9()
	for deadline := time.Now().Add(patience); syscall.Kill(child, 0) == nil; time.Sleep(10 * time.Millisecond) {
		// A zombie that nobody has waited for yet is dead all the same.
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", child))
		if err == nil && strings.Contains(string(stat), ") Z ") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the child %d outlived its parent", child)
		}
	}
}
