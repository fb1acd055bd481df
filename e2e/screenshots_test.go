package e2e_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"countersign/e2e/browser"
	"countersign/internal/method/totp"
)

// screenshotsVariable names the folder into which TestScreenshots writes the
// pictures of the README; `make screenshots` sets it.
const screenshotsVariable = "COUNTERSIGN_SCREENSHOTS"

// TestScreenshots walks through the pages that the README shows, at a time that
// stands still. It takes pictures only when a folder is named; the pages must
// be there in any case.
func TestScreenshots(t *testing.T) {
	folder := os.Getenv(screenshotsVariable)
	h := newHouse(t)
	h.Clock.Freeze(time.Date(2026, time.March, 3, 9, 41, 0, 0, time.UTC))
	ada := h.person("Ada Lovelace")
	take := func(page *browser.Page, name, text string) {
		t.Helper()
		page.See(text)
		if folder != "" {
			h.take(page, filepath.Join(folder, name))
		}
	}
	page := h.browser()
	page.Open("/signin")
	take(page, "signin", "E-mail address")
	page = h.session(ada)
	ada.openSetUp(page)
	take(page, "enrol-app", "Scan this")
	ada.App = h.scan(page)
	ada.confirm(page, ada.App, "Pixel 9")
	take(page, "recovery-codes", "Important!")
	ada.saveCodes(page)
	h.Clock.Advance(totp.Period)
	page = h.browser()
	ada.first(page)
	page.Type("6-digit code", "314 159")
	take(page, "code", "Pixel 9")
	ada.second(page)
	take(page, "security", "It is on.")
	h.consoleScreenshot(take)
	if folder != "" {
		phoneScreenshots(t, folder)
	}
}

// take writes two pictures, one light and one dark, without what only this
// machine has: the port in the address.
func (h *house) take(page *browser.Page, file string) {
	h.t.Helper()
	page.Evaluate(`for (const e of document.querySelectorAll("bdi")) if (e.textContent.startsWith("localhost:")) e.textContent = "id.acme.example"`, nil)
	page.Evaluate(`document.activeElement?.blur()`, nil)
	page.Set(browser.Viewport(1280, 480))
	height := 0
	page.Evaluate("document.documentElement.scrollHeight", &height)
	for scheme, option := range map[string]browser.Option{"light": browser.Light(), "dark": browser.Dark()} {
		page.Set(option, browser.Viewport(1280, min(height, 800)))
		must(h.t, os.WriteFile(file+"-"+scheme+".png", page.PNG(), 0o600))
	}
	page.Set(browser.Light())
}
