package attack_test

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// pick is one of several.
func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// noise is that many bytes of any kind.
func noise(r *rand.Rand, n int) string {
	raw := make([]byte, n)
	for i := range raw {
		raw[i] = byte(r.IntN(256)) // #nosec G115 -- it is smaller
	}
	return string(raw)
}

// odd is a value that nobody types.
func odd(r *rand.Rand) string {
	switch r.IntN(8) {
	case 0:
		return noise(r, r.IntN(40))
	case 1:
		return strings.Repeat(pick(r, []string{"a", "9", "é", "ﷺ", "e\u0301", "👩‍👩‍👧‍👦", "%", "<", "\u202e", " ", "\U0010ffff", "a.", "@"}), 1<<r.IntN(15))
	}
	return pick(r, []string{
		"", " ", "\x00", "a\x00b", "\xff\xfe", "\xed\xa0\x80", "\xc0\xaf", "\xf4\x90\x80\x80", "\x01\x02\x1b\x7f\u0085", "\u202e\u2066\u200f", "\ufeff", "\ufffd", "\u2028\u2029",
		"0", "-1", "-0", "1e309", "NaN", "Infinity", "9223372036854775808", "-9223372036854775809", "0x7f", "1_000", "٣٤٥٦٧٨", "１２３４５６", "000000", "null", "true", "undefined", "[]", "{}",
		"<script>alert(1)</script>", `"><script>alert(1)</script>`, "'-alert(1)-'", "{{.}}", "{{.Name}}", "${7*7}", "%s%n%x", "%", "%zz", "%2e%2e%2f", "../../etc/passwd", `..\..\x`,
		"' OR 1=1; DROP TABLE users; --", "\\", "\r\nSet-Cookie: x=y", "\n", "\t", "a;b=c", "a&b=c", "a=b", "yes", "no", "totp", "recovery", "password", "mailed", "second_factor",
		"https://evil.example/", "//evil.example", `/\evil.example`, "/\t/evil.example", "/account/security", "javascript:alert(1)", "İıſß", "J\u030c", "ﬀ", "\ue000\ue001\ue002\uf8ff",
		"a@b", "@", "a@", "@b", "a@b@c", `"a b"@c.example`, "ada@xn--a", "ada@[127.0.0.1]", "ada@b\u00fccher.example", "Ada <ada@acme.example>", "a@" + strings.Repeat("b.", 130) + "c",
		"owner@acme.example", "usr_x", "crd_x", "ses_x", "att_x", "evt_", "wsp_default", "nine walnuts under a lamp", "de", "en-x-" + strings.Repeat("a", 60), "Europe/Berlin", "7q0w2-m5x9d",
	})
}

// bends make a request worse, one each.
func bends() []func(r *rand.Rand, q *shot, fields []field) {
	return []func(r *rand.Rand, q *shot, fields []field){
		func(r *rand.Rand, q *shot, _ []field) {
			q.verb = pick(r, []string{"GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW", "get", "PRI", strings.Repeat("M", 3000)})
		},
		func(r *rand.Rand, q *shot, _ []field) { bendPath(r, q) },
		func(r *rand.Rand, q *shot, _ []field) { bendPath(r, q) },
		func(r *rand.Rand, q *shot, fields []field) { bendQuery(r, q, fields) },
		func(r *rand.Rand, q *shot, fields []field) { bendBody(r, q, fields) },
		func(r *rand.Rand, q *shot, fields []field) { bendBody(r, q, fields) },
		func(r *rand.Rand, q *shot, _ []field) { bendHeader(r, q) },
		func(r *rand.Rand, q *shot, _ []field) { bendHeader(r, q) },
		func(r *rand.Rand, q *shot, _ []field) { bendCookie(r, q) },
		func(r *rand.Rand, q *shot, _ []field) { bendAccept(r, q) },
		func(_ *rand.Rand, q *shot, _ []field) { q.chunked = true },
		func(r *rand.Rand, q *shot, _ []field) { tear(r, q) },
	}
}

