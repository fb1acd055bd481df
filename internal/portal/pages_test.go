package portal

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

// gallery serves every sample at /<number>.
func gallery(t *testing.T, terms words.Terms) http.Handler {
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
	renderer, err := newRenderer(site)
	if err != nil {
		t.Fatal(err)
	}
	all := samples()
	mux := http.NewServeMux()
	site.Mount(mux)
	mux.Handle("GET /sample/{n}", site.Handle(func(w http.ResponseWriter, r *http.Request) error {
		for _, s := range all {
			if s.page+" "+s.state == r.URL.Query().Get("name") {
				return renderer.Render(w, r, 200, s.page, s.data)
			}
		}
		return nil
	}))
	for _, name := range renderer.Pages() {
		if !slices.ContainsFunc(all, func(s sample) bool { return s.page == name }) {
			t.Errorf("page %s has no sample", name)
		}
	}
	return site.Wrap(mux)
}

func fetch(t *testing.T, h http.Handler, path, cookie string) string {
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

func at(s sample) string { return "/sample/1?name=" + url.QueryEscape(s.page+" "+s.state) }

// Every page, in every state, language and wording, keeps the house rules.
func TestEveryPage(t *testing.T) {
	for _, terms := range []words.Terms{{}, {Backup: true, Codes: 1}} {
		h := gallery(t, terms)
		for _, s := range samples() {
			for _, lang := range []string{"en", "de", words.PseudoTag} {
				body := fetch(t, h, at(s), "lang="+lang)
				name := s.page + " (" + s.state + ") in " + lang
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
	for _, bad := range []string{" style=", "<style", "ZgotmplZ", "onclick", "<no value>", "%!"} {
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
		if method != "post" {
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
		p.methods = append(p.methods, attr["method"])
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

// In the pseudo language every word that is not a value is marked, so text
// that does not come from the catalogue shows.
func TestNoTextOutsideTheCatalogue(t *testing.T) {
	h := gallery(t, words.Terms{})
	values := []string{"Countersign", "Acme", "English", "Deutsch", "Firefox", "Chrome", "Safari", "Pixel", "Tablet", "Android", "Old phone", "build server", "Ngozi Adeyemi"}
	for _, s := range samples() {
		if s.page == "dev/messages" {
			continue // a mail is shown as it was written
		}
		root, err := html.Parse(strings.NewReader(fetch(t, h, at(s), "lang="+words.PseudoTag)))
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
				t.Errorf("%s: %q does not come from the catalogue", s.page, text)
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

// The sign-in page and all that it loads, as transferred.
func TestSignInPageIsSmall(t *testing.T) {
	h := gallery(t, words.Terms{})
	body := fetch(t, h, at(sample{page: "signin/identifier"}), "")
	total := len(body)
	root, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	var visit func(*html.Node)
	visit = func(n *html.Node) {
		for _, a := range n.Attr {
			file, _, _ := strings.Cut(a.Val, "#")
			if strings.HasPrefix(file, "/assets/") && !seen[file] {
				seen[file] = true
				total += len(fetch(t, h, file, ""))
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			visit(c)
		}
	}
	visit(root)
	if len(seen) < 4 || total > 60<<10 {
		t.Errorf("%d files, %d bytes; want at most 60 KiB", len(seen), total)
	}
	t.Logf("sign-in page: %d files beside it, %d bytes in all", len(seen), total)
}

// The scenarios name words on the screen.
func TestWordsOfTheScenarios(t *testing.T) {
	for _, row := range []struct {
		page, state string
		terms       words.Terms
		want        []string
	}{
		{"account/security", "off", words.Terms{}, []string{">Turn On<", ">Security<", ">Login and security<", ">Multi-factor authentication (MFA)<", ">Two-factor authentication<", " Account settings<", " My profile<", " Company settings<", "Your account", " Devices<", " Activity<"}},
		{"account/security", "one device, one code", words.Terms{Backup: true, Codes: 1}, []string{"Create a new Backup code", "Change device used for two-factor authentication", ">Turn off<"}},
		{"enrol/method", "", words.Terms{}, []string{"Authenticator App", ">Next<", "more reliable than text messages"}},
		{"enrol/method", "text", words.Terms{}, []string{"SMS Number", "carrier rates may apply", "Recommended"}},
		{"enrol/number", "", words.Terms{}, []string{"Be sure that you can receive text messages", "Your country must be supported: Germany and United States", "Carrier rates may apply", "more reliable"}},
		{"enrol/app", "", words.Terms{}, []string{"I can’t scan a QR code", "Google Authenticator, Microsoft Authenticator, Duo Mobile, Twilio Authy", ">Turn on<", "Google Play Store", "airplane mode", "30 seconds"}},
		{"enrol/codes", "one", words.Terms{Backup: true, Codes: 1}, []string{"The backup code has been saved", ">Done<", "Download", "Important!"}},
		{"enrol/codes", "", words.Terms{}, []string{"The recovery codes have been saved", ">Done<"}},
		{"signin/code", "", words.Terms{}, []string{"Don’t know the code", "Can’t access two-factor device?", "Try another way"}},
		{"signin/required", "settings", words.Terms{}, []string{"Acme requires two-factor authentication", "Account Settings", "Sign out"}},
		{"link/turn_off", "", words.Terms{}, []string{">Disable two-factor authentication<"}},
		{"enrol/change", "", words.Terms{}, []string{"Change device used for two-factor authentication", ">Next<"}},
	} {
		body := fetch(t, gallery(t, row.terms), at(sample{page: row.page, state: row.state}), "lang=en")
		for _, want := range row.want {
			if !strings.Contains(body, want) {
				t.Errorf("%s (%s) lacks %q", row.page, row.state, want)
			}
		}
	}
}
