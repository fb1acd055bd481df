package browser

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// Opened waits for a tab of the site that the browser opened by itself, as a service
// worker's clients.openWindow does, and sits down before it.
func (b *Browser) Opened(tb testing.TB, base string, options ...Option) *Page {
	tb.Helper()
	s := defaults()
	for deadline := time.Now().Add(s.patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		id, err := b.unwatched(base)
		if err != nil {
			tb.Fatalf("list the tabs: %v", err)
		}
		if id != "" {
			return b.open(b.ctx, tb, base, s, nil, options, chromedp.WithTargetID(id))
		}
	}
	tb.Fatalf("after %v the browser has opened no tab of %s", s.patience, base)
	return nil
}

// unwatched is a tab of the site that no [Page] belongs to, "" when there is none.
func (b *Browser) unwatched(base string) (target.ID, error) {
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	all, err := chromedp.CallBrowser(ctx, target.GetTargets, target.GetTargetsParams{})
	for _, info := range all.TargetInfos {
		if info.Type == "page" && !info.Attached && strings.HasPrefix(info.URL, base) {
			return info.TargetID, nil
		}
	}
	return "", err
}

// Answer is what a person tells a browser that asks whether a site may do something.
type Answer = browser.PermissionSetting

// The answers of [Browser.Permit].
const (
	Granted  Answer = browser.PermissionSettingGranted
	Denied   Answer = browser.PermissionSettingDenied
	NotAsked Answer = browser.PermissionSettingPrompt
)

// Permit answers for a site what the browser would ask, by the name of the permission
// (W3C Permissions), for example "notifications". It is for tabs of [Browser.New].
func (b *Browser) Permit(tb testing.TB, base, permission string, answer Answer) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	_, err := chromedp.CallBrowser(ctx, browser.SetPermission, browser.SetPermissionParams{
		Permission: &browser.PermissionDescriptor{Name: permission}, Setting: answer, Origin: base,
	})
	if err != nil {
		tb.Fatalf("answer %s to %s: %v", answer, permission, err)
	}
}

// ForgetSite removes all that the site keeps in the browser: cookies, databases,
// service workers with their subscriptions.
func (p *Page) ForgetSite() {
	p.tb.Helper()
	p.forget("all")
}

// ForgetDatabases removes the site's databases (IndexedDB) and nothing else.
func (p *Page) ForgetDatabases() {
	p.tb.Helper()
	p.forget("indexeddb")
}

func (p *Page) forget(what string) {
	p.tb.Helper()
	ctx, cancel := p.tab.limit()
	defer cancel()
	_, err := chromedp.Call(ctx, storage.ClearDataForOrigin, storage.ClearDataForOriginParams{Origin: p.base, StorageTypes: what})
	if err != nil {
		p.fail("forget the site: %v", err)
	}
}
