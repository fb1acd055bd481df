package httpsig_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"countersign/httpsig"
)

type pair struct {
	name string
	sign httpsig.Signer
	hold httpsig.Verifier
}

func pairs(t *testing.T) []pair {
	t.Helper()
	point, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	secret := httpsig.Secret("a secret of both sides, long enough")
	return []pair{
		{"hmac-sha256", secret, secret},
		{"ed25519", httpsig.Ed25519(private), httpsig.Ed25519Public(public)},
		{"ecdsa-p256-sha256", httpsig.P256{Key: point}, httpsig.P256Public{Key: &point.PublicKey}},
	}
}

const (
	purpose = "countersign-test"
	window  = time.Minute
	address = "http://mfa.example.org/device/v1/requests/req_1/decision?a=1&b=%2F"
	content = `{"decision":"approve"}`
)

var now = time.Unix(1_800_000_000, 0)

func params() httpsig.Params {
	return httpsig.Params{KeyID: "dev_1", Created: now, Nonce: "n-1", Tag: purpose}
}

func request(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func signed(t *testing.T, body string, key httpsig.Signer) *http.Request {
	t.Helper()
	r := request(t, http.MethodPost, address, body)
	r.Header.Set("Content-Type", "application/json")
	err := httpsig.Sign(r, []byte(body), params(), key)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// own is the server that the address leads to.
const own = "mfa.example.org"

func check(r *http.Request, body string, key httpsig.Verifier) error {
	s, err := httpsig.Read(r, own, []byte(body))
	if err != nil {
		return err
	}
	return s.Check(key, purpose, now, window)
}

func TestASignatureHolds(t *testing.T) {
	for _, p := range pairs(t) {
		for _, body := range []string{content, ""} {
			r := signed(t, body, p.sign)
			s, err := httpsig.Read(r, own, []byte(body))
			if err != nil || s.Params != params() {
				t.Fatalf("%s: %+v, %v", p.name, s.Params, err)
			}
			err = s.Check(p.hold, purpose, now, window)
			if err != nil {
				t.Errorf("%s with the body %q: %v", p.name, body, err)
			}
			if (r.Header.Get("Content-Digest") == "") != (body == "") {
				t.Errorf("the body %q has the digest %q", body, r.Header.Get("Content-Digest"))
			}
			for _, other := range pairs(t) {
				if err := s.Check(other.hold, purpose, now, window); other.name != "hmac-sha256" && !errors.Is(err, httpsig.ErrWrong) {
					t.Errorf("%s holds for another key, of %s: %v", p.name, other.name, err)
				}
			}
		}
	}
}

// Over the wire, through the library's own server.
func TestASignatureHoldsOverTheWire(t *testing.T) {
	p := pairs(t)[2]
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		here, err := url.Parse("http://" + r.Host)
		if err != nil {
			t.Error(err)
			return
		}
		s, err := httpsig.Read(r, httpsig.Authority(here), body)
		if err == nil {
			err = s.Check(p.hold, purpose, now, window)
		}
		if err != nil {
			t.Errorf("%s %s: %v", r.Method, r.RequestURI, err)
		}
	}))
	defer server.Close()
	for _, path := range []string{"", "/", "/a/../b", "/a%2Fb", "/ü", "/a//b", "/?", "/?x", "/?a=%20+&b", "/;x=1", "/a:b@c"} {
		for method, body := range map[string]string{http.MethodGet: "", http.MethodPost: content, http.MethodDelete: ""} {
			r := request(t, method, server.URL+path, body)
			err := httpsig.Sign(r, []byte(body), params(), p.sign)
			if err != nil {
				t.Fatal(err)
			}
			response, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
		}
	}
}

