package house

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// modules are the third-party modules that our code imports itself, each with
// the number of the record in doc/decisions that says why it is worth it.
func modules() map[string]int {
	return map[string]int{
		"modernc.org/sqlite":               2,
		"github.com/jackc/pgx/v5":          3,
		"github.com/pressly/goose/v3":      4,
		"github.com/nicksnyder/go-i18n":    8,
		"golang.org/x/text":                8,
		"rsc.io/qr":                        10,
		"github.com/go-crypt/crypt":        12,
		"golang.org/x/crypto":              12,
		"github.com/ccojocar/zxcvbn-go":    13,
		"github.com/wneessen/go-mail":      14,
		"github.com/emersion/go-smtp":      14,
		"github.com/emersion/go-sasl":      14,
		"golang.org/x/net":                 14,
		"github.com/alecthomas/kong":       15,
		"github.com/BurntSushi/toml":       15,
		"github.com/mattn/go-isatty":       15,
		"github.com/caddyserver/certmagic": 16,
		"go.uber.org/zap":                  16,
		"github.com/letsencrypt/pebble":    16,
		"github.com/miekg/dns":             16,
		"github.com/chromedp/chromedp":     17,
		"github.com/chromedp/cdproto":      17,
		"github.com/rogpeppe/go-internal":  18,
		"pgregory.net/rapid":               18,
		"github.com/google/go-cmp":         18,
		"github.com/mileusna/useragent":    19,
		"golang.org/x/term":                45,
		"golang.org/x/mod":                 46,
		"golang.org/x/image":               63,
		"github.com/dunglas/httpsfv":       42,
		"github.com/go-webauthn/webauthn":  43,
		"github.com/godbus/dbus":           44,
		"github.com/nyaruka/phonenumbers":  58,
		"github.com/aws/aws-sdk-go-v2":     59,
	}
}

// foreign tells whether an import is neither the standard library's nor ours.
func foreign(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return strings.Contains(first, ".")
}

// moduleOf finds the listed module that an import belongs to.
func moduleOf(path string, known map[string]int) string {
	for name := range known {
		if within(path, name) {
			return name
		}
	}
	return ""
}

func TestEveryModuleHasADecision(t *testing.T) {
	known, used := modules(), map[string]bool{}
	for _, p := range packages(t) {
		for _, imports := range [][]string{p.Imports, p.TestImports, p.XTestImports} {
			for _, path := range imports {
				if !foreign(path) {
					continue
				}
				name := moduleOf(path, known)
				if name == "" {
					t.Errorf("%s imports %s, which no decision allows: write doc/decisions/NNNN-….md and add it in internal/house/modules_test.go", p.name(), path)
				}
				used[name] = true
			}
		}
	}
	for name, number := range known {
		if !used[name] {
			t.Errorf("%s is allowed but not imported: take it out of internal/house/modules_test.go", name)
		}
		records, err := filepath.Glob(fmt.Sprintf("../../doc/decisions/%04d-*.md", number))
		if err != nil || len(records) != 1 {
			t.Errorf("%s: want one record doc/decisions/%04d-….md, found %q", name, number, records)
		}
	}
}
