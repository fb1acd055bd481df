package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"countersign"
)

// A Problem is a problem document (RFC 9457) with our extensions. Code is
// stable; the texts are for people, in the language of the request.
type Problem struct {
	Type       string `json:"type"`
	Title      string `json:"title"`
	Status     int    `json:"status"`
	Detail     string `json:"detail,omitempty"`
	Code       string `json:"code"`
	Field      string `json:"field,omitempty"`
	RequestID  string `json:"request_id"`
	RetryAfter int    `json:"retry_after,omitempty"` // seconds
}

// WriteProblem writes the document with its status.
func (s *Site) WriteProblem(w http.ResponseWriter, p Problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	// The status is out; a connection that breaks now has nobody to tell.
	_ = json.NewEncoder(w).Encode(p)
}

// problem describes err for whoever asked. Only the code of a countersign.Error
// gets out; any other error is "internal" and keeps its text for the log.
func (s *Site) problem(r *http.Request, err error) Problem {
	p := Problem{Type: "about:blank", Status: Status(err), Code: "internal", RequestID: RequestID(r.Context())}
	kind := countersign.KindOf(err)
	var refusal *countersign.Error
	var wait time.Duration
	var args map[string]any
	switch {
	case p.Status == http.StatusRequestEntityTooLarge:
		kind, p.Code = countersign.Invalid, errTooLarge.Code
	case errors.As(err, &refusal) && kind != countersign.Internal:
		p.Code, p.Field, wait, args = refusal.Code, refusal.Field, refusal.RetryAfter, refusal.Args
	}
	p.RetryAfter = retrySeconds(kind, wait)
	st := stateOf(r.Context())
	if st == nil {
		p.Title = http.StatusText(p.Status)
		return p
	}
	say := st.say(r.Context())
	p.Title = say.Say("errors.title_" + kindName(p.Status, kind))
	p.Detail = say.Say("errors.text_"+kindName(p.Status, kind), "Wait", time.Duration(p.RetryAfter)*time.Second)
	if id := "errors." + p.Code; say.Has(id) {
		p.Detail = say.SayMap(id, withWait(args, p.RetryAfter))
	}
	return p
}

// withWait adds the placeholder "Wait" where the refusal did not bring one.
func withWait(args map[string]any, seconds int) map[string]any {
	out := map[string]any{"Wait": time.Duration(seconds) * time.Second}
	for name, value := range args {
		out[name] = value
	}
	return out
}

func kindName(status int, kind countersign.Kind) string {
	if status == http.StatusMethodNotAllowed {
		return "method"
	}
	switch kind {
	case countersign.Invalid:
		return "unprocessable"
	case countersign.Unauthenticated:
		return "unauthenticated"
	case countersign.Forbidden:
		return "forbidden"
	case countersign.NotFound:
		return "not_found"
	case countersign.Conflict:
		return "conflict"
	case countersign.Gone:
		return "gone"
	case countersign.Limited:
		return "limited"
	case countersign.Unavailable:
		return "unavailable"
	}
	return "internal"
}
