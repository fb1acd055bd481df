package web

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"countersign"
	"countersign/internal/hosts"
)

// housing is a site with three workspaces, whose pages say which one they are of.
func housing(t *testing.T, address string) *bench {
	t.Helper()
	names := map[countersign.WorkspaceID]string{countersign.DefaultWorkspace: "Head", "wsp_acme": "Acme", "wsp_globex": "Globex"}
	book, err := hosts.New(address, func(context.Context) ([]hosts.Home, error) {
		return []hosts.Home{{ID: countersign.DefaultWorkspace}, {ID: "wsp_acme", Host: "acme.example.com"}, {ID: "wsp_globex", Host: "globex.example.com"}}, nil
	})
	if err == nil {
		err = book.Reload(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, address, nil)
	o := b.site.Options
	o.Hosts = book
	o.Workspace = func(ctx context.Context) (Workspace, error) { return Workspace{Name: names[WorkspaceOf(ctx)]}, nil }
	o.Logo = func(ctx context.Context, name string) ([]byte, error) {
		if WorkspaceOf(ctx) == "wsp_acme" && name == "logo-0123456789abcdef.png" {
			return []byte("\x89PNG"), nil
		}
		return nil, countersign.Refuse(countersign.NotFound, "no_page")
	}
	b.site, err = New(o)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	b.site.Mount(mux)
	which := b.site.Handle(func(w http.ResponseWriter, r *http.Request) error {
		_, err := fmt.Fprintf(w, "%s %s %s", WorkspaceOf(r.Context()), HomeOf(r.Context()).URL, HostOf(r.Context()))
		return err
	})
	mux.Handle("GET /which", which)
	mux.Handle("POST /which", which)
	mux.Handle("GET /livez", which)
	b.web = b.site.Wrap(mux)
	return b
}

func TestTheHostNamesTheWorkspace(t *testing.T) {
	b := housing(t, "https://signin.example.com:8443")
	const proxied, stranger = "10.1.2.3:5000", "192.0.2.1:5000"
	for _, row := range []struct {
		what, peer, host string
		headers          []string
		want             string // "" is nobody's
	}{
		{"its own name", stranger, "acme.example.com:8443", nil, "wsp_acme"},
		{"in capitals, with a dot", stranger, "ACME.example.com.", nil, "wsp_acme"},
		{"the configured one", stranger, "signin.example.com", nil, "wsp_default"},
		{"nobody's", stranger, "evil.example.com", nil, ""},
		{"of a stranger who says to be a proxy", stranger, "acme.example.com", []string{"X-Forwarded-Host", "globex.example.com"}, "wsp_acme"},
		{"of a stranger who says so in the other way", stranger, "acme.example.com", []string{"Forwarded", "host=globex.example.com"}, "wsp_acme"},
		{"passed on by a proxy", proxied, "acme.example.com", nil, "wsp_acme"},
		{"said by a proxy", proxied, "countersign:8080", []string{"X-Forwarded-Host", "globex.example.com"}, "wsp_globex"},
		{"said by a proxy in the other way", proxied, "countersign:8080", []string{"Forwarded", `for=192.0.2.1;host="globex.example.com:443"`}, "wsp_globex"},
		{"said in both ways", proxied, "countersign", []string{"X-Forwarded-Host", "globex.example.com", "Forwarded", "host=GLOBEX.example.com"}, "wsp_globex"},
		{"said in two ways that disagree", proxied, "acme.example.com", []string{"X-Forwarded-Host", "globex.example.com", "Forwarded", "host=signin.example.com"}, "wsp_acme"},
		{"said by a client, then by the proxy", proxied, "countersign", []string{"X-Forwarded-Host", "globex.example.com, acme.example.com"}, "wsp_acme"},
		{"said by a client in one header, then by the proxy", proxied, "countersign", []string{"X-Forwarded-Host", "globex.example.com", "X-Forwarded-Host", "acme.example.com"}, "wsp_acme"},
		{"nothing said", proxied, "acme.example.com", []string{"X-Forwarded-Host", "", "Forwarded", "for=192.0.2.1"}, "wsp_acme"},
		{"nobody's, said by a proxy", proxied, "acme.example.com", []string{"X-Forwarded-Host", "evil.example.com"}, ""},
	} {
		r := httptest.NewRequest(http.MethodGet, "/which", nil)
		r.Host, r.RemoteAddr = row.host, row.peer
		for i := 0; i+1 < len(row.headers); i += 2 {
			r.Header.Add(row.headers[i], row.headers[i+1])
		}
		answer := b.do(r)
		got := text(t, answer)
		switch {
		case row.want == "":
			if answer.StatusCode != http.StatusNotFound || strings.Contains(got, "Acme") || strings.Contains(got, "Head") || strings.Contains(got, "signin.example.com") {
				t.Errorf("%s: %d %s", row.what, answer.StatusCode, got)
			}
		case !strings.HasPrefix(got, row.want+" https://") || !strings.HasSuffix(got, ":8443"):
			t.Errorf("%s: %s, want %s", row.what, got, row.want)
		}
	}
}

func TestWhatIsAnsweredOnEveryHost(t *testing.T) {
	b := housing(t, "https://signin.example.com")
	css, err := b.site.assets.url("base.css")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{
		"/livez": http.StatusOK, css: http.StatusOK, "/which": http.StatusNotFound, "/never": http.StatusNotFound, "/robots.txt": http.StatusNotFound,
		"/favicon.ico": http.StatusNotFound, "/brand/logo-0123456789abcdef.png": http.StatusNotFound,
	} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Host = "evil.example.com"
		if got := b.do(r); got.StatusCode != want {
			t.Errorf("%s is answered %d, want %d", path, got.StatusCode, want)
		}
	}
}

