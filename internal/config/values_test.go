package config

import (
	"strings"
	"testing"
)

func TestRefusedValues(t *testing.T) {
	rows := []struct {
		name  string
		flags map[string]string
		serve bool
		want  string
	}{
		{"an address without a port", map[string]string{"listen": "localhost"}, false, "--listen: listen"},
		{"a port above 65535", map[string]string{"listen": "localhost:70000"}, false, "--listen: listen"},
		{"a public address without a scheme", map[string]string{"url": "example.com"}, false, "--url: url"},
		{"a public address with a password", map[string]string{"url": "https://a:b@example.com"}, false, "--url: url has more"},
		{"a public address with a fragment", map[string]string{"url": "https://example.com/#a"}, false, "--url: url has more"},
		{"a proxy that is a name", map[string]string{"trusted_proxies": "proxy.example.com"}, false, "--trusted-proxies: trusted_proxies"},
		{"a language that is a sentence", map[string]string{"language": "German please"}, false, "--language: language"},
		{"another database", map[string]string{"database_url": "mysql://a@b/c"}, false, "--database-url: database_url"},
		{"a mail server over http", map[string]string{"smtp_url": "http://mail.example.com"}, false, "--smtp-url: smtp_url"},
		{"a sender without an address", map[string]string{"smtp_from": "Example"}, false, "--smtp-from: smtp_from"},
		{"a level that does not exist", map[string]string{"log_level": "loud"}, false, "--log-level: log_level"},
		{"a format that does not exist", map[string]string{"log_format": "xml"}, false, "--log-format: log_format"},
		{"a certificate without its key", map[string]string{"tls_cert": "c.pem"}, false, "tls_key is missing"},
		{"a key without its certificate", map[string]string{"tls_key": "k.pem"}, false, "tls_cert is missing"},
		{"a certificate behind an http address", map[string]string{"tls_cert": "c", "tls_key": "k", "url": "http://a.example"}, false, "--url: url begins with http://"},
		{"ACME for this machine", map[string]string{"acme_email": "a@example.com", "url": "https://localhost"}, false, "--url: url must be https://"},
		{"ACME without an address", map[string]string{"acme_email": "a@example.com"}, false, "url must be https://"},
		{"ACME beside certificate files", map[string]string{"acme_email": "a@example.com", "url": "https://a.example", "tls_cert": "c", "tls_key": "k"}, false, "acme_email and tls_cert are both set"},
		{"a password without a server", map[string]string{"smtp_password": "p"}, false, "smtp_url is missing"},
		{"a password without a user", map[string]string{"smtp_password": "p", "smtp_url": "smtp://a.example"}, false, "--smtp-url: smtp_url names no user"},
		{"a user without a password", map[string]string{"smtp_url": "smtp://u@a.example"}, false, "smtp_password is missing: smtp_url names a user"},
		{"a password that would travel in the clear", map[string]string{"smtp_url": "smtp://u:p@a.example?tls=off"}, false, "--smtp-url: smtp_url has ?tls=off"},
		{"an option that does not exist", map[string]string{"smtp_url": "smtp://a.example?ssl=1"}, false, "--smtp-url: smtp_url has an option"},
		{"a mail server on port 0", map[string]string{"smtp_url": "smtp://a.example:0"}, false, "--smtp-url: smtp_url \"0\" is not a port"},
		{"two passwords", map[string]string{"smtp_password": "p", "smtp_url": "smtp://u:p@a.example"}, false, "smtp_password is set, and"},
		{"every address without a mail server", map[string]string{"listen": ":8080"}, true, "smtp_url is missing: listen is :8080, which other machines can reach"},
		{"a name in the network without a mail server", map[string]string{"listen": "box:8080"}, true, "smtp_url is missing"},
		{"a public address without a mail server", map[string]string{"url": "https://a.example"}, true, "smtp_url is missing: url is https://a.example"},
		{"a secret file that is not there", map[string]string{"smtp_password_file": "/nowhere/x"}, false, "--smtp-password-file: smtp_password cannot read the secret"},
		{"a secret given twice", map[string]string{"smtp_password_file": "x", "smtp_password": "p"}, false, "smtp_password is given twice"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			_, err := Load(Inputs{Flags: row.flags, Serving: row.serve})
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Fatalf("got %v, want %q", err, row.want)
			}
			if lines := strings.Count(err.Error(), "\n"); lines > 0 {
				t.Errorf("one mistake made %d problems:\n%v", lines+1, err)
			}
		})
	}
}

