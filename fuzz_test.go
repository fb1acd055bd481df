package countersign_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"countersign"
)

// A path that passes leads a browser to a page of this installation, however
// the browser reads it, and stands in a header without adding another.
func FuzzInsidePath(f *testing.F) {
	for _, path := range []string{
		"/account/security?tab=1", "//evil.example", `/\evil.example`, "/\t/evil.example", "/..//evil.example", "/.//evil.example",
		"/%2f/evil.example", "/%5cevil.example", "/a?b=//c#//d", "/@evil.example", "/:80", "/a\r\nSet-Cookie: x", "/\u2028/evil", "/..//..//x",
		"/?return=https://evil.example", "/%", "/#", "/a/..//b",
	} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		inside := countersign.InsidePath(path)
		if inside == "" {
			return
		}
		if inside != path || countersign.InsidePath(inside) != inside {
			t.Fatalf("%q became %q", path, inside)
		}
		site, err := url.Parse("https://signin.example/signin/x")
		if err != nil {
			t.Fatal(err)
		}
		// As browsers read it: backslashes are slashes, tabs and line ends are
		// nothing, and so are spaces around it.
		read := strings.NewReplacer(`\`, "/", "\t", "", "\n", "", "\r", "").Replace(strings.TrimSpace(inside))
		to, err := site.Parse(read)
		if err != nil || to.Host != site.Host || to.Scheme != "https" {
			t.Fatalf("%q leads to %v, %v", path, to, err)
		}
		w := httptest.NewRecorder()
		http.Redirect(w, httptest.NewRequest(http.MethodPost, "https://signin.example/signin/x", http.NoBody), inside, http.StatusSeeOther)
		location := w.Result().Header.Get("Location")
		if !strings.HasPrefix(location, "/") || strings.HasPrefix(location, "//") || strings.ContainsAny(location, "\r\n\\") {
			t.Fatalf("%q redirects to %q", path, location)
		}
	})
}
