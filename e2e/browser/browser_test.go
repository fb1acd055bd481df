package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	code := m.Run()
	Close()
	os.Exit(code)
}

const form = `<!DOCTYPE html>
<html lang="en"><head><title>Sign in · Test</title><meta name="viewport" content="width=device-width">
<style>.hidden { position: absolute; opacity: 0; pointer-events: none } [hidden] { display: none }
@media (prefers-color-scheme: dark) { #scheme::after { content: "dark" } } @media (forced-colors: active) { #scheme::after { content: "forced" } }</style>
<script src="/app.js" defer></script></head><body>
<h1>Sign&nbsp;in</h1><p hidden>Secret words</p><p id="script">no script</p><p id="scheme"></p>
<form method="post" action="/in">
<label for="mail">E-mail address</label> <input id="mail" name="mail" type="email" value="old@example.com">
<label for="pw">Password</label> <input id="pw" name="pw" type="password">
<label for="code">Code</label> <input id="code" name="code" maxlength="6">
<label for="zone">Zone</label> <select id="zone" name="zone"><option>Here</option><option value="t">Over there</option></select>
<input class="hidden" type="checkbox" id="saved" name="saved"><label for="saved">The recovery codes have been saved</label>
<input type="radio" name="how" value="a" id="a"><label for="a">By app</label>
<button>Continue</button><button type="button" disabled>Later</button>
</form>
<details><summary>More choices</summary><p>Inside the details</p></details>
<ul><li>Pixel 9 <a href="/remove?9">Remove</a></li><li>Pixel 10 <a href="/remove?10">Remove</a></li></ul>
<div role="button">Only looks like one</div><span>Pretends to be a link</span>
<a href="/codes.txt">Download codes</a> <a href="/framed">To the covered page</a>
</body></html>`

// site is a small server; the number of its posts is counted.
func site(t *testing.T) (string, *int) {
	t.Helper()
	posts := 0
	page := func(w http.ResponseWriter, body string) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprint(w, "<!DOCTYPE html><html lang=en><title>Page</title><body>"+body)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: "1", HttpOnly: true, SameSite: http.SameSiteLaxMode}) // #nosec G124 -- over plain HTTP
		_, _ = fmt.Fprint(w, form)
	})
	mux.HandleFunc("/app.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = fmt.Fprint(w, `document.querySelector("#script").textContent = "script runs"`)
	})
	mux.HandleFunc("POST /in", func(w http.ResponseWriter, r *http.Request) {
		posts++
		time.Sleep(150 * time.Millisecond) // slower than a browser's moment
		if r.FormValue("pw") != "correct" {
			w.WriteHeader(http.StatusUnprocessableEntity)
			page(w, fmt.Sprintf(`<h1>Wrong, try %d</h1>`, posts))
			return
		}
		http.Redirect(w, r, "/done?"+strings.Join([]string{r.FormValue("mail"), r.FormValue("zone"), r.FormValue("saved"), r.FormValue("how")}, "+"), http.StatusSeeOther)
	})
	mux.HandleFunc("/done", func(w http.ResponseWriter, r *http.Request) {
		_, err := r.Cookie("seen") // sent back by the browser
		page(w, fmt.Sprintf(`<h1>Done</h1><p>%s|%s|%v</p>`, r.URL.RawQuery, r.Header.Get("Accept-Language"), err == nil))
	})
	mux.HandleFunc("/remove", func(w http.ResponseWriter, r *http.Request) { page(w, "<h1>Removed "+r.URL.RawQuery+"</h1>") })
	mux.HandleFunc("/codes.txt", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Disposition", `attachment; filename="codes-ada.txt"`)
		_, _ = fmt.Fprint(w, "one\ntwo\n")
	})
	mux.HandleFunc("/covered", func(w http.ResponseWriter, _ *http.Request) {
		page(w, `<button>Under</button><div id=cover style="position:fixed;inset:0"></div>`)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL, &posts
}

func TestAPersonSignsIn(t *testing.T) {
	rows := []struct {
		name    string
		options []Option
		script  string
	}{
		{"with scripts", nil, "script runs"},
		{"with scripts switched off", []Option{NoScript()}, "no script"},
		{"with the page's scripts blocked", []Option{BlockScripts()}, "no script"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			url, _ := site(t)
			p := New(t, url, append(row.options, Language("de"))...)
			p.Open("/")
			p.See("Sign in", row.script)
			p.NotSee("Secret words", "Inside the details")
			p.Type("E-mail address", "ada@example.com")
			p.Type("Password", "wrong")
			p.Click("Continue")
			p.See("Wrong, try 1")
			if p.Status() != http.StatusUnprocessableEntity {
				t.Errorf("status %d", p.Status())
			}
			p.Back()
			p.Type("E-mail address", "ada@example.com")
			p.Type("Password", "correct")
			p.Choose("Zone", "Over there")
			p.Check("The recovery codes have been saved")
			p.Check("By app")
			p.Click("Continue")
			p.See("Done", "ada@example.com+t+on+a|de|true")
			if p.Path() != "/done?ada@example.com+t+on+a" || p.Title() != "Page" {
				t.Errorf("path %s, title %s", p.Path(), p.Title())
			}
		})
	}
}

