package e2e_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign/e2e/browser"
	"countersign/e2e/proc"
	"countersign/e2e/site"
)

// TestDevelopmentMessages breaks each condition of the page that shows mails,
// one at a time. With all of them kept it is there.
func TestDevelopmentMessages(t *testing.T) {
	t.Parallel()
	h, _ := untouched(t, t.TempDir())
	port := h.URL[strings.LastIndex(h.URL, ":"):]
	for _, row := range []struct {
		name    string
		status  int
		headers []string
	}{
		{"nothing is configured, and the machine's own browser asks", http.StatusOK, nil},
		{"a workspace's own name on this machine", http.StatusOK, []string{"Host", "acme.localhost" + port}},
		{"capitals and a dot at the end are the same name", http.StatusOK, []string{"Host", "LOCALHOST." + port}},
		{"asked by the machine's number", http.StatusNotFound, []string{"Host", "127.0.0.1" + port}},
		{"asked by another name, as rebinding does", http.StatusNotFound, []string{"Host", "evil.example"}},
		{"asked by a name that begins like this machine's", http.StatusNotFound, []string{"Host", "localhost.evil.example"}},
		{"asked by a name that ends like this machine's", http.StatusNotFound, []string{"Host", "evillocalhost"}},
		{"behind a proxy that says X-Forwarded-For", http.StatusNotFound, []string{"X-Forwarded-For", "127.0.0.1"}},
		{"behind a proxy that says X-Forwarded-Proto", http.StatusNotFound, []string{"X-Forwarded-Proto", "http"}},
		{"behind a proxy that says X-Forwarded-Host", http.StatusNotFound, []string{"X-Forwarded-Host", "localhost"}},
		{"behind a proxy that says something new", http.StatusNotFound, []string{"X-Forwarded-Something", "x"}},
		{"behind a proxy that says Forwarded", http.StatusNotFound, []string{"Forwarded", "for=127.0.0.1"}},
		{"behind a proxy that says X-Real-IP", http.StatusNotFound, []string{"X-Real-IP", "127.0.0.1"}},
		{"behind a proxy that says Via", http.StatusNotFound, []string{"Via", "1.1 proxy"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := (&house{h.Site, t}).client().with(row.headers...)
			for as, a := range map[string]site.Answer{"page": c.get("/dev/messages"), "data": c.data("/dev/messages")} {
				if a.Status != row.status {
					t.Errorf("asked for as a %s it was answered %d, want %d", as, a.Status, row.status)
				}
			}
		})
	}
	t.Run("a mail server is configured", func(t *testing.T) {
		if a := newHouse(t).client().get("/dev/messages"); a.Status != http.StatusNotFound {
			t.Errorf("answered %d", a.Status)
		}
	})
	for name, env := range map[string][]string{
		"a public address is configured": {"COUNTERSIGN_LISTEN=localhost:0", "COUNTERSIGN_URL=https://id.acme.example"},
		"all the network can reach it":   {"COUNTERSIGN_LISTEN=0.0.0.0:0"},
	} {
		t.Run(name+", without a mail server", func(t *testing.T) {
			ended := proc.Run(t, site.Program, "", append(env, "COUNTERSIGN_DATA="+t.TempDir()))
			if ended.Code == 0 || !strings.Contains(ended.Stderr, "smtp_url") {
				t.Errorf("the server ended with %d and said %q; it should name the setting", ended.Code, ended.Stderr)
			}
		})
	}
}

// TestMailsLeadHome sends requests under other names; the mails' links begin
// with the configured address.
func TestMailsLeadHome(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.guarded("Ada Lovelace")
	for _, headers := range [][]string{
		{"Host", "evil.example", "Origin", "http://evil.example"},
		{"X-Forwarded-Host", "evil.example"},
		{"Forwarded", `host="evil.example";proto=https`},
		{"X-Original-Host", "evil.example"},
	} {
		asked := h.client().with(headers...).post("/forgot", "email", ada.Email)
		if asked.Status != http.StatusOK {
			continue // refused altogether
		}
		message := h.mail(ada.Email, "new password")
		if strings.Contains(string(message.Raw), "evil") {
			t.Errorf("with %q the mail says:\n%s", headers, message.Text)
		}
		h.link(message)
		h.Clock.Advance(time.Hour) // a mail for one address is limited
	}
}

