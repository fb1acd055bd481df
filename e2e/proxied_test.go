package e2e_test

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"countersign/e2e/browser"
	"countersign/e2e/proxy"
	"countersign/e2e/site"
	"countersign/internal/terminal"
)

// A real nginx, with the plainest configuration, stands before the server: the page that
// waits is told at once, not when the connection ends.
func TestEventsPassAProxyAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.Guarded(t, "Ada", "ada@acme.example")
	page := h.Client()
	page.SignIn(ada)
	d, err := page.Pair(t.Context(), terminal.About{Kind: "app", Name: "Pixel 9", Platform: "Android", Client: "Chrome", Version: "1.0.0"}, h.Devices())
	must(t, err)
	desk := h.Client()
	step := desk.First(ada)
	number := site.ShownNumber(desk.Get(step.Location))
	through := proxy.Start(t, h.URL)
	told := follow(t, through+step.Location+"/events", h.URL, desk.Cookies())
	if line := <-told; line != "data: 1" {
		t.Fatalf("the stream begins with %q", line)
	}
	r, err := d.First(t.Context())
	must(t, err)
	begun := time.Now()
	_, err = d.Decide(t.Context(), r, terminal.Approve, number)
	must(t, err)
	select {
	case line := <-told:
		if !strings.Contains(line, "approved") {
			t.Errorf("told %q", line)
		}
		t.Logf("told after %v", time.Since(begun))
	case <-time.After(10 * time.Second):
		t.Error("nothing was told: the proxy keeps the events")
	}
}

// follow opens a stream of events, as the browser with these cookies would, and returns
// its lines that say something.
func follow(t *testing.T, address, host string, cookies []*http.Cookie) <-chan string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"?seen=pending", nil)
	must(t, err)
	u, err := url.Parse(host)
	must(t, err)
	r.Host = u.Host
	r.Header.Set("Accept", "text/event-stream")
	for _, cookie := range cookies {
		r.AddCookie(cookie)
	}
	answer, err := http.DefaultClient.Do(r) //nolint:bodyclose // it ends with the test's context
	must(t, err)
	if answer.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("answered %s, %s", answer.Status, answer.Header.Get("Content-Type"))
	}
	lines := make(chan string, 16)
	go func() {
		for scan := bufio.NewScanner(answer.Body); scan.Scan(); {
			if line := scan.Text(); strings.HasPrefix(line, ":") || strings.HasPrefix(line, "data:") {
				lines <- line
			}
		}
	}()
	return lines
}

// TestAPageWaitsBehindAnyProxy has proxies that spoil a stream of events, each in its own
// way: the page asks one call at a time then, and is told as well.
func TestAPageWaitsBehindAnyProxy(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.guarded("Ada Lovelace")
	d := ada.withPhone()
	for name, spoil := range map[string]func(*http.Response) error{
		"it refuses streams": func(r *http.Response) error {
			instead(r, http.StatusNotAcceptable, strings.NewReader("no streams"))
			return nil
		},
		"it makes another thing of them": func(r *http.Response) error {
			r.Header.Set("Content-Type", "application/octet-stream")
			return nil
		},
		"it keeps the answer until it is whole": func(r *http.Response) error {
			whole, err := io.ReadAll(r.Body)
			instead(r, r.StatusCode, bytes.NewReader(whole))
			return err
		},
		"it passes the head on, and keeps the rest": func(r *http.Response) error {
			r.Body = &kept{ReadCloser: r.Body}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := &house{h.Site, t}
			desk := browser.New(t, spoiled(t, h.URL, spoil))
			ada.first(desk)
			desk.See("Check your phone")
			number := desk.Text(".phone-number")
			for deadline := time.Now().Add(15 * time.Second); asks(desk, "Fetch") == 0; time.Sleep(10 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("the page does not ask in the other way")
				}
			}
			if state := d.answer(terminal.Approve, number); state != "approved" {
				t.Errorf("the approval is %s", state)
			}
			desk.See("It is on.")
			if streams, calls := asks(desk, "EventSource"), asks(desk, "Fetch"); streams != 1 || calls > 2 {
				t.Errorf("the page has opened %d streams, and asked %d times", streams, calls)
			}
		})
	}
}

// asks is how often a page has asked what became of its question, by streams or calls.
func asks(page *browser.Page, by string) int {
	n := 0
	for _, r := range page.Requests() {
		if r.Type == by && strings.Contains(r.URL, "/phone/events") {
			n++
		}
	}
	return n
}

// spoiled is the address of a proxy before a server that passes everything on but streams
// of events.
func spoiled(t *testing.T, upstream string, spoil func(*http.Response) error) string {
	t.Helper()
	to, err := url.Parse(upstream)
	must(t, err)
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to) // and the Host with it, as the server knows itself
			if r.In.Header.Get("Origin") != "" {
				r.Out.Header.Set("Origin", upstream)
			}
		},
		ModifyResponse: func(r *http.Response) error {
			if !strings.HasPrefix(r.Header.Get("Content-Type"), "text/event-stream") {
				return nil
			}
			return spoil(r)
		},
		FlushInterval: -1,
		ErrorHandler:  func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	})
	t.Cleanup(proxy.Close)
	t.Cleanup(proxy.CloseClientConnections)
	return strings.Replace(proxy.URL, "127.0.0.1", "localhost", 1)
}

func instead(r *http.Response, status int, body io.Reader) {
	_ = r.Body.Close()
	r.StatusCode, r.Status, r.Body = status, http.StatusText(status), io.NopCloser(body)
}

// kept is an answer of which nothing is passed on before all of it is there.
type kept struct {
	io.ReadCloser

	whole io.Reader
}

func (k *kept) Read(p []byte) (int, error) {
	if k.whole == nil {
		all, err := io.ReadAll(k.ReadCloser)
		if err != nil {
			return 0, err
		}
		k.whole = bytes.NewReader(all)
	}
	return k.whole.Read(p)
}
