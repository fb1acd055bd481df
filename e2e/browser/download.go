package browser

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// File is what a download brought.
type File struct {
	Name    string // as the browser would save it
	Content []byte
}

// Download clicks on the button or link with this name and returns the file that
// the browser saves.
func (p *Page) Download(name string) File {
	p.tb.Helper()
	folder := p.tb.TempDir()
	context := chromedp.FromContext(p.tab.ctx).BrowserContextID
	ctx, cancel := p.tab.limit()
	defer cancel()
	var mu sync.Mutex
	var id, as, failed string
	done := false
	err := chromedp.ListenBrowser(ctx, func(event any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := event.(type) {
		case *browser.EventDownloadWillBegin:
			if e.FrameID == p.tab.frame {
				id, as = e.GUID, e.SuggestedFilename
			}
		case *browser.EventDownloadProgress:
			if e.GUID == id && e.State != browser.DownloadProgressStateInProgress {
				done = true
				if e.State != browser.DownloadProgressStateCompleted {
					failed = string(e.State)
				}
			}
		}
	})
	if err == nil {
		_, err = chromedp.CallBrowser(ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
			Behavior: browser.SetDownloadBehaviorBehaviorAllowAndName, BrowserContextID: context, DownloadPath: folder, EventsEnabled: new(true),
		})
	}
	if err != nil {
		p.fail("prepare a download: %v", err)
	}
	p.press(clickable, name)
	p.until(func() string {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case id == "":
			return fmt.Sprintf("%q begins no download", name)
		case !done:
			return fmt.Sprintf("the download of %q does not end", as)
		}
		return ""
	})
	content, err := os.ReadFile(filepath.Join(folder, id)) // #nosec G304 -- named by the browser, in a folder of this test
	if err != nil || failed != "" {
		p.fail("download %q: %s %v", as, failed, err)
	}
	return File{Name: as, Content: content}
}

// Cookies is what the browser keeps for all sites, with their attributes.
func (p *Page) Cookies() []*http.Cookie {
	p.tb.Helper()
	ctx, cancel := p.tab.limit()
	defer cancel()
	result, err := chromedp.CallBrowser(ctx, storage.GetCookies, storage.GetCookiesParams{BrowserContextID: chromedp.FromContext(p.tab.ctx).BrowserContextID})
	if err != nil {
		p.fail("read the cookies: %v", err)
	}
	site := map[network.CookieSameSite]http.SameSite{
		network.CookieSameSiteStrict: http.SameSiteStrictMode, network.CookieSameSiteLax: http.SameSiteLaxMode, network.CookieSameSiteNone: http.SameSiteNoneMode,
	}
	var all []*http.Cookie
	for _, c := range result.Cookies {
		all = append(all, &http.Cookie{ // #nosec G124 -- as the server set it
			Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path,
			Secure: c.Secure, HttpOnly: c.HTTPOnly, SameSite: site[c.SameSite],
		})
	}
	return all
}

// ClearCookies forgets all cookies, as a person does who cleans the browser.
func (p *Page) ClearCookies() {
	p.tb.Helper()
	ctx, cancel := p.tab.limit()
	defer cancel()
	_, err := chromedp.CallBrowser(ctx, storage.ClearCookies, storage.ClearCookiesParams{BrowserContextID: chromedp.FromContext(p.tab.ctx).BrowserContextID})
	if err != nil {
		p.fail("forget the cookies: %v", err)
	}
}