func TestAMistypedAddressNeverShowsItsPassword(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, flags := range []map[string]string{
		{"database_url": "postgres://u:hunter2%zz@h/d"},
		{"database_url": "mysql://u:hunter2@h/d"},
		{"database_url": "postgres://u:/hunter2@h/d"},
		{"database_url": "postgres://u:x@hunter2@h/d"},
		{"database_url": "postgres://u:x/hunter2@h/d"},
		{"smtp_url": "smtp://u:hunter2@h:port"},
		{"smtp_url": "u:hunter2@h"},
		{"url": "https://u:hunter2@h"},
		{"url": "ftp://u:hunter2@h"},
		{"acme_ca": "http://u:hunter2@h"},
	} {
		_, err := Load(Inputs{Flags: flags})
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v: %v", flags, err)
		}
	}
}

func TestDevelopmentNeedsAllOfItsConditions(t *testing.T) {
	rows := []struct {
		name  string
		flags map[string]string
		want  bool
	}{
		{"nothing configured", nil, true},
		{"an IPv4 loopback address", map[string]string{"listen": "127.0.0.2:80"}, true},
		{"the IPv6 loopback address", map[string]string{"listen": "[::1]:80"}, true},
		{"a name below localhost", map[string]string{"url": "http://acme.localhost:8080"}, true},
		{"a mail server", map[string]string{"smtp_url": "smtp://a.example"}, false},
		{"every address", map[string]string{"listen": ":80"}, false},
		{"every IPv6 address", map[string]string{"listen": "[::]:80"}, false},
		{"an address of the network", map[string]string{"listen": "192.0.2.1:80"}, false},
		{"a public address behind a proxy", map[string]string{"url": "https://a.example"}, false},
		{"a name that only ends like localhost", map[string]string{"url": "https://notlocalhost"}, false},
		{"a public address with localhost below it", map[string]string{"url": "https://localhost.a.example"}, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			c, err := Load(Inputs{Flags: row.flags})
			if err != nil {
				t.Fatal(err)
			}
			if c.Development() != row.want {
				t.Errorf("Development() = %v", c.Development())
			}
		})
	}
}

func TestMailServers(t *testing.T) {
	rows := []struct{ address, password, want string }{
		{"smtp://a.example", "", "smtp://a.example"},
		{"smtp://a.example/", "", "smtp://a.example"},
		{"smtp://u%40b:p%3A@a.example:25", "", "smtp://u%40b:p%3A@a.example:25"},
		{"smtps://u@a.example", "p@ss:/?", "smtps://u:p%40ss%3A%2F%3F@a.example"},
		{"smtp://[2001:db8::1]:2525?tls=required", "", "smtp://[2001:db8::1]:2525?tls=required"},
		{"smtp://localhost:1025?tls=off", "", "smtp://localhost:1025?tls=off"},
	}
	for _, row := range rows {
		t.Run(row.address, func(t *testing.T) {
			t.Chdir(t.TempDir())
			c, err := Load(Inputs{Flags: map[string]string{"smtp_url": row.address}, Env: []string{"COUNTERSIGN_SMTP_PASSWORD=" + row.password}})
			if err != nil {
				t.Fatal(err)
			}
			if c.SMTPURL != row.want {
				t.Errorf("got %s, want %s", c.SMTPURL, row.want)
			}
		})
	}
}
