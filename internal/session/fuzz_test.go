package session_test

import (
	"net/http"
	"strings"
	"testing"

	"countersign"
	"countersign/internal/session"
)

// Whatever a browser sends as cookies: what is read is short, of the name that
// fits the connection, and where it leads stays inside.
func FuzzCookies(f *testing.F) {
	for _, header := range []string{
		"countersign_session=abc", "countersign_session=; countersign_session=abc", "__Host-countersign_session=abc", `countersign_session="a b"`, "countersign_next=//evil.example",
		"countersign_next=/reset/x; countersign_browser=y", "=x; ;;", "countersign_session=" + strings.Repeat("x", 200), "countersign_session\x00=a", "COUNTERSIGN_SESSION=a",
		"countersign_next=%2F%2Fevil", "countersign_signin=\xff", "countersign_session=a,countersign_session=b",
	} {
		f.Add(header, true)
		f.Add(header, false)
	}
	f.Fuzz(func(t *testing.T, header string, secure bool) {
		r := &http.Request{Header: http.Header{"Cookie": {header}}}
		c := session.Cookies{Secure: secure}
		token, found := c.Session(r)
		if found != (token != "") || len(token) > 100 {
			t.Fatalf("%q gives the token %q, %v", header, token, found)
		}
		if secure && found && !strings.Contains(header, "__Host-countersign_session") {
			t.Fatalf("%q, which any neighbour could set, gives a session over HTTPS", header)
		}
		for _, text := range []string{token, c.Browser(r), c.Bind(r)} {
			if len(text) > 100 || text != "" && !strings.Contains(header, text) {
				t.Fatalf("%q gives %q", header, text)
			}
		}
		if next := c.Next(r); next != "" && (countersign.InsidePath(next) != next || len(next) > 100) {
			t.Fatalf("%q leads to %q", header, next)
		}
	})
}
