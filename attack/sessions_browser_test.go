package attack_test

import (
	"encoding/base32"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"countersign/e2e/site"
)

// hand is a person at a browser, who goes through the pages as people do and
// proves what is asked for on the way.
type hand struct {
	*site.Client

	t *testing.T
	s *site.Site
	p *site.Person
	// heard is told every answer.
	heard func(asked string, a site.Answer)
}

// newHand is the person at a new browser, which speaks to one node.
func newHand(t *testing.T, s *site.Site, p *site.Person, node int) *hand {
	t.Helper()
	return &hand{Client: s.Client().On(node), t: t, s: s, p: p, heard: func(string, site.Answer) {}}
}

func (h *hand) get(path string) site.Answer {
	a := h.Get(path)
	h.heard("GET "+path, a)
	return a
}

func (h *hand) post(path string, fields ...string) site.Answer {
	a := h.Post(path, fields...)
	h.heard("POST "+path, a)
	return a
}

// signIn signs the person in from the first page to the last.
func (h *hand) signIn() {
	h.t.Helper()
	step := h.post("/signin", "identifier", h.p.Email)
	step = h.post(step.Location, "password", h.p.Password)
	if len(h.p.Secret) > 0 {
		step = h.post(step.Location, "code", h.p.Code())
	}
	if step.Status != http.StatusSeeOther {
		h.t.Fatalf("the sign-in of %s was answered %s:\n%s", h.p.Email, step, step.Body)
	}
}

// reach opens a page and gives every proof that is asked for on the way to it.
func (h *hand) reach(path string) site.Answer {
	h.t.Helper()
	at := path
	a := h.get(at)
	for range 12 {
		kind := hidden(a.Body, "with")
		switch {
		case a.Status == http.StatusSeeOther && (strings.HasPrefix(a.Location, "/proof") || a.Location == path):
			at = a.Location
			a = h.get(at)
		case a.Status == http.StatusOK && strings.HasPrefix(at, "/proof") && kind != "":
			a = h.prove(at, kind, hidden(a.Body, "return"))
		default:
			return a
		}
	}
	h.t.Fatalf("the way to %s has no end; it is at %s", path, at)
	return a
}

func (h *hand) prove(at, kind, back string) site.Answer {
	h.t.Helper()
	switch kind {
	case "password":
		return h.post(at, "with", kind, "return", back, "password", h.p.Password)
	case "mailed":
		h.post(at, "with", kind, "return", back, "send", "yes")
		return h.post(at, "with", kind, "return", back, "code", h.mailedCode())
	}
	return h.post(at, "with", kind, "return", back, "code", h.p.Code())
}

// mailedCode is the code in the newest mail that has one.
func (h *hand) mailedCode() string {
	h.t.Helper()
	mail := h.s.Mail(h.t, h.p.Email, "Your code for")
	return strings.Join(strings.Fields(found(h.t, `\b\d{3}\s?\d{3}\b`, mail.Text)), "")
}

// beginApp goes to the page with a new app's secret, and puts the secret into
// an app. replaces is the credential that it takes the place of, or "".
func (h *hand) beginApp(replaces string) *site.App {
	h.t.Helper()
	if replaces == "" {
		h.reach("/account/two-factor")
		h.post("/account/two-factor", "method", "totp")
	} else {
		h.reach("/account/two-factor/" + replaces + "/change")
		h.post("/account/two-factor/" + replaces + "/change")
	}
	page := h.reach("/account/two-factor/app")
	address, err := url.Parse(html.UnescapeString(found(h.t, `otpauth:[^"]*`, page.Body)))
	must(h.t, err)
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(address.Query().Get("secret"))
	must(h.t, err)
	return h.s.NewApp(secret)
}

// codesOn are the recovery codes in a text that shows them.
func codesOn(page string) []string {
	return regexp.MustCompile(`\b[0-9a-hjkmnp-tv-z]{5}-[0-9a-hjkmnp-tv-z]{5}\b`).FindAllString(page, -1)
}

// device is the credential of the only app that the security page shows, or of
// the one that is named.
func (h *hand) device(name string) string {
	h.t.Helper()
	page := h.get("/account/security").Body
	_, after, _ := strings.Cut(page, name)
	return found(h.t, `crd_[0-9a-z]+`, after)
}

// token is a cookie's value, "" when there is none. Over HTTPS the names have a
// prefix, here they have not.
func token(c *site.Client, name string) string {
	for _, cookie := range c.Cookies() {
		if cookie.Name == "countersign_"+name {
			return cookie.Value
		}
	}
	return ""
}

// thief is a program that has one stolen or planted cookie and nothing else.
func thief(s *site.Site, name, value string) *site.Client {
	c := s.Client()
	c.SetCookie("countersign_"+name, value)
	return c
}

// alive lists the nodes on which a session's token is that of anybody, however
// far it reaches: the others lead to the sign-in.
func alive(s *site.Site, sessionToken string) []int {
	var nodes []int
	for n := range s.Nodes {
		a := thief(s, "session", sessionToken).On(n).Get("/account/security")
		if a.Err != nil || !strings.HasPrefix(a.Location, "/signin?return=") {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// hidden is the value of a hidden field on a page.
func hidden(page, name string) string {
	found := regexp.MustCompile(`<input type="hidden" name="` + name + `" value="([^"]*)"`).FindStringSubmatch(page)
	if found == nil {
		return ""
	}
	return html.UnescapeString(found[1])
}

// found is the first match in a text; there has to be one.
func found(t *testing.T, pattern, text string) string {
	t.Helper()
	match := regexp.MustCompile(pattern).FindString(text)
	if match == "" {
		t.Fatalf("nothing like %s in:\n%s", pattern, text)
	}
	return match
}
