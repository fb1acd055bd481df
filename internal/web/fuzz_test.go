package web

import (
	"bufio"
	"bytes"
	"context"
	"encoding/xml"
	"errors"
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

	"golang.org/x/net/html"

	"countersign"
	"countersign/internal/words"
)

// fuzzed is a site whose one page shows everything that a request brings.
func fuzzed(f *testing.F, log io.Writer) (*Site, http.Handler) {
	f.Helper()
	catalogue, err := words.Load(words.Pseudo(), words.Extra(fstest.MapFS{"en/fuzz.toml": {
		Data: []byte("[fuzz.text]\nother = \"<b>{{.A}}</b> & {{.B}} {{.C}}\"\n"),
	}}))
	if err != nil {
		f.Fatal(err)
	}
	s, err := New(Options{
		Catalogue: catalogue, Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})), NewID: func() string { return "rid_made" },
		Now: func() time.Time { return time.Date(2026, time.November, 21, 13, 32, 0, 0, time.UTC) },
		URL: &url.URL{Scheme: "http", Host: "localhost:8080"}, Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		Workspace: func(context.Context) (Workspace, error) { return Workspace{Name: "Acme"}, nil },
	})
	if err != nil {
		f.Fatal(err)
	}
	pages, err := s.Renderer(fstest.MapFS{"page.html": {Data: []byte(
		`{{define "title"}}Page{{end}}{{define "main"}}<h1>Page</h1><p>{{rich "fuzz.text" "A" (strong .Form.Values.name) "B" .Form.Values.name "C" (bdi .Form.Values.other)}}</p>` +
			`<form method="post" class="stack">{{template "field" (field .Form "name" "common.language")}}</form>{{end}}{{template "gate" .}}`,
	)}})
	if err != nil {
		f.Fatal(err)
	}
	mux := http.NewServeMux()
	s.Mount(mux)
	show := s.Handle(func(w http.ResponseWriter, r *http.Request) error {
		form, err := ReadForm(r)
		if err != nil {
			return err
		}
		return pages.Render(w, r, http.StatusOK, "page", struct{ Page }{Page{Form: NewForm("name", form.Value("name"), "other", form.Raw("other")+r.URL.Query().Get("other")+Place(r).UserAgent)}})
	})
	mux.Handle("GET /page/{id}", show)
	mux.Handle("POST /page/{id}", show)
	return s, s.Wrap(mux)
}

