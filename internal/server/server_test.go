package server_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"countersign"
	"countersign/internal/config"
	"countersign/internal/server"
	"countersign/internal/store"
)

func settings(t *testing.T) config.Config {
	t.Helper()
	c, err := config.Load(config.Inputs{
		Env: []string{"COUNTERSIGN_LISTEN=localhost:0", "COUNTERSIGN_DATA=" + filepath.Join(t.TempDir(), "data")}, Serving: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// running starts a server and returns how to end it and what it printed.
func running(t *testing.T, c config.Config) (*server.Server, func() string) {
	t.Helper()
	var out bytes.Buffer
	s, err := server.New(t.Context(), server.Options{Config: c, Out: &out})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	return s, func() string {
		stop()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("run: %v", err)
			}
		case <-time.After(30 * time.Second):
			t.Error("the server does not end")
		}
		return out.String()
	}
}

func get(t *testing.T, address string) (int, string) {
	t.Helper()
	for range 100 {
		response, err := http.Get(address) //nolint:gosec // G107: the test’s own server
		if err != nil {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(body)
	}
	t.Fatalf("%s does not answer", address)
	return 0, ""
}

func TestItServesAndEndsInOrder(t *testing.T) {
	s, end := running(t, settings(t))
	address := s.URL()
	for path, want := range map[string]int{"/livez": 200, "/readyz": 200, "/signin": 200, "/nowhere": 404} {
		status, _ := get(t, address+path)
		if status != want {
			t.Errorf("GET %s: %d, want %d", path, status, want)
		}
	}
	// What an error page shows cannot be taken for a question to a phone ("req_…").
	if _, page := get(t, address+"/nowhere"); !regexp.MustCompile(`>rid_[0-9a-z]+<`).MatchString(page) {
		t.Errorf("an error page refers to no request id: %s", page)
	}
	out := end()
	if strings.Count(out, "http://") != 1 || !strings.Contains(out, address+"/setup/") {
		t.Errorf("it printed %q, want the one set-up address", out)
	}
	response, err := http.Get(address + "/livez")
	if err == nil {
		_ = response.Body.Close()
		t.Error("it answers after it ended")
	}
}

// While the database answers nothing, pages still say whose they are.
func TestAPageOfAFaultNamesTheWorkspace(t *testing.T) {
	s, end := running(t, settings(t))
	defer end()
	err := s.Parts.Store.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.NameWorkspace(tx.Ctx, "Analytical Engines", countersign.DefaultWorkspace)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, closed := range []bool{false, true} {
		status, page := get(t, s.URL()+"/signin")
		if !strings.Contains(page, "Analytical Engines") {
			t.Errorf("with the database closed (%v) the page, of status %d, does not name the workspace", closed, status)
		}
		err = s.Parts.Store.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
	status, _ := get(t, s.URL()+"/readyz")
	if status != http.StatusServiceUnavailable {
		t.Errorf("without its database it is ready: %d", status)
	}
}

// Somebody who sends a form and never finishes it is cut off at last, and the end
// is an orderly one all the same.
func TestALaggardDoesNotMakeTheEndAFailure(t *testing.T) {
	t.Parallel() // it takes as long as laggards are waited for
	s, end := running(t, settings(t))
	_, alive := get(t, s.URL()+"/livez")
	if alive != "alive\n" {
		t.Errorf("it says %q of itself", alive)
	}
	line, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = line.Close() }()
	_, err = io.WriteString(line, "POST /signin HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nident")
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond) // its form is being read
	end()
}

func TestTheMasterKeyMustBeTheOne(t *testing.T) {
	c := settings(t)
	parts, err := server.Open(t.Context(), server.Options{Config: c})
	if err != nil {
		t.Fatal(err)
	}
	err = parts.Close()
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(c.MasterKeyFile)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the master key has mode %v", info.Mode().Perm())
	}
	kept := c.MasterKeyFile + ".kept"
	err = os.Rename(c.MasterKeyFile, kept)
	if err != nil {
		t.Fatal(err)
	}
	_, err = server.Open(t.Context(), server.Options{Config: c})
	if err == nil || !strings.Contains(err.Error(), "put that file back") {
		t.Errorf("without the master key: %v", err)
	}
	_, statErr := os.Stat(c.MasterKeyFile)
	if !errors.Is(statErr, os.ErrNotExist) {
		t.Error("a new master key was made over a sealed database")
	}
	other := settings(t)
	parts, err = server.Open(t.Context(), server.Options{Config: other})
	if err != nil {
		t.Fatal(err)
	}
	err = parts.Close()
	if err != nil {
		t.Fatal(err)
	}
	c.MasterKeyFile = other.MasterKeyFile
	_, err = server.Open(t.Context(), server.Options{Config: c})
	if err == nil || !strings.Contains(err.Error(), "is not the one") {
		t.Errorf("with another installation's master key: %v", err)
	}
	c.MasterKeyFile = kept
	parts, err = server.Open(t.Context(), server.Options{Config: c})
	if err != nil {
		t.Fatalf("with the right one again: %v", err)
	}
	err = parts.Close()
	if err != nil {
		t.Fatal(err)
	}
}

func TestASecondServerOnTheSameAddressSaysWhich(t *testing.T) {
	s, end := running(t, settings(t))
	defer end()
	c := settings(t)
	c.Listen = strings.TrimPrefix(s.URL(), "http://")
	_, err := server.New(t.Context(), server.Options{Config: c})
	if err == nil || !strings.Contains(err.Error(), "setting listen") {
		t.Errorf("got %v, want the setting's name", err)
	}
}