// Nothing that decides about the request can be changed.
func TestAnythingChanged(t *testing.T) {
	rows := []struct {
		sentence string
		change   func(r *http.Request)
		body     string
	}{
		{"the method", func(r *http.Request) { r.Method = http.MethodPut }, content},
		{"the type", func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, content},
		{"no type", func(r *http.Request) { r.Header.Del("Content-Type") }, content},
		{"a second type", func(r *http.Request) { r.Header.Add("Content-Type", "text/plain") }, content},
		{"the path", func(r *http.Request) { r.URL.Path = "/device/v1/requests/req_2/decision" }, content},
		{"the query", func(r *http.Request) { r.URL.RawQuery = "a=2" }, content},
		{"no query", func(r *http.Request) { r.URL.RawQuery = "" }, content},
		{"the body", func(*http.Request) {}, `{"decision":"deny"}`},
		{"no body", func(*http.Request) {}, ""},
		{"a body and its digest", func(r *http.Request) {
			other := request(t, http.MethodPost, address, "x")
			_ = httpsig.Sign(other, []byte("x"), params(), httpsig.Secret("x"))
			r.Header.Set("Content-Digest", other.Header.Get("Content-Digest"))
		}, "x"},
		{"the digest", func(r *http.Request) { r.Header.Add("Content-Digest", "sha-256=:AAAA:") }, content},
		{"the digest's algorithm", func(r *http.Request) { r.Header.Set("Content-Digest", "md5=:AAAA:") }, content},
		{"no digest", func(r *http.Request) { r.Header.Del("Content-Digest") }, content},
		{"no signature", func(r *http.Request) { r.Header.Del("Signature") }, content},
		{"no input", func(r *http.Request) { r.Header.Del("Signature-Input") }, content},
	}
	for old, replaced := range map[string]string{
		"1800000000": "1800000001", "n-1": "n-2", "dev_1": "dev_2", purpose: "countersign-other", `"@query"`: `"@method"`, `"@path" `: "", `"@method" `: "", ` "content-digest"`: "",
		` "content-type"`: "", `"@authority"`: `"@authority";req`, `"@authority" `: `"@authority" "@target-uri" `, "(": "( ", ";created": ";expires=1700000000;created", `alg="`: `alg="x`, "sig=": "gis=",
	} {
		rows = append(rows, struct {
			sentence string
			change   func(r *http.Request)
			body     string
		}{"input " + old, func(r *http.Request) {
			input := r.Header.Get("Signature-Input")
			if !strings.Contains(input, old) {
				t.Errorf("%s is not in %s", old, input)
			}
			r.Header.Set("Signature-Input", strings.Replace(input, old, replaced, 1))
		}, content})
	}
	for _, p := range pairs(t) {
		for _, row := range rows {
			r := signed(t, content, p.sign)
			row.change(r)
			err := check(r, row.body, p.hold)
			// Spaces between components are no part of what is signed.
			if (err == nil) != (row.sentence == "input (") {
				t.Errorf("%s, with %s changed: %v", p.name, row.sentence, err)
			}
		}
	}
}

// A request that was signed for another server serves nobody here, whatever Host it is
// sent on with; and one for this server does, whatever a proxy makes of Host.
func TestARequestForAnotherServer(t *testing.T) {
	p := pairs(t)[2]
	for signedTo, holds := range map[string]bool{
		"https://mfa.example.org/x": true, "https://MFA.Example.org:443/x": true, "http://mfa.example.org:80/x": true,
		"https://staging.example.org/x": false, "https://mfa.example.org:8443/x": false, "http://mfa.example.org:443/x": false,
		"https://mfa.example.org:80/x": false, "https://mfa.example.org.evil.example/x": false,
	} {
		for _, host := range []string{"", own, "10.0.0.7:8080"} {
			r := request(t, http.MethodPost, signedTo, content)
			err := httpsig.Sign(r, []byte(content), params(), p.sign)
			if err != nil {
				t.Fatal(err)
			}
			r.Host = host
			if err = check(r, content, p.hold); (err == nil) != holds {
				t.Errorf("signed to %s, sent on to %q: %v", signedTo, host, err)
			}
		}
	}
}

