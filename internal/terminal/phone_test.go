package terminal_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"net/http"
	"strings"
	"testing"

	"countersign/internal/terminal"
	"countersign/internal/terminal/terminaltest"
)

// A phone of a test is made of what it is handed: of the same chance come the same keys.
func TestADeviceIsMadeOfTheChanceItIsHanded(t *testing.T) {
	keys := map[string]bool{}
	for _, seed := range []string{"a", "a", "b"} {
		s := terminaltest.New(t)
		o := options()
		n := uint64(0)
		o.Random = func(size int) []byte {
			var b []byte
			for len(b) < size {
				n++
				sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(seed), n))
				b = append(b, sum[:]...)
			}
			return b[:size]
		}
		o.Reach = terminal.Reach{Notifications: "granted", Push: &terminal.Subscription{Endpoint: "https://push.example.com/x", P256DH: make([]byte, 65), Auth: make([]byte, 16)}}
		o.Transport = transport(func(r *http.Request) (*http.Response, error) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			if strings.HasSuffix(r.URL.Path, "/join") {
				_, key, _ := strings.Cut(string(body), `"key":"`)
				key, rest, _ := strings.Cut(key, `"`)
				keys[key] = true
				for _, want := range []string{`"biometrics":true`, `"notifications":"granted"`, `"push":{"endpoint":"https://push.example.com/x","p256dh":"AAAA`, `"auth":"AAAA`} {
					if !strings.Contains(rest, want) {
						t.Errorf("%s is not in %s", want, rest)
					}
				}
			}
			return http.DefaultTransport.RoundTrip(r)
		})
		c, err := terminal.New(s.URL(), o)
		if err != nil {
			t.Fatal(err)
		}
		_, short := s.Pairing()
		_, err = terminal.Pair(t.Context(), c, terminal.Code{Short: short}, terminal.About{Kind: "app", Name: "Pixel 9", Platform: "Android", Client: "Chrome"}, person(s))
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(keys) != 2 {
		t.Errorf("%d keys of two seeds", len(keys))
	}
}

// What should be chance and is none makes no key.
func TestNoChanceNoKey(t *testing.T) {
	s := terminaltest.New(t)
	o := options()
	o.Random = func(n int) []byte { return make([]byte, n) }
	c, err := terminal.New(s.URL(), o)
	if err != nil {
		t.Fatal(err)
	}
	_, short := s.Pairing()
	_, err = terminal.Pair(t.Context(), c, terminal.Code{Short: short}, about(), person(s))
	if err == nil || !strings.Contains(err.Error(), "make a key") {
		t.Error(err)
	}
}
