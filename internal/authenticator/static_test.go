package authenticator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"image/png"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"countersign/internal/authenticator"
	"countersign/internal/web"
	"countersign/internal/words"
)

func handler(t *testing.T, w web.Workspace) http.Handler {
	t.Helper()
	catalogue, err := words.Load()
	if err != nil {
		t.Fatal(err)
	}
	site, err := web.New(web.Options{
		Catalogue: catalogue, Log: slog.New(slog.DiscardHandler), Now: time.Now, NewID: func() string { return "rid_12345678" },
		URL: &url.URL{Scheme: "https", Host: "mfa.example.org"}, Workspace: func(context.Context) (web.Workspace, error) { return w, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	err = authenticator.MountApp(mux, site)
	if err != nil {
		t.Fatal(err)
	}
	return site.Wrap(mux)
}

func get(h http.Handler, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestWhatTheAppIsServedWith(t *testing.T) {
	h := handler(t, web.Workspace{Name: "Acme", Accent: "#AB12CD"})
	for path, kind := range map[string]string{
		"/authenticator/": "text/html; charset=utf-8", "/authenticator/main.js": "text/javascript; charset=utf-8", "/authenticator/screens/home.js": "text/javascript; charset=utf-8",
		"/authenticator/sw.js": "text/javascript; charset=utf-8", "/authenticator/jsqr.js": "text/javascript; charset=utf-8", "/authenticator/tokens.css": "text/css; charset=utf-8",
		"/authenticator/icons.svg": "image/svg+xml", "/authenticator/icon-192.png": "image/png", "/authenticator/words": "application/json",
		"/authenticator/accent.css": "text/css; charset=utf-8", "/authenticator/manifest.webmanifest": "application/manifest+json",
	} {
		w := get(h, path)
		header := w.Result().Header
		if w.Code != http.StatusOK || header.Get("Content-Type") != kind || header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: %d, %v", path, w.Code, header)
		}
		policy := header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self';", "require-trusted-types-for 'script'", "frame-ancestors 'none'", "form-action 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: the policy lacks %s: %s", path, want, policy)
			}
		}
		if strings.Contains(policy, "unsafe") || !strings.Contains(header.Get("Permissions-Policy"), "camera=(self)") || header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, header)
		}
		again := get(h, path, "If-None-Match", header.Get("ETag"), "Accept-Encoding", "gzip")
		if again.Code != http.StatusNotModified || again.Body.Len() > 0 || again.Result().Header.Get("Content-Encoding") != "" {
			t.Errorf("%s asked again: %d, %d octets", path, again.Code, again.Body.Len())
		}
	}
	for _, path := range []string{"/authenticator/index.html", "/authenticator/nothing.js", "/authenticator/screens/"} {
		if w := get(h, path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if got := get(h, "/authenticator/jsqr.js", "Accept-Encoding", "gzip"); got.Result().Header.Get("Content-Encoding") != "gzip" || got.Body.Len() > 80_000 {
		t.Errorf("the reader has %d octets", got.Body.Len())
	}
}

func TestWhatDependsOnWhoAsks(t *testing.T) {
	h := handler(t, web.Workspace{Name: "Acme", Accent: "#AB12CD"})
	if got := get(h, "/authenticator/accent.css").Body.String(); got != ":root { --accent: #ab12cd; }\n" {
		t.Errorf("the colour is %q", got)
	}
	if got := get(handler(t, web.Workspace{Name: "Acme", Accent: "red;}*{"}), "/authenticator/accent.css").Body.String(); strings.Contains(got, "red") {
		t.Errorf("the colour is %q", got)
	}
	var said struct {
		Lang  string
		Texts map[string]map[string]string
	}
	err := json.Unmarshal(get(h, "/authenticator/words", "Accept-Language", "de-CH").Body.Bytes(), &said)
	if err != nil || said.Lang != "de" || said.Texts["app.deny"]["other"] != "Ablehnen" || said.Texts["app.waiting"]["one"] != "{{.Count}} Anfrage wartet" {
		t.Errorf("in German: %v, %v", said.Lang, err)
	}
	for id := range said.Texts {
		if !strings.HasPrefix(id, "app.") {
			t.Errorf("%s is no text of the app", id)
		}
	}
	if page := get(h, "/authenticator/", "Accept-Language", "de").Body.String(); !strings.Contains(page, `<html lang="de" dir="ltr">`) || strings.Contains(page, "{{") {
		t.Errorf("the page in German: %.200s", page)
	}
}

func TestTheManifestNamesWhatIsThere(t *testing.T) {
	h := handler(t, web.Workspace{Name: "Acme"})
	var m struct {
		ID, Name, Scope, Display string
		Start                    string `json:"start_url"`
		Icons                    []struct{ Src, Sizes, Purpose string }
	}
	err := json.Unmarshal(get(h, "/authenticator/manifest.webmanifest").Body.Bytes(), &m)
	if err != nil || m.ID != "/authenticator/" || m.Start != m.ID || m.Scope != m.ID || m.Display != "standalone" || m.Name != "Countersign – Acme" || len(m.Icons) != 3 {
		t.Fatalf("%+v, %v", m, err)
	}
	for _, icon := range m.Icons {
		config, err := png.DecodeConfig(get(h, icon.Src).Body)
		if err != nil || icon.Sizes != fmt.Sprintf("%dx%d", config.Width, config.Height) {
			t.Errorf("%+v: %v, %v", icon, config, err)
		}
	}
}

// The worker keeps every file that the app consists of, so that it starts without a
// connection.
func TestTheWorkerKeepsEverything(t *testing.T) {
	h := handler(t, web.Workspace{Name: "Acme"})
	worker := get(h, "/authenticator/sw.js").Body.String()
	line, _, _ := strings.Cut(worker, "\n")
	var build struct {
		Digest string
		Files  []string
	}
	err := json.Unmarshal([]byte(strings.TrimSuffix(strings.TrimPrefix(line, "const BUILD = "), ";")), &build)
	if err != nil || len(build.Digest) != 16 || len(build.Files) < 40 {
		t.Fatalf("%s: %v", line, err)
	}
	kept := map[string]bool{}
	for _, file := range build.Files {
		kept[file] = true
		if w := get(h, file); w.Code != http.StatusOK {
			t.Errorf("%s is kept and is not there: %d", file, w.Code)
		}
	}
	imports := regexp.MustCompile(`(?:from|import)\(? ?"([^"]+\.js)"`)
	tree := os.DirFS("app")
	err = fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".js") {
			return err
		}
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		for _, found := range imports.FindAllStringSubmatch(string(text), -1) {
			address, _ := (&url.URL{Path: "/authenticator/" + name}).Parse(found[1])
			if !kept[address.Path] {
				t.Errorf("%s imports %s, which the worker does not keep", name, address.Path)
			}
		}
		if strings.Contains(string(text), "innerHTML") || !strings.HasPrefix(string(text), "// @ts-check\n") {
			t.Errorf("%s makes elements of text, or its types are not checked", name)
		}
		if lines := strings.Count(string(text), "\n"); lines > 300 {
			t.Errorf("%s has %d lines", name, lines)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
