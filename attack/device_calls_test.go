package attack_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"countersign/e2e/site"
	"countersign/httpsig"
	"countersign/internal/method/push"
)

// deviceCalls are those of the device protocol that a device signs, and those that it
// does not, with something in place of what stands in the path.
func deviceCalls(t *testing.T) (signed, open []site.Route) { //nolint:nonamedreturns // two of one type
	t.Helper()
	for _, r := range site.Routes(t) {
		switch {
		case strings.HasPrefix(r.Path, "/device/v1/pairings/"):
			open = append(open, r)
		case strings.HasPrefix(r.Path, "/device/"):
			signed = append(signed, r)
		}
	}
	if len(signed) < 9 || len(open) < 5 {
		t.Fatalf("only %d signed calls and %d others are known", len(signed), len(open))
	}
	return signed, open
}

// TestDeviceCallsNeedTheirSignature makes every call of a device without a signature, with
// another's, for another path, body, moment, purpose and server, and twice.
func TestDeviceCallsNeedTheirSignature(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		at := home(t, s, s.Guarded(t, "Ada Lovelace", "ada@acme.example"))
		phone, tablet := (&handsets{s}).new(t).pair(t, at.Client), (&handsets{s}).new(t).pair(t, at.Client)
		signed, _ := deviceCalls(t)
		for i, r := range signed {
			node := i % len(s.Nodes)
			path := r.At(map[string]string{"request": "req_none"})
			for name, bend := range map[string]func(*http.Request){
				"no signature":          func(r *http.Request) { r.Header.Del("Signature") },
				"no input":              func(r *http.Request) { r.Header.Del("Signature-Input") },
				"half a signature":      func(r *http.Request) { r.Header.Set("Signature", "sig=:AAAA:") },
				"in another's name":     func(r *http.Request) { bendInput(r, phone.id, tablet.id) },
				"in nobody's name":      func(r *http.Request) { bendInput(r, phone.id, "dev_none") },
				"for another purpose":   func(r *http.Request) { bendInput(r, "countersign-device", "countersign-access") },
				"for less":              func(r *http.Request) { bendInput(r, ` "@query"`, "") },
				"for another method":    func(r *http.Request) { r.Method = map[string]string{"GET": "HEAD", "POST": "PUT"}[r.Method] },
				"with something to ask": func(r *http.Request) { r.URL.RawQuery = "wait=1" },
				"signed a while ago":    func(r *http.Request) { bendInput(r, "created=", "created=1") },
				"without when":          func(r *http.Request) { bendInput(r, ";created=", ";expires=") },
				"with two signatures": func(r *http.Request) {
					r.Header.Add("Signature-Input", strings.Replace(r.Header.Get("Signature-Input"), "sig=", "other=", 1))
					r.Header.Add("Signature", strings.Replace(r.Header.Get("Signature"), "sig=", "other=", 1))
				},
				"with another algorithm": func(r *http.Request) { bendInput(r, "ecdsa-p256-sha256", "hmac-sha256") },
			} {
				request, err := phone.request(r.Verb, path, map[string]any{}, nil)
				must(t, err)
				bend(request)
				if got := phone.send(node, request); got.Status/100 == 2 || got.Status >= 500 || got.Status == 0 {
					t.Errorf("%s %s: %s %s", r, name, got.Answer, got.Body)
				}
			}
		}
		for _, off := range []time.Duration{-2 * time.Minute, 2 * time.Minute, -30 * 24 * time.Hour} {
			request, err := phone.request(http.MethodGet, "/device/v1/requests", nil, func(p *httpsig.Params) { p.Created = p.Created.Add(off) })
			must(t, err)
			got := phone.send(len(s.Nodes)-1, request)
			told, err := http.ParseTime(got.Header.Get("Date"))
			if got.came() != "device_clock" || err != nil || s.Clock.Now().Sub(told).Abs() > 5*time.Second {
				t.Errorf("with a clock that is off by %v: %s, and it is %s", off, got.Body, got.Header.Get("Date"))
			}
		}
		for _, path := range []string{"/device/v1/hello", "/device/v1/test", "/device/v1/sign-out"} {
			request, err := phone.request(http.MethodPost, path, map[string]any{"version": "1.0.0", "biometrics": true}, nil)
			must(t, err)
			again := request.Clone(t.Context())
			again.Body, err = request.GetBody()
			must(t, err)
			if got := phone.send(0, request); got.Status != http.StatusOK {
				t.Errorf("%s: %s", path, got.Body)
			}
			if got := phone.send(len(s.Nodes)-1, again); got.came() != "device_replayed" {
				t.Errorf("%s, the very same once more on another node: %s", path, got.Body)
			}
		}
	})
}

// bendInput changes something in what a signature says of itself.
func bendInput(r *http.Request, old, into string) {
	r.Header.Set("Signature-Input", strings.Replace(r.Header.Get("Signature-Input"), old, into, 1))
}

