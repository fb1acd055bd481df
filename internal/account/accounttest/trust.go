package accounttest

import (
	"context"
	"net/http"
	"testing"

	"countersign/internal/policy"
)

// Cookie is the long-lived cookie of a browser that signed in before, or "".
func (b *Browser) Cookie() string { return b.jar.get(browserCookie) }

// SetCookie puts such a cookie into the browser, as a thief does who copied it.
func (b *Browser) SetCookie(token string) {
	b.jar.keep(&http.Cookie{Name: browserCookie, Value: token}) //nolint:gosec // a test's jar
}

// Trust answers yes to "Trust this browser?".
func (b *Browser) Trust(tb testing.TB) error {
	tb.Helper()
	_, err := b.e.Sessions.Trust(context.Background(), b.Session(tb), b.Cookie(), b.Place())
	return err
}

// Trusted makes a browser that the person signed in with, and trusts for 30 days.
func (p *Person) Trusted(tb testing.TB, ip string) *Browser {
	tb.Helper()
	p.e.Set(tb, policy.Document{"trusted_browser_days": 30})
	b := p.e.Browser(ip)
	b.SignIn(tb, p)
	must(tb, b.Trust(tb))
	return b
}

// Asked tells whether the second factor is asked of the person's password in this browser.
func (b *Browser) Asked(tb testing.TB, p *Person) bool {
	tb.Helper()
	return b.First(tb, p).Step == policy.StepSecond
}
