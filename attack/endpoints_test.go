package attack_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"countersign/e2e/site"
	"countersign/internal/webpush/webpushtest"
)

// subscribed is what a browser says of a subscription at an endpoint.
func subscribed(t *testing.T, endpoint string) map[string]string {
	t.Helper()
	keys := webpushtest.New(t)
	return map[string]string{"endpoint": endpoint, "p256dh": keys.P256DH(), "auth": keys.Auth()}
}

// TestEndpointsRefused has phones name places as their push service that are none: at
// their pairing, and later.
func TestEndpointsRefused(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		c := home(t, s, s.Guarded(t, "Ada Lovelace", "ada@acme.example"))
		phone := (&handsets{s}).new(t).pair(t, c.Client)
		for _, endpoint := range []string{
			"", "push", "//fcm.googleapis.com/x", "http://fcm.googleapis.com/x", "ftp://fcm.googleapis.com/x", "file:///etc/passwd",
			"https://127.0.0.1/x", "https://[::1]/x", "https://[::ffff:127.0.0.1]/x", "https://2130706433/x", "https://0x7f.1/x", "https://0/x",
			"https://10.0.0.1/x", "https://169.254.169.254/latest/meta-data/", "https://localhost/x", "https://metadata.google.internal/x",
			"https://fcm.googleapis.com:8443/x", "https://fcm.googleapis.com:0/x", "https://user@fcm.googleapis.com/x",
			"https://fcm.googleapis.com@127.0.0.1/x", "https://127.0.0.1#fcm.googleapis.com", "https://127.0.0.1\\@fcm.googleapis.com/x",
			"https://fcm.googleapis.com.evil.example/x", "https://evilfcm.googleapis.com/x", "https://push.apple.com.evil.example/x",
			"https://.push.apple.com/x", "https://evilpush.apple.com/x", "https://fcm.googleapis.com./x", "https://fcm。googleapis.com/x",
			"https://fcm.googleapis.com/" + strings.Repeat("x", 3000), "https://" + strings.TrimPrefix(s.URL, "http://") + "/x",
		} {
			s.Clock.Advance(time.Minute)
			late := phone.call(len(s.Nodes)-1, http.MethodPost, "/device/v1/hello", map[string]any{
				"version": "1.0.0", "biometrics": true, "notifications": "granted", "push": subscribed(t, endpoint),
			})
			if late.came() != "push_endpoint" {
				t.Errorf("hello with %.60q: %s %s", endpoint, late.Answer, late.Body)
			}
		}
		s.Clock.Advance(time.Hour)
		for _, endpoint := range []string{"https://127.0.0.1/x", "https://localhost/x"} {
			other := (&handsets{s}).new(t)
			other.subscription = subscribed(t, endpoint)
			err := other.claim(home(t, s, s.Guarded(t, "Bob", "bob"+other.s.Clock.Now().Format("150405.000000")+"@acme.example")).Client)
			if err == nil || !strings.HasPrefix(err.Error(), "push_endpoint") {
				t.Errorf("joining with %s: %v", endpoint, err)
			}
		}
	})
}

// ended waits until the push of a test is not waiting any more, or was tried, and returns
// what the outbox says of it.
func ended(t *testing.T, b *books, who *site.Person) string {
	t.Helper()
	const query = "SELECT state, tries, problem FROM messages WHERE user_id = $1 AND channel = 'push' AND (state <> 'queued' OR problem <> '')"
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if found := b.lines(t, "push", query, string(who.ID)); len(found) > 0 {
			return strings.Join(found, "\n")
		}
	}
	t.Fatal("the push still waits after 30 s")
	return ""
}

// TestEndpointsInside has a push service's name lead inside, after the phone was paired
// with it, and somewhere else each time: the address is looked at when the connection is
// made, so it does not matter what the name was before. Nothing is connected to.
func TestEndpointsInside(t *testing.T) {
	alongside(t)
	var came atomic.Int64
	trap := watched(t, &came)
	_, port, _ := strings.Cut(trap, ":")
	const host = "push.moving.example"
	names := site.NewNames(t, map[string]string{host: "192.0.2.1:443"})
	both(t, func(t *testing.T, s *site.Site) {
		b := openBooks(t, s)
		for i, address := range []string{
			trap, "[::1]:" + port, "[::ffff:127.0.0.1]:" + port, "0.0.0.0:" + port, "[::]:" + port, "localhost:" + port, "10.0.0.1:443",
			"192.168.1.1:443", "169.254.169.254:80", "[fe80::1]:443", "[fd00::1]:443", "[64:ff9b::7f00:1]:" + port, "[2002:7f00:1::]:" + port,
		} {
			who := s.Guarded(t, "Ada Lovelace", fmt.Sprintf("ada-%d@acme.example", i))
			phone := (&handsets{s}).new(t)
			phone.subscription = subscribed(t, "https://"+host+"/push/x")
			names.Lead(map[string]string{host: address})
			phone.pair(t, home(t, s, who).Client)
			if said := ended(t, b, who); !strings.Contains(said, "not on the public internet") {
				t.Errorf("where the name leads to %s, the push came to %s", address, said)
			}
		}
		if n := came.Load(); n != 0 {
			t.Errorf("%d connections came to this machine", n)
		}
	}, names.Setting)
}

// watched is an address of this machine at which connections are counted.
func watched(t *testing.T, came *atomic.Int64) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			came.Add(1)
			_ = c.Close()
		}
	}()
	return l.Addr().String()
}

// TestEndpointsThatRedirect has a push service send the server on: to another service that
// is allowed, and to the inside. It goes nowhere.
func TestEndpointsThatRedirect(t *testing.T) {
	alongside(t)
	near, far := webpushtest.Start(t, "push.near.example", time.Now), webpushtest.Start(t, "push.far.example", time.Now)
	var asked, further atomic.Int64
	far.Trouble(func(w http.ResponseWriter, _ *http.Request) {
		further.Add(1)
		w.WriteHeader(http.StatusCreated)
	})
	trap := watched(t, &further)
	both(t, func(t *testing.T, s *site.Site) {
		b := openBooks(t, s)
		for i, to := range []string{"https://push.far.example/wpush/v2/x", "http://" + trap + "/x", "https://" + trap + "/x"} {
			for _, status := range []int{http.StatusMovedPermanently, http.StatusTemporaryRedirect} {
				near.Trouble(func(w http.ResponseWriter, _ *http.Request) {
					asked.Add(1)
					w.Header().Set("Location", to)
					w.WriteHeader(status)
				})
				before := asked.Load()
				who := s.Guarded(t, "Ada Lovelace", "ada-"+string(rune('a'+i))+http.StatusText(status)[:3]+"@acme.example")
				phone := (&handsets{s}).new(t)
				phone.subscription = subscribed(t, "https://push.near.example/wpush/v2/x")
				phone.pair(t, home(t, s, who).Client)
				said := ended(t, b, who)
				if asked.Load() == before || strings.Contains(said, "state=sent") {
					t.Errorf("%d to %s: asked %d times; %s", status, to, asked.Load()-before, said)
				}
			}
		}
		if n := further.Load(); n != 0 {
			t.Errorf("it was led on %d times", n)
		}
	}, site.PushServices(t, near, far))
}
