package judge

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"countersign/e2e/browser"
)

func TestMain(m *testing.M) {
	code := m.Run()
	browser.Close()
	os.Exit(code)
}

const strict = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"

const style = `:root { color-scheme: light dark; --ink: #222; --paper: #fff }
@media (prefers-color-scheme: dark) { :root { --ink: #eee; --paper: #111 } a { color: #9cf } }
body { font: 18px/1.5 sans-serif; color: var(--ink); background: var(--paper); margin: 0 1rem }
input, button { font: inherit; min-height: 44px; max-width: 100%; box-sizing: border-box }
:focus-visible { outline: 3px solid currentColor; outline-offset: 2px }
`

// fine is a page by all rules.
const fine = `<form method="post" action="/"><label for="code">Code</label>
<input id="code" name="code" type="text" inputmode="numeric" autocomplete="one-time-code">
<label><input type="checkbox" name="trust" value="1"> Trust this browser</label>
<button type="submit">Continue</button></form>
<details><summary>Help</summary><p><a href="/help">Read more</a></p></details>
<p><a href="/other">Try another way</a></p>`

// site serves a body with a style added to the good one, by path.
func site(t *testing.T, bodies, styles map[string]string) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", strict)
		page := strings.ReplaceAll(whole(bodies[r.URL.Path]), "/base.css", "/base.css?"+r.URL.Path)
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusUnprocessableEntity)
			page = strings.Replace(page, "<title>", "<title>Error: ", 1)
		}
		_, _ = fmt.Fprint(w, page)
	})
	mux.HandleFunc("/base.css", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/css")
		_, _ = fmt.Fprint(w, style+styles[r.URL.RawQuery])
	})
	mux.HandleFunc("/app.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = fmt.Fprint(w, `document.body.dataset.script = "ran"`)
	})
	mux.HandleFunc("/favicon.ico", func(http.ResponseWriter, *http.Request) {})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func TestAGoodPagePasses(t *testing.T) {
	url := site(t, map[string]string{"/": fine}, nil)
	p := browser.New(t, url)
	p.Open("/")
	Page(t, p, "code")
	p.Click("Continue") // the answer to a post is judged without posting again
	Page(t, p, "code, wrong")
	if size := TransferSize(t, url, "/"); size < int64(len(style)+len(fine)) || size > 60_000 {
		t.Errorf("the page transfers %d bytes", size)
	}
}

// witness is a test that remembers its errors.
type witness struct {
	testing.TB
	said string
}

func (w *witness) Errorf(format string, args ...any) { w.said += fmt.Sprintf(format, args...) + "\n" }

func TestABadPageFails(t *testing.T) {
	bodies, styles := map[string]string{"/1": fine, "/2": fine}, map[string]string{}
	bodies["/3"] = fine + `<p class="wide">A</p><div class="cover"></div><img src="http://127.0.0.1:9/pixel.png" alt="">`
	styles["/1"] = `@media (prefers-color-scheme: dark) { label { color: #333 } }`
	styles["/2"] = `summary:focus-visible { outline: none } @media (forced-colors: active) { button:focus-visible { outline: none; box-shadow: 0 0 2px red } }`
	styles["/3"] = `.wide { width: 600px; background: var(--ink) } .cover { position: fixed; bottom: 0; left: 0; width: 100%; height: 90%; background: var(--paper) }`
	url := site(t, bodies, styles)
	p := browser.New(t, url)
	rows := []struct {
		name, path string
		want       []string
	}{
		{"what fails in dark only", "/1", []string{"[dark 320, dark 1280] axe color-contrast (serious)"}},
		{"the focus that one cannot see", "/2", []string{
			"[light 1280, dark 320, forced colours 1280] the focus cannot be seen on <summary></summary>",
			`[forced colours 1280] the focus cannot be seen on <button type="submit"></button>`,
			`[title] the title "Sign in" is also that of the page`,
		}},
		{"what sticks out, covers, or comes from elsewhere", "/3", []string{
			`320] sticks out sideways: <p class="wide"></p>`, "with the focus, something covers", "asks somebody else: http://127.0.0.1:9/pixel.png",
			"[console] the browser complains", "img-src",
		}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p.Open(row.path)
			w := &witness{TB: t}
			Page(w, p, "bad "+row.path)
			for _, want := range row.want {
				if !strings.Contains(w.said, want) {
					t.Errorf("the findings do not have %q:\n%s", want, w.said)
				}
			}
		})
	}
}

func TestAPasteThatDoesNotLand(t *testing.T) {
	url := site(t, map[string]string{"/": strings.Replace(fine, `name="code"`, `name="code" maxlength="6"`, 1)}, nil)
	p := browser.New(t, url)
	p.Open("/")
	w := &witness{TB: t}
	PasteLands(w, p, "Code")
	if !strings.Contains(w.said, `"123 456", pasted into the field "Code", arrives as "123 45"`) {
		t.Errorf("the findings: %s", w.said)
	}
	for _, judge := range []func(testing.TB, *browser.Page){Axe, NoSidewaysScroll, TabWalk, NoThirdParty, Policy, Quiet} {
		judge(t, p)
	}
	UniqueTitle(t, p, "code")
}
