package web

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"countersign"
)

// An error is shown in the frame of a face to whoever is in it, and as ever to everybody else.
func TestErrorsInAFrame(t *testing.T) {
	const framed = "in the frame"
	frame := func(w http.ResponseWriter, _ *http.Request, p Problem) error {
		w.WriteHeader(p.Status)
		_, err := w.Write([]byte(framed + " " + p.Code))
		return err
	}
	broken := func(http.ResponseWriter, *http.Request, Problem) error { return errors.New("no such page") }
	for _, row := range []struct {
		sentence, at string
		found        ErrorFrame // for what is below /face
		set          ErrorFrame // by the handler
		accept       string
		status       int
		framed       bool
	}{
		{"an address below that nothing takes", "/face/nothing", frame, nil, "text/html", http.StatusNotFound, true},
		{"the address itself", "/face", frame, nil, "text/html", http.StatusNotFound, true},
		{"an address that begins alike", "/faces", frame, nil, "text/html", http.StatusNotFound, false},
		{"another address", "/elsewhere", frame, nil, "text/html", http.StatusNotFound, false},
		{"somebody who is not in it", "/face/nothing", nil, nil, "text/html", http.StatusNotFound, false},
		{"a program", "/face/nothing", frame, nil, "application/json", http.StatusNotFound, false},
		{"a frame that fails", "/face/nothing", broken, nil, "text/html", http.StatusNotFound, false},
		{"a refusal of a handler below", "/face/refuses", frame, nil, "text/html", http.StatusForbidden, true},
		{"a fault below, where nobody is looked for", "/face/fault", frame, nil, "text/html", http.StatusInternalServerError, false},
		{"a fault of a handler that knows who reads", "/face/fault", nil, frame, "text/html", http.StatusInternalServerError, true},
		{"no database, of a handler that knows who reads", "/face/busy", nil, frame, "text/html", http.StatusServiceUnavailable, true},
		{"no database, where nobody is looked for", "/face/busy", frame, nil, "text/html", http.StatusServiceUnavailable, false},
		{"what a handler says comes first", "/face/refuses", broken, frame, "text/html", http.StatusForbidden, true},
	} {
		b := newBench(t, "http://localhost", func(b *bench, mux *http.ServeMux) {
			b.site.FrameBelow("/face", func(*http.Request) ErrorFrame { return row.found })
			for at, err := range map[string]error{
				"GET /face/refuses": countersign.Refuse(countersign.Forbidden, "beyond_role"),
				"GET /face/fault":   errors.New("a fault"),
				"GET /face/busy":    countersign.Refuse(countersign.Unavailable, "busy"),
			} {
				mux.Handle(at, b.site.Handle(func(_ http.ResponseWriter, r *http.Request) error {
					if row.set != nil {
						Framed(r.Context(), row.set)
					}
					return err
				}))
			}
		})
		r := httptest.NewRequest(http.MethodGet, row.at, http.NoBody)
		r.Header.Set("Accept", row.accept)
		got := b.do(r)
		if body := text(t, got); got.StatusCode != row.status || strings.Contains(body, framed) != row.framed || body == "" {
			t.Errorf("%s: %d\n%s", row.sentence, got.StatusCode, body)
		}
	}
}

// What a form sent can be asked for before and after a handler has read it, whatever form it
// is, and what cannot be read is no fault.
func TestWhatAFormSent(t *testing.T) {
	const part = "--x\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\ntwo\r\n--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n"
	for _, row := range []struct {
		sentence, kind, body, want string
		upload                     bool
		refusal                    string
	}{
		{"a form", "application/x-www-form-urlencoded", "b=two&a=1&a=0", "a=1 a=0 b=two ", false, ""},
		{"nothing", "", "", "", false, ""},
		{"a form with a file", "multipart/form-data; boundary=x", part + "\xff\x00\r\n--x--\r\n", "b=two kept.file=_wA ", true, ""},
		{"a form with no file chosen", "multipart/form-data; boundary=x", part + "\r\n--x--\r\n", "b=two ", true, ""},
		{"a form that is cut off", "multipart/form-data; boundary=x", part + "abc", "", false, "bad_form"},
		{"a form without a boundary", "multipart/form-data", part, "", false, ""},
		{"what is no text", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\n\xff\r\n--x--\r\n", "", false, "bad_text"},
	} {
		for _, before := range []bool{false, true} {
			b := newBench(t, "http://localhost", func(b *bench, mux *http.ServeMux) {
				mux.Handle("POST /form", b.site.Handle(func(w http.ResponseWriter, r *http.Request) error {
					if before {
						_, _, err := ReadUpload(r, "file")
						if err != nil {
							return err
						}
					}
					sent, err := Sent(r)
					if err != nil {
						return err
					}
					for _, one := range sent.Parts {
						_, err = w.Write([]byte(one.Name + "=" + one.Value + " "))
					}
					if sent.Upload != row.upload {
						t.Errorf("%s: a form with a file is %v", row.sentence, sent.Upload)
					}
					return err
				}))
			})
			r := httptest.NewRequest(http.MethodPost, "/form", strings.NewReader(row.body))
			r.Header.Set("Content-Type", row.kind)
			r.Header.Set("Accept", "application/json")
			got := b.do(r)
			body := text(t, got)
			if row.refusal == "" && (got.StatusCode != http.StatusOK || body != row.want) || row.refusal != "" && (got.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, row.refusal)) {
				t.Errorf("%s, read before %v: %d %s", row.sentence, before, got.StatusCode, body)
			}
		}
	}
}
