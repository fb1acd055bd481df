package web

import (
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"countersign"
)

// A Handler answers a request or returns an error, which Handle turns into a
// page or a problem document. It never writes an error itself.
type Handler func(w http.ResponseWriter, r *http.Request) error

var (
	errCrossSite = countersign.Refuse(countersign.Forbidden, "cross_site")
	errMethod    = countersign.Refuse(countersign.Invalid, "method")
	errNoPage    = countersign.Refuse(countersign.NotFound, "no_page")
	errBadText   = countersign.Refuse(countersign.Invalid, "bad_text")
	errBadForm   = countersign.Refuse(countersign.Invalid, "bad_form")
	errBadBody   = countersign.Refuse(countersign.Invalid, "bad_body")
	errTooLarge  = countersign.Refuse(countersign.Invalid, "too_large")
	errLeft      = countersign.Refuse(countersign.Invalid, "client_left")
)

// Handle adapts h to http.Handler.
func (s *Site) Handle(h Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := h(w, r)
		if err != nil {
			s.Fail(w, r, err)
		}
	})
}

// left is the error of a client that is not there any more.
func left(err error) error {
	return &countersign.Error{Kind: errLeft.Kind, Code: errLeft.Code, Err: err}
}

// Fail answers with the error: as a problem document (RFC 9457) where the
// client asks for JSON, else as a page. The cause goes to the log line. An
// answer that has already begun is left alone.
//
// A client that closed its side of the connection is told that: it may have
// closed one half only and still be listening, and it is no fault of ours.
func (s *Site) Fail(w http.ResponseWriter, r *http.Request, err error) {
	st := stateOf(r.Context())
	if gone(r, err) {
		err = left(err)
	}
	if st != nil {
		st.hurry = countersign.KindOf(err) == countersign.Unavailable
	}
	p := s.problem(r, err)
	if st != nil {
		st.notes = append(st.notes, slog.String("code", p.Code), slog.Any("err", err))
		switch p.Status {
		case http.StatusInternalServerError:
			st.level = slog.LevelError
		case http.StatusServiceUnavailable:
			st.level = slog.LevelWarn
		}
	}
	if written(w) {
		return
	}
	if p.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	if st == nil || WantsJSON(r) {
		s.WriteProblem(w, p)
		return
	}
	s.errorPage(w, r, p, err)
}

// statusOf maps the kinds to HTTP.
func statusOf(kind countersign.Kind) int {
	switch kind {
	case countersign.Invalid:
		return http.StatusUnprocessableEntity
	case countersign.Unauthenticated:
		return http.StatusUnauthorized
	case countersign.Forbidden:
		return http.StatusForbidden
	case countersign.NotFound:
		return http.StatusNotFound
	case countersign.Conflict:
		return http.StatusConflict
	case countersign.Gone:
		return http.StatusGone
	case countersign.Limited:
		return http.StatusTooManyRequests
	case countersign.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// Status is the HTTP status that err is answered with; a face that shows the
// error inside its own page uses the same.
func Status(err error) int {
	var large *http.MaxBytesError
	switch {
	case errors.Is(err, errMethod):
		return http.StatusMethodNotAllowed
	case countersign.CodeOf(err) == errLeft.Code:
		return http.StatusRequestTimeout
	case errors.As(err, &large), errors.Is(err, errTooLarge):
		return http.StatusRequestEntityTooLarge
	}
	return statusOf(countersign.KindOf(err))
}

// RetryAfter tells programs how long to wait, where a page tells people: whoever shows an
// error inside its own page calls it before.
func RetryAfter(w http.ResponseWriter, err error) {
	var refusal *countersign.Error
	if errors.As(err, &refusal) && refusal.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(retrySeconds(refusal.Kind, refusal.RetryAfter)))
	}
}

// retrySeconds is what Retry-After says: whole seconds, rounded up. What is
// limited or unavailable always names a time.
func retrySeconds(kind countersign.Kind, wait time.Duration) int {
	if wait <= 0 {
		switch kind {
		case countersign.Limited:
			wait = time.Minute
		case countersign.Unavailable:
			wait = 5 * time.Second
		default:
			return 0
		}
	}
	return int(math.Ceil(wait.Seconds()))
}

// WantsJSON tells a program from a browser: a browser always asks for text/html,
// a program names JSON.
func WantsJSON(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "json") && !strings.Contains(accept, "text/html")
}
