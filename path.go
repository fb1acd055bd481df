package countersign

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// longestPath bounds a path that somebody asks to be led back to, in bytes.
const longestPath = 2000

// InsidePath returns a path of this installation, with its query, or "" for
// anything that could lead elsewhere: a sign-in must never send a person to an
// address that somebody put into a link (an open redirect). Only an absolute
// path passes; "//host", "/\host" and anything with control characters, which
// browsers read as other hosts, do not.
func InsidePath(path string) string {
	if len(path) > longestPath || !utf8.ValidString(path) || !strings.HasPrefix(path, "/") ||
		strings.HasPrefix(path, "//") || strings.Contains(path, `\`) || strings.ContainsFunc(path, unicode.IsControl) {
		return ""
	}
	u, err := url.Parse(path)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || strings.HasPrefix(u.Path, "//") {
		return ""
	}
	return path
}
