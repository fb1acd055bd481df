// Package browser is a person at Chromium: it opens pages, reads what is visible,
// clicks on what has a name, types into what has a label. It owns the browser
// process, one for each test binary, and the waiting; each test gets a browser
// context of its own, with its own cookies. What is right about a page is for
// e2e/judge and the scenarios to say. It is called by tests only.
//
// Elements are found as assistive technology finds them, by role and accessible
// name, so that a control that only looks like one is not found. Each step fails
// the test by itself, and says what is visible instead.
package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

// installChromium is what a person reads whose machine has no Chromium.
const installChromium = `no Chromium found: install it ("apt-get install chromium" on Debian, ` +
	`"brew install --cask chromium" on a Mac) or set CHROMIUM to the program`

// shared is the one browser of this test process.
var shared = &chromium{}

type chromium struct {
	mu        sync.Mutex
	ctx       context.Context // of the first tab, whose life is the browser's; nil until started
	end       func()
	userAgent string
}

// Close ends the browser of this process, when there is one, and removes its
// profile. Call it when the tests have run: proc.Main(m, programs, browser.Close).
// A browser whose process is killed dies with it.
func Close() {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.end != nil {
		shared.end()
		shared.ctx, shared.end = nil, nil
	}
}

// start starts the browser at the first call.
func (c *chromium) start() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx != nil {
		return nil
	}
	program, err := findChromium()
	if err != nil {
		return err
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(program),
		chromedp.NoSandbox, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.DisableGPU,
		chromedp.WindowSize(1280, 800),
	}
	for name, value := range map[string]any{
		"headless":                      "new",
		"disable-background-networking": true,
		"disable-component-update":      true,
		"disable-default-apps":          true,
		// A process for each site, as people's browsers have it, is a seventh of all
		// that the tests take.
		"disable-features":                       "IsolateOrigins,site-per-process,SpareRendererForSitePerProcess",
		"disable-site-isolation-trials":          true,
		"renderer-process-limit":                 "4",
		"disable-dev-shm-usage":                  true,
		"disable-extensions":                     true,
		"disable-hang-monitor":                   true,
		"disable-quic":                           true,
		"disable-renderer-backgrounding":         true,
		"disable-sync":                           true,
		"disable-backgrounding-occluded-windows": true,
		"force-color-profile":                    "srgb",
		"hide-scrollbars":                        true,
		"password-store":                         "basic",
		"use-mock-keychain":                      true,
	} {
		options = append(options, chromedp.Flag(name, value))
	}
	allocator, endAllocator := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, endBrowser := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {}))
	end := func() {
		endBrowser()
		endAllocator()
	}
	version, err := chromedp.CallBrowser(ctx, browser.GetVersion, cdp.Empty{})
	if err != nil {
		end()
		return fmt.Errorf("start %s: %w", program, err)
	}
	err = chromedp.Do(ctx)
	if err != nil {
		end()
		return fmt.Errorf("open the first tab: %w", err)
	}
	c.ctx, c.end = ctx, end
	// A person's browser does not call itself headless.
	c.userAgent = strings.ReplaceAll(version.UserAgent, "HeadlessChrome", "Chrome")
	return nil
}

func findChromium() (string, error) {
	if program := os.Getenv("CHROMIUM"); program != "" {
		path, err := exec.LookPath(program)
		if err != nil {
			return "", fmt.Errorf("CHROMIUM=%s: %w", program, err)
		}
		return path, nil
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		path, err := exec.LookPath(name)
		if err == nil {
			return path, nil
		}
	}
	return "", errors.New(installChromium)
}
