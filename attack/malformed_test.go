package attack_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/e2e/judge"
	"countersign/e2e/site"
)

// TestMalformed sends what no browser would to every route and every form of the
// product, at every level: nothing of it is our fault, breaks a page, leads
// elsewhere or grows the process without bound, and afterwards an honest person
// signs in on every node.
func TestMalformed(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		f := &fuzz{t: t, s: s, routes: site.Routes(t), names: site.FieldNames(t), forms: map[string][]form{}, refusals: map[string]string{}, statuses: map[int]int{}}
		honest := s.Guarded(t, "Holly Honest", "holly@acme.example")
		r := chance(t)
		f.round(r, 200) // what is there from the first requests on is not growth
		before := f.footprints()
		const together = 2500
		for n := scale(2500, 500_000); n > 0 && !t.Failed(); n -= together {
			f.round(r, min(n, together))
		}
		f.judgeRefusals()
		f.settled(before, 150)
		for node := range s.Nodes {
			if in := s.Client().On(node).SignIn(honest); in.Status != http.StatusSeeOther {
				t.Errorf("afterwards an honest person is answered %v on node %d", in, node)
			}
		}
		t.Logf("%d requests; answers by status: %v; %d kinds of refusal", f.sent, f.statuses, len(f.refusals))
	}, "COUNTERSIGN_TRUSTED_PROXIES=127.0.0.0/8")
}

// fuzz sends malformed requests and judges what comes back.
type fuzz struct {
	t      *testing.T
	s      *site.Site
	routes []site.Route
	names  []string          // of fields that the source reads
	forms  map[string][]form // of the pages at each level, without the things of whoever found them
	rounds int

	mu       sync.Mutex
	sent     int
	statuses map[int]int
	refusals map[string]string // one page of each kind, by its status and title
	wrong    int
}

const shooters = 4

// round lets visitors at every level send n requests together. They are new
// ones, for the last round has locked, changed and signed out its own.
func (f *fuzz) round(r *rand.Rand, n int) {
	f.t.Helper()
	f.rounds++
	var all []*shooter
	for i := range shooters {
		all = append(all, f.shooter(rand.New(rand.NewPCG(r.Uint64(), r.Uint64())), i)) //nolint:gosec // the attack must be repeatable
	}
	crew(shooters, shooters, func(i int) {
		defer all[i].wire.close()
		for range n / shooters {
			all[i].shoot()
		}
	})
	for node, server := range f.s.Nodes {
		if log := server.Log(); strings.Contains(log, "panic") || strings.Contains(log, "level=ERROR") || !server.Running() {
			f.t.Errorf("node %d complains:\n%s", node, complaints(log))
		}
		server.ForgetLog()
	}
}

// complaints are the first lines of a log that tell of a fault of ours.
func complaints(log string) string {
	var found []string
	for line := range strings.Lines(log) {
		if (strings.Contains(line, "panic") || strings.Contains(line, "level=ERROR")) && len(found) < 3 {
			found = append(found, line)
		}
	}
	return strings.Join(found, "\n")
}

// shooter is one who sends malformed requests, one after the other.
type shooter struct {
	f        *fuzz
	r        *rand.Rand
	wire     wire
	visitors []*visitor
	forms    [][]form // of each visitor's pages
}

// shooter brings a visitor to each level and lets it look for forms.
func (f *fuzz) shooter(r *rand.Rand, number int) *shooter {
	f.t.Helper()
	node := number % len(f.s.Nodes)
	sh := &shooter{f: f, r: r, wire: wire{address: f.s.Address(node)}}
	for _, level := range append([]string{""}, levels()...) {
		name := fmt.Sprintf("Ada %s %d-%d", level, f.rounds, number)
		var v *visitor
		if level == "" {
			v = arrive(f.t, f.s, f.s.Guarded(f.t, name, fmt.Sprintf("ada-%d-%d@acme.example", f.rounds, number)))
		} else {
			v = came(f.t, f.s, level, name)
		}
		if f.forms[level] == nil {
			for _, found := range v.crawl(f.routes) {
				f.forms[level] = append(f.forms[level], found.without(v))
			}
		}
		sh.visitors = append(sh.visitors, v)
		sh.forms = append(sh.forms, f.forms[level])
	}
	return sh
}

// shoot sends one request and judges the answer.
func (sh *shooter) shoot() {
	q := sh.aim()
	got, err := sh.wire.send(q)
	problem := ""
	switch {
	case err != nil:
		problem = "no answer: " + err.Error()
	case got != nil:
		problem = wrong(q, got)
	}
	sh.f.count(q, got, problem)
}

