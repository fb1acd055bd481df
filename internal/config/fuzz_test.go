package config

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"countersign/internal/notify"
)

// password is one that stands in a setting; no text about the settings says it.
const password = "hunter2-qkzv"

// quiet fails when a text says the password.
func quiet(t *testing.T, what, text string) {
	t.Helper()
	if strings.Contains(text, password) {
		t.Fatalf("%s says the password: %s", what, text)
	}
}

// A file is read or refused with the places of what is wrong, never with a
// secret of it.
func FuzzFile(f *testing.F) {
	for _, text := range []string{
		"listen = \"localhost:1\"\n", "trusted_proxies = [\"10.0.0.0/8\"]", "smtp_password = \"" + password + "\"\nlisten = 5",
		"smtp_url = \"smtp://u:" + password + "@mail.example\"", "smtp_password = \"" + password, "[listen]\na = 1", "listen.a = 1", "lisen = \"x\"",
		"\xff", "a = 1979-05-27", "[[url]]\n", "url = \"https://u:" + password + "@a.example\"", "\"listen\" = 'x'\r\n", "smtp_url = \"http://u:" + password + "@\"",
		"database_url = \"postgres://u:" + password + "@h/d?sslmode=\x01\"",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		layer, problems := parseFile("countersign.toml", text)
		// Comments, keys and table names are shown; a value never is.
		if !strings.Contains(withoutValues(text), password) {
			quiet(t, "a problem of the file", problems.Error())
		}
		known := names()
		for name := range layer {
			if !known[name] {
				t.Fatalf("the file sets %q, which is no setting", name)
			}
		}
		lines := strings.Count(text, "\n") + 1
		for _, problem := range problems {
			if problem.Text == "" || !strings.HasPrefix(problem.Where, "countersign.toml") || lines < 1 {
				t.Fatalf("a problem without a place or a text: %+v", problem)
			}
		}
	})
}

// withoutValues is a file without what stands in quotes behind an equals sign.
func withoutValues(text string) string {
	var kept []string
	for line := range strings.Lines(text) {
		name, _, _ := strings.Cut(line, "=")
		kept = append(kept, name)
	}
	return strings.Join(kept, "\n")
}

// A value that is taken is one that the part which needs it takes as well, so
// that what is wrong is said with the settings and not in the middle of the
// start; and no complaint says a password.
func FuzzSetting(f *testing.F) {
	for i, s := range Settings() {
		for _, value := range []string{s.Default, s.Example} {
			f.Add(uint8(i), value)
		}
		for _, value := range []string{
			"smtp://u:" + password + "@h", "smtp://user:@h", "smtp://:@h", "smtp://h?tls=off", "smtps://h:465/", "smtp://u@h:0", "https://h:99999", "https://[::1]:8080",
			"https://h:", "https://%41.example", "HTTPS://A.B", "https://h#", "https://h?", "https://u:" + password + "@h", "::1", ":99999", ":-1", "[::]:0", "10.0.0.1/8",
			"0.0.0.0/0", "::ffff:10.0.0.0/104", "1.2.3.4,,5.6.7.8", "fe80::1%eth0", "=?utf-8?q?=0Aevil?= <a@b.example>", `"a b"@c.example`, "a@[127.0.0.1]", "a@b", "a@é.example",
			"Ä <a@b.example>", "postgres://u:" + password + "@h/d", "postgres://h/%zz", "de-AT-1996", "x", "DEBUG", "\x00", "\xff", "smtp://u:" + password + "@h:1?tls=of", "https://a_b.example",
			"https:// .example", "https://a\"b", "https://a.example\\", "postgresql:h",
		} {
			f.Add(uint8(i), value)
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, value string) {
		s := Settings()[int(which)%len(Settings())]
		if strings.Contains(s.Name, "file") || s.Name == "data" {
			return // any text is a path
		}
		c, err := Load(Inputs{File: os.DevNull, Env: withName(s, value)})
		if err != nil {
			if (s.Secret || s.Name == "url" || s.Name == "acme_ca") && userinfo(value) {
				quiet(t, "a complaint about "+s.Name, err.Error())
			}
			return
		}
		for _, shown := range c.Show() {
			if s.Secret && shown.Name == s.Name && (s.Name == "smtp_password" || strings.Contains(value, "://")) && userinfo(value) {
				quiet(t, "what is shown of "+s.Name, shown.Value)
			}
		}
		taken(t, c)
	})
}

