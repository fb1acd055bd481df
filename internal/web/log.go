package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"
)

// answerWithin is the time that a request has until its answer begins. A database
// that takes a question and says nothing must not hold it for ever; what is being
// written then is written all the same.
const answerWithin = 10 * time.Second

// logged writes one line when a request is done. It names the route pattern
// and not the path: paths of mailed links carry their token.
func (s *Site) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := s.Now()
		st := s.newState(r)
		st.base = r.Context()
		out := &writer{ResponseWriter: w}
		out.Header().Set("X-Request-Id", st.id)
		ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), contextKey{}, st), answerWithin)
		defer cancel()
		r = r.WithContext(ctx)
		defer func() {
			fault := recover()
			if fault == http.ErrAbortHandler { //nolint:errorlint // a panic value, never wrapped
				panic(fault)
			}
			if fault != nil {
				Note(r.Context(), "stack", string(debug.Stack()))
				s.Fail(out, r, fmt.Errorf("panic: %v", fault))
			}
			attrs := []slog.Attr{
				slog.String("method", r.Method),
				slog.String("route", route(r)),
				slog.Int("status", out.code()),
				slog.Int64("bytes", out.bytes),
				slog.Int64("ms", s.Now().Sub(start).Milliseconds()),
				slog.String("ip", st.ip.String()),
				slog.String("request_id", st.id),
			}
			s.Log.LogAttrs(r.Context(), s.levelOf(r, st), "request", append(attrs, st.notes...)...)
		}()
		next.ServeHTTP(out, r)
		if st.later != nil {
			cancel()
			st.later()
		}
	})
}

func (s *Site) levelOf(r *http.Request, st *state) slog.Level {
	quiet := strings.HasPrefix(r.Pattern, "GET /assets/") || r.Pattern == "GET /livez" || r.Pattern == "GET /readyz"
	if st.level == slog.LevelInfo && quiet {
		return slog.LevelDebug
	}
	return st.level
}

func route(r *http.Request) string {
	if r.Pattern == "" {
		return "none"
	}
	_, pattern, found := strings.Cut(r.Pattern, " ")
	if !found {
		return r.Pattern
	}
	return pattern
}

// A writer remembers what was answered.
type writer struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *writer) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *writer) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach flushing and deadlines.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *writer) code() int {
	if w.status == 0 {
		return http.StatusOK
	}
	return w.status
}

// written tells whether an answer has begun, so that nothing can replace it.
func written(w http.ResponseWriter) bool {
	for {
		own, ok := w.(*writer)
		if ok {
			return own.status != 0
		}
		wrapped, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return false
		}
		w = wrapped.Unwrap()
	}
}

// gone tells whether the person closed the connection before the answer.
func gone(r *http.Request, err error) bool {
	return errors.Is(err, context.Canceled) && r.Context().Err() != nil
}
