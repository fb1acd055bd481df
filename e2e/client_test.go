package e2e_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
)

// client is a program that speaks HTTP with the house, cookies and all, and
// follows no redirect.
type client struct {
	h    *house
	http *http.Client
}

// answer is what the house said.
type answer struct {
	status   int
	location string
	body     string
	header   http.Header
}

func (h *house) client() *client {
	h.t.Helper()
	jar, err := cookiejar.New(nil)
	must(h.t, err)
	return &client{h: h, http: &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// get asks for a page; accept "" is what a browser says.
func (c *client) get(path, accept string) answer {
	c.h.t.Helper()
	return c.do(http.MethodGet, path, accept, nil)
}

// post sends a form: names and values in turn.
func (c *client) post(path string, fields ...string) answer {
	c.h.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	return c.do(http.MethodPost, path, "", form)
}

func (c *client) do(verb, path, accept string, form url.Values) answer {
	c.h.t.Helper()
	request, err := http.NewRequestWithContext(c.h.t.Context(), verb, c.h.url+path, strings.NewReader(form.Encode()))
	must(c.h.t, err)
	if verb == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Origin", c.h.url)
	}
	if accept == "" {
		accept = "text/html,*/*;q=0.8"
	}
	request.Header.Set("Accept", accept)
	response, err := c.http.Do(request)
	must(c.h.t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	must(c.h.t, err)
	return answer{
		status: response.StatusCode, location: strings.TrimPrefix(response.Header.Get("Location"), c.h.url),
		body: string(body), header: response.Header,
	}
}

func (c *client) cookies() []*http.Cookie {
	c.h.t.Helper()
	site, err := url.Parse(c.h.url)
	must(c.h.t, err)
	return c.http.Jar.Cookies(site)
}

// first gives address and password, and returns the path of the next page.
func (c *client) first(p *person) string {
	c.h.t.Helper()
	step := c.post("/signin", "identifier", p.email)
	if step.status != http.StatusSeeOther {
		c.h.t.Fatalf("the address of %s was answered %d:\n%s", p.email, step.status, step.body)
	}
	step = c.post(step.location, "password", p.password)
	if step.status != http.StatusSeeOther {
		c.h.t.Fatalf("the password of %s was answered %d:\n%s", p.email, step.status, step.body)
	}
	return step.location
}

// signIn signs the person in, with a code where the person has an app.
func (c *client) signIn(p *person) {
	c.h.t.Helper()
	next := c.first(p)
	if len(p.secret) == 0 {
		return
	}
	step := c.post(next, "code", p.code())
	if step.status != http.StatusSeeOther {
		c.h.t.Fatalf("the code of %s was answered %d:\n%s", p.email, step.status, step.body)
	}
}
