// Package firefox is a person at Firefox ESR, for what another browser must say too:
// above all, whether it can open our pushes. It owns the process and its profile, and
// drives it by Marionette, Firefox's own remote protocol. What most scenarios do, they
// do at Chromium, with e2e/browser. It is called by tests only.
package firefox

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"countersign/e2e/autopush"
	"countersign/e2e/desktop"
	"countersign/e2e/proc"
)

// installFirefox is what a person reads whose machine has no Firefox.
const installFirefox = `no Firefox found: install it ("apt-get install firefox-esr libnotify4" on Debian) or set FIREFOX to the program`

// installNotify is the same for the library by which Firefox reaches the desktop.
// Without it Firefox says nothing and draws its notifications where nobody sees them.
const installNotify = `no libnotify found, by which Firefox shows notifications: install it ("apt-get install libnotify4" on Debian)`

// patience is how long a step waits for what it needs. The first start of Firefox on a
// busy machine takes long.
const patience = 60 * time.Second

// Firefox is a browser with one tab.
type Firefox struct {
	tb      testing.TB
	base    string
	c       *connection
	process *proc.Proc
	screen  *desktop.Desktop
	finger  string // the authenticator's identifier
}

// Start starts a Firefox whose push service is the double, with a desktop that shows
// its notifications, for a site like "http://localhost:8080". It ends with tb.
func Start(tb testing.TB, service *autopush.Service, base string) *Firefox {
	tb.Helper()
	program, err := find()
	if err != nil {
		tb.Fatal(err)
	}
	if !notifies() {
		tb.Fatal(installNotify)
	}
	f := &Firefox{tb: tb, base: base, screen: desktop.Start(tb)}
	profile := tb.TempDir()
	address := proc.FreeAddr(tb)
	_, port, _ := net.SplitHostPort(address)
	preferences := settings()
	preferences["marionette.port"] = json.Number(port)
	preferences["dom.push.serverURL"] = service.URL()
	var text strings.Builder
	for name, value := range preferences {
		written, err := json.Marshal(value)
		if err != nil {
			tb.Fatal(err)
		}
		fmt.Fprintf(&text, "user_pref(%q, %s);\n", name, written)
	}
	err = os.WriteFile(filepath.Join(profile, "user.js"), []byte(text.String()), 0o600)
	if err != nil {
		tb.Fatalf("make the profile: %v", err)
	}
	env := append(f.screen.Env(), "HOME="+profile, "XDG_CACHE_HOME="+profile, "MOZ_CRASHREPORTER_DISABLE=1")
	f.process = proc.StartFile(tb, program, env, "--headless", "--no-remote", "--marionette", "--profile", profile)
	tb.Cleanup(f.quit)
	f.c, err = dial(tb.Context(), address, patience)
	if err == nil {
		err = f.c.call("WebDriver:NewSession", map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{}}}, nil)
	}
	if err == nil {
		err = f.c.call("WebDriver:SetTimeouts", map[string]any{"script": patience.Milliseconds()}, nil)
	}
	if err != nil {
		tb.Fatalf("start Firefox: %v", err)
	}
	return f
}

func find() (string, error) {
	if program := os.Getenv("FIREFOX"); program != "" {
		path, err := exec.LookPath(program)
		if err != nil {
			return "", fmt.Errorf("FIREFOX=%s: %w", program, err)
		}
		return path, nil
	}
	for _, name := range []string{"firefox-esr", "firefox"} {
		path, err := exec.LookPath(name)
		if err == nil {
			return path, nil
		}
	}
	return "", errors.New(installFirefox)
}

func notifies() bool {
	for _, pattern := range []string{"/usr/lib/*/libnotify.so.*", "/usr/lib*/libnotify.so.*", "/usr/local/lib*/libnotify.so.*"} {
		found, err := filepath.Glob(pattern)
		if err == nil && len(found) > 0 {
			return true
		}
	}
	return false
}

// settings let Firefox take pushes from a double, show notifications, and ask nobody
// else for anything.
func settings() map[string]any {
	return map[string]any{
		"dom.push.testing.allowInsecureServerURL":                     true,
		"dom.push.connection.enabled":                                 true,
		"permissions.default.desktop-notification":                    1,
		"alerts.useSystemBackend":                                     true,
		"security.webauth.webauthn_enable_softtoken":                  true,
		"security.webauth.webauthn_enable_usbtoken":                   false,
		"app.update.enabled":                                          false,
		"browser.safebrowsing.malware.enabled":                        false,
		"browser.safebrowsing.phishing.enabled":                       false,
		"browser.shell.checkDefaultBrowser":                           false,
		"browser.startup.page":                                        0,
		"datareporting.policy.dataSubmissionEnabled":                  false,
		"extensions.systemAddon.update.enabled":                       false,
		"network.captive-portal-service.enabled":                      false,
		"network.connectivity-service.enabled":                        false,
		"services.settings.server":                                    "http://127.0.0.1:1/",
		"toolkit.telemetry.enabled":                                   false,
		"browser.newtabpage.activity-stream.feeds.section.topstories": false,
	}
}

// quit ends Firefox as a person does, and kills it when it does not want to.
func (f *Firefox) quit() {
	if f.c == nil {
		return
	}
	_ = f.c.call("Marionette:Quit", map[string]any{"flags": []string{"eForceQuit"}}, nil)
	_ = f.c.line.Close()
	for deadline := time.Now().Add(10 * time.Second); f.process.Running() && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond) // it writes into its profile until then
	}
}