// bendFields changes what is typed: fields are missing, there twice, under
// another name, or hold what nobody types.
func bendFields(r *rand.Rand, fields []field, names []string) []field {
	fields = slices.Clone(fields)
	for range r.IntN(4) {
		at := 0
		if len(fields) > 0 {
			at = r.IntN(len(fields))
		}
		switch n := r.IntN(8); {
		case n == 0 || len(fields) == 0:
			fields = append(fields, field{pick(r, names), odd(r)})
		case n == 1:
			fields = slices.Delete(fields, at, at+1)
		case n == 2:
			fields = slices.Insert(fields, at, field{fields[at].name, odd(r)})
		case n == 3:
			fields[at].name = pick(r, []string{odd(r), fields[at].name + "[]", strings.ToUpper(fields[at].name), pick(r, names)})
		default:
			fields[at].value = odd(r)
		}
	}
	return fields
}

func bendPath(r *rand.Rand, q *shot) {
	path, query, _ := strings.Cut(q.target, "?")
	segments := strings.Split(path, "/")
	at := r.IntN(len(segments))
	switch r.IntN(12) {
	case 0:
		segments[at] = url.PathEscape(odd(r))
	case 1:
		segments = slices.Insert(segments, at, pick(r, []string{"..", ".", "", "%2e%2e", "%2f", "%5c", "%00", "%ff", ";x=y", "%20", "..%2f..%2f"}))
	case 2:
		segments[at] = strings.ToUpper(segments[at])
	case 3:
		segments = append(segments, strings.Split(strings.Repeat("a/", r.IntN(3000)), "/")...)
	case 4:
		segments[at] += pick(r, []string{"%00", "%ff", "%c0%af", "%", "%zz", "%2", ";", "//", "%0d%0aX:y", "\x7f", "\xff", "é"})
	}
	path = strings.Join(segments, "/")
	switch r.IntN(12) {
	case 0:
		path = pick(r, []string{"http://evil.example", "http://localhost", "https://a@b:1", "//evil.example", "/", "foo:bar"}) + path
	case 1:
		path += pick(r, []string{"/", "//", "/.", "/..", "#x", ".txt"})
	case 2:
		path = pick(r, []string{"*", "/", "", "//", "/.//", "/%2f%2fevil.example", "/signin/../account", "?", "/\\evil.example", "localhost:80", strings.Repeat("/", 2000)})
	}
	q.target = path
	if query != "" {
		q.target += "?" + query
	}
	// Whether HTTP allows this target is net/http's to say.
	q.torn = q.torn || path == "" || strings.ContainsAny(path, " \x7f") || !strings.HasPrefix(path, "/")
	_, err := url.ParseRequestURI(q.target)
	q.torn = q.torn || err != nil || q.verb == http.MethodConnect
}

func bendQuery(r *rand.Rand, q *shot, fields []field) {
	path, query, _ := strings.Cut(q.target, "?")
	switch r.IntN(6) {
	case 0:
		query = encoded(fields)
	case 1:
		query += pick(r, []string{"&", ";", "%", "%zz", "=", "&&&===", "%ff=%00", "return=%ff", "act=%00", "before=%zz", "done=%E2%80%AE", "?", "#"})
	case 2:
		query = strings.Repeat(pick(r, []string{"a=1&", "return=/&", "x", "%41"}), r.IntN(5000))
	default:
		query = encoded([]field{{pick(r, []string{"return", "act", "with", "done", "before", "mailed", "token", "lang", "x"}), odd(r)}, {pick(r, []string{"return", "act", "with"}), odd(r)}})
	}
	q.target = path + "?" + strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f {
			return -1
		}
		return r
	}, query)
}

