package httpsig

import (
	"bufio"
	"crypto/ed25519"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
)

// The test request of RFC 9421, appendix B.2.
const testRequest = "POST /foo?param=Value&Pet=dog HTTP/1.1\r\n" +
	"Host: example.com\r\n" +
	"Date: Tue, 20 Apr 2021 02:07:55 GMT\r\n" +
	"Content-Type: application/json\r\n" +
	"Content-Digest: sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:\r\n" +
	"Content-Length: 18\r\n" +
	"\r\n" +
	`{"hello": "world"}`

func decoded(t *testing.T, text string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The signatures of the RFC hold, and each with one thing changed does not: a shared
// secret (B.2.5), Ed25519 (B.2.6).
func TestTheExamplesOfTheRFC(t *testing.T) {
	secret := Secret(decoded(t, "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ=="))
	public := Ed25519Public(ed25519.PublicKey(decoded(t, "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=")))
	rows := []struct {
		name, input, signature string
		key                    Verifier
	}{
		{
			"B.2.5", `sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"`,
			`sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:`, secret,
		},
		{
			"B.2.6", `sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"`,
			`sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:`, public,
		},
	}
	for _, row := range rows {
		for what, change := range map[string]struct{ old, new string }{
			"as it is":     {"", ""},
			"another day":  {"20 Apr", "21 Apr"},
			"another type": {"application/json", "application/jsom"},
		} {
			r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.Replace(testRequest, change.old, change.new, 1))))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Length", "18") // the library takes it out
			r.Header.Set("Signature-Input", row.input)
			r.Header.Set("Signature", row.signature)
			covered, value, err := fields(r)
			if err != nil {
				t.Fatal(err)
			}
			text, err := base(r, "example.com", covered)
			if err != nil {
				t.Fatal(err)
			}
			same := what == "as it is"
			if other, err := base(r, "example.org", covered); err != nil || row.key.Verify(other, value) {
				t.Errorf("%s holds for another host, %v", row.name, err)
			}
			if row.key.Verify(text, value) != same {
				t.Errorf("%s, %s: holds is %v; what was signed is\n%s", row.name, what, !same, text)
			}
		}
	}
}
