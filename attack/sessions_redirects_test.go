package attack_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"countersign"
	"countersign/e2e/site"
)

// elsewhere are addresses that nobody must be led to, as links carry them.
func elsewhere() []string {
	plain := []string{
		"https://evil.example/", "HTTPS://evil.example", "//evil.example", "///evil.example", "////evil.example", `/\evil.example`, `\\evil.example`,
		`/\/evil.example`, `\/evil.example`, "/\t/evil.example", "\t//evil.example", "/\n/evil.example", "/\r\n/evil.example", "\x01//evil.example",
		"javascript:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "http:evil.example", "https:/evil.example", "evil.example", "@evil.example",
		":@evil.example", "/..//evil.example", "/.//evil.example", "/%2e/%2fevil.example", "/%2f/evil.example", "/%5cevil.example", "%2F%2Fevil.example",
		" //evil.example", "\u00a0//evil.example", "\ufeff//evil.example", "/\u2028/evil.example", "/account/../..//evil.example", "//localhost@evil.example",
		"//evil.example%2f.localhost", "/\u3002evil.example", "/x\r\nLocation: https://evil.example", "/x\r\nSet-Cookie: countersign_session=evil",
		"/x\nSet-Cookie: evil=1", "/x%0d%0aSet-Cookie:%20evil=1", "/x\r\n\r\n<script>evil</script>", "/x\u560a\u560dSet-Cookie: evil=1",
	}
	all := plain
	for _, one := range plain {
		all = append(all, url.QueryEscape(one)) // encoded once more than the carrier does
	}
	return all
}

// homeward tells whether a browser that is sent there stays: backslashes are
// slashes to it, tabs and line ends are nothing.
func homeward(own, location string) bool {
	site, err := url.Parse(own + "/signin/x")
	if err != nil {
		return false
	}
	location = strings.NewReplacer(`\`, "/", "\t", "", "\n", "", "\r", "").Replace(strings.TrimFunc(location, func(r rune) bool { return r <= ' ' }))
	to, err := site.Parse(location)
	return err == nil && to.Host == site.Host && to.Scheme == "http" && to.User == nil && !strings.HasPrefix(to.Path, "//")
}

// stays fails for an answer that leads away, or with which somebody wrote a
// header or a cookie of their own.
func stays(t *testing.T, s *site.Site, asked string, a site.Answer) {
	t.Helper()
	if a.Err != nil {
		t.Errorf("%s: %v", asked, a.Err)
		return
	}
	for _, name := range []string{"Location", "Refresh", "Content-Location", "Link"} {
		for _, to := range a.Header[name] {
			if !homeward(s.URL, to) {
				t.Errorf("%s: the answer %d has %s: %q", asked, a.Status, name, to)
			}
		}
	}
	for _, line := range a.Header["Set-Cookie"] {
		if name, value, _ := strings.Cut(strings.SplitN(line, ";", 2)[0], "="); !strings.HasPrefix(name, "countersign_") && name != "lang" && name != "scheme" || strings.Contains(value, "evil") {
			t.Errorf("%s: the answer %d sets the cookie %q", asked, a.Status, line)
		}
	}
	for _, link := range regexp.MustCompile(`(?:href|action|src|formaction)="([^"]*)"`).FindAllStringSubmatch(a.Body, -1) {
		to := html.UnescapeString(link[1])
		if !strings.HasPrefix(to, "otpauth:") && !strings.HasPrefix(to, "data:image/") && !homeward(s.URL, to) {
			t.Errorf("%s: the page of %d leads to %q", asked, a.Status, to)
		}
	}
	if strings.Contains(a.Body, "<script>evil") {
		t.Errorf("%s: the page has a script of somebody else's", asked)
	}
}

// TestSessionsRedirects gives an address elsewhere for every field of every
// route, in the query, in the form and in the cookie that leads on, on every
// node: nobody is led there.
func TestSessionsRedirects(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		bob := s.Person(t, "Bob Hill", "bob@acme.example", countersign.Member)
		signedIn := newHand(t, s, bob, 0)
		signedIn.signIn()
		names := site.FieldNames(t)
		routes := site.Routes(t)
		random := chance(t)
		for i, to := range elsewhere() {
			all := url.Values{}
			for _, name := range names {
				all.Set(name, to)
			}
			for k, r := range routes {
				if *long || (i+k)%4 == 0 || r.Path == "/preferences" || r.Path == "/proof" || r.Path == "/signin" {
					c := []*site.Client{signedIn.Client, s.Client()}[random.IntN(2)].On(random.IntN(len(s.Nodes)))
					if r.Path == "/signout" || strings.HasPrefix(r.Path, "/account/sessions/") {
						c = s.Client()
					}
					stays(t, s, r.String()+" with "+to, c.Do(r.Verb, r.At(nil)+"?"+all.Encode(), all))
				}
			}
			leads(t, s, bob, to)
		}
		if !signedIn.SignedIn() {
			t.Error("the session was lost on the way, so that little was asked in it")
		}
	})
}

// leads follows the addresses that a person is led back to, to the end.
func leads(t *testing.T, s *site.Site, p *site.Person, to string) {
	t.Helper()
	c := s.Client()
	c.SetCookie("countersign_next", strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' || strings.ContainsRune(`";,\`, r) {
			return -1
		}
		return r
	}, to))
	c.Get("/signin?return=" + url.QueryEscape(to))
	step := c.Post("/signin", "identifier", p.Email, "return", to)
	stays(t, s, "the address, with "+to, step)
	step = c.Post(step.Location, "password", p.Password)
	stays(t, s, "the password, with "+to, step)
	for _, act := range []string{"confirm_email", "second_factor", "", to} {
		query := url.Values{"act": {act}, "return": {to}, "with": {to}}.Encode()
		step = c.Get("/proof?" + query)
		for range 4 {
			stays(t, s, "the proof of "+act+", with "+to, step)
			if step.Location == "" || !homeward(s.URL, step.Location) {
				break
			}
			step = c.Get(step.Location)
		}
		stays(t, s, "the proof of "+act+", with "+to, c.Post("/proof?"+query, "return", to, "with", to, "password", p.Password))
	}
}

// TestSessionsRedirectPaths asks for paths that are cleaned, or led to the
// sign-in and back, on the way.
func TestSessionsRedirectPaths(t *testing.T) {
	both(t, func(t *testing.T, s *site.Site) {
		for i, at := range []string{
			"//evil.example", "//evil.example/account", "///evil.example/../account", "/account//evil.example", "/account/..//evil.example", "/account/../../evil.example",
			"/account/%2e%2e//evil.example", "/account/%2f%2fevil.example", "/account/security/..//..//evil.example", "/%2f%2fevil.example", "/%5c%5cevil.example",
			"/account/security?return=//evil.example", "/account/two-factor/%2f%2fevil.example/rename", "/account/two-factor/..%2f..%2fevil/rename", "/.//evil.example",
			"/account/security//", "/signin//evil.example", "/signin/%0d%0aSet-Cookie:%20evil=1/password", "/turn-off/%0d%0aLocation:%20evil", "/account?%0d%0aevil:%201",
			"/reset//evil.example/..", "/email/..//..//evil.example",
		} {
			for _, verb := range []string{http.MethodGet, http.MethodPost, http.MethodHead} {
				c := s.Client().On(i % len(s.Nodes))
				a := c.Do(verb, at, nil)
				stays(t, s, verb+" "+at, a)
				if a.Location != "" && homeward(s.URL, a.Location) && strings.HasPrefix(a.Location, "/") {
					stays(t, s, verb+" "+at+", followed", c.Get(a.Location))
				}
			}
		}
	})
}