// elsewhere are addresses that must never be gone to.
func elsewhere() []string {
	return []string{
		"https://evil.example/", "//evil.example", "///evil.example", `/\evil.example`, `\\evil.example`, "/\t/evil.example",
		"\t//evil.example", "/\n/evil.example", "javascript:alert(1)", "data:text/html,x", "http:evil.example", "https:/evil.example",
		"evil.example", "@evil.example", "/..//evil.example", "/.//evil.example", "/%5cevil.example\n", "%2F%2Fevil.example", " //evil.example",
		"/account/../..//evil.example", "//localhost@evil.example",
	}
}

// inside tells whether a browser would stay on the site.
func inside(location string) bool {
	here, _ := url.Parse("http://localhost:1/signin/x")
	// As browsers read it: backslashes are slashes, tabs and line ends are nothing.
	location = strings.NewReplacer(`\`, "/", "\t", "", "\n", "", "\r", "").Replace(strings.TrimSpace(location))
	to, err := here.Parse(location)
	return err == nil && to.Host == here.Host && to.Scheme == "http" && !strings.HasPrefix(to.Path, "//")
}

// TestRedirectsStayInside gives foreign addresses wherever one is gone back to.
func TestRedirectsStayInside(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.person("Ada Lovelace")
	c := h.client()
	c.signIn(ada)
	for _, to := range elsewhere() {
		step := c.post("/preferences", "language", "en", "return", to)
		if step.Status != http.StatusSeeOther || !inside(step.Location) {
			t.Errorf("the preferences lead to %q for %q", step.Location, to)
		}
		step = c.post("/proof?act=confirm_email&return="+url.QueryEscape(to), "return", to, "send", "yes")
		for range 4 {
			if step.Location == "" {
				break
			}
			if !inside(step.Location) {
				t.Errorf("the proof leads to %q for %q", step.Location, to)
			}
			step = c.get(step.Location)
		}
		in := h.client()
		in.get("/signin?return=" + url.QueryEscape(to))
		step = in.post("/signin", "identifier", ada.Email, "return", to)
		step = in.post(step.Location, "password", ada.Password)
		if step.Status != http.StatusSeeOther || !inside(step.Location) {
			t.Errorf("the sign-in leads to %q for %q", step.Location, to)
		}
	}
	// Where one wanted to go inside, one gets.
	in := h.client()
	step := in.get("/account/profile")
	back, err := url.Parse(step.Location)
	must(t, err)
	step = in.post("/signin", "identifier", ada.Email, "return", back.Query().Get("return"))
	if step = in.post(step.Location, "password", ada.Password); step.Location != "/account/profile" {
		t.Errorf("a sign-in from the profile leads to %q", step.Location)
	}
}

// TestAnotherSitesPage is a page of another site, in the browser of somebody who
// is signed in: it posts a form, and it shows our page in a frame.
func TestAnotherSitesPage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.guarded("Ada Lovelace")
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, `<!doctype html><title>Free walnuts</title><iframe src="%[1]s/signin"></iframe>
			<form method="post" action="%[1]s/account/two-factor/%[2]s/remove"><button>Free walnuts</button></form>`, h.URL, ada.Device)
	}))
	t.Cleanup(evil.Close)
	page := h.session(ada)
	page.Open(evil.URL)
	complaints := ""
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(complaints, "frame-ancestors") && time.Now().Before(deadline); {
		complaints = strings.Join(page.Console(), "\n")
		time.Sleep(10 * time.Millisecond)
	}
	if !strings.Contains(complaints, "frame-ancestors") {
		t.Errorf("the browser shows our page in a frame of another site; it complained only about:\n%s", complaints)
	}
	page.Click("Free walnuts")
	if page.Status() == http.StatusOK || page.Status() == http.StatusSeeOther {
		t.Errorf("the other site's form was answered %d", page.Status())
	}
	page.Open(h.URL + "/account/security")
	page.See("It is on.", "Phone")
}

// TestHeaders finds the same guards on every answer.
func TestHeaders(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.guarded("Ada Lovelace")
	full := h.client()
	full.signIn(ada)
	values := map[string]string{"id": string(ada.Device)}
	check := func(what string, a site.Answer) {
		for name, want := range map[string]string{
			"Content-Security-Policy": "frame-ancestors 'none'", "X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff",
			"Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
			"Permissions-Policy": "camera=()", "Cache-Control": "no-store",
		} {
			if name == "Cache-Control" && (strings.Contains(what, "/assets/") || strings.Contains(what, "/favicon")) && a.Status == http.StatusOK {
				continue
			}
			if got := a.Header.Get(name); !strings.Contains(got, want) {
				t.Errorf("%s, answered %d: %s is %q", what, a.Status, name, got)
			}
		}
		if strings.Contains(a.Header.Get("Content-Security-Policy"), "unsafe") || len(a.Header.Values("Content-Security-Policy")) != 1 {
			t.Errorf("%s: the policy is %q", what, a.Header.Values("Content-Security-Policy"))
		}
		for _, told := range []string{"Server", "X-Powered-By", "Access-Control-Allow-Origin"} {
			if a.Header.Get(told) != "" {
				t.Errorf("%s tells %s: %s", what, told, a.Header.Get(told))
			}
		}
		for _, line := range a.Header.Values("Set-Cookie") {
			if !strings.Contains(line, "HttpOnly") || !strings.Contains(line, "SameSite=Lax") || !strings.Contains(line, "Path=/") || strings.Contains(line, "Domain=") {
				t.Errorf("%s sets the cookie %q", what, line)
			}
		}
	}
	for _, r := range site.Routes(t) {
		check("nobody's "+r.String(), h.client().knock(r, values))
		if r.Verb == http.MethodGet {
			check("a session's "+r.String(), full.knock(r, values))
		}
	}
	check("no such page", full.get("/no/such/page"))
	check("no such method", full.do("BREW", "/signin"))
	check("from another site", full.with("Origin", "https://evil.example").post("/signin"))
	check("too large", full.post("/signin", "identifier", strings.Repeat("x", 80<<10)))
}

// TestMethods asks every page with methods that it does not have.
func TestMethods(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.guarded("Ada Lovelace")
	c := h.client()
	c.signIn(ada)
	values, verbs := map[string]string{"id": string(ada.Device)}, map[string][]string{}
	for _, r := range site.Routes(t) {
		verbs[r.Path] = append(verbs[r.Path], r.Verb)
	}
	for path, known := range verbs {
		at := site.Route{Path: path}.At(values)
		if slices.Contains(known, http.MethodGet) && path != "/" {
			head, get := c.do(http.MethodHead, at), c.get(at)
			if head.Status != get.Status || head.Body != "" || head.Header.Get("Content-Type") != get.Header.Get("Content-Type") {
				t.Errorf("HEAD %s was answered %d %q %q, GET %d %q", at, head.Status, head.Header.Get("Content-Type"), head.Body, get.Status, get.Header.Get("Content-Type"))
			}
		}
		for _, verb := range []string{http.MethodOptions, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodTrace, "BREW", "get"} {
			a := c.do(verb, at)
			allow := a.Header.Get("Allow")
			if a.Status != http.StatusMethodNotAllowed || !strings.Contains(allow, known[0]) || strings.Contains(allow, verb) {
				t.Errorf("%s %s was answered %d, Allow %q", verb, at, a.Status, allow)
			}
		}
	}
}

// A person without scripts is told by the address bar alone; the page says its
// own name, whatever the request did.
func TestNoNameButOurs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	page := h.browser(browser.NoScript())
	page.Open("/signin")
	address := strings.TrimPrefix(h.URL, "http://")
	page.See(address)
	if a := h.client().with("Host", "evil.example").get("/signin"); strings.Contains(a.Body, "evil.example") || !strings.Contains(a.Body, address) {
		t.Errorf("under another name the page says another address:\n%s", a.Body)
	}
}
