package totp_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"countersign/internal/method"
	"countersign/internal/method/totp"
)

// What is accepted is a later step than the last one, within the drift, and is
// accepted once.
func FuzzVerify(f *testing.F) {
	f.Add([]byte(rfcSecret), int64(0), int64(59), "287082")
	f.Add([]byte(rfcSecret), int64(1), int64(59), "２８７ ０８２")
	f.Add([]byte(rfcSecret), int64(-1), int64(0), "755224")
	f.Add([]byte(rfcSecret), int64(1)<<62, int64(-1), "000000")
	f.Add([]byte("short"), int64(0), int64(59), "287082")
	f.Fuzz(func(t *testing.T, secret []byte, counter, at int64, typed string) {
		now := time.Unix(at, 0)
		c := method.Credential{ID: "crd_1", Kind: method.TOTP, Secret: secret, Counter: counter}
		// The fuzzer does not guess codes: the right one is tried as well.
		for _, proof := range []string{typed, totp.Code(secret, totp.Step(now)), " " + totp.Code(secret, totp.Step(now)-1)} {
			got, err := totp.Method{}.Verify(c, proof, now)
			if len(secret) < totp.MinSecret {
				if err == nil || errors.Is(err, method.ErrWrong) {
					t.Fatalf("a secret of %d bytes: %v", len(secret), err)
				}
				continue
			}
			if err != nil {
				if !errors.Is(err, method.ErrWrong) {
					t.Fatalf("%q at %d after %d: a fault, %v", proof, at, counter, err)
				}
				continue
			}
			step := got.Spent
			if step <= counter || step < 0 || step < totp.Step(now)-totp.Drift || step > totp.Step(now)+totp.Drift || got.Credential.Counter != step {
				t.Fatalf("%q at %d after %d is accepted as step %d, counter %d", proof, at, counter, step, got.Credential.Counter)
			}
			again, err := totp.Method{}.Verify(got.Credential, proof, now)
			if err == nil && again.Spent <= step {
				t.Fatalf("%q at %d is accepted twice for step %d", proof, at, step)
			}
		}
	})
}

// An app reads out of the address what was put in, and shows no other issuer.
func FuzzURI(f *testing.F) {
	for _, name := range []string{"Acme", "Acme: evil", "A&secret=AAAA", "a+b c", "\xff", "\u202eemcA", "", "#?/%", "Ünïcode & Söhne", "a\r\nb"} {
		f.Add(name, "ada@example.com", []byte(rfcSecret))
		f.Add("Acme", name, []byte{})
	}
	f.Fuzz(func(t *testing.T, issuer, account string, secret []byte) {
		text := totp.URI(issuer, account, secret)
		uri, err := url.Parse(text)
		if err != nil || uri.Scheme != "otpauth" || uri.Host != "totp" || uri.Fragment != "" || uri.User != nil {
			t.Fatalf("%q is no address of an app: %v", text, err)
		}
		query := uri.Query()
		if len(query["secret"]) != 1 || query.Get("secret") != totp.Key(secret) || len(query["issuer"]) > 1 || query.Get("digits") != "6" || query.Get("period") != "30" {
			t.Fatalf("%q holds %v", text, query)
		}
		label := strings.TrimPrefix(uri.Path, "/")
		named, who, found := strings.Cut(label, ":")
		if !found {
			named, who = "", label
		}
		if named != query.Get("issuer") || strings.Contains(who, ":") {
			t.Fatalf("%q has the label %q and the issuer %q", text, label, query.Get("issuer"))
		}
		if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Fatalf("%q is not plain ASCII", text)
		}
	})
}