func TestAPersonLooksAround(t *testing.T) {
	url, _ := site(t)
	p := New(t, url)
	p.Open("/")
	p.Click("More choices")
	p.See("Inside the details")
	if got := p.Value("E-mail address"); got != "old@example.com" {
		t.Errorf("value %q", got)
	}
	p.Type("E-mail address", "")
	if got := p.Value("E-mail address"); got != "" {
		t.Errorf("emptied, the field has %q", got)
	}
	if got := p.Paste("Code", "123 456"); got != "123 45" {
		t.Errorf("a paste into six places gave %q", got)
	}
	p.Check("The recovery codes have been saved")
	p.Uncheck("The recovery codes have been saved")
	if p.Checked("The recovery codes have been saved") || p.Attr("#mail", "type") != "email" || p.Count("li") != 2 {
		t.Error("the check box, an attribute or a count is wrong")
	}
	p.Press("Tab")
	if got := p.Focused(); got != "By app" {
		t.Errorf("after the check box the focus is on %q", got)
	}
	if p.Has("Pretends to be a link") || !p.Has("Only looks like one") {
		t.Error("a control is found by its role and name, and only so")
	}
	if file := p.Download("Download codes"); file.Name != "codes-ada.txt" || string(file.Content) != "one\ntwo\n" {
		t.Errorf("downloaded %+v", file)
	}
	p.In("li", "Pixel 9").Click("Remove")
	p.See("Removed 9")
	cookies := p.Cookies()
	if len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteLaxMode {
		t.Errorf("cookies %v", cookies)
	}
	if other := New(t, url); len(other.Cookies()) != 0 {
		t.Error("another person has the same cookies")
	}
}

func TestThePageIsShownInManyWays(t *testing.T) {
	url, _ := site(t)
	p := New(t, url, Cookie("mine", "yes"))
	p.Open("/")
	after := func() string {
		var s string
		p.Evaluate(`getComputedStyle(document.querySelector("#scheme"), "::after").content + innerWidth + new Date(0).getHours() + navigator.userAgent.includes("Headless") + matchMedia("print").matches`, &s)
		return s
	}
	rows := []struct {
		name   string
		option []Option
		want   string
	}{
		{"at first", nil, `none12800falsefalse`},
		{"dark and narrow", []Option{Dark(), Viewport(320, 640)}, `"dark"3200falsefalse`},
		{"forced colours elsewhere", []Option{ForcedColors(), TimeZone("Asia/Tokyo")}, `"forced"3209falsefalse`},
		{"on a phone", []Option{Phone(), Light()}, `none3939falsefalse`},
		{"printed", []Option{Print()}, `none3939falsetrue`},
	}
	for _, row := range rows {
		p.Set(row.option...)
		if got := after(); got != row.want {
			t.Errorf("%s: %s; want %s", row.name, got, row.want)
		}
	}
	if file := p.Screenshot("at the end"); !strings.HasSuffix(file, "/at_the_end.png") {
		t.Errorf("picture %s", file)
	}
}