// Whatever a client sends that net/http can read at all: the answer is no fault
// of ours, leads nowhere else, and holds no markup but ours.
func FuzzRequest(f *testing.F) {
	log := &bytes.Buffer{}
	_, web := fuzzed(f, log)
	const post = "POST /page/x HTTP/1.1\r\nHost: localhost:8080\r\nContent-Type: application/x-www-form-urlencoded\r\n"
	for _, raw := range []string{
		"GET /page/x?other=%3Cscript%3E HTTP/1.1\r\nHost: a\r\nUser-Agent: <script>\r\n\r\n", "GET //evil.example/%2e%2e HTTP/1.1\r\nHost: a\r\n\r\n",
		post + "Content-Length: 21\r\n\r\nname=%3Cscript%3E%EE%80%81&other=x", post + "Content-Length: 9\r\n\r\nname=%ff%00", post + "Transfer-Encoding: chunked\r\n\r\n5\r\nname=\r\n0\r\n\r\n",
		"POST /preferences HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 46\r\n\r\nlanguage=de&scheme=dark&return=//evil.example/",
		"BREW /page/x HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\n\r\n", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /page/%00 HTTP/1.1\r\nHost: a\r\nCookie: lang=%ff; scheme=x; tz=../../etc/passwd\r\nAccept-Language: en-;q=x\r\n\r\n", "OPTIONS /page/x HTTP/1.0\r\n\r\n",
		"GET http://evil.example/page/x HTTP/1.1\r\nHost: a\r\nOrigin: null\r\nSec-Fetch-Site: cross-site\r\nForwarded: for=\"[\r\nX-Forwarded-For: ,,\r\n\r\n", "HEAD / HTTP/1.1\r\nHost:\r\n\r\n",
		"GET /assets/accent-00ff00.css HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n", "GET /page/..%2f..%5c HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /assets HTTP/1.1\r\nHost: a\r\n\r\n",
	} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
		if err != nil {
			return // net/http answers it by itself
		}
		r.RemoteAddr = "10.0.0.1:5000"
		log.Reset()
		w := httptest.NewRecorder()
		web.ServeHTTP(w, r)
		answer := w.Result()
		if answer.StatusCode >= http.StatusInternalServerError || strings.Contains(log.String(), "panic") || log.Len() == 0 {
			t.Fatalf("answered %d: %s", answer.StatusCode, log)
		}
		if strings.Count(log.String(), "\n") != 1 {
			t.Fatalf("more than one line in the log: %s", log)
		}
		if to := answer.Header.Get("Location"); to != "" && (!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.HasPrefix(to, `/\`)) {
			t.Fatalf("leads to %q", to)
		}
		if answer.StatusCode >= http.StatusBadRequest && w.Body.Len() == 0 {
			t.Fatalf("answered %d with nothing", answer.StatusCode)
		}
		if answer.Header.Get("Location") == "" { // net/http writes a line of its own beside a redirect
			foreign(t, w.Body.String(), answer.Header.Get("Content-Type"))
		}
	})
}

// foreign fails when a page holds elements or attributes that none of ours have.
func foreign(t *testing.T, page, kind string) {
	t.Helper()
	if !strings.HasPrefix(kind, "text/html") {
		return
	}
	z := html.NewTokenizer(strings.NewReader(page))
	scripts := 0
	for {
		switch z.Next() {
		case html.ErrorToken:
			if scripts > 1 || !strings.HasSuffix(strings.TrimSpace(page), "</html>") {
				t.Fatalf("%d scripts in a page, or it has no end:\n%s", scripts, page)
			}
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			token := z.Token()
			if token.Data == "script" {
				scripts++
			}
			for _, a := range token.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" || strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
					t.Fatalf("the page has <%s %s=%q>", token.Data, a.Key, a.Val)
				}
			}
		}
	}
}

// Of a posted form either every value is text, or nothing of it is taken; what
// is said of a broken one does not quote it.
func FuzzForm(f *testing.F) {
	for _, body := range []string{
		"name=a&name=b", "name=%ff", "name=%00", "a;b=c", "%zz=1", "=", "&&&", strings.Repeat("a=1&", 12000), "name=" + strings.Repeat("x", 70<<10), "name[]=1", "name=%ED%A0%80", "\xff=\xfe",
	} {
		f.Add("application/x-www-form-urlencoded", body)
	}
	f.Add("application/x-www-form-urlencoded; charset=utf-16; x=\"", "name=hunter2")
	f.Add("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nhunter2\r\n--x--\r\n")
	f.Add(";;;///", "name=hunter2")
	f.Add("Application/X-WWW-Form-Urlencoded ;", "name=hunter2%zz")
	s, _ := fuzzed(f, io.Discard)
	f.Fuzz(func(t *testing.T, kind, body string) {
		r := httptest.NewRequest(http.MethodPost, "/page/x", strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		ran := false
		handler := s.logged(s.checked(s.Handle(func(_ http.ResponseWriter, r *http.Request) error {
			ran = true
			form, err := ReadForm(r)
			if err != nil {
				var large *http.MaxBytesError
				if countersign.KindOf(err) != countersign.Invalid && !errors.As(err, &large) {
					t.Fatalf("a form of kind %q is our fault: %v", kind, err)
				}
				return err
			}
			for name, value := range form.Values {
				if !clean(name) || !clean(value) {
					t.Fatalf("%q is %q", name, value)
				}
			}
			return errNoPage
		})))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code < http.StatusBadRequest || w.Code >= http.StatusInternalServerError {
			t.Fatalf("answered %d, the handler ran: %v", w.Code, ran)
		}
		if strings.Contains(w.Body.String(), "hunter2") {
			t.Fatalf("the answer quotes the form: %s", w.Body)
		}
	})
}

// A client's address is told by the proxies that were named and by nobody else:
// nothing that stands further left in their list can change it.
func FuzzClientIP(f *testing.F) {
	for _, header := range []string{
		"192.0.2.1", "10.0.0.1, 192.0.2.1", "[2001:db8::1]:443", `for="[2001:db8::1%25eth0]:1";proto=http`, "for=_hidden", "::ffff:10.0.0.1", ",,,", "999.1.1.1", "for=10.0.0.9;for=192.0.2.9",
		`for="192.0.2.1, 10.0.0.1"`, "fe80::1%eth0", "1.2.3.4:99999", "\xff", "unknown", "10.0.0.1:", "[", "0x7f.1",
	} {
		f.Add("10.0.0.1:5000", header, "")
		f.Add("10.0.0.1:5000", "", header)
		f.Add("192.0.2.200:5000", header, header)
		f.Add(header, header, header)
	}
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:1::/48")}
	f.Fuzz(func(t *testing.T, remote, listed, standard string) {
		h := http.Header{"X-Forwarded-For": {listed}, "Forwarded": {standard}}
		got, peer := clientIP(remote, h, trusted), address(remote)
		if got.IsValid() != peer.IsValid() || got.Zone() != "" || got.Is4In6() {
			t.Fatalf("%q, %q, %q is %v", remote, listed, standard, got)
		}
		if !peer.IsValid() || !isTrusted(peer, trusted) {
			if got != peer {
				t.Fatalf("%v is no proxy and is believed that it speaks for %v", peer, got)
			}
			return
		}
		// What a proxy appends stands at the right end; a client writes the rest.
		const client = "198.51.100.7"
		want := netip.MustParseAddr(client)
		for _, header := range []http.Header{
			{"X-Forwarded-For": {listed + "," + client}},
			{"X-Forwarded-For": {listed, client, "10.0.0.2"}},
			{"X-Forwarded-For": {listed + "," + client + ":80 , 10.1.1.1:90"}},
			{"Forwarded": {standard + ",for=" + client}},
			{"Forwarded": {standard, "proto=http; For=\"" + client + ":1\""}},
		} {
			if got := clientIP(remote, header, trusted); got != want {
				t.Fatalf("%v speaks for %v, want %v", header, got, want)
			}
		}
		both := http.Header{"X-Forwarded-For": {listed + "," + client}, "Forwarded": {standard}}
		if got := clientIP(remote, both, trusted); got != want && got != peer {
			t.Fatalf("%v speaks for %v, which no proxy said", both, got)
		}
	})
}

// A zone that a browser names is that zone, or UTC; never this machine's own.
func FuzzZone(f *testing.F) {
	for _, name := range []string{"Europe/Berlin", "Local", "../../etc/passwd", "/etc/localtime", "UTC", "europe/berlin", "Etc/GMT+1", "Europe/", "posixrules", "localtime", "zone.tab", "\x00", ".", "posix/UTC", "Europe//Berlin", `Europe\Berlin`} {
		f.Add(name)
	}
	s, _ := fuzzed(f, io.Discard)
	f.Fuzz(func(t *testing.T, name string) {
		zone := s.location(name)
		if zone == nil || zone == time.Local || zone != time.UTC && zone.String() != name || strings.Contains(zone.String(), "..") {
			t.Fatalf("%q is %v", name, zone)
		}
		if again := s.location(name); again.String() != zone.String() {
			t.Fatalf("%q is %v and then %v", name, zone, again)
		}
		r := &http.Request{Header: http.Header{"Cookie": {"tz=" + name}}}
		if got := cookieValue(r, cookieZone); len(got) > longestCookie {
			t.Fatalf("%q is read as %q", name, got)
		}
	})
}

// A QR code is an image and nothing else, whatever stands in it and beside it.
func FuzzQR(f *testing.F) {
	f.Add("otpauth://totp/Acme:ada@example.com?secret=JBSWY3DP", "QR code")
	f.Add("", `"><script>alert(1)</script>`)
	f.Add(strings.Repeat("x", 2330), "\xff\x00")
	f.Add("\xff\xfe", "&<'\"")
	f.Fuzz(func(t *testing.T, text, label string) {
		image, err := QR(text, label)
		if err != nil {
			if len(text) < 1000 {
				t.Fatalf("%q cannot be drawn: %v", text, err)
			}
			return
		}
		d := xml.NewDecoder(strings.NewReader(strings.Map(plainXML, string(image))))
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				t.Fatalf("the image of %q labelled %q: %v", text, label, err)
			}
			if start, ok := token.(xml.StartElement); ok && start.Name.Local != "svg" && start.Name.Local != "path" {
				t.Fatalf("the image of %q labelled %q has <%s>", text, label, start.Name.Local)
			}
		}
	})
}

// plainXML keeps what XML can hold at all; HTML can hold more.
func plainXML(r rune) rune {
	if r < ' ' || r >= 0xfffe && r <= 0xffff {
		return ' '
	}
	return r
}
