package judge

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"countersign/e2e/browser"
)

// TransferSize opens a page in a browser that has been nowhere yet and returns how
// many bytes it fetches, headers included, until all is there.
func TransferSize(tb testing.TB, base, path string) int64 {
	tb.Helper()
	p := browser.New(tb, base)
	defer p.Close()
	p.Open(path)
	p.WaitIdle()
	if p.Status() != http.StatusOK {
		tb.Errorf("%s answers %d", path, p.Status())
	}
	var sum int64
	for _, r := range p.Requests() {
		sum += r.Bytes
	}
	return sum
}

// NoThirdParty fails when the tab has asked anybody but the page's own site for
// anything since it was opened.
func NoThirdParty(tb testing.TB, p *browser.Page) {
	tb.Helper()
	complain(tb, p, "network", thirdParties(p))
}

func thirdParties(p *browser.Page) []string {
	own, err := url.Parse(p.URL())
	if err != nil {
		return []string{"the page's address: " + err.Error()}
	}
	var all []string
	for _, r := range p.Requests() {
		u, err := url.Parse(r.URL)
		if err != nil || (u.Host != own.Host && !slices.Contains([]string{"data", "blob", "about"}, u.Scheme)) {
			all = append(all, "asks somebody else: "+r.URL)
		}
	}
	return all
}

// Policy fails when the page comes without a strict content security policy: one
// that falls back to nothing, lets nobody frame the page and allows no inline
// script or style, no eval and no whole schemes.
func Policy(tb testing.TB, p *browser.Page) {
	tb.Helper()
	complain(tb, p, "policy", policy(p.Header("Content-Security-Policy")))
}

func policy(header string) []string {
	if header == "" {
		return []string{"there is no Content-Security-Policy"}
	}
	directives := map[string][]string{}
	for directive := range strings.SplitSeq(header, ";") {
		words := strings.Fields(directive)
		if len(words) > 0 {
			directives[words[0]] = words[1:]
		}
	}
	var all []string
	for _, name := range []string{"default-src", "base-uri", "frame-ancestors", "form-action"} {
		if len(directives[name]) == 0 {
			all = append(all, "the content security policy has no "+name)
		}
	}
	for name, sources := range directives {
		for _, source := range sources {
			if slices.Contains([]string{"'unsafe-inline'", "'unsafe-eval'", "'unsafe-hashes'", "*", "http:", "https:"}, source) ||
				source == "data:" && name != "img-src" {
				all = append(all, fmt.Sprintf("the content security policy allows %s in %s", source, name))
			}
		}
	}
	return all
}

// Quiet fails when the browser has complained about anything since the tab was
// opened, except that a page was an answer to a mistake (4xx).
func Quiet(tb testing.TB, p *browser.Page) {
	tb.Helper()
	complain(tb, p, "console", console(p))
}

func console(p *browser.Page) []string {
	var mistakes []string
	for _, r := range p.Requests() {
		if r.Type == "Document" && r.Status >= 400 && r.Status < 500 {
			mistakes = append(mistakes, r.URL)
		}
	}
	var all []string
	for _, c := range p.Console() {
		failed := strings.Contains(c, "Failed to load resource")
		expected := slices.ContainsFunc(mistakes, func(u string) bool { return strings.HasSuffix(c, " "+u) })
		if failed && (expected || strings.Contains(c, "ERR_BLOCKED_BY_CLIENT")) {
			continue
		}
		all = append(all, "the browser complains: "+c)
	}
	return all
}
