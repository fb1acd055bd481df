package terminal_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"countersign/internal/terminal"
	"countersign/internal/terminal/terminaltest"
)

func TestAShortCode(t *testing.T) {
	s := terminaltest.New(t)
	_, short := s.Pairing()
	issuer, code, err := terminal.ParseLink(" "+short+" ", s.URL()+"/")
	if err != nil || issuer != s.URL() {
		t.Fatalf("%s, %v", issuer, err)
	}
	d, err := terminal.Pair(t.Context(), client(t, s), code, about(), person(s))
	if err != nil || d.ID == "" {
		t.Fatal(err)
	}
	for _, change := range []func(string) string{
		strings.ToUpper, func(short string) string { return strings.ReplaceAll(short, "-", " – ") },
		func(short string) string { return strings.NewReplacer("0", "o", "1", "l").Replace(short) },
		func(short string) string { return strings.NewReplacer("0", "O", "1", "i").Replace(short) },
	} {
		_, short := s.Pairing()
		_, err := terminal.Pair(t.Context(), client(t, s), terminal.Code{Short: change(short)}, about(), person(s))
		if err != nil {
			t.Errorf("%s: %v", change(short), err)
		}
	}
	_, err = client(t, s).Claim(t.Context(), code, about())
	wantCode(t, "the same code", err, terminal.PairingOver)
}

func TestAMailedCode(t *testing.T) {
	s := terminaltest.New(t)
	s.Confirms = []string{"email"}
	for _, wrong := range []int{0, 2, 3} {
		link, _ := s.Pairing()
		_, code, err := terminal.ParseLink(link, "")
		if err != nil {
			t.Fatal(err)
		}
		p, err := client(t, s).Claim(t.Context(), code, about())
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = p.Join(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		to, err := p.SendCode(t.Context())
		if err != nil || to != "a•••@example.com" {
			t.Errorf("%s, %v", to, err)
		}
		for n := range wrong {
			want := terminal.ConfirmWrong
			if n == 2 {
				want = terminal.PairingOver
			}
			wantCode(t, "another code", p.ConfirmCode(t.Context(), "000000"), want)
		}
		err = p.ConfirmCode(t.Context(), s.Mailed)
		if (err == nil) != (wrong < 3) {
			t.Errorf("after %d wrong ones: %v", wrong, err)
		}
		err = p.Await(t.Context(), terminal.Confirmed)
		if (err == nil) != (wrong < 3) {
			t.Errorf("after %d wrong ones: %v", wrong, err)
		}
	}
}

// Whoever listens between changes what the server says.
func TestAServerThatIsNotWhatItSays(t *testing.T) {
	s := terminaltest.New(t)
	rows := []struct{ sentence, old, new, want string }{
		{"another issuer", `"issuer":"` + s.URL(), `"issuer":"https://signin.example.com`, "says that it is https://signin.example.com"},
		{"a slash behind it", `"issuer":"` + s.URL(), `"issuer":"` + s.URL() + "/", "says that it is"},
		{"the same in capitals", `"issuer":"http://localhost`, `"issuer":"http://LOCALHOST`, ""},
		{"another relying party", `"id":"localhost"`, `"id":"example.com"`, `"example.com"`},
		{"a part of the host", `"id":"localhost"`, `"id":"host"`, `"host"`},
		{"no challenge", `"challenge"`, `"x"`, "no challenge"},
		{"another algorithm", `"alg":-7`, `"alg":-257`, "ES256"},
	}
	for _, row := range rows {
		o := options()
		o.Transport = transport(func(r *http.Request) (*http.Response, error) {
			response, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				return nil, err
			}
			body, err := io.ReadAll(response.Body)
			if !bytes.Contains(body, []byte(row.old)) {
				t.Errorf("%s: %s is not in %s", row.sentence, row.old, body)
			}
			response.Body = io.NopCloser(strings.NewReader(strings.Replace(string(body), row.old, row.new, 1)))
			return response, err
		})
		c, err := terminal.New(s.URL(), o)
		if err != nil {
			t.Fatal(err)
		}
		link, _ := s.Pairing()
		_, code, err := terminal.ParseLink(link, "")
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Claim(t.Context(), code, about())
		if row.want == "" && err == nil {
			continue
		}
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v", row.sentence, err)
		}
	}
}

func TestTheConfirmationDigitsAreThoseOfThisDevice(t *testing.T) {
	s := terminaltest.New(t)
	link, _ := s.Pairing()
	_, code, err := terminal.ParseLink(link, "")
	if err != nil {
		t.Fatal(err)
	}
	p, err := client(t, s).Claim(t.Context(), code, about())
	if err != nil {
		t.Fatal(err)
	}
	_, digits, err := p.Join(t.Context())
	if err != nil || len(digits) != 6 || digits != s.Digits() {
		t.Errorf("%s, the server has %s: %v", digits, s.Digits(), err)
	}
	_, _, err = p.Join(t.Context())
	wantCode(t, "a second join", err, terminal.PairingOver)
}

func TestLinks(t *testing.T) {
	rows := []struct{ text, server, issuer, long, short string }{
		{"https://signin.example.com/authenticator/#pair=abc", "", "https://signin.example.com", "abc", ""},
		{"https://SignIn.example.com:443/authenticator/#pair=a-b_c", "https://signin.example.com/", "https://signin.example.com", "a-b_c", ""},
		{"http://localhost:8080/authenticator/#pair=abc", "", "http://localhost:8080", "abc", ""},
		{"https://example.com/signin/authenticator/#pair=abc", "", "https://example.com/signin", "abc", ""},
		{"K7Q2-9FMX", "https://signin.example.com", "https://signin.example.com", "", "K7Q2-9FMX"},
		{"k7q29fmx", "http://127.0.0.1:8080", "http://127.0.0.1:8080", "", "k7q29fmx"},
		{"K7Q2-9FMX", "", "", "", ""},
		{"-", "https://signin.example.com", "", "", ""},
		{"", "https://signin.example.com", "", "", ""},
		{"http://signin.example.com/authenticator/#pair=abc", "", "", "", ""},
		{"https://signin.example.com/authenticator/#pair=", "", "", "", ""},
		{"https://signin.example.com/authenticator/", "", "", "", ""},
		{"https://signin.example.com/authenticator/#pair=abc", "https://other.example.com", "", "", ""},
		{"https://ada@signin.example.com/authenticator/#pair=abc", "", "", "", ""},
		{"K7Q2-9FMX", "signin.example.com", "", "", ""},
		{"K7Q2-9FMX", "http://localhost.example.com", "", "", ""},
		{"K7Q2-9FMX", "https://", "", "", ""},
	}
	for _, row := range rows {
		issuer, code, err := terminal.ParseLink(row.text, row.server)
		if issuer != row.issuer || code != (terminal.Code{Long: row.long, Short: row.short}) || (err == nil) != (row.issuer != "") {
			t.Errorf("%q at %q: %q, %+v, %v", row.text, row.server, issuer, code, err)
		}
	}
}
