// Package judge holds what must be true of every page: accessible in every colour
// scheme and width, valid HTML, a title of its own, a focus that one can see,
// nothing fetched from elsewhere, a strict content security policy. It owns the
// rules; e2e/browser opens the pages. It is called by tests only.
package judge

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"countersign/e2e/browser"
)

// view is one of the ways in which a page is looked at.
type view struct {
	name    string
	options []browser.Option
	rules   string // of axe
	walk    bool   // with the Tab key too
}

// views are all ways: each colour scheme, narrow and wide. What fails in dark only
// is seen in dark only. The walks are spread over them, since they take longest.
var views = []view{
	{"light 1280", []browser.Option{browser.Light(), browser.Viewport(1280, 800)}, everything, true},
	{"light 320", []browser.Option{browser.Light(), browser.Viewport(320, 640)}, everything, false},
	{"dark 320", []browser.Option{browser.Dark(), browser.Viewport(320, 640)}, colours, true},
	{"dark 1280", []browser.Option{browser.Dark(), browser.Viewport(1280, 800)}, colours, false},
	{"forced colours 1280", []browser.Option{browser.ForcedColors(), browser.Viewport(1280, 800)}, colours, true},
	{"forced colours 320", []browser.Option{browser.ForcedColors(), browser.Viewport(320, 640)}, colours, false},
}

// Page judges the page that p shows by all rules, in light, dark and forced
// colours, 320 and 1280 pixels wide. It looks at a copy whose own scripts are
// blocked, so the person's page stays as it is, and nothing is asked or posted
// twice. name tells which page of the product this is ("second step, wrong code"):
// no other name may have the same title.
func Page(tb testing.TB, p *browser.Page, name string) {
	tb.Helper()
	copied := p.Copy(browser.BlockScripts())
	defer copied.Close()
	found := findings{}
	source := p.Source()
	found.add("HTML", checkHTML(source))
	found.add("tidy", tidy(tb, source))
	found.add("title", titles.check(name, p.Title()))
	found.add("policy", policy(p.Header("Content-Security-Policy")))
	for _, v := range views {
		copied.Set(v.options...)
		found.add(v.name, violations(copied, v.rules))
		found.add(v.name, sideways(copied))
		if v.walk {
			found.add(v.name, walk(copied))
		}
	}
	found.add("paste", pasteCodes(copied))
	found.add("network", append(thirdParties(p), thirdParties(copied)...))
	found.add("console", console(p))
	found.report(tb, name)
}

// findings are complaints with where they were found, so that the same one in six
// views is read once.
type findings map[string][]string

func (f findings) add(where string, complaints []string) {
	for _, c := range complaints {
		if !slices.Contains(f[c], where) {
			f[c] = append(f[c], where)
		}
	}
}

func (f findings) report(tb testing.TB, name string) {
	tb.Helper()
	if len(f) == 0 {
		return
	}
	var s strings.Builder
	for _, c := range slices.Sorted(maps.Keys(f)) {
		fmt.Fprintf(&s, "\n- [%s] %s", strings.Join(f[c], ", "), strings.ReplaceAll(c, "\n", "\n  "))
	}
	tb.Errorf("the page %q: %d findings%s", name, len(f), s.String())
}

// complain reports the complaints of one rule.
func complain(tb testing.TB, p *browser.Page, rule string, complaints []string) {
	tb.Helper()
	f := findings{}
	f.add(rule, complaints)
	f.report(tb, p.Path())
}

// titles are those of this test process.
var titles = &register{names: map[string]string{}}

// register remembers which page has which title.
type register struct {
	mu    sync.Mutex
	names map[string]string // by title
}

func (r *register) check(name, title string) []string {
	if strings.TrimSpace(title) == "" {
		return []string{"the page has no title"}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	other, taken := r.names[title]
	if taken && other != name {
		return []string{fmt.Sprintf("the title %q is also that of the page %q", title, other)}
	}
	r.names[title] = name
	return nil
}

// UniqueTitle fails when a page with another name had the same title before, in
// this test process. [Page] calls it.
func UniqueTitle(tb testing.TB, p *browser.Page, name string) {
	tb.Helper()
	complain(tb, p, "title", titles.check(name, p.Title()))
}
