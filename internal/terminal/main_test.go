package terminal_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"countersign/internal/seal"
	"countersign/internal/terminal"
	"countersign/internal/terminal/terminaltest"
)

func options() terminal.Options {
	return terminal.Options{Now: time.Now, Random: seal.Bytes, Version: "1.0.0", Language: "en"}
}

func client(t *testing.T, s *terminaltest.Server) *terminal.Client {
	t.Helper()
	c, err := terminal.New(s.URL(), options())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func about() terminal.About {
	return terminal.About{Kind: "terminal", Name: "build host", Platform: "Linux", Client: "countersign"}
}

// person does what a person at the page of the double does.
func person(s *terminaltest.Server) terminal.Person {
	return terminal.Person{
		Digits: func(_ context.Context, digits string) error { return s.Type(digits) },
		Number: func(context.Context, terminal.Request) (string, error) { return s.Number.Shown, nil },
	}
}

// paired is a device that is active and unlocked.
func paired(t *testing.T, s *terminaltest.Server) *terminal.Device {
	t.Helper()
	link, _ := s.Pairing()
	_, code, err := terminal.ParseLink(link, "")
	if err != nil {
		t.Fatal(err)
	}
	d, err := terminal.Pair(t.Context(), client(t, s), code, about(), person(s))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// waiting is the one request that waits.
func waiting(t *testing.T, d *terminal.Device) terminal.Request {
	t.Helper()
	w, err := d.Requests(t.Context(), "", 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(w.Requests) != 1 {
		t.Fatalf("%d requests wait", len(w.Requests))
	}
	return w.Requests[0]
}

func wantCode(t *testing.T, sentence string, err error, code string) {
	t.Helper()
	if err == nil || terminal.CodeOf(err) != code {
		t.Errorf("%s: %v, want the problem %s", sentence, err, code)
	}
}

// transport lets a test see and change what is sent.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
