package e2e_test

import (
	"os"
	"path/filepath"
	"testing"

	"countersign/e2e/browser"
	"countersign/e2e/phone"
)

// phoneScreenshots are the pictures of an approval: the page that waits, and the phone.
// The scenarios walk the same way; here it is walked for the pictures alone.
func phoneScreenshots(t *testing.T, folder string) {
	t.Helper()
	h := newPhoneHouse(t)
	ada := h.guarded("Ada Lovelace")
	_, app := h.pair(h.session(ada), phone.Looks(browser.Light()))
	desk := h.browser()
	ada.first(desk)
	desk.See("Check your phone")
	app.See("Are you signing in to Acme?")
	desk.Evaluate(`document.querySelector(".phone-number bdi").textContent = "47"`, nil)
	plain := `for (const e of document.querySelectorAll("bdi, dd")) if (e.textContent.trim() === "127.0.0.1") e.textContent = "203.0.113.84"`
	desk.Evaluate(plain, nil)
	app.Evaluate(plain, nil)
	h.take(desk, filepath.Join(folder, "phone-waiting"))
	for scheme, option := range map[string]browser.Option{"light": browser.Light(), "dark": browser.Dark()} {
		app.Set(option)
		must(t, os.WriteFile(filepath.Join(folder, "app-request-"+scheme+".png"), app.PNG(), 0o600))
	}
}