// aim makes a request out of a form that was found, or of a route with fields of
// all names that the source reads, and then makes it worse.
func (sh *shooter) aim() *shot {
	r, f := sh.r, sh.f
	who := r.IntN(len(sh.visitors))
	v := sh.visitors[who]
	q := &shot{version: "HTTP/1.1"}
	var fields []field
	if forms := sh.forms[who]; len(forms) > 0 && r.IntN(3) > 0 {
		chosen := pick(r, forms).with(v)
		q.verb, q.target, fields = chosen.verb, chosen.action, chosen.fields
	} else {
		route := pick(r, f.routes)
		q.verb, q.target = route.Verb, v.at(route)
		for range r.IntN(4) {
			fields = append(fields, field{pick(r, f.names), odd(r)})
		}
	}
	if final(q.target) && r.IntN(8) > 0 {
		q.verb = http.MethodGet // what ends the visitor's power is done now and then only
	}
	fields = bendFields(r, fields, f.names)
	q.lines = []string{"Host: " + strings.TrimPrefix(f.s.URL, "http://"), "X-Forwarded-For: 198.51." + strconv.Itoa(r.IntN(256)) + "." + strconv.Itoa(r.IntN(256)), "Accept: text/html,*/*;q=0.8"}
	var cookies []string
	for _, cookie := range v.Cookies() {
		cookies = append(cookies, cookie.Name+"="+cookie.Value)
	}
	if len(cookies) > 0 {
		q.lines = append(q.lines, "Cookie: "+strings.Join(cookies, "; "))
	}
	if q.verb == http.MethodPost {
		q.lines = append(q.lines, "Content-Type: application/x-www-form-urlencoded")
		q.body = []byte(encoded(fields))
		q.torn = len(q.body) > 64<<10
	}
	for range r.IntN(3) {
		pick(r, bends())(r, q, fields)
	}
	// The server reads so much of a header, and not more. And where a connection
	// ends with an answer, net/http does not wait for a body that nobody reads.
	const longest = 30 << 10
	ends := q.version != "HTTP/1.1" || q.header("Connection") == "close"
	q.torn = q.torn || len(q.target)+len(strings.Join(q.lines, "")) > longest || ends && len(q.body) > 0
	return q
}

// final tells whether a post there takes the visitor's session or factor away.
func final(target string) bool {
	return regexp.MustCompile(`^/signout|/cancel$|/off$|/remove$|/end(-others)?$|^/(turn-off|reset|rescue|invitation|setup|email)/`).MatchString(target)
}

// count keeps what happened, and complains of the first few that are wrong.
func (f *fuzz) count(q *shot, got *reply, problem string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sent++
	if got == nil {
		f.statuses[0]++
	} else {
		f.statuses[got.StatusCode]++
		if title := titleOf(got.body); got.StatusCode >= http.StatusBadRequest && title != "" {
			f.refusals[strconv.Itoa(got.StatusCode)+" "+title] = got.body
		}
	}
	if problem == "" {
		return
	}
	f.wrong++
	const enough = 5
	if f.wrong <= enough {
		body := ""
		if got != nil {
			body = strconv.Itoa(got.StatusCode) + " " + fmt.Sprint(got.Header) + "\n" + got.body[:min(len(got.body), 600)]
		}
		f.t.Errorf("%s\nthe request: %s\nthe answer: %s", problem, q, body)
	}
}

func titleOf(page string) string {
	_, rest, _ := strings.Cut(page, "<title>")
	title, _, _ := strings.Cut(rest, "</title>")
	return title
}

// wrong tells what is wrong with an answer, whatever was asked.
func wrong(q *shot, got *reply) string {
	status := got.StatusCode
	ours := got.Header.Get("X-Request-Id") != ""
	switch {
	case !ours && q.torn && (status < http.StatusInternalServerError || status == http.StatusNotImplemented || status == http.StatusHTTPVersionNotSupported):
		// net/http answers what is no request: 501 and 505 are what HTTP wants for
		// codings and versions that there are not (RFC 9112 section 6.1, RFC 9110 section 15.6.6).
		return ""
	case !ours:
		return "was not answered by the product"
	case status == http.StatusServiceUnavailable && got.Header.Get("Retry-After") == "", status >= http.StatusInternalServerError && status != http.StatusServiceUnavailable:
		return "our fault"
	case strings.Contains(got.body, "<script>alert(") || got.Header.Values("Set-Cookie") != nil && strings.Contains(strings.Join(got.Header.Values("Set-Cookie"), ""), "x=y"):
		return "the answer holds what was sent, as markup or as a header"
	case !staysInside(got.Header.Get("Location")):
		return "leads elsewhere, to " + got.Header.Get("Location")
	case got.Header.Get("Content-Security-Policy") == "" || got.Header.Get("X-Frame-Options") != "DENY":
		return "has not the headers of every answer"
	case q.verb == http.MethodHead || status < http.StatusBadRequest:
		return ""
	}
	return refusal(q, got)
}

