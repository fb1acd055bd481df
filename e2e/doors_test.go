package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"countersign/internal/method"
	"countersign/internal/policy"
)

// knock sends a request as this client, to an address of the route that has the
// client's own things in it, and returns the answer.
func (c *client) knock(r route, values map[string]string) answer {
	c.h.t.Helper()
	if r.verb == http.MethodPost {
		return c.post(r.at(values))
	}
	return c.get(r.at(values), "")
}

// closed tells what is wrong with an answer that should open nothing.
func closed(r route, a answer, email string) string {
	switch {
	case r.verb == http.MethodGet && a.status == http.StatusSeeOther && strings.HasPrefix(a.location, "/signin?return="):
	case r.verb == http.MethodPost && (a.status == http.StatusUnauthorized || a.status == http.StatusForbidden):
	default:
		return fmt.Sprintf("was answered %d, to %q", a.status, a.location)
	}
	if strings.Contains(a.body, email) {
		return "told the person's address"
	}
	return ""
}

// TestLevels knocks at every route of the product with less than it needs, and
// finds it shut. Nothing has changed afterwards.
func TestLevels(t *testing.T) {
	h := newHouse(t, "sqlite")
	ada := h.guarded("Ada Lovelace")
	values := map[string]string{"id": string(ada.device)}
	visitors := map[string]func() *client{
		"nobody": h.client,
		"the password alone": func() *client {
			c := h.client()
			c.first(ada)
			return c
		},
		"the password, its tokens shown as a session": func() *client {
			c := h.client()
			c.first(ada)
			for _, cookie := range c.cookies() {
				c.setCookie("countersign_session", cookie.Value)
			}
			return c
		},
		"a session from before there was a second factor": func() *client {
			grace := h.person("Grace Hopper")
			c := h.client()
			c.signIn(grace)
			grace.withApp("Phone")
			return c
		},
		"a session that was signed out": func() *client {
			c := h.client()
			c.signIn(ada)
			kept := c.cookies()
			c.post("/signout")
			for _, cookie := range kept {
				c.setCookie(cookie.Name, cookie.Value)
			}
			return c
		},
		"a made-up session": func() *client {
			c := h.client()
			c.setCookie("countersign_session", strings.Repeat("A", 43))
			return c
		},
	}
	for name, visitor := range visitors {
		t.Run(name, func(t *testing.T) {
			c := visitor()
			for _, r := range routes(t) {
				if isOpen(r) {
					continue
				}
				if problem := closed(r, c.knock(r, values), ada.email); problem != "" {
					t.Errorf("%s %s", r, problem)
				}
				if r.verb == http.MethodGet {
					data := c.get(r.at(values), "application/json")
					if data.status != http.StatusUnauthorized && data.status != http.StatusForbidden {
						t.Errorf("%s, as data, was answered %d", r, data.status)
					}
				}
			}
		})
	}
	if ada.has(method.TOTP) != 1 || ada.has(method.Recovery) != 1 {
		t.Error("something of the account has changed")
	}
	h.client().signIn(ada)
}

func (c *client) setCookie(name, value string) {
	c.h.t.Helper()
	request, err := http.NewRequestWithContext(c.h.t.Context(), http.MethodGet, c.h.url, nil)
	must(c.h.t, err)
	c.http.Jar.SetCookies(request.URL, []*http.Cookie{{Name: name, Value: value, Path: "/"}}) // #nosec G124 -- what a thief would send
}

