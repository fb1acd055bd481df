package portal

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"countersign/internal/account"
)

// The text of a mail is shown whole, and only what begins with our own address
// can be followed.
func FuzzFollowable(f *testing.F) {
	const address = "http://localhost:8080"
	for _, text := range []string{
		"", "Open " + address + "/reset/x now", address + "/", address, address + "/a" + address + "/b", "http://localhost:80800/x", address + "/\"onclick=x", address + ".evil.example/",
		address + "/javascript:alert(1)\r\n", "\xff" + address + "/\xff", address + "/a<b>",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var whole strings.Builder
		for _, part := range followable(text, address) {
			whole.WriteString(part.Text)
			if part.Href != "" && (part.Href != part.Text || !strings.HasPrefix(part.Href, address+"/") || strings.ContainsAny(part.Href, " \r\n\t<>\"")) {
				t.Fatalf("%q leads to %q", text, part.Href)
			}
		}
		if whole.String() != text {
			t.Fatalf("%q is shown as %q", text, whole.String())
		}
	})
}

// A file's name is one in every system and ends no header.
func FuzzFileName(f *testing.F) {
	for _, name := range []string{"Acme", "Ünïcode", "../../etc/passwd", "a\"; filename=\"b", "CON", "a\r\nb", "", "\xff", ".", strings.Repeat("a", 300)} {
		f.Add(name)
	}
	form := regexp.MustCompile(`^([a-z0-9]([a-z0-9-]*[a-z0-9])?)?$`)
	f.Fuzz(func(t *testing.T, name string) {
		got := plain(name)
		if !form.MatchString(got) || plain(got) != got || len(got) > len(name) {
			t.Fatalf("%q becomes %q", name, got)
		}
	})
}

// What an address says is done, or asks to be done, is one of the things that
// exist; what is not known is the most demanding one.
func FuzzAddress(f *testing.F) {
	for _, query := range []string{"done=renamed", "done=x&done=off", "act=rename", "act=", "act=second_factor&return=//x", "done=%zz", ";", "done=\xff"} {
		f.Add(query, "localhost:8080")
	}
	for _, host := range []string{"localhost", "LOCALHOST.", "a.localhost:1", "localhost.evil.example", "evillocalhost", "[::1]:80", "localhost:1:2", "", "localhost\x00"} {
		f.Add("", host)
	}
	f.Fuzz(func(t *testing.T, query, host string) {
		r := &http.Request{
			URL: &url.URL{RawQuery: query}, Host: host, RemoteAddr: "127.0.0.1:5000", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
		}
		if notice := noticeOf(r); notice != "" && !regexp.MustCompile(`^notice\.[a-z_]+$`).MatchString(notice) {
			t.Fatalf("%q says %q", query, notice)
		}
		named := r.URL.Query().Get("act")
		if a := actNamed(named); string(a) != named && a != account.ActSecondFactor {
			t.Fatalf("%q is the act %s", query, a)
		}
		if local(r) && !regexp.MustCompile(`(?i)^([^:]+\.)?localhost\.?(:[^:]*)?$`).MatchString(host) {
			t.Fatalf("%q counts as this machine", host)
		}
		for _, header := range []string{"Forwarded", "Via", "X-Real-Ip", "X-Forwarded-Anything"} {
			proxied := *r
			proxied.Header = http.Header{header: {query}}
			if local(&proxied) {
				t.Fatalf("a request with %s counts as this machine's", header)
			}
		}
	})
}
