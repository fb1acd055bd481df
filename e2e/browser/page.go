package browser

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// Page is a tab with a person before it, or a part of what it shows ([Page.In]).
// All methods fail the test that made it when they cannot do what they say.
type Page struct {
	tb    testing.TB
	base  string // what paths are relative to
	tab   *tab
	scope string // an expression for the element that [Page.In] chose
	about string // how a person would call that element
	close func()
}

// New opens a tab with cookies of its own, for a site like "http://localhost:8080".
// It closes with tb.
func New(tb testing.TB, base string, options ...Option) *Page {
	tb.Helper()
	err := shared.start()
	if err != nil {
		tb.Fatalf("start the browser: %v", err)
	}
	incognito := chromedp.WithNewBrowserContext(func(*target.CreateBrowserContextParams) {})
	p := shared.open(shared.ctx, tb, base, defaults(), nil, options, incognito)
	// With windows, who clicks may fill the clipboard without being asked.
	_, err = chromedp.CallBrowser(p.tab.ctx, browser.SetPermission, browser.SetPermissionParams{
		Permission: &browser.PermissionDescriptor{Name: "clipboard-write"}, Setting: Granted, Origin: p.base,
		BrowserContextID: chromedp.FromContext(p.tab.ctx).BrowserContextID,
	})
	if err != nil {
		tb.Fatalf("let the page fill the clipboard: %v", err)
	}
	return p
}

// New opens a tab of the browser itself, which is no private window: what a site
// keeps there, all tabs share, and it stays with the profile.
func (b *Browser) New(tb testing.TB, base string, options ...Option) *Page {
	tb.Helper()
	return b.open(b.ctx, tb, base, defaults(), nil, options)
}

// NewTab opens another tab of the same browser, with the same cookies.
func (p *Page) NewTab(options ...Option) *Page {
	p.tb.Helper()
	return p.tab.browser.open(p.tab.ctx, p.tb, p.base, p.tab.settings, nil, options)
}

// Copy opens another tab with the same page as the server sent it, without asking
// the server for it again: a form that was posted is not posted twice, and what is
// shown once can be looked at twice. Styles and images are fetched as usual.
func (p *Page) Copy(options ...Option) *Page {
	p.tb.Helper()
	d := p.tab.shown()
	d.body = []byte(p.Source())
	for _, name := range []string{"set-cookie", "clear-site-data", "content-length", "content-encoding", "transfer-encoding", "refresh"} {
		delete(d.headers, name)
	}
	c := p.tab.browser.open(p.tab.ctx, p.tb, p.base, p.tab.settings, &d, options)
	c.Open(p.URL())
	return c
}

func (b *Browser) open(parent context.Context, tb testing.TB, base string, s settings, replay *document, options []Option, how ...chromedp.ContextOption) *Page {
	tb.Helper()
	ctx, closeTab := chromedp.NewContext(parent, how...)
	tb.Cleanup(closeTab)
	for _, option := range options {
		option(&s)
	}
	t := &tab{ctx: ctx, browser: b, settings: s, replay: replay}
	err := chromedp.Do(ctx)
	if err == nil {
		err = t.listen()
	}
	if err == nil {
		err = t.apply(base)
	}
	if err != nil {
		tb.Fatalf("open a tab: %v", err)
	}
	return &Page{tb: tb, base: strings.TrimSuffix(base, "/"), tab: t, scope: "document.documentElement", about: "the page", close: closeTab}
}

// Close closes the tab before the end of the test; the last tab that [New] opened
// takes its cookies with it.
func (p *Page) Close() { p.close() }

// Open goes to a path of the site, or to a whole address, and waits until the page
// has loaded.
func (p *Page) Open(path string) {
	p.tb.Helper()
	address := path
	if !strings.Contains(path, "://") {
		address = p.base + path
	}
	before := p.tab.begun()
	ctx, cancel := p.tab.limit()
	defer cancel()
	result, err := chromedp.Call(ctx, page.Navigate, page.NavigateParams{URL: address})
	if err == nil && result.ErrorText != "" {
		err = fmt.Errorf("%s", result.ErrorText)
	}
	if err == nil {
		err = p.tab.settle(before, result.LoaderID != "")
	}
	if err != nil {
		p.fail("open %s: %v", address, err)
	}
}

// Reload loads the page again, as F5 does: a form that was posted is posted again.
func (p *Page) Reload() {
	p.tb.Helper()
	before := p.tab.begun()
	ctx, cancel := p.tab.limit()
	defer cancel()
	_, err := chromedp.Call(ctx, page.Reload, page.ReloadParams{})
	if err == nil {
		err = p.tab.settle(before, true)
	}
	if err != nil {
		p.fail("reload: %v", err)
	}
}

// Back goes to the page before, as the browser's arrow does.
func (p *Page) Back() {
	p.tb.Helper()
	before := p.tab.begun()
	ctx, cancel := p.tab.limit()
	defer cancel()
	past, err := chromedp.Call(ctx, page.GetNavigationHistory, cdp.Empty{})
	if err == nil && past.CurrentIndex == 0 {
		err = errors.New("there is nothing to go back to")
	}
	if err == nil {
		// Not history.back(): the page may be gone before it has answered.
		_, err = chromedp.Call(ctx, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: past.Entries[past.CurrentIndex-1].ID})
	}
	if err == nil {
		err = p.tab.settle(before, true)
	}
	if err != nil {
		p.fail("go back: %v", err)
	}
}

// URL is the address that the browser shows.
func (p *Page) URL() string {
	p.tb.Helper()
	var s string
	p.value("location.href", &s)
	return s
}