// TestEnrolmentOnly knocks at every route with a session that may do nothing but
// set up the second factor that is required.
func TestEnrolmentOnly(t *testing.T) {
	h := newHouse(t, "sqlite")
	bob := h.person("Bob Builder")
	h.policy("company-required", nil)
	c := h.client()
	c.signIn(bob)
	within := []string{
		"/proof", "/account/two-factor", "/account/two-factor/settings", "/account/two-factor/app", "/account/two-factor/codes",
		"/account/two-factor/codes.txt", "/account/recovery",
	}
	for _, r := range routes(t) {
		if isOpen(r) {
			continue
		}
		a, allowed := c.knock(r, map[string]string{"id": "crd_none"}), false
		for _, path := range within {
			allowed = allowed || r.path == path
		}
		switch {
		case !allowed && a.status != http.StatusForbidden:
			t.Errorf("%s was answered %d, to %q; want 403", r, a.status, a.location)
		case allowed && (a.status == http.StatusForbidden || a.status == http.StatusUnauthorized || a.status >= 500):
			t.Errorf("%s, which belongs to setting up, was answered %d", r, a.status)
		case allowed && a.status == http.StatusSeeOther && !strings.HasPrefix(a.location, "/proof") && !strings.HasPrefix(a.location, "/account/"):
			t.Errorf("%s leads to %s", r, a.location)
		}
		if data := c.get(r.at(nil), "application/json"); r.verb == http.MethodGet && !allowed && data.status != http.StatusForbidden {
			t.Errorf("%s, as data, was answered %d", r, data.status)
		}
	}
	// What is forbidden says where to go on.
	if page := c.get("/account/security", ""); !strings.Contains(page.body, `href="/account/two-factor`) {
		t.Errorf("the page that refuses leads nowhere:\n%s", page.body)
	}
}

// TestAttemptBelongsToItsBrowser shows the pages of a sign-in under way to
// another browser that knows the address.
func TestAttemptBelongsToItsBrowser(t *testing.T) {
	h := newHouse(t, "sqlite")
	ada := h.guarded("Ada Lovelace")
	mine := h.client()
	code := mine.first(ada)
	attempt := strings.Split(code, "/")[2]
	theirs := h.client()
	theirs.first(h.guarded("Grace Hopper"))
	for _, r := range routes(t) {
		if !strings.HasPrefix(r.path, "/signin/{attempt}") {
			continue
		}
		for name, c := range map[string]*client{"a browser of nobody": h.client(), "somebody else's browser": theirs} {
			a := c.knock(r, map[string]string{"attempt": attempt})
			if a.status != http.StatusGone && a.location != "/signin" || strings.Contains(a.body, ada.email) {
				t.Errorf("%s: %s was answered %d, to %q", name, r, a.status, a.location)
			}
		}
	}
	if in := mine.post(code, "code", ada.code()); in.status != http.StatusSeeOther {
		t.Errorf("after all that, the right code was answered %d", in.status)
	}
}

// TestNothingFromElsewhere posts to every route as a page of another site would,
// with a full session, and finds that nothing was done.
func TestNothingFromElsewhere(t *testing.T) {
	h := newHouse(t, "sqlite")
	h.policy("", policy.Document{})
	ada := h.guarded("Ada Lovelace")
	c := h.client()
	c.signIn(ada)
	for name, header := range map[string][]string{
		"another site":                           {"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"},
		"another site in an old browser":         {"Origin", "https://evil.example"},
		"a page that hides where it is from":     {"Origin", "null", "Sec-Fetch-Site", "cross-site"},
		"a neighbour under the same domain":      {"Origin", "http://evil.localhost", "Sec-Fetch-Site", "same-site"},
		"the same name at another port":          {"Origin", "http://localhost:1", "Sec-Fetch-Site", "same-site"},
		"another site that says it is this host": {"Origin", "http://localhost.evil.example"},
	} {
		for _, r := range routes(t) {
			if r.verb != http.MethodPost {
				continue
			}
			a := c.with(header...).knock(r, map[string]string{"id": string(ada.device)})
			if a.status != http.StatusForbidden || !strings.Contains(a.body, "came from another website") {
				t.Errorf("%s: %s was answered %d, to %q", name, r, a.status, a.location)
			}
		}
	}
	if ada.has(method.TOTP) != 1 {
		t.Error("the app is gone")
	}
	if page := c.get("/account/security", ""); page.status != http.StatusOK {
		t.Errorf("the session is gone: %d", page.status)
	}
}

// with is the same client, whose requests carry these headers: names and values
// in turn. An empty value takes a header away.
func (c *client) with(headers ...string) *client {
	program := *c.http
	program.Transport = dressed(headers)
	return &client{h: c.h, http: &program}
}

// dressed sends requests with other headers than their sender gave them.
type dressed []string

// RoundTrip sends the request.
func (d dressed) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for i := 0; i+1 < len(d); i += 2 {
		switch name, value := d[i], d[i+1]; {
		case name == "Host":
			r.Host = value
		case value == "":
			r.Header.Del(name)
		default:
			r.Header.Set(name, value)
		}
	}
	return http.DefaultTransport.RoundTrip(r)
}
