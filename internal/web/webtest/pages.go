// Package webtest judges the pages of a face without a browser: each page in each of its
// states, in every language. It owns the rules that hold for all faces; a face hands in
// its pages and its samples. It is called by tests only.
package webtest

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"countersign/internal/web"
	"countersign/internal/words"
)

// A Sample is one page in one state.
type Sample struct {
	Page  string
	State string
	Data  any
}

// At is the address of a sample in a gallery.
func (s Sample) At() string { return "/sample/1?name=" + url.QueryEscape(s.Page+" "+s.State) }

// Gallery serves every sample, at a moment, as pages of the workspace Acme. Each page must
// have a sample.
func Gallery(t *testing.T, terms words.Terms, now time.Time, pages func(*web.Site) (*web.Renderer, error), all []Sample) http.Handler {
	t.Helper()
	catalogue, err := words.Load(words.Pseudo())
	if err != nil {
		t.Fatal(err)
	}
	site, err := web.New(web.Options{
		Catalogue: catalogue, Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError})), Now: func() time.Time { return now },
		NewID: func() string { return "req_made" }, URL: &url.URL{Scheme: "https", Host: "id.example.com"},
		Workspace: func(context.Context) (web.Workspace, error) { return web.Workspace{Name: "Acme", Terms: terms}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	renderer, err := pages(site)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	site.Mount(mux)
	mux.Handle("GET /sample/{n}", site.Handle(func(w http.ResponseWriter, r *http.Request) error {
		for _, s := range all {
			if s.Page+" "+s.State == r.URL.Query().Get("name") {
				return renderer.Render(w, r, http.StatusOK, s.Page, s.Data)
			}
		}
		return nil
	}))
	for _, name := range renderer.Pages() {
		if !slices.ContainsFunc(all, func(s Sample) bool { return s.Page == name }) {
			t.Errorf("page %s has no sample", name)
		}
	}
	return site.Wrap(mux)
}

// Fetch gets a page of a gallery, or a file.
func Fetch(t *testing.T, h http.Handler, path, cookie string) string {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Cookie", cookie)
	r.Header.Set("Accept-Encoding", "gzip")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	if w.Code != http.StatusOK {
		t.Errorf("%s: status %d", path, w.Code)
	}
	return string(body)
}

// EveryPage holds all samples to the house rules, in each language and wording.
func EveryPage(t *testing.T, gallery func(words.Terms) http.Handler, all []Sample) {
	t.Helper()
	for _, terms := range []words.Terms{{}, {Backup: true, Codes: 1}} {
		h := gallery(terms)
		for _, s := range all {
			for _, lang := range []string{"en", "de", words.PseudoTag} {
				body := Fetch(t, h, s.At(), "lang="+lang)
				name := s.Page + " (" + s.State + ") in " + lang
				checkText(t, name, lang, body)
				checkTree(t, name, body)
			}
		}
	}
}

func checkText(t *testing.T, name, lang, body string) {
	t.Helper()
	if i := strings.Index(body, "⟦"); i >= 0 {
		t.Errorf("%s: a text is missing: %s", name, body[i:min(i+60, len(body))])
	}
	for _, bad := range []string{" style=", "<style", "ZgotmplZ", "onclick", "<no value>", "%!", "&lt;time", "&lt;bdi", "&lt;strong"} {
		if strings.Contains(body, bad) {
			t.Errorf("%s: contains %q", name, bad)
		}
	}
	if strings.Contains(body, `<main`) && lang == words.PseudoTag && !strings.Contains(body, `dir="rtl"`) {
		t.Errorf("%s: is not right to left", name)
	}
}

