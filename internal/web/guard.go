package web

import (
	"maps"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"
)

// MaxBody is the most that a request's body may hold, in bytes, but where
// [Options.Bodies] allow more. The largest form here is a password of 200
// characters and a name.
const MaxBody = 16 << 10

const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// guarding are the headers that every answer carries, by their canonical names; the
// values are shared by all answers and never changed. Referrer-Policy is same-origin
// and not no-referrer, because with the latter a browser sends "Origin: null" for our
// own forms, and the cross-site check could not tell. Pages hold names, addresses
// and, once, codes: nothing may keep them.
func guarding() http.Header {
	return http.Header{
		"Content-Security-Policy":      {policy},
		"X-Content-Type-Options":       {"nosniff"},
		"X-Frame-Options":              {"DENY"},
		"Referrer-Policy":              {"same-origin"},
		"Cross-Origin-Opener-Policy":   {"same-origin"},
		"Cross-Origin-Resource-Policy": {"same-origin"},
		"Permissions-Policy":           {"camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()"},
		"Cache-Control":                {"no-store"},
	}
}

// headed sets the headers that every answer carries.
func (s *Site) headed(next http.Handler) http.Handler {
	all := guarding()
	if s.Secure() && !s.onThisMachine() {
		// Not for localhost: browsers would then refuse plain HTTP on every
		// other port of the developer's machine, for two years.
		all.Set("Strict-Transport-Security", "max-age=63072000")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		maps.Copy(w.Header(), all)
		next.ServeHTTP(w, r)
	})
}

// encrypted refuses the forms of pages that came over plain HTTP, where people
// reach us over HTTPS: whoever is on the line can write such a page under our own
// name. The cross-site check finds them by Sec-Fetch-Site; of browsers that do not
// send it, it compares the host alone.
func (s *Site) encrypted(next http.Handler) http.Handler {
	if !s.Secure() {
		return next
	}
	return s.Handle(func(w http.ResponseWriter, r *http.Request) error {
		reads := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
		if !reads && strings.HasPrefix(strings.ToLower(r.Header.Get("Origin")), "http:") {
			return errCrossSite
		}
		next.ServeHTTP(w, r)
		return nil
	})
}

// checked bounds the body and refuses text that is not text: PostgreSQL takes
// neither NUL nor broken UTF-8, and no person types them.
func (s *Site) checked(next http.Handler) http.Handler {
	return s.Handle(func(w http.ResponseWriter, r *http.Request) error {
		if !clean(r.URL.Path) {
			return errNoPage
		}
		most, larger := s.Bodies[r.URL.Path]
		if !larger {
			most = MaxBody
		}
		r.Body = http.MaxBytesReader(w, r.Body, most)
		kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if kind != "application/x-www-form-urlencoded" {
			// Without a form, ParseForm reads the query alone.
			kind = ""
		}
		if kind != "" || r.URL.RawQuery != "" {
			err := r.ParseForm()
			if err != nil {
				return formError(err)
			}
			for name, values := range r.Form {
				if !clean(name) || !clean(strings.Join(values, "")) {
					return errBadText
				}
			}
		}
		next.ServeHTTP(w, r)
		return nil
	})
}

func clean(s string) bool {
	return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}

// onThisMachine tells whether the public address is a name that every browser
// takes for this machine (RFC 6761 section 6.3).
func (s *Site) onThisMachine() bool {
	host := strings.ToLower(s.URL.Hostname())
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}
