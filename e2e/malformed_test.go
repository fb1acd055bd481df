package e2e_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"countersign/e2e/site"
	"countersign/internal/policy"
)

// malformed are requests that no browser sends.
func malformed() map[string]func(r *http.Request) {
	form := func(body string) func(*http.Request) {
		return func(r *http.Request) { fill(r, "application/x-www-form-urlencoded", body) }
	}
	names := []string{
		"identifier", "password", "code", "recovery", "name", "email", "workspace", "method", "saved", "language", "return", "with", "act", "send", "scheme",
	}
	each := func(value string) string {
		var pairs []string
		for _, name := range names {
			pairs = append(pairs, name+"="+value)
		}
		return strings.Join(pairs, "&")
	}
	return map[string]func(*http.Request){
		"nothing":                       form(""),
		"empty fields":                  form(each("")),
		"NUL":                           form(each("a%00b")),
		"broken UTF-8":                  form(each("%ff%fe")),
		"a lone surrogate":              form(each("%ed%a0%80")),
		"control characters":            form(each("%01%02%1b%7f%c2%85")),
		"marks that turn the direction": form(each("%e2%80%ae%e2%81%a6")),
		"emoji":                         form(each(url.QueryEscape("👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿"))),
		"lists":                         form(strings.ReplaceAll(each("1"), "=", "[]=") + "&" + each("2") + "&" + each("3")),
		"maps":                          form(strings.ReplaceAll(each("1"), "=", "[a][b]=")),
		"a long value":                  form("identifier=" + strings.Repeat("a", 30<<10) + "&name=" + strings.Repeat("%F0%9F%92%A9", 2000)),
		"a huge value":                  form("code=" + strings.Repeat("9", 1<<20)),
		"many fields":                   form(strings.Repeat("a=1&", 15000)),
		"broken escapes":                form(each("%zz%") + "&%"),
		"semicolons":                    form("identifier=a;password=b;code=c"),
		"markup":                        form(each(url.QueryEscape(`"><script>alert(1)</script>{{.}}${7*7}`))),
		"SQL":                           form(each(url.QueryEscape(`' OR 1=1; DROP TABLE users; --`))),
		"lines and headers":             form(each("a%0d%0aSet-Cookie: x=y%0d%0a%0d%0a")),
		"JSON":                          func(r *http.Request) { fill(r, "application/json", `{"identifier":["a"],"code":{"a":1}}`) },
		"JSON under a form's name":      form(`{"identifier":"a"}`),
		"several parts": func(r *http.Request) {
			fill(r, "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"code\"\r\n\r\n1\r\n--x--\r\n")
		},
		"several parts without a boundary": func(r *http.Request) { fill(r, "multipart/form-data", "x") },
		"a kind that is none":              func(r *http.Request) { fill(r, ";;;///", "code=1") },
		"another character set":            func(r *http.Request) { fill(r, "application/x-www-form-urlencoded; charset=utf-16", "code=1") },
		"a broken query":                   func(r *http.Request) { r.URL.RawQuery = "return=%ff&act=%00&before=%zz&;&with=%7f" },
		"a long query":                     func(r *http.Request) { r.URL.RawQuery = "return=/" + strings.Repeat("a", 16<<10) },
		"lists in the query":               func(r *http.Request) { r.URL.RawQuery = "return=/a&return=//b&act=x&act[]=y&before=evt_&before=0" },
		"broken cookies": func(r *http.Request) {
			r.Header.Add("Cookie", "lang=%ff; scheme=%00; tz=../../etc/passwd; countersign_signin=%; =x; ;;")
		},
		"odd headers": func(r *http.Request) {
			r.Header.Set("Accept-Language", strings.Repeat("en-;q=x,", 500))
			r.Header.Set("User-Agent", "\xff\xfe"+strings.Repeat("Mozilla/5.0 (", 500))
			r.Header.Set("Accept", "text/html;q=;,,")
			r.Header.Set("X-Request-Id", "<script>")
			r.Header.Set("X-Forwarded-For", "999.1.1.1, ::, [")
			r.Header.Set("Forwarded", `for="[`)
		},
		"a deep path": func(r *http.Request) { r.URL.Path += strings.Repeat("/a", 4000) },
		"dots":        func(r *http.Request) { r.URL.Opaque = "//" + r.URL.Host + r.URL.Path + "/%2e%2e/%2e%2e//..%2f" },
		"NUL in the path": func(r *http.Request) {
			r.URL.Opaque = "//" + r.URL.Host + strings.TrimSuffix(r.URL.Path, "x") + "%00%ff%c0%af"
		},
	}
}

func fill(r *http.Request, kind, body string) {
	r.Header.Set("Content-Type", kind)
	r.Body, r.GetBody, r.ContentLength = http.NoBody, nil, 0
	if body != "" && r.Method == http.MethodPost {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	}
}

// TestMalformed sends what no browser would to every route, to those who are
// signed in and those who are not. Nothing of it is our fault: never a 5xx, and
// never a panic in the log.
func TestMalformed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.policy("", policy.Document{})
	all := site.Routes(t)
	// Signing out comes last, so that the session lasts.
	slices.SortStableFunc(all, func(a, b site.Route) int { return rank(a) - rank(b) })
	n := 0
	for name, bend := range malformed() {
		for level, c := range map[string]*client{"nobody": h.client(), "half": h.client(), "full": h.client()} {
			n++
			ada := h.guarded(fmt.Sprintf("Ada%d Lovelace", n)) // some of it is a good password, and is taken
			values := map[string]string{"id": string(ada.Device), "attempt": "att_x"}
			switch level {
			case "half":
				values["attempt"] = strings.Split(c.first(ada), "/")[2]
			case "full":
				c.signIn(ada)
			}
			c.Bend = bend
			for _, r := range all {
				a := c.knock(r, values)
				if a.Status >= 500 || a.Status == 0 || strings.Contains(a.Body, "<script>alert") || a.Header.Get("Set-Cookie") == "x=y" {
					t.Errorf("%s (%s): %s was answered %d:\n%.300s", name, level, r, a.Status, a.Body)
				}
			}
		}
	}
	for _, bad := range []string{"panic", "level=ERROR", "runtime error"} {
		if log := h.Nodes[0].Log(); strings.Contains(log, bad) {
			t.Errorf("the log has %q:\n%s", bad, lines(log, bad))
		}
	}
	h.client().signIn(h.guarded("Grace Hopper"))
}

func rank(r site.Route) int {
	switch {
	case r.Path == "/signout" || strings.HasSuffix(r.Path, "/end"):
		return 2
	case strings.HasSuffix(r.Path, "/off") || strings.HasSuffix(r.Path, "/remove") || strings.HasSuffix(r.Path, "/cancel"):
		return 1
	}
	return 0
}

// lines are those of a text that have another in them, the first few.
func lines(text, part string) string {
	var found []string
	for line := range strings.SplitSeq(text, "\n") {
		if strings.Contains(line, part) && len(found) < 5 {
			found = append(found, line)
		}
	}
	return strings.Join(found, "\n")
}