// Path is the address without its site: path, query and fragment.
func (p *Page) Path() string {
	p.tb.Helper()
	u, err := url.Parse(p.URL())
	if err != nil {
		p.fail("read the address: %v", err)
	}
	s := u.RequestURI()
	if u.Fragment != "" {
		s += "#" + u.EscapedFragment()
	}
	return s
}

// Title is the title of the page.
func (p *Page) Title() string {
	p.tb.Helper()
	var s string
	p.value("document.title", &s)
	return s
}

// Status is the HTTP status of the page that is shown.
func (p *Page) Status() int { return p.tab.shown().status }

// Header is a header of the answer that brought the page, "" when there is none.
func (p *Page) Header(name string) string { return p.tab.shown().headers[strings.ToLower(name)] }

// Source is the HTML of the page as the server sent it.
func (p *Page) Source() string {
	p.tb.Helper()
	ctx, cancel := p.tab.limit()
	defer cancel()
	result, err := chromedp.Call(ctx, network.GetResponseBody, network.GetResponseBodyParams{RequestID: p.tab.shown().id})
	if err != nil {
		p.fail("read the source of the page: %v", err)
	}
	return string(result.Body)
}

// Requests is every exchange since the tab was opened, the oldest first.
func (p *Page) Requests() []Request {
	p.tab.mu.Lock()
	defer p.tab.mu.Unlock()
	var all []Request
	for _, r := range p.tab.requests {
		all = append(all, *r)
	}
	return all
}

// WaitIdle waits until all requests of the page have been answered. It does not end on a page
// that keeps a stream open.
func (p *Page) WaitIdle() {
	p.tb.Helper()
	p.until(func() string {
		for _, r := range p.unanswered() {
			return "the page is still waiting for " + r
		}
		return ""
	})
}

func (p *Page) unanswered() []string {
	p.tab.mu.Lock()
	defer p.tab.mu.Unlock()
	var open []string
	// What a page that was left had asked for may never be answered: its icon.
	for _, r := range p.tab.requests[p.tab.left:] {
		if !r.done && !strings.HasPrefix(r.URL, "data:") {
			open = append(open, r.URL)
		}
	}
	return open
}

// Console is what the browser complained about since the tab was opened: errors
// and warnings of scripts, of the content security policy and of the network.
func (p *Page) Console() []string {
	p.tab.mu.Lock()
	defer p.tab.mu.Unlock()
	return slices.Clone(p.tab.console)
}

// Evaluate runs a JavaScript expression in the page, awaits its promise, and
// decodes its value into out unless that is nil. It is for judges; a scenario says
// what a person does.
func (p *Page) Evaluate(expression string, out any) {
	p.tb.Helper()
	p.value(expression, out)
}

func (p *Page) value(expression string, out any) {
	p.tb.Helper()
	err := p.tab.evaluate(expression, out)
	if err != nil {
		p.fail("ask the page: %v", err)
	}
}

// PNG is a picture of what is visible.
func (p *Page) PNG() []byte {
	p.tb.Helper()
	png, err := p.picture()
	if err != nil {
		p.tb.Fatalf("take a picture: %v", err)
	}
	return png
}

func (p *Page) picture() ([]byte, error) {
	ctx, cancel := p.tab.limit()
	defer cancel()
	result, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{})
	return result.Data, err
}

// unsafeName is what a file name of a picture should not have.
var unsafeName = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// Screenshot saves a picture of what is visible and returns its file: NAME.png in
// a folder for the test, in the folder that SCREENSHOTS names or else in
// countersign-screenshots in the system's temporary folder.
func (p *Page) Screenshot(name string) string {
	p.tb.Helper()
	file, err := p.save(name)
	if err != nil {
		p.tb.Fatalf("save a picture: %v", err)
	}
	return file
}

func (p *Page) save(name string) (string, error) {
	png, err := p.picture()
	if err != nil {
		return "", err
	}
	folder := os.Getenv("SCREENSHOTS")
	if folder == "" {
		folder = filepath.Join(os.TempDir(), "countersign-screenshots")
	}
	folder = filepath.Join(folder, unsafeName.ReplaceAllString(p.tb.Name(), "_"))
	err = os.MkdirAll(folder, 0o750)
	if err != nil {
		return "", err
	}
	file := filepath.Join(folder, unsafeName.ReplaceAllString(name, "_")+".png")
	return file, os.WriteFile(file, png, 0o600)
}

// fail ends the test and tells what a person would see.
func (p *Page) fail(format string, args ...any) {
	p.tb.Helper()
	var s strings.Builder
	fmt.Fprintf(&s, format, args...)
	var view struct{ URL, Title, Text string }
	err := p.tab.evaluate(`({URL: location.href, Title: document.title, Text: document.body ? document.body.innerText : ""})`, &view)
	if err != nil {
		fmt.Fprintf(&s, "\nand the page does not answer: %v", err)
	}
	fmt.Fprintf(&s, "\n--- %s · %q · status %d\n%s\n---", view.URL, view.Title, p.Status(), strings.TrimSpace(view.Text))
	if console := p.Console(); len(console) > 0 {
		fmt.Fprintf(&s, "\nthe browser complained:\n  %s", strings.Join(console, "\n  "))
	}
	file, err := p.save("failed-" + time.Now().UTC().Format("150405.000"))
	if err == nil {
		fmt.Fprintf(&s, "\npicture: %s", file)
	}
	p.tb.Fatal(s.String())
}

// until waits until complaint returns "", and fails with the last one.
func (p *Page) until(complaint func() string) {
	p.tb.Helper()
	deadline := time.Now().Add(p.tab.settings.patience)
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		last := complaint()
		if last == "" {
			return
		}
		if time.Now().After(deadline) {
			p.fail("%s (waited %v)", last, p.tab.settings.patience)
			return
		}
		time.Sleep(pause)
	}
}
