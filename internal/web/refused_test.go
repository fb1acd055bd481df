package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

// A page that refuses is a problem document for a program, and says the same.
func TestAPageThatRefusesIsAProblemForPrograms(t *testing.T) {
	for _, row := range []struct {
		sentence, accept string
		status           int
		form             func() *Form
		field, code      string
		retry            int
	}{
		{"what is wrong with a field", "application/json", http.StatusUnprocessableEntity, func() *Form {
			f := NewForm()
			f.Wrong("email", "email_malformed")
			f.Wrong("name", "name_empty")
			return f
		}, "email", "email_malformed", 0},
		{"what is wrong with the whole", "application/problem+json", http.StatusConflict, func() *Form {
			f := NewForm()
			f.Wrong("", "name_long", "Most", 40)
			return f
		}, "", "name_long", 0},
		{"a page without a form", "text/json, */*", http.StatusForbidden, func() *Form { return nil }, "", "forbidden", 0},
		{"how long to wait", "application/json", http.StatusTooManyRequests, func() *Form { return nil }, "", "limited", 7},
		{"a status of no kind", "application/json", http.StatusTeapot, func() *Form { return nil }, "", "unprocessable", 0},
	} {
		var shown *Renderer
		b := newBench(t, "http://localhost", func(b *bench, mux *http.ServeMux) {
			var err error
			shown, err = b.site.Renderer(fstest.MapFS{"page.html": {Data: []byte(`{{define "title"}}Page{{end}}{{define "main"}}<h1>Page</h1>{{end}}{{template "gate" .}}`)}})
			if err != nil {
				t.Fatal(err)
			}
			mux.Handle("GET /page", b.site.Handle(func(w http.ResponseWriter, r *http.Request) error {
				if row.retry > 0 {
					w.Header().Set("Retry-After", "7")
				}
				return shown.Render(w, r, row.status, "page", struct{ Page }{Page{Form: row.form()}})
			}))
		})
		r := httptest.NewRequest(http.MethodGet, "/page", http.NoBody)
		r.Header.Set("Accept", row.accept)
		answer := b.do(r)
		var p Problem
		err := json.Unmarshal([]byte(text(t, answer)), &p)
		if err != nil || answer.StatusCode != row.status || p.Status != row.status || p.Code != row.code || p.Field != row.field || p.RetryAfter != max(row.retry, 0) ||
			p.Title == "" || p.Detail == "" || answer.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %+v, %v", row.sentence, answer.StatusCode, p, err)
		}
		r.Header.Set("Accept", "text/html,application/json")
		if answer = b.do(r); answer.StatusCode != row.status || answer.Header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s, for a person: %d %s", row.sentence, answer.StatusCode, answer.Header.Get("Content-Type"))
		}
	}
}

// A client that closed its half of the connection is still listening, perhaps:
// its request ends without a fault of ours, in the answer and in the log.
func TestAClientThatLeftIsNoFault(t *testing.T) {
	b := newBench(t, "http://localhost", func(b *bench, mux *http.ServeMux) {
		mux.Handle("GET /page", b.site.Handle(func(_ http.ResponseWriter, r *http.Request) error {
			return fmt.Errorf("read something: %w", r.Context().Err())
		}))
		mux.Handle("GET /panic", b.site.Handle(func(http.ResponseWriter, *http.Request) error { panic("ours") }))
	})
	left, leave := context.WithCancel(t.Context())
	leave()
	for path, want := range map[string]int{"/page": http.StatusRequestTimeout, "/panic": http.StatusInternalServerError} {
		answer := b.do(httptest.NewRequestWithContext(left, http.MethodGet, path, http.NoBody))
		if page := text(t, answer); answer.StatusCode != want || !strings.Contains(page, "<h1") {
			t.Errorf("%s was answered %d:\n%s", path, answer.StatusCode, page)
		}
	}
	if strings.Count(b.log.String(), `"level":"ERROR"`) != 1 {
		t.Errorf("the log says:\n%s", b.log)
	}
}