func TestACopyDoesNotPostAgain(t *testing.T) {
	url, posts := site(t)
	p := New(t, url)
	p.Open("/")
	p.Click("Continue")
	p.See("Wrong, try 1")
	c := p.Copy(BlockScripts())
	c.See("Wrong, try 1")
	if c.Status() != http.StatusUnprocessableEntity || c.URL() != p.URL() || *posts != 1 {
		t.Errorf("status %d, address %s, %d posts", c.Status(), c.URL(), *posts)
	}
	if !strings.Contains(c.Source(), "<h1>Wrong, try 1</h1>") {
		t.Errorf("source %s", c.Source())
	}
	p.WaitIdle()
	kinds := map[string]int64{}
	for _, r := range p.Requests() {
		kinds[r.Type] += r.Bytes
	}
	if kinds["Document"] < int64(len(form)) || kinds["Script"] == 0 {
		t.Errorf("bytes by kind: %v", kinds)
	}
}

// witness is a test that remembers why it failed and goes no further.
type witness struct {
	testing.TB
	said string
}

func (w *witness) Fatal(args ...any) { w.said = fmt.Sprint(args...); panic(w) }

func (w *witness) Fatalf(format string, args ...any) { w.Fatal(fmt.Sprintf(format, args...)) }

func TestAStepThatFailsSaysWhatIsThere(t *testing.T) {
	url, _ := site(t)
	p := New(t, url)
	rows := []struct {
		name string
		path string
		step func(*Page)
		want []string
	}{
		{"a button that is not there", "/", func(p *Page) { p.Click("Go on") }, []string{`no button or link "Go on"`, `"Continue"`, "Sign in", "picture: "}},
		{"a button that is disabled", "/", func(p *Page) { p.Click("Later") }, []string{"it is disabled"}},
		{"a button under something", "/covered", func(p *Page) { p.Click("Under") }, []string{`covered by <div id="cover"`}},
		{"two links with one name", "/", func(p *Page) { p.Click("Remove") }, []string{`2 times button or link "Remove"`}},
		{"a field that is not there", "/", func(p *Page) { p.Type("Pass word", "x") }, []string{`no field "Pass word"`, `"Password"`}},
		{"a text that is not there", "/", func(p *Page) { p.See("Welcome") }, []string{`"Welcome" is not visible`, "Pixel 10"}},
		{"a text that should not be there", "/", func(p *Page) { p.NotSee("Pixel 9") }, []string{`"Pixel 9" is visible`}},
		{"an entry that is not there", "/", func(p *Page) { p.Choose("Zone", "Nowhere") }, []string{`"Over there"`}},
		{"a part that is not there", "/", func(p *Page) { p.In("li", "Pixel 7").Click("Remove") }, []string{"there is no li with Pixel 7"}},
		{"a server that is not there", "http://127.0.0.1:1/", func(p *Page) { p.Open("http://127.0.0.1:1/") }, []string{"open http://127.0.0.1:1/"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := &witness{TB: t}
			q := *p
			q.tb = w
			func() {
				defer func() { _ = recover() }()
				if !strings.Contains(row.path, "://") {
					q.Set(Patience(15 * time.Second)) // to load a page, on a busy machine
					q.Open(row.path)
				}
				q.Set(Patience(200 * time.Millisecond))
				row.step(&q)
			}()
			for _, want := range row.want {
				if !strings.Contains(w.said, want) {
					t.Errorf("the message does not have %q:\n%s", want, w.said)
				}
			}
		})
	}
}
