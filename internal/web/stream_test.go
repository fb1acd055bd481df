package web

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// stage is a server with one page that waits for the states that a test sends.
type stage struct {
	server   *httptest.Server
	states   chan string
	returned atomic.Bool // the handler has
	waiting  atomic.Int32
	leave    atomic.Value // func(): what ends the wait that began last
	fails    error
}

func newStage(t *testing.T, fails error) *stage {
	t.Helper()
	s := &stage{states: make(chan string), fails: fails}
	b := newBench(t, "http://localhost", func(b *bench, mux *http.ServeMux) {
		b.site.Waits = func(_ context.Context, whose string, leave func()) func() {
			if whose != "att_1" {
				t.Errorf("%q waits", whose)
			}
			s.leave.Store(leave)
			s.waiting.Add(1)
			return func() { s.waiting.Add(-1) }
		}
		mux.Handle("GET /events", b.site.Handle(func(w http.ResponseWriter, r *http.Request) error {
			defer s.returned.Store(true)
			return b.site.Follow(w, r, "att_1", s.wait, func(state string) bool { return state == "approved" })
		}))
	})
	s.server = httptest.NewServer(b.web)
	t.Cleanup(s.server.Close)
	return s
}

func (s *stage) wait(ctx context.Context, seen string) (string, error) {
	select {
	case state := <-s.states:
		return state, s.fails
	case <-ctx.Done():
		return seen, nil
	}
}

func (s *stage) open(t *testing.T, accept string) (*http.Response, *bufio.Reader) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.server.URL+"/events?seen=pending&wait=20", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", accept)
	response, err := s.server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response, bufio.NewReader(response.Body)
}

// block reads up to an empty line, or the end.
func block(lines *bufio.Reader) string {
	var all strings.Builder
	for {
		line, err := lines.ReadString('\n')
		all.WriteString(line)
		if err != nil || line == "\n" {
			return all.String()
		}
	}
}

// over waits until nobody waits any more.
func (s *stage) over(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); s.waiting.Load() != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("somebody still waits")
		}
	}
}

func TestAStreamTellsEachStateUntilTheLast(t *testing.T) {
	s := newStage(t, nil)
	response, lines := s.open(t, "text/event-stream")
	if first := block(lines); first != "retry: 1000\nevent: waiting\ndata: 1\n\n" || response.Header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("it begins with %q as %s", first, response.Header.Get("Content-Type"))
	}
	for _, state := range []string{"seen", "approved"} {
		s.states <- state
		if said := block(lines); said != "id: "+state+"\ndata: {\"state\":\""+state+"\"}\n\n" {
			t.Errorf("%s is said as %q", state, said)
		}
	}
	if !s.returned.Load() {
		t.Error("the page's handler waits, with all that it holds")
	}
	if rest := block(lines); rest != "" {
		t.Errorf("after the last state comes %q", rest)
	}
	s.over(t)
}

func TestAWaitEndsEarly(t *testing.T) {
	for _, row := range []struct {
		sentence, accept, rest string
		fails                  error
		end                    func(s *stage, leave func())
	}{
		{"too many wait", "text/event-stream", "", nil, func(_ *stage, leave func()) { leave() }},
		{"too many wait, by calls", "application/json", `{"state":"pending"}`, nil, func(_ *stage, leave func()) { leave() }},
		{"the wait fails", "text/event-stream", "", errors.New("no database"), func(s *stage, _ func()) { s.states <- "" }},
		{"a call hears", "application/json", `{"state":"denied"}`, nil, func(s *stage, _ func()) { s.states <- "denied" }},
	} {
		s := newStage(t, row.fails)
		go func() {
			for s.waiting.Load() == 0 {
				time.Sleep(time.Millisecond)
			}
			leave, _ := s.leave.Load().(func())
			row.end(s, leave)
		}()
		_, lines := s.open(t, row.accept)
		if row.accept == "text/event-stream" {
			block(lines)
		}
		if rest := block(lines); rest != row.rest {
			t.Errorf("%s: the page is told %q, want %q", row.sentence, rest, row.rest)
		}
		s.over(t)
	}
}

func TestAPageThatLeavesWaitsNoMore(t *testing.T) {
	s := newStage(t, nil)
	response, lines := s.open(t, "text/event-stream")
	block(lines)
	err := response.Body.Close()
	if err != nil {
		t.Fatal(err)
	}
	s.over(t)
}

// What keeps a stream alive is said beside the wait, and by nobody when that is over.
func TestALineIsKeptAlive(t *testing.T) {
	w := httptest.NewRecorder()
	l := &line{w: w, out: http.NewResponseController(w), cancel: func() { t.Error("the wait is ended") }}
	l.live()
	l.open()
	l.live()
	l.say("data: x\n\n")
	l.close()
	l.live()
	if said := w.Body.String(); said != ": still waiting\n\ndata: x\n\n" {
		t.Errorf("it says %q", said)
	}
}
