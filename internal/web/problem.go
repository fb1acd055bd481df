package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
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
	// State says how something ended that is over, Version which one is asked for.
	State   string `json:"state,omitempty"`
	Version string `json:"version,omitempty"`
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
	p.State, _ = args["State"].(string)
	p.Version, _ = args["Version"].(string)
	st := stateOf(r.Context())
	if st == nil {
		p.Title = http.StatusText(p.Status)
		return p
	}
	say := st.say(r.Context())
	p.Title = say.Say("errors.title_" + kindName(p.Status, kind))
	p.Detail = say.Say("errors.text_"+kindName(p.Status, kind), "Wait", time.Duration(p.RetryAfter)*time.Second)
	if p.Code == errNoWorkspace.Code {
		p.Title = say.Say("errors.title_no_workspace")
	}
	if id := "errors." + p.Code; say.Has(id) {
		p.Detail = say.SayMap(id, withWait(args, p.RetryAfter))
	}
	return p
}

// refusedPage describes a page that refuses, for a program that asks for JSON:
// the first thing that is wrong with the page's form, or the status alone.
func (s *Site) refusedPage(w http.ResponseWriter, r *http.Request, status int, data any) Problem {
	refusal := &countersign.Error{Kind: kindOf(status)}
	if page, ok := data.(interface{ base() Page }); ok && page.base().Form.Failed() {
		first := page.base().Form.Errors[0]
		refusal.Field, refusal.Code, refusal.Args = first.Field, first.Code, first.Args
	}
	wait, err := strconv.Atoi(w.Header().Get("Retry-After"))
	if err == nil {
		refusal.RetryAfter = time.Duration(wait) * time.Second
	}
	if refusal.Code == "" {
		refusal.Code = kindName(status, refusal.Kind)
	}
	p := s.problem(r, refusal)
	p.Status = status
	return p
}

// kindOf is the kind of refusal that a page's status stands for.
func kindOf(status int) countersign.Kind {
	for kind := countersign.Invalid; kind <= countersign.Unavailable; kind++ {
		if statusOf(kind) == status {
			return kind
		}
	}
	return countersign.Invalid
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
	switch status {
	case http.StatusMethodNotAllowed:
		return "method"
	case http.StatusRequestTimeout:
		return "left"
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
