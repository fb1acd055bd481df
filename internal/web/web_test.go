package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"countersign"
	"countersign/internal/words"
)

// A bench is a site with a few routes and a log that can be read.
type bench struct {
	site *Site
	log  *bytes.Buffer
	web  http.Handler
}

func newBench(t *testing.T, address string, add func(b *bench, mux *http.ServeMux)) *bench {
	t.Helper()
	catalogue, err := words.Load(words.Pseudo())
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{log: &bytes.Buffer{}}
	b.site, err = New(Options{
		Catalogue: catalogue,
		Log:       slog.New(slog.NewJSONHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Now:       func() time.Time { return time.Date(2026, time.November, 21, 13, 32, 0, 0, time.UTC) },
		NewID:     func() string { return "rid_made" },
		URL:       u,
		Proxies:   []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		Workspace: func(context.Context) (Workspace, error) { return Workspace{Name: "Acme"}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	b.site.Mount(mux)
	if add != nil {
		add(b, mux)
	}
	b.web = b.site.Wrap(mux)
	return b
}

func (b *bench) do(r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	b.web.ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	all, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

func TestErrorsBecomeAnswers(t *testing.T) {
	secret := errors.New("dial tcp: secret detail")
	for _, row := range []struct {
		sentence string
		err      error
		status   int
		code     string
		retry    string
	}{
		{"wrong input is 422", countersign.InvalidField("email", "too_short"), 422, "too_short", ""},
		{"nobody signed in is 401", countersign.Refuse(countersign.Unauthenticated, "x"), 401, "x", ""},
		{"a level too low is 403", countersign.Refuse(countersign.Forbidden, "x"), 403, "x", ""},
		{"what is not there is 404", countersign.Refuse(countersign.NotFound, "x"), 404, "x", ""},
		{"a changed state is 409", countersign.Refuse(countersign.Conflict, "x"), 409, "x", ""},
		{"what is over is 410", countersign.Refuse(countersign.Gone, "x"), 410, "x", ""},
		{"too many tries name the wait", &countersign.Error{Kind: countersign.Limited, Code: "x", RetryAfter: 90500 * time.Millisecond}, 429, "x", "91"},
		{"busy always names a wait", countersign.Refuse(countersign.Unavailable, "x"), 503, "x", "5"},
		{"a fault says nothing of its cause", secret, 500, "internal", ""},
		{"a wrapped refusal keeps its kind", fmt.Errorf("load: %w", countersign.Refuse(countersign.Gone, "x")), 410, "x", ""},
		{"a body too large is 413", &http.MaxBytesError{Limit: 1}, 413, "too_large", ""},
	} {
		b := newBench(t, "http://localhost:8080", func(b *bench, mux *http.ServeMux) {
			mux.Handle("GET /x", b.site.Handle(func(http.ResponseWriter, *http.Request) error { return row.err }))
		})
		page := b.do(httptest.NewRequest("GET", "/x", nil))
		body := text(t, page)
		if page.StatusCode != row.status || page.Header.Get("Retry-After") != row.retry {
			t.Errorf("%s: got %d, Retry-After %q", row.sentence, page.StatusCode, page.Header.Get("Retry-After"))
		}
		if strings.Contains(body, "secret") || strings.Contains(body, "⟦") || !strings.Contains(body, "rid_made") {
			t.Errorf("%s: page leaks, lacks a text or the request id:\n%s", row.sentence, body)
		}
		asks := httptest.NewRequest("GET", "/x", nil)
		asks.Header.Set("Accept", "application/json")
		answer := b.do(asks)
		var p Problem
		err := json.Unmarshal([]byte(text(t, answer)), &p)
		if err != nil || p.Code != row.code || p.Status != row.status || p.RequestID != "rid_made" || p.Title == "" {
			t.Errorf("%s: problem %+v, %v", row.sentence, p, err)
		}
		if answer.Header.Get("Content-Type") != "application/problem+json" || strings.Contains(p.Detail+p.Title, "secret") {
			t.Errorf("%s: problem leaks or has the wrong type: %+v", row.sentence, p)
		}
	}
}

// A database that takes questions and says nothing: the request has a limit, and
// the page of the fault does not wait for the same database again.
func TestASilentDatabaseHoldsNobody(t *testing.T) {
	var limit time.Time
	b := newBench(t, "https://acme.example", func(b *bench, mux *http.ServeMux) {
		b.site.Workspace = func(ctx context.Context) (Workspace, error) {
			<-ctx.Done()
			return Workspace{}, ctx.Err()
		}
		mux.Handle("GET /page", b.site.Handle(func(_ http.ResponseWriter, r *http.Request) error {
			limit, _ = r.Context().Deadline()
			return &countersign.Error{Kind: countersign.Unavailable, Code: "busy", Err: context.DeadlineExceeded}
		}))
	})
	began := time.Now()
	r := b.do(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://acme.example/page", nil))
	if r.StatusCode != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" || !strings.Contains(text(t, r), "<h1") {
		t.Errorf("answered %d, Retry-After %q", r.StatusCode, r.Header.Get("Retry-After"))
	}
	if limit.Before(began) || limit.After(time.Now().Add(answerWithin)) {
		t.Errorf("the request's limit is %v after its beginning, want at most %v", limit.Sub(began), answerWithin)
	}
	if took := time.Since(began); took > answerWithin {
		t.Errorf("the page of the fault came after %v", took)
	}
}

func TestFaultsAreLoggedOnceWithTheirCause(t *testing.T) {
	b := newBench(t, "http://localhost:8080", func(b *bench, mux *http.ServeMux) {
		mux.Handle("GET /fault/{token}", b.site.Handle(func(http.ResponseWriter, *http.Request) error { return errors.New("the cause") }))
		mux.Handle("GET /panic", b.site.Handle(func(http.ResponseWriter, *http.Request) error { panic("the panic") }))
		mux.Handle("GET /note", b.site.Handle(func(w http.ResponseWriter, r *http.Request) error {
			Note(r.Context(), "attempt", "att_1")
			_, err := w.Write([]byte("ok"))
			return err
		}))
	})
	for _, row := range []struct {
		path   string
		status float64
		level  string
		route  string
		has    string
	}{
		{"/fault/token-in-a-mail", 500, "ERROR", "/fault/{token}", "the cause"},
		{"/panic", 500, "ERROR", "/panic", "the panic"},
		{"/note", 200, "INFO", "/note", "att_1"},
		{"/nowhere", 404, "INFO", "none", "no_page"},
	} {
		b.log.Reset()
		r := httptest.NewRequest("GET", row.path, nil)
		r.RemoteAddr = "10.0.0.1:443"
		r.Header.Set("X-Request-Id", "given-id-1")
		answer := b.do(r)
		lines := strings.Split(strings.TrimSpace(b.log.String()), "\n")
		var line map[string]any
		err := json.Unmarshal([]byte(lines[0]), &line)
		if err != nil || len(lines) != 1 {
			t.Fatalf("%s: want one line, got %q", row.path, b.log.String())
		}
		if line["status"] != row.status || line["level"] != row.level || line["route"] != row.route || line["request_id"] != "given-id-1" {
			t.Errorf("%s: got %v", row.path, line)
		}
		if !strings.Contains(lines[0], row.has) || strings.Contains(lines[0], "token-in-a-mail") {
			t.Errorf("%s: line lacks %q or holds the token: %s", row.path, row.has, lines[0])
		}
		if answer.Header.Get("X-Request-Id") != "given-id-1" {
			t.Errorf("%s: request id is not echoed", row.path)
		}
	}
	for _, row := range []struct{ what, from, id, want string }{
		{"of a trusted proxy", "10.0.0.1:443", "given-id-1", "given-id-1"},
		{"not well formed", "10.0.0.1:443", "bad id\x01", "rid_made"},
		{"of anybody", "203.0.113.9:443", "given-id-1", "rid_made"},
		{"of anybody who names a proxy", "203.0.113.9:443, 10.0.0.1:443", "given-id-1", "rid_made"},
		{"none", "10.0.0.1:443", "", "rid_made"},
	} {
		b.log.Reset()
		r := httptest.NewRequest("GET", "/note", nil)
		r.RemoteAddr = row.from
		r.Header.Set("X-Request-Id", row.id)
		r.Header.Set("X-Forwarded-For", "10.0.0.1")
		if got := b.do(r).Header.Get("X-Request-Id"); got != row.want || !strings.Contains(b.log.String(), row.want) {
			t.Errorf("a request id %s: got %q, want %q\n%s", row.what, got, row.want, b.log.String())
		}
	}
}

func TestHeaders(t *testing.T) {
	for _, address := range []string{"http://localhost:8080", "https://localhost:8443", "https://id.example.com"} {
		b := newBench(t, address, nil)
		h := b.do(httptest.NewRequest("GET", "/nowhere", nil)).Header
		for name, want := range map[string]string{
			"Content-Security-Policy":    policy,
			"X-Content-Type-Options":     "nosniff",
			"Referrer-Policy":            "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin",
			"Cache-Control":              "no-store",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", address, name, h.Get(name))
			}
		}
		if strings.Contains(h.Get("Content-Security-Policy"), "unsafe") {
			t.Error("the policy has an exception")
		}
		if (h.Get("Strict-Transport-Security") != "") != (strings.HasPrefix(address, "https") && !strings.Contains(address, "localhost")) {
			t.Errorf("%s: Strict-Transport-Security is %q", address, h.Get("Strict-Transport-Security"))
		}
	}
}

func TestDoor(t *testing.T) {
	b := newBench(t, "https://id.example.com", func(b *bench, mux *http.ServeMux) {
		mux.Handle("POST /x", b.site.Handle(func(_ http.ResponseWriter, r *http.Request) error {
			_, err := ReadForm(r)
			return err
		}))
	})
	post := func(body string, headers ...string) *http.Request {
		r := httptest.NewRequest("POST", "/x", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for i := 0; i+1 < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		return r
	}
	get := func(target string) *http.Request { return httptest.NewRequest("GET", target, nil) }
	named := func(r *http.Request) *http.Request {
		r.Host = "id.example.com"
		return r
	}
	for _, row := range []struct {
		sentence string
		request  *http.Request
		want     int
	}{
		{"a plain form passes", post("a=b"), 200},
		{"NUL in a value is refused", post("a=%00"), 422},
		{"broken UTF-8 is refused", post("a=%ff"), 422},
		{"a broken escape is refused", post("a=%zz"), 422},
		{"NUL in the query is refused", get("/x?a=%00"), 422},
		{"NUL in the path is no page", get("/x%00"), 404},
		{"a body over 16 KiB is refused", post("a=" + strings.Repeat("b", MaxBody)), 413},
		{"a form of fifty fields passes", post(strings.Repeat("a=b&", 50)), 200},
		{"a form of a hundred and one is refused", post(strings.Repeat("a=b&", 101)), 422},
		{"another site's form is refused", post("a=b", "Sec-Fetch-Site", "cross-site"), 403},
		{"another origin is refused", post("a=b", "Origin", "https://evil.example"), 403},
		{"our own origin passes behind a proxy that changes Host", post("a=b", "Origin", "https://id.example.com", "Sec-Fetch-Site", "same-origin"), 200},
		{"our own origin passes where the browser says no more", named(post("a=b", "Origin", "https://id.example.com")), 200},
		{"our own name over plain HTTP is another site", named(post("a=b", "Origin", "http://id.example.com")), 403},
		{"the wrong method is 405", get("/x"), 405},
	} {
		got := b.do(row.request)
		if got.StatusCode != row.want {
			t.Errorf("%s: got %d, want %d", row.sentence, got.StatusCode, row.want)
		}
		if got.StatusCode == 405 && got.Header.Get("Allow") != "POST" {
			t.Errorf("%s: Allow is %q", row.sentence, got.Header.Get("Allow"))
		}
	}
}

func TestClientIP(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, row := range []struct {
		sentence, remote, xff, forwarded, want string
	}{
		{"nobody in between", "192.0.2.1:1234", "", "", "192.0.2.1"},
		{"a stranger's header is ignored", "192.0.2.1:1234", "198.51.100.7", "", "192.0.2.1"},
		{"the proxy's header counts", "10.0.0.1:1", "198.51.100.7", "", "198.51.100.7"},
		{"what the client wrote itself does not", "10.0.0.1:1", "1.1.1.1, 198.51.100.7", "", "198.51.100.7"},
		{"two proxies are peeled off", "10.0.0.1:1", "198.51.100.7, 10.0.0.2", "", "198.51.100.7"},
		{"only proxies: the outermost", "10.0.0.1:1", "10.0.0.3, 10.0.0.2", "", "10.0.0.3"},
		{"no address ends the walk", "10.0.0.1:1", "1.1.1.1, unknown, 10.0.0.2", "", "10.0.0.2"},
		{"a proxy without a header is the client", "10.0.0.1:1", "", "", "10.0.0.1"},
		{"with a port", "10.0.0.1:1", "198.51.100.7:55", "", "198.51.100.7"},
		{"an IPv6 client", "10.0.0.1:1", "2001:db8::1", "", "2001:db8::1"},
		{"IPv4 inside IPv6 is IPv4", "[::ffff:192.0.2.1]:1", "", "", "192.0.2.1"},
		{"the standard header", "10.0.0.1:1", "", `for=198.51.100.7;proto=https`, "198.51.100.7"},
		{"the standard header with IPv6", "[fd00::1]:1", "", `for=1.1.1.1, For="[2001:db8::1]:4711"`, "2001:db8::1"},
		{"an obfuscated element ends the walk", "10.0.0.1:1", "", `for=1.1.1.1, for=_hidden`, "10.0.0.1"},
		{"both agree", "10.0.0.1:1", "198.51.100.7", "for=198.51.100.7", "198.51.100.7"},
		{"both disagree: neither is believed", "10.0.0.1:1", "198.51.100.7", "for=203.0.113.9", "10.0.0.1"},
		{"a unix socket has no address", "@", "198.51.100.7", "", "invalid IP"},
	} {
		h := http.Header{}
		if row.xff != "" {
			h.Set("X-Forwarded-For", row.xff)
		}
		if row.forwarded != "" {
			h.Set("Forwarded", row.forwarded)
		}
		if got := clientIP(row.remote, h, trusted).String(); got != row.want {
			t.Errorf("%s: got %s, want %s", row.sentence, got, row.want)
		}
	}
}

func TestInside(t *testing.T) {
	for path, want := range map[string]string{
		"/account/security?x=1#y":       "/account/security?x=1#y",
		"/":                             "/",
		"":                              "/other",
		"account":                       "/other",
		"//evil.example":                "/other",
		"/\\evil.example":               "/other",
		"/\tevil":                       "/other",
		"/\n/evil.example":              "/other",
		"https://evil.example/":         "/other",
		"javascript:alert(1)":           "/other",
		"/%2f%2fevil.example":           "/other",
		"/" + strings.Repeat("a", 3000): "/other",
	} {
		if got := Inside(path, "/other"); got != want {
			t.Errorf("Inside(%q) = %q, want %q", path, got, want)
		}
	}
}

func TestPreferences(t *testing.T) {
	b := newBench(t, "https://id.example.com", nil)
	post := func(body string) *http.Response {
		r := httptest.NewRequest("POST", "/preferences", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return b.do(r)
	}
	got := post("language=de&scheme=dark&return=/signin")
	cookies := map[string]*http.Cookie{}
	for _, c := range got.Cookies() {
		cookies[c.Name] = c
	}
	if got.StatusCode != 303 || got.Header.Get("Location") != "/signin" {
		t.Errorf("got %d to %q", got.StatusCode, got.Header.Get("Location"))
	}
	if cookies["lang"].Value != "de" || cookies["scheme"].Value != "dark" || !cookies["lang"].Secure {
		t.Errorf("cookies are %v", cookies)
	}
	away := post("language=xx&return=//evil.example")
	if away.Header.Get("Location") != "/" || len(away.Cookies()) != 0 {
		t.Errorf("an unknown language or a foreign return was taken: %v", away.Header)
	}
}

func TestLanguageOfAPage(t *testing.T) {
	b := newBench(t, "http://localhost:8080", func(b *bench, mux *http.ServeMux) {
		mux.Handle("GET /me", b.site.Handle(func(_ http.ResponseWriter, r *http.Request) error {
			Prefer(r.Context(), "de")
			return countersign.Refuse(countersign.Gone, "x")
		}))
	})
	for _, row := range []struct {
		sentence, path, cookie, accept, want string
	}{
		{"what the browser asks for", "/nowhere", "", "de-DE,de;q=0.9", `<html lang="de" dir="ltr">`},
		{"the choice beats it", "/nowhere", "lang=en", "de", `<html lang="en" dir="ltr">`},
		{"the account's beats the browser", "/me", "", "en", `<html lang="de" dir="ltr">`},
		{"the choice beats the account's", "/me", "lang=en", "", `<html lang="en" dir="ltr">`},
		{"right to left", "/nowhere", "lang=ar-XB", "", `<html lang="ar-XB" dir="rtl">`},
		{"the dark scheme", "/nowhere", "scheme=dark", "", `<html lang="en" dir="ltr" data-scheme="dark">`},
		{"a made-up scheme is none", "/nowhere", "scheme=%22x", "", `<html lang="en" dir="ltr">`},
	} {
		r := httptest.NewRequest("GET", row.path, nil)
		r.Header.Set("Accept-Language", row.accept)
		r.Header.Set("Cookie", row.cookie)
		if body := text(t, b.do(r)); !strings.Contains(body, row.want) {
			t.Errorf("%s: want %s in\n%s", row.sentence, row.want, body[:200])
		}
	}
}

func TestZones(t *testing.T) {
	b := newBench(t, "http://localhost:8080", nil)
	for name, want := range map[string]string{
		"Europe/Berlin": "Europe/Berlin", "": "UTC", "Local": "UTC",
		"../../etc/passwd": "UTC", "/etc/localtime": "UTC", "No/Where": "UTC",
		strings.Repeat("a", 100): "UTC",
	} {
		if got := b.site.location(name).String(); got != want {
			t.Errorf("zone %q: got %s, want %s", name, got, want)
		}
	}
}

func TestAssets(t *testing.T) {
	b := newBench(t, "http://localhost:8080", nil)
	u, err := b.site.assets.url("base.css")
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", u, nil)
	r.Header.Set("Accept-Encoding", "br, gzip")
	got := b.do(r)
	if got.Header.Get("Content-Encoding") != "gzip" || !strings.Contains(got.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("got %v", got.Header)
	}
	if got := b.do(httptest.NewRequest("GET", "/assets/base.css", nil)); got.StatusCode != 404 {
		t.Errorf("a name without its hash: got %d", got.StatusCode)
	}
	if got := text(t, b.do(httptest.NewRequest("GET", "/assets/accent-ff8800.css", nil))); got != ":root { --accent: #ff8800; }\n" {
		t.Errorf("accent: %q", got)
	}
	if accentURL("red;}") != "" || accentURL("#FF8800") != "/assets/accent-ff8800.css" {
		t.Error("accent colours are not checked")
	}
}

func TestForm(t *testing.T) {
	f := NewForm("email", " ada@example.com ", "password", " two ")
	if f.Value("email") != "ada@example.com" || f.Raw("password") != " two " {
		t.Errorf("values: %v", f.Values)
	}
	f.Forget("password")
	if f.Raw("password") != "" || f.Status() != 200 {
		t.Error("a forgotten value is still there, or nothing is already wrong")
	}
	fault := errors.Join(countersign.InvalidField("email", "bad_text"), errors.New("disk full"))
	if f.Take(fault, "email") || f.Failed() {
		t.Error("a fault was put on the form")
	}
	both := errors.Join(countersign.InvalidField("email", "bad_text"), countersign.Refuse(countersign.Conflict, "x"))
	if !f.Take(both, "password") || len(f.Errors) != 2 || f.Errors[1].Field != "password" || f.Status() != 422 {
		t.Errorf("errors: %+v", f.Errors)
	}
	often := &countersign.Error{Kind: countersign.Limited, Code: "too_many_mails", RetryAfter: time.Minute}
	if !f.Take(often, "") || f.Status() != 429 {
		t.Errorf("asked too often is %d: %+v", f.Status(), f.Errors)
	}
	answer := httptest.NewRecorder()
	RetryAfter(answer, often)
	RetryAfter(answer, fault)
	if got := answer.Header().Get("Retry-After"); got != "60" {
		t.Errorf("a minute is told as %q", got)
	}
}

func TestRender(t *testing.T) {
	pages := fstest.MapFS{
		"good.html": {Data: []byte(`{{define "title"}}T{{end}}{{define "main"}}<h1>{{.Name}}</h1>` +
			`<p>{{rich "errors.text_limited" "Wait" (strong .Name)}}</p>{{when .At}}` +
			`{{template "field" (field .Form "email" "common.language" "type" "email")}}` +
			`{{template "password" (field .Form "password" "common.language" "autocomplete" "current-password")}}{{end}}{{template "gate" .}}`)},
		"bad.html": {Data: []byte(`{{define "title"}}T{{end}}{{define "main"}}{{.Nothing}}{{end}}{{template "gate" .}}`)},
	}
	type view struct {
		Page
		Name string
		At   time.Time
	}
	b := newBench(t, "http://localhost:8080", func(b *bench, mux *http.ServeMux) {
		renderer, err := b.site.Renderer(pages)
		if err != nil {
			t.Fatal(err)
		}
		mux.Handle("GET /{page}", b.site.Handle(func(w http.ResponseWriter, r *http.Request) error {
			form := NewForm("email", "<ada>", "password", "secret")
			form.Wrong("email", "bad_text")
			return renderer.Render(w, r, 422, r.PathValue("page"),
				view{Page: Page{Form: form}, Name: "<b>", At: b.site.Now()})
		}))
	})
	r := httptest.NewRequest("GET", "/good", nil)
	r.Header.Set("Cookie", "tz=Europe%2FBerlin")
	got := b.do(r)
	body := text(t, got)
	for _, want := range []string{
		"<title>Error: T - Acme</title>", "<h1>&lt;b&gt;</h1>", "Wait <strong>&lt;b&gt;</strong>, then",
		`<time datetime="2026-11-21T13:32:00Z" title="2026-11-21 13:32:00 UTC">21 November 2026 at 14:32 CET</time>`,
		`value="&lt;ada&gt;"`, `aria-describedby="email-error" aria-invalid="true"`, `<a class="link" href="#email">`,
		`role="alert"`, `autocomplete="current-password"`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("page lacks %s:\n%s", want, body)
		}
	}
	if strings.Contains(body, "secret") || strings.Contains(body, "style=") || got.StatusCode != 422 {
		t.Errorf("status %d, or the page shows a password or an inline style", got.StatusCode)
	}
	if got := b.do(httptest.NewRequest("GET", "/bad", nil)); got.StatusCode != 500 || strings.Contains(text(t, got), "Nothing}") {
		t.Errorf("a page that breaks half-way: got %d", got.StatusCode)
	}
}

func BenchmarkRender(b *testing.B) {
	catalogue, err := words.Load()
	if err != nil {
		b.Fatal(err)
	}
	u, _ := url.Parse("http://localhost:8080")
	s, err := New(Options{
		Catalogue: catalogue, Log: slog.New(slog.DiscardHandler), Now: time.Now,
		NewID: func() string { return "rid_made" }, URL: u,
		Workspace: func(context.Context) (Workspace, error) { return Workspace{Name: "Acme"}, nil },
	})
	if err != nil {
		b.Fatal(err)
	}
	h := s.Wrap(http.NewServeMux())
	for b.Loop() {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/nowhere", nil))
	}
}