func TestWhenAndWhatForASignatureServes(t *testing.T) {
	p := pairs(t)[2]
	for after, want := range map[time.Duration]error{
		0: nil, window: nil, -window: nil, window + time.Second: httpsig.ErrTime, -window - time.Second: httpsig.ErrTime, 365 * 24 * time.Hour: httpsig.ErrTime,
	} {
		s, err := httpsig.Read(signed(t, content, p.sign), own, []byte(content))
		if err != nil {
			t.Fatal(err)
		}
		err = s.Check(p.hold, purpose, now.Add(after), window)
		if !errors.Is(err, want) {
			t.Errorf("after %v: %v, want %v", after, err, want)
		}
		err = s.Check(p.hold, "countersign-other", now.Add(after), window)
		if !errors.Is(err, httpsig.ErrPurpose) {
			t.Errorf("for something else: %v", err)
		}
		err = s.Check(pairs(t)[2].hold, "countersign-other", now.Add(after), window)
		if !errors.Is(err, httpsig.ErrWrong) {
			t.Errorf("to a stranger, who must not hear of the clock: %v", err)
		}
	}
	// The key's algorithm is the key's, whatever the signature says.
	s, err := httpsig.Read(signed(t, content, p.sign), own, []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(httpsig.Secret("x"), purpose, now, window); !errors.Is(err, httpsig.ErrWrong) {
		t.Errorf("with a secret in the place of a key: %v", err)
	}
}

func TestWhatCannotBeSigned(t *testing.T) {
	good := httpsig.Secret("x")
	for name, row := range map[string]struct {
		params httpsig.Params
		key    httpsig.Signer
	}{
		"no key id":                      {httpsig.Params{Created: now, Nonce: "n", Tag: "t"}, good},
		"no time":                        {httpsig.Params{KeyID: "k", Nonce: "n", Tag: "t"}, good},
		"no nonce":                       {httpsig.Params{KeyID: "k", Created: now, Tag: "t"}, good},
		"no tag":                         {httpsig.Params{KeyID: "k", Created: now, Nonce: "n"}, good},
		"a nonce that no field can have": {httpsig.Params{KeyID: "k", Created: now, Nonce: "ü\n", Tag: "t"}, good},
		"a long key id":                  {httpsig.Params{KeyID: strings.Repeat("k", 129), Created: now, Nonce: "n", Tag: "t"}, good},
		"no secret":                      {params(), httpsig.Secret(nil)},
		"no ed25519":                     {params(), httpsig.Ed25519(nil)},
	} {
		r := request(t, http.MethodPost, address, content)
		err := httpsig.Sign(r, []byte(content), row.params, row.key)
		if err == nil || r.Header.Get("Signature") != "" {
			t.Errorf("%s: %v, signed as %q", name, err, r.Header.Get("Signature"))
		}
	}
	for name, key := range map[string]httpsig.Verifier{"secret": httpsig.Secret(nil), "ed25519": httpsig.Ed25519Public(nil)} {
		if key.Verify(nil, nil) {
			t.Errorf("no %s verifies", name)
		}
	}
}

func TestFieldsThatCannotBeRead(t *testing.T) {
	good := signed(t, content, httpsig.Secret("x"))
	input, value := good.Header.Get("Signature-Input"), good.Header.Get("Signature")
	for sentence, row := range map[string]struct{ input, value string }{
		"two signatures":            {input + ", other" + strings.TrimPrefix(input, "sig"), value + ", other" + strings.TrimPrefix(value, "sig")},
		"two inputs, one value":     {input + ", other" + strings.TrimPrefix(input, "sig"), value},
		"one input, two values":     {input, value + ", other" + strings.TrimPrefix(value, "sig")},
		"an item for a list":        {`sig="x"`, value},
		"a text for octets":         {input, `sig="x"`},
		"a list for octets":         {input, `sig=("x")`},
		"no dictionary":             {"(", value},
		"no dictionary of octets":   {input, ":"},
		"numbers as components":     {strings.Replace(input, `"@method"`, "1", 1), value},
		"a component in capitals":   {strings.Replace(input, `"@method"`, `"@method" "Date"`, 1), value},
		"a time in words":           {strings.Replace(input, "1800000000", `"now"`, 1), value},
		"a number for a key":        {strings.Replace(input, `"dev_1"`, "1", 1), value},
		"an empty nonce":            {strings.Replace(input, "n-1", "", 1), value},
		"a long nonce":              {strings.Replace(input, "n-1", strings.Repeat("n", 200), 1), value},
		"a parameter of another":    {strings.Replace(input, ";created", ";x=1;created", 1), value},
		"a flag":                    {strings.Replace(input, `nonce="n-1"`, "nonce", 1), value},
		"a component twice":         {strings.Replace(input, `"@method"`, `"@method" "@method"`, 1), value},
		"much of it":                {input + strings.Repeat(" ", 3000), value},
		"a field that is not there": {strings.Replace(input, `"@method"`, `"@method" "date"`, 1), value},
	} {
		r := request(t, http.MethodPost, address, content)
		r.Header.Set("Content-Digest", good.Header.Get("Content-Digest"))
		r.Header.Set("Signature-Input", row.input)
		r.Header.Set("Signature", row.value)
		_, err := httpsig.Read(r, own, []byte(content))
		if err == nil || errors.Is(err, httpsig.ErrNone) {
			t.Errorf("%s: %v", sentence, err)
		}
	}
	_, err := httpsig.Read(request(t, http.MethodGet, address, ""), own, nil)
	if !errors.Is(err, httpsig.ErrNone) {
		t.Errorf("without a signature: %v", err)
	}
}

// Whatever the fields are, nothing holds that the key did not sign.
func FuzzRead(f *testing.F) {
	key := httpsig.Secret("a secret that the fuzz does not know")
	f.Add(`sig=("@method" "@authority" "@path" "@query" "content-digest");created=1800000000;nonce="n";keyid="k";tag="countersign-test"`, "sig=:AAAA:", "sha-256=:AAAA:", "/a?b", "body")
	f.Add(`sig=()`, "sig=::", "", "/", "")
	f.Fuzz(func(t *testing.T, input, value, digest, path, body string) {
		r := httptest.NewRequest(http.MethodPost, "/", http.NoBody)
		r.URL.Path = path
		r.Header.Set("Signature-Input", input)
		r.Header.Set("Signature", value)
		if digest != "" {
			r.Header.Set("Content-Digest", digest)
		}
		s, err := httpsig.Read(r, own, []byte(body))
		if err != nil {
			return
		}
		if s.KeyID == "" || s.Nonce == "" || s.Tag == "" || s.Created.IsZero() {
			t.Fatalf("read as %+v", s.Params)
		}
		if err := s.Check(key, s.Tag, s.Created, window); err == nil {
			t.Fatalf("%q, %q hold", input, value)
		}
	})
}
