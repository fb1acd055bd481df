package agent_test

import (
	"strings"
	"testing"

	"countersign/internal/agent"
)

func TestDescribe(t *testing.T) {
	rows := []struct{ name, header, browser, system string }{
		{"Firefox on Linux is named", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox", "Linux"},
		{"Chrome on Windows is named", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36", "Chrome", "Windows"},
		{"Safari on an iPhone is named", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1", "Safari", "iOS"},
		{"Edge is not taken for Chrome", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0", "Edge", "Windows"},
		{"a browser without a window says so", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 Safari/537.36", "Headless Chrome", "Linux"},
		{"a command names itself", "curl/8.14.1", "curl", ""},
		{"nothing is nothing", "", "", ""},
		{"a stranger's words do not come through", "Call 0800 555 now at evil.example", "", ""},
		{"a stranger's words do not come through as a product", "CallUsNow/1.0 (Linux)", "", "Linux"},
		{"what is too long is cut", strings.Repeat("(", 100_000), "", ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			browser, system := agent.Describe(row.header)
			if browser != row.browser || system != row.system {
				t.Errorf("got %q on %q, want %q on %q", browser, system, row.browser, row.system)
			}
		})
	}
}

func FuzzDescribe(f *testing.F) {
	f.Add("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	f.Add("a/(;)/(")
	f.Fuzz(func(_ *testing.T, header string) {
		_, _ = agent.Describe(header)
	})
}

func TestOther(t *testing.T) {
	const (
		firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
		newer   = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"
		chrome  = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
		windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
	)
	for _, row := range []struct {
		name, before, now string
		want              bool
	}{
		{"the same", firefox, firefox, false},
		{"a newer version", firefox, newer, false},
		{"another browser", firefox, chrome, true},
		{"another system", firefox, windows, true},
		{"one that says nothing now", firefox, "", false},
		{"one that said nothing", "", firefox, false},
		{"a program, which names no system", firefox, "curl/8.14.1", true},
	} {
		if got := agent.Other(row.before, row.now); got != row.want {
			t.Errorf("%s: %v", row.name, got)
		}
	}
}
