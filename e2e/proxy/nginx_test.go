package proxy

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// The header by which a server asks for it lets events through nginx as they happen.
// Without it they come together at the end, so that the double is known to buffer.
func TestEventsPassNginx(t *testing.T) {
	const events, pause = 3, 300 * time.Millisecond
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		if r.URL.Path == "/asked" {
			w.Header().Set("X-Accel-Buffering", "no")
		}
		for n := range events {
			_, _ = fmt.Fprintf(w, "data: %d %s\n\n", n, r.Host)
			_ = http.NewResponseController(w).Flush()
			time.Sleep(pause)
		}
	}))
	defer server.Close()
	url := Start(t, server.URL)
	for path, want := range map[string]time.Duration{"/asked": 0, "/plain": events * pause} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(response.Body).ReadString('\n')
		took := time.Since(begun)
		_ = response.Body.Close()
		if err != nil || line != "data: 0 "+request.Host+"\n" {
			t.Fatalf("%s: %q %v", path, line, err)
		}
		if took < want-pause/2 || want == 0 && took > pause {
			t.Errorf("%s: the first event came after %v; want about %v", path, took, want)
		}
	}
}
