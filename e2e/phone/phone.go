// Package phone is a person's phone: a Chromium process of its own, with its own
// profile, a small touch screen, a finger that it knows, and notifications that can be
// tapped. It really subscribes to pushes and gets them, from the double in e2e/fcm;
// that needs a browser which is no private window, so it cannot be the one that the
// other tests share. It owns the browser and what the person does to the phone
// itself; its pages are those of e2e/browser. It is called by tests only.
package phone

import (
	"maps"
	"slices"
	"testing"
	"time"

	"countersign/e2e/browser"
	"countersign/e2e/desktop"
	"countersign/e2e/fcm"
)

// Phone is a phone that is switched on. It ends with the test that made it.
type Phone struct {
	*browser.Authenticator // what the finger does: Accept, Refuse, Ignore

	tb      testing.TB
	base    string
	browser *browser.Browser
	screen  *desktop.Desktop
	camera  Camera
	options []browser.Option
	bare    bool // has no biometrics
	pages   []*browser.Page
	answer  browser.Answer
}

// Option says what kind of phone it is.
type Option func(*Phone)

// Synced is a phone whose passkeys are kept elsewhere too.
func Synced() Option { return func(p *Phone) { p.Authenticator = browser.NewAuthenticator(true) } }

// Bare is a phone without biometrics.
func Bare() Option { return func(p *Phone) { p.bare = true } }

// Looks is how the person looks at all pages, for example [browser.Dark].
func Looks(options ...browser.Option) Option {
	return func(p *Phone) { p.options = append(p.options, options...) }
}

// New is a phone on which notifications of the site are allowed.
func New(tb testing.TB, service *fcm.Service, base string, options ...Option) *Phone {
	tb.Helper()
	p := &Phone{
		Authenticator: browser.NewAuthenticator(false), tb: tb, base: base, screen: desktop.Start(tb), camera: NewCamera(tb),
		options: []browser.Option{browser.Phone(), browser.Density(2), browser.Android()},
	}
	for _, option := range options {
		option(p)
	}
	flags := service.Flags()
	maps.Copy(flags, p.camera.Flags())
	p.browser = browser.Launch(tb, browser.Process{Flags: flags, Env: p.screen.Env(), Profile: tb.TempDir()})
	p.AllowNotifications(browser.Granted)
	return p
}

// Lend hands a phone to another test: what it does until then is that test's, and when
// that ends the tabs are closed, the finger is known and notifications are allowed again.
func (p *Phone) Lend(tb testing.TB) {
	tb.Helper()
	p.tb = tb
	p.screen.ReadAll()
	tb.Cleanup(func() {
		p.CloseAll()
		p.bare = false
		p.Accept(tb)
		if p.answer != browser.Granted {
			p.AllowNotifications(browser.Granted)
		}
	})
}

// AllowNotifications is what the person answers when the site asks for notifications,
// or sets later in the browser's settings.
func (p *Phone) AllowNotifications(answer browser.Answer) {
	p.tb.Helper()
	p.answer = answer
	p.browser.Permit(p.tb, p.base, "notifications", answer)
}

// PointAt points the camera, which the app may use, at a QR code of this text.
func (p *Phone) PointAt(text string) {
	p.tb.Helper()
	p.browser.Permit(p.tb, p.base, "camera", browser.Granted)
	p.camera.Show(p.tb, text)
}

// Open opens a path of the site in a tab of its own.
func (p *Phone) Open(path string) *browser.Page {
	p.tb.Helper()
	page := p.browser.New(p.tb, p.base, p.options...)
	p.hold(page)
	page.Open(path)
	return page
}

func (p *Phone) hold(page *browser.Page) {
	p.tb.Helper()
	p.pages = append(p.pages, page)
	if !p.bare {
		p.Join(page)
	}
}

// CloseAll closes all tabs; the browser itself still gets pushes.
func (p *Phone) CloseAll() {
	p.tb.Helper()
	for _, page := range p.pages {
		page.Close()
	}
	p.pages = nil
}

// Notification waits for the next notification that the phone shows.
func (p *Phone) Notification() desktop.Notification {
	p.tb.Helper()
	return p.screen.Next(p.tb)
}

// NoNotification fails when one comes within this time.
func (p *Phone) NoNotification(within time.Duration) {
	p.tb.Helper()
	p.screen.None(p.tb, within)
}

// Notifications are those that can still be seen.
func (p *Phone) Notifications() []desktop.Notification { return p.screen.Open() }

// Tap taps on the button of a notification, or with "" on the notification itself.
func (p *Phone) Tap(n desktop.Notification, label string) {
	p.tb.Helper()
	p.screen.Click(p.tb, n, label)
}

// Swipe dismisses a notification.
func (p *Phone) Swipe(n desktop.Notification) {
	p.tb.Helper()
	p.screen.Dismiss(p.tb, n)
}

// Opened waits for the tab that a tap opened, where no tab of the site was there to be
// brought forward. Its page is loaded twice: only then it has the phone's screen and
// finger from its beginning.
func (p *Phone) Opened() *browser.Page {
	p.tb.Helper()
	page := p.browser.Opened(p.tb, p.base, p.options...)
	p.hold(page)
	page.Reload()
	return page
}

// RemoveBiometrics is what a person does who deletes all fingers in the settings;
// pages that are loaded from then on see none.
func (p *Phone) RemoveBiometrics() {
	p.tb.Helper()
	p.bare = true
	p.Remove(p.tb)
}

// Off switches the phone off. What is sent meanwhile waits at the push service.
func (p *Phone) Off() {
	p.tb.Helper()
	p.browser.Close()
	p.pages = slices.Delete(p.pages, 0, len(p.pages))
}

// On switches the phone on again. Nobody has opened anything, and what has waited
// comes.
func (p *Phone) On() {
	p.tb.Helper()
	p.browser.Start(p.tb)
	p.AllowNotifications(p.answer) // which a browser that is driven forgets
}
