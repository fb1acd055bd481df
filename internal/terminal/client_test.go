package terminal_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"countersign/internal/terminal"
	"countersign/internal/terminal/terminaltest"
)

func answers(status int, header map[string]string, body string) transport {
	return func(r *http.Request) (*http.Response, error) {
		response := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}
		for name, value := range header {
			response.Header.Set(name, value)
		}
		return response, nil
	}
}

func TestProblems(t *testing.T) {
	document := map[string]string{"Content-Type": "application/problem+json", "Retry-After": "90"}
	rows := []struct {
		sentence string
		status   int
		header   map[string]string
		body     string
		want     terminal.Problem
		text     string
		again    time.Duration
	}{
		{
			"a problem document", 403, document, `{"code":"device_version","title":"No","detail":"Too old.","version":"2.0.0","x":1}`,
			terminal.Problem{Status: 403, Code: "device_version", Title: "No", Detail: "Too old.", Version: "2.0.0", RetryAfter: 90 * time.Second},
			"Too old.", 0,
		},
		{
			"one with a state", 409, nil, "",
			terminal.Problem{Status: 409},
			"the server answered 409 Conflict", 0,
		},
		{
			"too many", 429, document, `{"code":"too_many_claims","title":"Too many tries"}`,
			terminal.Problem{Status: 429, Code: "too_many_claims", Title: "Too many tries", RetryAfter: 90 * time.Second},
			"Too many tries", 90 * time.Second,
		},
		{"a page of a proxy", 502, map[string]string{"Content-Type": "text/html"}, "<p>", terminal.Problem{Status: 502}, "the server answered 502 Bad Gateway", time.Second},
		{"a document that is none", 500, document, "<p>", terminal.Problem{Status: 500, RetryAfter: 90 * time.Second}, "the server answered 500 Internal Server Error", 0},
		{
			"a wait that nobody waits", 503,
			map[string]string{"Retry-After": "99999999999"},
			"",
			terminal.Problem{Status: 503, RetryAfter: 24 * time.Hour},
			"the server answered 503 Service Unavailable", 24 * time.Hour,
		},
		{"a way elsewhere", 302, map[string]string{"Location": "https://other.example.com/"}, "", terminal.Problem{Status: 302}, "the server answered 302 Found", 0},
	}
	for _, row := range rows {
		o := options()
		o.Transport = answers(row.status, row.header, row.body)
		c, err := terminal.New("https://signin.example.com", o)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Claim(t.Context(), terminal.Code{Long: "x"}, about())
		var problem *terminal.Problem
		if !errors.As(err, &problem) || *problem != row.want || err.Error() != row.text {
			t.Errorf("%s: %+v, %v", row.sentence, problem, err)
		}
		again, may := terminal.Again(err)
		if again != row.again || may != (row.again > 0) {
			t.Errorf("%s: again after %v, %v", row.sentence, again, may)
		}
	}
}

func TestACallThatDoesNotArrive(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for sentence, row := range map[string]struct {
		ctx   context.Context
		again bool
	}{"nobody listens": {t.Context(), true}, "the person left": {ctx, false}} {
		o := options()
		o.Transport = transport(func(r *http.Request) (*http.Response, error) {
			if err := r.Context().Err(); err != nil {
				return nil, err
			}
			return nil, errors.New("connection refused")
		})
		c, err := terminal.New("https://signin.example.com", o)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Claim(row.ctx, terminal.Code{Long: "x"}, about())
		if _, again := terminal.Again(err); err == nil || again != row.again {
			t.Errorf("%s: %v, again: %v", sentence, err, again)
		}
	}
}

// A server that does not wait is asked about once a second, not without end.
func TestAServerThatDoesNotWait(t *testing.T) {
	s := terminaltest.New(t)
	asked := 0
	o := options()
	o.Transport = transport(func(r *http.Request) (*http.Response, error) {
		if strings.HasSuffix(r.URL.Path, "/state") {
			asked++
			return answers(200, nil, `{"state":"joined"}`)(r)
		}
		return http.DefaultTransport.RoundTrip(r)
	})
	c, err := terminal.New(s.URL(), o)
	if err != nil {
		t.Fatal(err)
	}
	_, short := s.Pairing()
	p, err := c.Claim(t.Context(), terminal.Code{Short: short}, about())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	err = p.Await(ctx, terminal.Confirmed)
	if !errors.Is(err, context.DeadlineExceeded) || asked > 3 {
		t.Errorf("asked %d times: %v", asked, err)
	}
}
