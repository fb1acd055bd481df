package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// heartbeat is how often a stream shows that it lives: proxies close what is silent.
	heartbeat = 15 * time.Second
	// longestPoll bounds one call of those who cannot be streamed to.
	longestPoll = 25 * time.Second
	// longestStream bounds a stream; the browser opens another.
	longestStream = 5 * time.Minute
)

// Patient is the request's context without the time that an answer has: it ends when
// the client leaves, when the server ends or has too many that wait, or after most.
// whose is the identifier of the sign-in, session or device that waits.
func Patient(r *http.Request, whose string, most time.Duration) (context.Context, context.CancelFunc) {
	st := stateOf(r.Context())
	ctx, cancel := context.WithTimeout(context.WithValue(st.base, contextKey{}, st), most)
	ends := []func(){cancel}
	if st.site.Ending != nil {
		stop := context.AfterFunc(st.site.Ending, cancel)
		ends = append(ends, func() { stop() })
	}
	if st.site.Waits != nil {
		ends = append(ends, st.site.Waits(r.Context(), whose, cancel))
	}
	return ctx, func() {
		for _, end := range ends {
			end()
		}
	}
}

// A Wait returns a state when it is another than seen, or when ctx ends.
type Wait func(ctx context.Context, seen string) (string, error)

// Follow tells a page of a state each time that it changes, until it is final: as
// server-sent events where the client asks for them (HTML Living Standard, section 9.2),
// else one change as JSON, for which "seen" and "wait", in seconds, stand in the query.
// whose is the identifier of the sign-in or session whose page it is.
func (s *Site) Follow(w http.ResponseWriter, r *http.Request, whose string, wait Wait, final func(string) bool) error {
	if !strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
		return s.poll(w, r, whose, wait)
	}
	return s.stream(w, r, whose, wait, final)
}

// poll answers one change. Without "seen" it answers at once.
func (s *Site) poll(w http.ResponseWriter, r *http.Request, whose string, wait Wait) error {
	seconds, _ := strconv.Atoi(r.URL.Query().Get("wait")) // anything else is no wait
	ctx, cancel := Patient(r, whose, min(max(time.Duration(seconds)*time.Second, time.Millisecond), longestPoll))
	defer cancel()
	state, err := wait(ctx, r.URL.Query().Get("seen"))
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]string{"state": state})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, err = w.Write(body)
	return err
}

// stream begins a stream; the rest of it is for later, when all that led to this page
// has returned. Else each page that waits would keep the stack of that, and what stands
// on it, which is more than all the rest.
func (s *Site) stream(w http.ResponseWriter, r *http.Request, whose string, wait Wait, final func(string) bool) error {
	seen := r.URL.Query().Get("seen")
	if last := r.Header.Get("Last-Event-Id"); last != "" {
		seen = last
	}
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("X-Accel-Buffering", "no") // nginx would keep events until there are many
	out := http.NewResponseController(w)
	// The limits of a request's time end here: a few dozen octets never fill what the
	// system keeps for a connection, so no client holds up a write.
	err := errors.Join(out.SetReadDeadline(time.Time{}), out.SetWriteDeadline(time.Time{}))
	if err != nil {
		return err
	}
	ctx, cancel := Patient(r, whose, longestStream)
	l := &line{w: w, out: out, cancel: cancel}
	// An event at once, that has nothing to say: a page to which it does not come asks in
	// the other way.
	l.say("retry: 1000\nevent: waiting\ndata: 1\n\n")
	st := stateOf(r.Context())
	st.later = func() {
		defer cancel()
		l.open()
		defer l.close()
		err := l.tell(ctx, seen, wait, final)
		if err != nil {
			// The stream has begun: the browser asks again, and is told properly.
			st.notes = append(st.notes, slog.String("stream_err", err.Error()))
		}
	}
	return nil
}

// line is a stream's way to its page.
type line struct {
	cancel context.CancelFunc // ends the wait: nobody is there any more

	mu   sync.Mutex
	w    io.Writer
	out  *http.ResponseController
	beat *time.Timer // nil when the answer is net/http's again
}

func (l *line) open() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.beat = time.AfterFunc(heartbeat, l.live)
}

func (l *line) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.beat.Stop()
	l.beat = nil
}

// tell says each state that is another than seen. A state that is the same is the end of
// the wait.
func (l *line) tell(ctx context.Context, seen string, wait Wait, final func(string) bool) error {
	for {
		state, err := wait(ctx, seen)
		if err != nil || state == seen {
			return err
		}
		l.say(fmt.Sprintf("id: %s\ndata: {\"state\":%q}\n\n", state, state))
		if final(state) {
			return nil
		}
		seen = state
	}
}

// live shows that the stream lives. Nothing is read for it, and whoever waits goes on
// waiting: ten thousand pages are told so seven hundred times a second.
func (l *line) live() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.beat != nil {
		l.write(": still waiting\n\n")
		l.beat.Reset(heartbeat)
	}
}

func (l *line) say(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.write(text)
}

func (l *line) write(text string) {
	_, err := io.WriteString(l.w, text)
	if err == nil {
		err = l.out.Flush()
	}
	if err != nil {
		l.cancel()
	}
}