// checkTree reads the page as a browser does.
func checkTree(t *testing.T, name, body string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	p := pageCheck{ids: map[string]int{}, labels: map[string]bool{}}
	p.walk(root, false)
	if p.h1 != 1 {
		t.Errorf("%s: %d h1", name, p.h1)
	}
	if p.primary > 1 {
		t.Errorf("%s: %d primary buttons", name, p.primary)
	}
	if p.title == "" || strings.HasPrefix(p.title, " -") {
		t.Errorf("%s: title %q", name, p.title)
	}
	for id, n := range p.ids {
		if n > 1 {
			t.Errorf("%s: id %q %d times", name, id, n)
		}
	}
	for _, id := range p.inputs {
		if !p.labels[id] {
			t.Errorf("%s: input %q has no label", name, id)
		}
	}
	for _, ref := range p.refs {
		if p.ids[ref] == 0 {
			t.Errorf("%s: refers to #%s, which is not there", name, ref)
		}
	}
	if p.bare > 0 {
		t.Errorf("%s: %d buttons or links without a name", name, p.bare)
	}
	for _, method := range p.methods {
		if method != "post" && method != "get, a search" {
			t.Errorf("%s: a form with method %q", name, method)
		}
	}
}

type pageCheck struct {
	h1, primary, bare     int
	title                 string
	ids                   map[string]int
	labels                map[string]bool
	inputs, refs, methods []string
}

func (p *pageCheck) walk(n *html.Node, labelled bool) {
	if n.Type == html.ElementNode {
		p.element(n, labelled)
		labelled = labelled || n.Data == "label"
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		p.walk(c, labelled)
	}
}

func (p *pageCheck) element(n *html.Node, labelled bool) {
	attr := map[string]string{}
	for _, a := range n.Attr {
		attr[a.Key] = a.Val
	}
	if id, ok := attr["id"]; ok {
		p.ids[id]++
	}
	if slices.Contains(strings.Fields(attr["class"]), "btn-primary") {
		p.primary++
	}
	for _, key := range []string{"aria-describedby", "aria-labelledby", "aria-controls"} {
		p.refs = append(p.refs, strings.Fields(attr[key])...)
	}
	switch n.Data {
	case "h1":
		p.h1++
	case "title":
		p.title = content(n)
	case "label":
		p.labels[attr["for"]] = true
		p.refs = append(p.refs, attr["for"])
	case "input", "select", "textarea":
		if attr["type"] != "hidden" && !labelled && attr["aria-label"] == "" {
			p.inputs = append(p.inputs, attr["id"])
		}
	case "form":
		method := attr["method"]
		if attr["role"] == "search" {
			method += ", a search" // it only reads, and its address can be kept
		}
		p.methods = append(p.methods, method)
	case "a", "button", "summary":
		if strings.TrimSpace(content(n)) == "" && attr["aria-label"] == "" {
			p.bare++
		}
		if strings.HasPrefix(attr["href"], "#") {
			p.refs = append(p.refs, attr["href"][1:])
		}
	}
}

func content(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		b.WriteString(content(c))
	}
	return b.String()
}

// NoTextOutside finds words that do not come from the catalogue, beside values: in the
// pseudo language every text that does is marked.
func NoTextOutside(t *testing.T, h http.Handler, all []Sample, values []string) {
	t.Helper()
	for _, s := range all {
		root, err := html.Parse(strings.NewReader(Fetch(t, h, s.At(), "lang="+words.PseudoTag)))
		if err != nil {
			t.Fatal(err)
		}
		eachText(root, func(whole, text string) {
			if strings.Contains(whole, "‹") {
				return
			}
			for _, value := range values {
				text = strings.ReplaceAll(text, value, "")
			}
			if !strings.ContainsFunc(text, isLower) || strings.ContainsAny(text, "@.:-") {
				return
			}
			if len(strings.Fields(text)) > 1 {
				t.Errorf("%s: %q does not come from the catalogue", s.Page, text)
			}
		})
	}
}

func isLower(r rune) bool { return r >= 'a' && r <= 'z' }

// eachText visits every text with that of the whole element it stands in.
func eachText(n *html.Node, visit func(whole, text string)) {
	if n.Type == html.TextNode && strings.TrimSpace(n.Data) != "" {
		visit(content(n.Parent), strings.TrimSpace(n.Data))
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		eachText(c, visit)
	}
}
