package e2e_test

import (
	"testing"

	"countersign/e2e/browser"
)

// Chromium itself says whether it would install a page as an app: the app yes, the pages
// of the account not.
func TestChromiumFindsTheAppInstallable(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	chromium := browser.Launch(t, browser.Process{Profile: t.TempDir()})
	app := chromium.New(t, h.URL)
	app.Open("/authenticator/")
	app.See("Put Countersign on this device")
	if why := app.NotInstallable(); len(why) != 0 {
		t.Errorf("the app cannot be installed: %q", why)
	}
	app.Open("/signin")
	if why := app.NotInstallable(); len(why) == 0 {
		t.Error("the page to sign in can be installed, so the question tells nothing")
	}
}
