// Package browser is a person at Chromium: it opens pages, reads what is visible,
// clicks on what has a name, types into what has a label. It owns the browser
// process, one for each test binary and whatever a test launches beside it, and the
// waiting; each test gets a browser context of its own, with its own cookies. What is right about a page is for
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
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

// installChromium is what a person reads whose machine has no Chromium.
const installChromium = `no Chromium found: install it ("apt-get install chromium" on Debian, ` +
	`"brew install --cask chromium" on a Mac) or set CHROMIUM to the program`

// shared is the browser of all tests of this process that need none of their own. It has
// no windows: a window for each person costs more than all that is shown in it.
var shared = &Browser{process: Process{shell: true}}

// Process says how a browser of one's own differs from the shared one.
type Process struct {
	Flags   map[string]string // beside those that every browser here has, without dashes
	Env     []string          // beside the environment of the tests, as "NAME=value"
	Profile string            // the folder of what it keeps; "" is a new one that goes with it

	// shell asks for Chromium's headless shell, the same browser without its windows and
	// what belongs to them: notifications, pushes, installed apps.
	shell bool
}

// Browser is one process of Chromium.
type Browser struct {
	process Process

	mu        sync.Mutex
	ctx       context.Context // of the first tab, whose life is the browser's; nil until started
	end       func()
	userAgent string

	clipboard sync.Mutex // one for all tabs
}

// Launch starts a browser of one's own, for what the shared one cannot do: flags of
// its own, or a profile that is no private window. It ends with tb.
func Launch(tb testing.TB, process Process) *Browser {
	tb.Helper()
	b := &Browser{process: process}
	b.Start(tb)
	tb.Cleanup(b.Close)
	return b
}

// Start starts the browser again after [Browser.Close]. What it kept is there again
// when its process has a profile of its own.
func (b *Browser) Start(tb testing.TB) {
	tb.Helper()
	err := b.start()
	if err != nil {
		tb.Fatalf("start the browser: %v", err)
	}
}

// Close ends the browser of this process, when there is one, and removes its
// profile. Call it when the tests have run: proc.Main(m, programs, browser.Close).
// A browser whose process is killed dies with it.
func Close() { shared.Close() }

// Close ends the browser, as switching a phone off does.
func (b *Browser) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.end != nil {
		b.end()
		b.ctx, b.end = nil, nil
	}
}

// start starts the browser at the first call.
func (b *Browser) start() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ctx != nil {
		return nil
	}
	program, err := b.process.find()
	if err != nil {
		return err
	}
	allocator, endAllocator := chromedp.NewExecAllocator(context.Background(), b.process.options(program)...)
	ctx, endBrowser := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {}))
	end := func() {
		asked, cancel := context.WithTimeout(ctx, 10*time.Second)
		_ = chromedp.Cancel(asked) // it is asked first, and then has kept what it should
		cancel()
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
	b.ctx, b.end = ctx, end
	// A person's browser does not call itself headless.
	b.userAgent = strings.ReplaceAll(version.UserAgent, "HeadlessChrome", "Chrome")
	return nil
}

func (p Process) options(program string) []chromedp.ExecAllocatorOption {
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(program),
		chromedp.NoSandbox, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck, chromedp.DisableGPU,
		chromedp.WindowSize(1280, 800), chromedp.Env(p.Env...),
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
	for name, value := range p.Flags {
		options = append(options, chromedp.Flag(name, value))
	}
	if p.Profile != "" {
		options = append(options, chromedp.UserDataDir(p.Profile))
	}
	return options
}

// find is the program: the whole browser does where there is no shell.
func (p Process) find() (string, error) {
	if p.shell {
		for _, name := range []string{os.Getenv("CHROMIUM_SHELL"), "chromium-headless-shell", "chrome-headless-shell"} {
			path, err := exec.LookPath(name)
			if err == nil {
				return path, nil
			}
		}
	}
	return findChromium()
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

// name is what the browser says of itself in its requests.
func (b *Browser) name(android bool) string {
	if !android {
		return b.userAgent
	}
	system := regexp.MustCompile(`\([^)]*\)`).FindString(b.userAgent)
	return strings.NewReplacer(system, "(Linux; Android 10; K)", " Safari/", " Mobile Safari/").Replace(b.userAgent)
}