func bendBody(r *rand.Rand, q *shot, fields []field) {
	kind := func(value string) { q.with("Content-Type", value) }
	const boundary = "xXx"
	switch r.IntN(13) {
	case 0:
		data := map[string]any{}
		for _, one := range fields {
			data[one.name] = pick(r, []any{one.value, []string{one.value}, map[string]string{"a": one.value}, 1e308, nil, true})
		}
		q.body, _ = json.Marshal(data)
		kind(pick(r, []string{"application/json", "application/x-www-form-urlencoded", "text/json; charset=utf-8"}))
	case 1, 2:
		var parts strings.Builder
		for _, one := range fields {
			parts.WriteString("--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + one.name + "\"" + pick(r, []string{"", "; filename=\"a.txt\"", "; filename=\"../../x\\0\""}) + "\r\n\r\n" + one.value + "\r\n")
		}
		q.body = []byte(parts.String() + pick(r, []string{"--" + boundary + "--\r\n", "--" + boundary, ""}))
		kind(pick(r, []string{"multipart/form-data; boundary=" + boundary, "multipart/form-data", "multipart/mixed; boundary=\"\"", "multipart/form-data; boundary=" + strings.Repeat("b", 3000)}))
	case 3:
		kind(pick(r, []string{
			"", ";;;///", "text/plain", "text/html", "application/x-www-form-urlencoded; charset=utf-16", "application/x-www-form-urlencoded;", "APPLICATION/X-WWW-FORM-URLENCODED", "application/octet-stream",
			"application/x-www-form-urlencoded; a=\"", "application/x-www-form-urlencoded, text/plain", "*/*", "application/x-www-form-urlencoded; boundary=x; boundary=y", "a/b; *=utf-8''%zz",
		}))
	case 4:
		q.body = append(q.body, pick(r, []string{"%", "%zz", "&%00=%ff", ";a=b", "&&&==&", "\xff\xfe\x00", "&a[b][c]=d", "\r\n\r\n", "&" + strings.Repeat("a=1&", 12_000)})...)
	case 5:
		q.body = []byte(encoded(append(fields, field{"x", strings.Repeat("x", 1<<(10+r.IntN(9)))})))
		q.torn = q.torn || len(q.body) > 64<<10 // the server may end the connection before it has read all
	case 6:
		q.body = []byte(odd(r))
	case 7:
		q.with("Content-Encoding", pick(r, []string{"gzip", "br", "identity", "x"}))
	case 8:
		q.body = []byte(strings.ReplaceAll(string(q.body), "=", ""))
	case 9:
		q.body = nil
	default:
		q.body = []byte(encoded(bendFields(r, fields, []string{"identifier", "password", "code", "name", "email", "return", "with"})))
	}
}

