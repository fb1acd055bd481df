package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"countersign"
)

// A form that cannot be taken at the moment comes back to the person who sent it, and
// the log is told why. Programs and faults get what they always get.
func TestABusyFormComesAgain(t *testing.T) {
	busy := &countersign.Error{Kind: countersign.Unavailable, Code: "busy", RetryAfter: 1500 * time.Millisecond, Err: errors.New("the secret cause")}
	for _, row := range []struct {
		sentence string
		err      error
		accept   string
		gone     bool
		again    bool
	}{
		{"a person's form comes again", busy, "text/html", false, true},
		{"also when the refusal is wrapped", fmt.Errorf("load: %w", busy), "text/html", false, true},
		{"a program gets a problem", busy, "application/json", false, false},
		{"who has left gets nothing", &countersign.Error{Kind: countersign.Unavailable, Code: "busy", Err: context.Canceled}, "text/html", true, false},
		{"wrong input is no such thing", countersign.InvalidField("email", "too_short"), "text/html", false, false},
		{"a fault is no such thing", errors.New("x"), "text/html", false, false},
	} {
		again := false
		b := newBench(t, "http://localhost:8080", func(b *bench, mux *http.ServeMux) {
			mux.Handle("POST /x", b.site.Handle(func(w http.ResponseWriter, r *http.Request) error {
				form := NewForm("email", "ada@example.com")
				again = form.Busy(w, r, row.err)
				if !again {
					return row.err
				}
				w.WriteHeader(Status(row.err))
				if len(form.Errors) != 1 || form.Errors[0].Code != "busy" || form.Errors[0].Args["Wait"] != 2*time.Second || form.Value("email") == "" {
					t.Errorf("%s: the form says %+v", row.sentence, form)
				}
				return nil
			}))
		})
		r := httptest.NewRequest(http.MethodPost, "http://localhost:8080/x", nil)
		r.Header.Set("Accept", row.accept)
		r.Header.Set("Origin", "http://localhost:8080")
		if row.gone {
			ctx, cancel := context.WithCancel(r.Context())
			cancel()
			r = r.WithContext(ctx)
		}
		answer := b.do(r)
		if again != row.again {
			t.Errorf("%s: it came again: %v", row.sentence, again)
		}
		if again && (answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") != "2") {
			t.Errorf("%s: got %d, Retry-After %q", row.sentence, answer.StatusCode, answer.Header.Get("Retry-After"))
		}
		if again && (!strings.Contains(b.log.String(), `"WARN"`) || !strings.Contains(b.log.String(), "the secret cause")) {
			t.Errorf("%s: the log says %s", row.sentence, b.log)
		}
	}
}
