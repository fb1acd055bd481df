package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"countersign/e2e/site"
	"countersign/internal/method"
	"countersign/internal/policy"
)

// closed tells what is wrong with an answer that should open nothing.
func closed(r site.Route, a site.Answer, email string) string {
	switch {
	case r.Verb == http.MethodGet && a.Status == http.StatusSeeOther && strings.HasPrefix(a.Location, "/signin?return="):
	case r.Verb == http.MethodPost && (a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden):
	default:
		return fmt.Sprintf("was answered %d, to %q", a.Status, a.Location)
	}
	if strings.Contains(a.Body, email) {
		return "told the person's address"
	}
	return ""
}

// TestEveryRouteIsKnown keeps the list of what is open honest: what is not on it
// must be closed, and TestLevels knocks at it.
func TestEveryRouteIsKnown(t *testing.T) {
	t.Parallel()
	all := site.Routes(t)
	for _, r := range all {
		if !r.Open() && !r.Console() && !strings.HasPrefix(r.Path, "/account") && !strings.HasPrefix(r.Path, "/proof") {
			t.Errorf("%s: is this open to everybody, or does it need a session? Say so in e2e/site/routes.go", r)
		}
	}
	seen := map[site.Route]bool{}
	for _, r := range all {
		if seen[r] {
			t.Errorf("%s is there twice", r)
		}
		seen[r] = true
	}
}

// TestLevels knocks at every route of the product with less than it needs, and
// finds it shut. Nothing has changed afterwards.
func TestLevels(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.guarded("Ada Lovelace")
	values := map[string]string{"id": string(ada.Device)}
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
			for _, cookie := range c.Cookies() {
				c.SetCookie("countersign_session", cookie.Value)
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
			kept := c.Cookies()
			c.post("/signout")
			for _, cookie := range kept {
				c.SetCookie(cookie.Name, cookie.Value)
			}
			return c
		},
		"a made-up session": func() *client {
			c := h.client()
			c.SetCookie("countersign_session", strings.Repeat("A", 43))
			return c
		},
	}
	for name, visitor := range visitors {
		t.Run(name, func(t *testing.T) {
			c := visitor()
			for _, r := range site.Routes(t) {
				if r.Open() {
					continue
				}
				if problem := closed(r, c.knock(r, values), ada.Email); problem != "" {
					t.Errorf("%s %s", r, problem)
				}
				if r.Verb == http.MethodGet {
					data := c.data(r.At(values))
					if data.Status != http.StatusUnauthorized && data.Status != http.StatusForbidden {
						t.Errorf("%s, as data, was answered %d", r, data.Status)
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

// TestEnrolmentOnly knocks at every route with a session that may do nothing but
// set up the second factor that is required.
func TestEnrolmentOnly(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	bob := h.person("Bob Builder")
	h.policy("company-required", site.WithTexts())
	c := h.client()
	c.signIn(bob)
	within := []string{
		"/proof", "/account/two-factor", "/account/two-factor/settings", "/account/two-factor/app", "/account/two-factor/codes",
		"/account/two-factor/codes.txt", "/account/recovery", "/account/devices/new", "/account/devices/pairing",
		"/account/devices/pairing/events", "/account/passkeys/new", "/account/texts/new", "/account/texts/confirm",
		"/proof/phone", "/proof/phone/events",
	}
	for _, r := range site.Routes(t) {
		if r.Open() {
			continue
		}
		a, allowed := c.knock(r, map[string]string{"id": "crd_none"}), false
		for _, path := range within {
			allowed = allowed || r.Path == path
		}
		switch {
		case !allowed && a.Status != http.StatusForbidden:
			t.Errorf("%s was answered %d, to %q; want 403", r, a.Status, a.Location)
		case allowed && (a.Status == http.StatusForbidden || a.Status == http.StatusUnauthorized || a.Status >= 500):
			t.Errorf("%s, which belongs to setting up, was answered %d", r, a.Status)
		case allowed && a.Status == http.StatusSeeOther && !strings.HasPrefix(a.Location, "/proof") && !strings.HasPrefix(a.Location, "/account/"):
			t.Errorf("%s leads to %s", r, a.Location)
		}
		if data := c.data(r.At(nil)); r.Verb == http.MethodGet && !allowed && data.Status != http.StatusForbidden {
			t.Errorf("%s, as data, was answered %d", r, data.Status)
		}
	}
	// What is forbidden says where to go on.
	if page := c.get("/account/security"); !strings.Contains(page.Body, `href="/account/two-factor`) {
		t.Errorf("the page that refuses leads nowhere:\n%s", page.Body)
	}
}

// TestAttemptBelongsToItsBrowser shows the pages of a sign-in under way to
// another browser that knows the address.
func TestAttemptBelongsToItsBrowser(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ada := h.guarded("Ada Lovelace")
	mine := h.client()
	code := mine.first(ada)
	attempt := strings.Split(code, "/")[2]
	theirs := h.client()
	theirs.first(h.guarded("Grace Hopper"))
	for _, r := range site.Routes(t) {
		if !strings.HasPrefix(r.Path, "/signin/{attempt}") {
			continue
		}
		for name, c := range map[string]*client{"a browser of nobody": h.client(), "somebody else's browser": theirs} {
			a := c.knock(r, map[string]string{"attempt": attempt})
			if a.Status != http.StatusGone && a.Location != "/signin" || strings.Contains(a.Body, ada.Email) {
				t.Errorf("%s: %s was answered %d, to %q", name, r, a.Status, a.Location)
			}
		}
	}
	if in := mine.post(code, "code", ada.Code()); in.Status != http.StatusSeeOther {
		t.Errorf("after all that, the right code was answered %d", in.Status)
	}
}

// TestNothingFromElsewhere posts to every route as a page of another site would,
// with a full session, and finds that nothing was done.
func TestNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
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
		for _, r := range site.Routes(t) {
			if r.Verb != http.MethodPost {
				continue
			}
			a := c.with(header...).knock(r, map[string]string{"id": string(ada.Device)})
			if a.Status != http.StatusForbidden || !strings.Contains(a.Body, "came from another website") {
				t.Errorf("%s: %s was answered %d, to %q", name, r, a.Status, a.Location)
			}
		}
	}
	if ada.has(method.TOTP) != 1 {
		t.Error("the app is gone")
	}
	if page := c.get("/account/security"); page.Status != http.StatusOK {
		t.Errorf("the session is gone: %d", page.Status)
	}
}