func TestAnotherWorkspaceIsAnotherSite(t *testing.T) {
	b := housing(t, "https://signin.example.com")
	for _, row := range []struct {
		what, host, origin, fetch string
		want                      int
	}{
		{"its own page", "acme.example.com", "https://acme.example.com", "same-origin", http.StatusOK},
		{"its own page, in a browser that says less", "acme.example.com", "https://acme.example.com", "", http.StatusOK},
		{"its own page, through a proxy that gave us another name", "acme.example.com:9999", "https://acme.example.com", "", http.StatusOK},
		{"another workspace's page", "acme.example.com", "https://globex.example.com", "same-site", http.StatusForbidden},
		{"another workspace's page, in a browser that says less", "acme.example.com", "https://globex.example.com", "", http.StatusForbidden},
		{"the default one's page", "acme.example.com", "https://signin.example.com", "same-site", http.StatusForbidden},
		{"its page at the default one", "signin.example.com", "https://acme.example.com", "same-site", http.StatusForbidden},
		{"a page over plain HTTP", "acme.example.com", "http://acme.example.com", "", http.StatusForbidden},
	} {
		r := httptest.NewRequest(http.MethodPost, "/which", nil)
		r.Host = row.host
		r.Header.Set("Origin", row.origin)
		if row.fetch != "" {
			r.Header.Set("Sec-Fetch-Site", row.fetch)
		}
		if got := b.do(r); got.StatusCode != row.want {
			t.Errorf("%s is answered %d, want %d", row.what, got.StatusCode, row.want)
		}
	}
}

func TestAPictureIsItsWorkspacesAlone(t *testing.T) {
	b := housing(t, "https://signin.example.com")
	for _, row := range []struct {
		host, path string
		want       int
	}{
		{"acme.example.com", "/brand/logo-0123456789abcdef.png", http.StatusOK},
		{"globex.example.com", "/brand/logo-0123456789abcdef.png", http.StatusNotFound},
		{"signin.example.com", "/brand/logo-0123456789abcdef.png", http.StatusNotFound},
		{"acme.example.com", "/brand/logo-0123456789abcdef.svg", http.StatusNotFound},
		{"acme.example.com", "/brand/logo-0123456789ABCDEF.png", http.StatusNotFound},
		{"acme.example.com", "/brand/..%2flogo-0123456789abcdef.png", http.StatusNotFound},
		{"acme.example.com", "/brand/", http.StatusNotFound},
	} {
		r := httptest.NewRequest(http.MethodGet, row.path, nil)
		r.Host = row.host
		got := b.do(r)
		if got.StatusCode != row.want {
			t.Errorf("%s at %s is answered %d, want %d", row.path, row.host, got.StatusCode, row.want)
		}
		if got.StatusCode == http.StatusOK && (got.Header.Get("Content-Type") != "image/png" || got.Header.Get("X-Content-Type-Options") != "nosniff" ||
			got.Header.Get("Cache-Control") != "private, max-age=31536000, immutable") {
			t.Errorf("its headers are %v", got.Header)
		}
	}
}

func TestOutsideOfARequestThereIsNoWorkspace(t *testing.T) {
	if id, home := WorkspaceOf(t.Context()), HomeOf(t.Context()); id != "" || home.URL != "" || HostOf(t.Context()) != "" {
		t.Errorf("%q, %+v", id, home)
	}
}