func bendHeader(r *rand.Rand, q *shot) {
	// Header values hold no control characters but tabs, or net/http answers.
	value := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, odd(r))
	if len(value) > 8000 {
		value = value[:8000]
	}
	switch r.IntN(14) {
	case 0:
		q.with("User-Agent", pick(r, []string{value, "\xff\xfe" + strings.Repeat("Mozilla/5.0 (", 300), "a/(;)/(", "<script>alert(1)</script>", "Mozilla/5.0 (X11; Linux x86_64) \xed\xa0\x80", strings.Repeat("é", 300)}))
	case 1:
		q.with("Accept-Language", pick(r, []string{value, strings.Repeat("en-;q=x,", 500), "de", "ar;q=0.9", "*", "de;q=0", "x-" + strings.Repeat("a-", 300), "zh-Hant-TW-u-ca-roc"}))
	case 2:
		q.with("X-Forwarded-For", pick(r, []string{value, "999.1.1.1, ::, [", ",,,", "127.0.0.1", "192.0.2.1:80, 127.0.0.1", strings.Repeat("192.0.2.1,", 800), "fe80::1%eth0", "\xff"}))
	case 3:
		q.with("Forwarded", pick(r, []string{value, `for="[`, `for="[2001:db8::1]:1";proto=https;host=evil.example`, "for=_x", strings.Repeat("for=192.0.2.1,", 500)}))
	case 4:
		q.with("X-Request-Id", pick(r, []string{value, "<script>alert(1)</script>", strings.Repeat("a", 64), "rid_aaaaaaaa", "a b"}))
	case 5:
		q.with("Origin", pick(r, []string{value, "null", "https://evil.example", "http://localhost", "//", "http://"}))
	case 6:
		q.with("Sec-Fetch-Site", pick(r, []string{value, "cross-site", "same-site", "same-origin", "none", "x"}))
	case 7:
		q.with(pick(r, []string{"If-None-Match", "If-Modified-Since", "Range", "If-Range", "Accept-Encoding", "Referer", "Via", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-Ip", "X-Original-Url", "X-Http-Method-Override", "TE", "Authorization", "DNT", "Upgrade-Insecure-Requests"}), value)
	case 8:
		q.with("Range", pick(r, []string{"bytes=0-", "bytes=-1", "bytes=5-1", "bytes=" + strings.Repeat("0-1,", 500), "x"}))
	case 9:
		for i := range r.IntN(400) {
			q.lines = append(q.lines, "X-Many-"+strconv.Itoa(i)+": "+value[:min(len(value), 20)])
		}
	case 10:
		q.with("Expect", "100-continue")
	case 11:
		q.with("Connection", pick(r, []string{"close", "upgrade", "keep-alive, x", value}))
		q.with("Upgrade", pick(r, []string{"h2c", "websocket", "x"}))
	case 12:
		q.version = "HTTP/1.0"
	case 13:
		q.with("Host", pick(r, []string{"evil.example", "localhost", "127.0.0.1", "LOCALHOST.:80", "[::1]:80", "a:b:c", "xn--a"}))
	}
}

func bendCookie(r *rand.Rand, q *shot) {
	own := q.header("Cookie")
	value := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, odd(r))
	value = value[:min(len(value), 4000)]
	name := pick(r, []string{"countersign_session", "countersign_signin", "countersign_browser", "countersign_next", "lang", "scheme", "tz", "__Host-countersign_session", "x"})
	q.with("Cookie", pick(r, []string{
		name + "=" + value + "; " + own, own + "; " + name + "=" + value, own + "; " + own, strings.ToUpper(own), strings.ReplaceAll(own, "=", "=\""), name + "=" + value, "=x; ;;" + own,
		own + strings.Repeat("; a=b", 500), "lang=%ff; scheme=%00; tz=../../etc/passwd; " + own, "tz=Local; " + own, "tz=Asia/Kolkata; lang=de; scheme=dark; " + own, "countersign_next=//evil.example; " + own,
		"$Version=1; " + own, strings.ReplaceAll(own, "; ", ","),
	}))
}

func bendAccept(r *rand.Rand, q *shot) {
	q.with("Accept", pick(r, []string{
		"application/json", "application/problem+json", "application/json, text/plain, */*", "text/html", "*/*", "", "text/html;q=;,,", "image/*", "application/json;q=0.1, text/html", "text/json", strings.Repeat("a/b,", 800),
	}))
}

// tear breaks the rules of HTTP itself.
func tear(r *rand.Rand, q *shot) {
	q.torn = true
	length := len(q.body)
	switch r.IntN(12) {
	case 0:
		q.length = pick(r, []string{"-1", "+5", "0x10", "9999999999999999999999", "1e3", " ", "5, 5", "5\r\nContent-Length: 6", strconv.Itoa(length + 100), strconv.Itoa(max(length-1, 0))})
	case 1:
		q.chunked = true
		q.lines = append(q.lines, "Content-Length: 5")
	case 2:
		q.lines = append(q.lines, "Transfer-Encoding: "+pick(r, []string{"gzip", "identity", "chunked, chunked", "xchunked", " chunked", "chunked\r\nTransfer-Encoding: gzip"}))
	case 3:
		q.lines = append(q.lines, "Transfer-Encoding: chunked")
		q.length = " "
		q.body = []byte(pick(r, []string{"zz\r\n", "5\r\nab", "ffffffffffffffff\r\na", "-1\r\n", "5;" + strings.Repeat("x", 9000) + "\r\nname=\r\n0\r\n\r\n", "5\nname=\n0\n\n", "0\r\nX: " + strings.Repeat("y", 40_000) + "\r\n\r\n"}))
	case 4:
		q.lines = append(q.lines, pick(r, []string{"no colon", ": no name", "Bad Name: x", " folded: x", "X-Nul: a\x00b", "X-Cr: a\rb", "\x00: y", "Host: a\r\nHost: b", "X: " + strings.Repeat("y", 60_000), strings.Repeat("Y", 60_000) + ": x"}))
	case 5:
		q.version = pick(r, []string{"HTTP/0.9", "HTTP/2.0", "HTTP/3", "HTTP/1.9", "HTTP/11.1", "http/1.1", "", "HTTX/1.1", "HTTP/1.1 x", "HTTP/-1.1"})
	case 6:
		q.lines = slices.DeleteFunc(q.lines, func(line string) bool { return strings.HasPrefix(line, "Host:") })
	case 7:
		q.with("Host", pick(r, []string{"a b", "a/b", "\xff", "<script>", "a\x00", strings.Repeat("h", 9000)}))
	case 8:
		q.target += " HTTP/1.1 x"
	case 9:
		q.with("Expect", pick(r, []string{"200-ok", "", "100-continue, x"}))
	case 10:
		q.verb = pick(r, []string{"", "G T", "\x00", "(", "GET\tPOST"})
	case 11:
		q.target = "/" + strings.Repeat(pick(r, []string{"a", "/", "%41", "?"}), 20_000+r.IntN(40_000))
	}
}
