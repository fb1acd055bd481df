package totp_test

import (
	"net/url"
	"strings"
	"testing"

	"countersign/internal/method/totp"

	"github.com/google/go-cmp/cmp"
)

func TestKeysAndGroups(t *testing.T) {
	for chars, size := range map[int]int{16: 10, 32: 20, 26: 17} {
		if got := totp.Size(chars); got != size {
			t.Errorf("Size(%d) = %d, want %d", chars, got, size)
		}
	}
	random := []byte(rfcSecret)
	secret := totp.Secret(random)
	random[0] = 'x'
	// RFC 4648 of the RFC's secret.
	if got := totp.Key(secret); got != "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" {
		t.Errorf("key %s", got)
	}
	if got := totp.Key([]byte("12345678901")); strings.Contains(got, "=") {
		t.Errorf("key %s has padding", got)
	}
	want := []string{"GEZD", "GNBV", "GY3T", "QOJQ"}
	if diff := cmp.Diff(want, totp.Groups("GEZDGNBVGY3TQOJQ")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"ABCD", "E"}, totp.Groups("ABCDE")); diff != "" {
		t.Error(diff)
	}
	if totp.Groups("") != nil {
		t.Error("no key has groups")
	}
}

func TestURI(t *testing.T) {
	const tail = "&algorithm=SHA1&digits=6&period=30"
	const key = "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	for _, c := range []struct{ name, issuer, account, want string }{
		{"plain names", "Acme", "ada", "otpauth://totp/Acme:ada" + key + "&issuer=Acme" + tail},
		{"an e-mail address is escaped", "Acme", "ada@example.com", "otpauth://totp/Acme:ada%40example.com" + key + "&issuer=Acme" + tail},
		{"a space is %20, not a plus sign", "Acme Corp", "ada", "otpauth://totp/Acme%20Corp:ada" + key + "&issuer=Acme%20Corp" + tail},
		{"a plus sign stays one", "A+B", "ada+work@example.com", "otpauth://totp/A%2BB:ada%2Bwork%40example.com" + key + "&issuer=A%2BB" + tail},
		{"a colon would end the issuer", "Acme: Berlin", "a:b", "otpauth://totp/Acme%20Berlin:a%20b" + key + "&issuer=Acme%20Berlin" + tail},
		{"signs of addresses are escaped", "A&B=C?D/E#F%", "x", "otpauth://totp/A%26B%3DC%3FD%2FE%23F%25:x" + key + "&issuer=A%26B%3DC%3FD%2FE%23F%25" + tail},
		{"other scripts are escaped as UTF-8", "Müller", "ж", "otpauth://totp/M%C3%BCller:%D0%B6" + key + "&issuer=M%C3%BCller" + tail},
		{"line breaks and direction marks go", "Ac\u202eme\n", "a\x00b", "otpauth://totp/Ac%20me:a%20b" + key + "&issuer=Ac%20me" + tail},
		{"no issuer leaves none", "", "ada", "otpauth://totp/ada" + key + tail},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := totp.URI(c.issuer, c.account, []byte(rfcSecret))
			if got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
			u, err := url.Parse(got)
			if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || strings.Count(u.Path, ":") > 1 {
				t.Errorf("read back: %v, %v", u, err)
			}
		})
	}
}