// TestDeviceCallsMalformed sends what is no call, well signed: nothing of it is our fault,
// and afterwards the phone still works.
func TestDeviceCallsMalformed(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		at := home(t, s, s.Guarded(t, "Ada Lovelace", "ada@acme.example"))
		phone := (&handsets{s}).new(t).pair(t, at.Client)
		signed, open := deviceCalls(t)
		for i, r := range append(signed, open...) {
			if r.Verb == http.MethodGet || strings.HasSuffix(r.Path, "/remove") || strings.HasSuffix(r.Path, "/sign-out") {
				continue
			}
			s.Clock.Advance(2 * time.Minute) // so that it is read, and not told to wait
			for _, body := range []string{
				"", "null", "[]", "0", `""`, "{", "{}", "{}{}", "\x00", "\xff\xfe", strings.Repeat("[", 9000), `{"a":` + strings.Repeat("9", 9000) + "}",
				`{"decision":1,"number":{},"signature":[],"assertion":"x"}`, `{"decision":"approve","number":"` + strings.Repeat("4", 9000) + `"}`,
				`{"signature":"!!!!"}`, `{"push":[],"version":{}}`, `{"push":{"endpoint":1}}`, `{"time":1e400}`, `{"time":"now"}`, `{"token":null,"wait":-1}`,
				`{"token":"par_x.","seen":null}`, `{"token":"par_\u0000.x"}`, `{"code":` + strings.Repeat(`{"a":`, 3000) + "1" + strings.Repeat("}", 3000) + "}",
				`{"time":-9223372036854775808,"assertion":{}}`, `{"device":{"kind":"app","name":"\u0000\u202e"},"short_code":"` + strings.Repeat("Z", 5000) + `"}`,
				`{"token":"` + phone.token + `","key":"` + b64(phone.Point()[:64]) + `","credential":{"id":""}}`, strings.Repeat(" ", 20_000) + "{}",
			} {
				node := i % len(s.Nodes)
				got := phone.call(node, r.Verb, r.At(map[string]string{"request": "req_none"}), []byte(body))
				if got.Status >= 500 || got.Status == 0 {
					t.Errorf("%s with %.60q: %s %s", r, body, got.Answer, got.Body)
				}
				if got.Status >= 400 && (got.text("code") == "" || got.Header.Get("Content-Type") != "application/problem+json") {
					t.Errorf("%s with %.60q is refused without saying why: %s %s", r, body, got.Answer, got.Body)
				}
			}
		}
		s.Clock.Advance(time.Hour)
		// An empty hello said that it has no biometrics any more.
		phone.call(0, http.MethodPost, "/device/v1/hello", map[string]any{"version": "1.0.0", "biometrics": true})
		d := at.again(s)
		base, number := d.ask(t)
		waiting := phone.waiting(0)
		if got := phone.decide(0, waiting[0], push.Approve, number); got.came() != "approved" {
			t.Errorf("afterwards: %s", got.Body)
		}
		d.Post(base + "/phone")
		if !d.SignedIn() {
			t.Error("afterwards the phone lets nobody in")
		}
	})
}

// TestDeviceCallsAreCounted has a phone call without end: it is told to wait, whichever
// call it makes, and its person's other phone is not.
func TestDeviceCallsAreCounted(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		at := home(t, s, s.Guarded(t, "Ada Lovelace", "ada@acme.example"))
		phone, tablet := (&handsets{s}).new(t).pair(t, at.Client), (&handsets{s}).new(t).pair(t, at.Client)
		s.Clock.Freeze(s.Clock.Now())
		s.Clock.Advance(time.Hour)
		answers := together(200, func(int) heard { return phone.call(0, http.MethodGet, "/device/v1/requests", nil) })
		counts := map[int]int{}
		for _, a := range answers {
			counts[a.Status]++
			if a.Status == http.StatusTooManyRequests && (a.came() != "too_many_calls" || a.Header.Get("Retry-After") != "1" ||
				a.Header.Get("Content-Type") != "application/problem+json") {
				t.Errorf("too many: %s %v %s", a.Answer, a.Header, a.Body)
			}
		}
		if counts[http.StatusOK] != 120 || counts[http.StatusTooManyRequests] != 80 {
			t.Errorf("two hundred calls at once: %v, want 120 answered", counts)
		}
		if got := phone.call(0, http.MethodPost, "/device/v1/hello", map[string]any{}); got.came() != "too_many_calls" {
			t.Errorf("another call of it: %s", got.Body)
		}
		if got := tablet.call(0, http.MethodGet, "/device/v1/requests", nil); got.Status != http.StatusOK {
			t.Errorf("the other phone: %s", got.Body)
		}
	})
}

// TestDecisionsAreCounted guesses at one question: after ten answers a minute the phone
// is told when to come again, on whichever node.
func TestDecisionsAreCounted(t *testing.T) {
	alongside(t)
	both(t, func(t *testing.T, s *site.Site) {
		at := home(t, s, s.Guarded(t, "Ada Lovelace", "ada@acme.example"))
		phone := (&handsets{s}).new(t).pair(t, at.Client)
		s.Clock.Advance(time.Hour)
		d := at.again(s)
		d.ask(t)
		q := phone.waiting(0)[0]
		forged := phone.Answer(q.Request, push.Deny, "")
		forged.Signature[0] ^= 1
		answers := together(30, func(i int) heard { return phone.answer(i%len(s.Nodes), q.ID, forged) })
		counts := map[string]int{}
		for _, a := range answers {
			counts[a.came()]++
			if a.came() == "too_many_decisions" && (a.Status != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "") {
				t.Errorf("too many: %s %v", a.Answer, a.Header)
			}
		}
		if counts["decision_refused"] != 10 || counts["too_many_decisions"] != 20 {
			t.Errorf("thirty answers at once: %v, want ten judged", counts)
		}
	})
}