// withName is the environment that sets the value, and what it needs beside it.
func withName(s Setting, value string) []string {
	env := []string{s.Env() + "=" + value}
	if u, err := url.Parse(value); s.Name == "smtp_url" && err == nil && u.User.Username() != "" {
		if _, inside := u.User.Password(); !inside {
			env = append(env, "COUNTERSIGN_SMTP_PASSWORD="+password)
		}
	}
	if s.Name == "smtp_password" {
		env = append(env, "COUNTERSIGN_SMTP_URL=smtp://user@mail.example")
	}
	return env
}

// userinfo tells whether the password is where an address has its password.
func userinfo(value string) bool {
	u, err := url.Parse(value)
	if err != nil {
		return true
	}
	inside, has := u.User.Password()
	return has && strings.Contains(inside, password)
}

// taken gives the settings to the parts that use them.
func taken(t *testing.T, c Config) {
	t.Helper()
	_, port, err := net.SplitHostPort(c.Listen)
	if err != nil || len(port) > 5 {
		t.Fatalf("listen %q is taken", c.Listen)
	}
	base, err := url.Parse(c.BaseURL(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}))
	if err != nil || base.Host == "" || base.Path != "" || base.User != nil {
		t.Fatalf("links begin with %v, %v", base, err)
	}
	err = http.NewCrossOriginProtection().AddTrustedOrigin(base.Scheme + "://" + base.Host)
	if err != nil {
		t.Fatalf("url %q is taken, and is no origin: %v", base, err)
	}
	for _, network := range c.TrustedProxies {
		if !network.IsValid() || network != network.Masked() {
			t.Fatalf("the network %v is taken", network)
		}
	}
	if c.SMTPURL != "" {
		mailer, err := notify.NewSMTP(notify.Options{Server: c.SMTPURL, Now: time.Now})
		if err != nil || mailer == nil {
			t.Fatalf("smtp_url is taken, and is no mail server: %v", err)
		}
	}
	if c.From.Name != "" || c.URL == nil {
		carries(t, c)
	}
}

// carries hands over a mail of the configured sender, as far as the connection. A
// sender that is refused for good would keep every mail from leaving.
func carries(t *testing.T, c Config) {
	t.Helper()
	mailer, err := notify.NewSMTP(notify.Options{
		Server: "smtp://localhost", Now: time.Now,
		Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("nobody is there") },
	})
	if err != nil {
		t.Fatal(err)
	}
	err = mailer.Send(t.Context(), notify.Mail{
		From: c.From.Address, FromName: c.From.Name, To: "ada@example.com", Subject: "Hello", Text: "Hello", HTML: "Hello", ID: "msg_1",
	})
	if !notify.Temporary(err) {
		t.Fatalf("smtp_from %v is taken, and no mail can carry it: %v", c.From, err)
	}
}

// The nearest name is a known one, found in a time that does not depend on what
// is asked for.
func FuzzNearest(f *testing.F) {
	f.Add("lisen")
	f.Add("")
	f.Add(strings.Repeat("listen", 1000))
	f.Fuzz(func(t *testing.T, name string) {
		known := names()
		if near := nearest(name, known); near != "" && !known[near] {
			t.Fatalf("%q is near to %q, which is no setting", name, near)
		}
		if known[name] && nearest(name, known) != name {
			t.Fatalf("%q is nearer to %q than to itself", name, nearest(name, known))
		}
	})
}