// staysInside tells whether a browser that goes there is still on the site.
func staysInside(location string) bool {
	if location == "" {
		return true
	}
	base := &url.URL{Scheme: "http", Host: "site.localhost", Path: "/signin/x"}
	to, err := base.Parse(strings.NewReplacer(`\`, "/", "\t", "", "\n", "", "\r", "").Replace(strings.TrimSpace(location)))
	return err == nil && to.Host == base.Host && to.Scheme == base.Scheme
}

// refusal tells what is wrong with an answer that refuses: a person gets a page
// that says what to do, a program that asks for JSON a problem document.
func refusal(q *shot, got *reply) string {
	accept, kind := q.header("Accept"), got.Header.Get("Content-Type")
	asProgram := strings.Contains(accept, "json") && !strings.Contains(accept, "text/html")
	if strings.Contains(q.target, "/device/") && kind == "application/problem+json" {
		asProgram = true // no person goes there
	}
	if asProgram {
		var problem struct {
			Status              int
			Title, Detail, Code string
			RequestID           string `json:"request_id"`
		}
		err := json.Unmarshal([]byte(got.body), &problem)
		if kind != "application/problem+json" || err != nil || problem.Status != got.StatusCode || problem.Title == "" || problem.Code == "" || problem.RequestID == "" {
			return fmt.Sprintf("a program is answered with %s, %v, %+v", kind, err, problem)
		}
		return ""
	}
	_, main, _ := strings.Cut(got.body, "<main")
	main, _, whole := strings.Cut(main, "</main>")
	if kind != "text/html; charset=utf-8" || !whole || !strings.HasSuffix(strings.TrimSpace(got.body), "</html>") || strings.Contains(got.body, "⟦") {
		return "a person is answered with a page that is not whole"
	}
	_, below, _ := strings.Cut(main, "</h1>")
	if strings.Count(main, "<h1") != 1 || !strings.Contains(below, "<p") {
		return "the page does not say what to do"
	}
	return ""
}

// judgeRefusals gives one page of each refusal to the strict judges of HTML.
func (f *fuzz) judgeRefusals() {
	f.t.Helper()
	const fewest = 8
	if len(f.refusals) < fewest {
		f.t.Errorf("only %d kinds of refusal were seen", len(f.refusals))
	}
	for name, page := range f.refusals {
		f.t.Run(strings.ReplaceAll(name, "/", "-"), func(t *testing.T) { judge.HTML(t, page) })
	}
}

// footprint is what a server process holds.
type footprint struct{ resident, most, files int }

// footprints are those of all nodes, in MiB.
func (f *fuzz) footprints() []footprint {
	f.t.Helper()
	var all []footprint
	for _, node := range f.s.Nodes {
		folder := "/proc/" + strconv.Itoa(node.PID())
		status, err := os.ReadFile(folder + "/status") // #nosec G304 -- of our own process
		must(f.t, err)
		files, err := os.ReadDir(folder + "/fd")
		must(f.t, err)
		all = append(all, footprint{mebibytes(string(status), "VmRSS:"), mebibytes(string(status), "VmHWM:"), len(files)})
	}
	return all
}

// mebibytes reads a line like "VmRSS:	   12345 kB".
func mebibytes(status, name string) int {
	_, rest, _ := strings.Cut(status, name)
	line, _, _ := strings.Cut(rest, "\n")
	n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(line), " kB"))
	if err != nil {
		return -1
	}
	return n >> 10
}

// settled fails when a node has grown by more than so many MiB, or still holds
// connections that ended.
func (f *fuzz) settled(before []footprint, growth int) {
	f.t.Helper()
	const spare = 40
	var after []footprint
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		after = f.footprints()
		held := false
		for i := range after {
			held = held || after[i].files > before[i].files+spare
		}
		if !held || time.Now().After(deadline) {
			break
		}
	}
	for i := range after {
		f.t.Logf("node %d: %d MiB before; %d MiB after, at most %d; files open: %d before, %d after", i, before[i].resident, after[i].resident, after[i].most, before[i].files, after[i].files)
		if after[i].most > before[i].resident+growth || before[i].resident <= 0 || after[i].files > before[i].files+spare {
			f.t.Errorf("node %d has grown: %+v, before %+v", i, after[i], before[i])
		}
	}
}
