package config

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// write puts a file into the test's own folder and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPlacesWinInOrder(t *testing.T) {
	file := write(t, "countersign.toml", "listen = \"localhost:1\"\nlog_level = \"debug\"\nlanguage = \"de\"\n")
	rows := []struct {
		name       string
		in         Inputs
		want, from string
	}{
		{"nothing given is the default", Inputs{}, "localhost:8080", "default"},
		{"the file wins over the default", Inputs{File: file}, "localhost:1", file + ":1"},
		{"the environment names the file", Inputs{Env: []string{"COUNTERSIGN_CONFIG=" + file}}, "localhost:1", file + ":1"},
		{"the environment wins over the file", Inputs{File: file, Env: []string{"COUNTERSIGN_LISTEN=localhost:2"}}, "localhost:2", "COUNTERSIGN_LISTEN"},
		{"an empty variable counts as not set", Inputs{File: file, Env: []string{"COUNTERSIGN_LISTEN="}}, "localhost:1", file + ":1"},
		{
			"a flag wins over the environment",
			Inputs{File: file, Env: []string{"COUNTERSIGN_LISTEN=localhost:2"}, Flags: map[string]string{"listen": "localhost:3"}},
			"localhost:3", "--listen",
		},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			c, err := Load(row.in)
			if err != nil {
				t.Fatal(err)
			}
			if c.Listen != row.want || c.Show()[0].From != row.from {
				t.Errorf("listen = %s from %s, want %s from %s", c.Listen, c.Show()[0].From, row.want, row.from)
			}
		})
	}
}

func TestTheDefaultFileIsReadFromTheWorkingFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile(DefaultFile, []byte(`language = "de"`), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(Inputs{})
	if err != nil || c.Language != "de" {
		t.Errorf("language = %q, %v", c.Language, err)
	}
}

func TestASecretComesFromAFileOfItsOwn(t *testing.T) {
	t.Chdir(t.TempDir())
	secret := write(t, "password", "pa ss\n")
	c, err := Load(Inputs{Env: []string{"COUNTERSIGN_SMTP_URL=smtp://post@mail.example.com", "COUNTERSIGN_SMTP_PASSWORD_FILE=" + secret}})
	if err != nil {
		t.Fatal(err)
	}
	if want := "smtp://post:pa%20ss@mail.example.com"; c.SMTPURL != want {
		t.Errorf("got %s, want %s", c.SMTPURL, want)
	}
}

func TestWhatFollowsFromOtherSettings(t *testing.T) {
	t.Chdir(t.TempDir())
	c, err := Load(Inputs{Flags: map[string]string{"data": "there", "url": "https://Signin.Example.com/"}})
	if err != nil {
		t.Fatal(err)
	}
	got := []string{c.MasterKeyFile, c.From.Address, c.BaseURL(&net.TCPAddr{Port: 8080})}
	if diff := cmp.Diff([]string{"there/master.key", "no-reply@signin.example.com", "https://signin.example.com"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestBaseURLWithoutAPublicAddress(t *testing.T) {
	address := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 49152}
	if got := (Config{}).BaseURL(address); got != "http://localhost:49152" {
		t.Error(got)
	}
	if got := (Config{TLSCert: "c"}).BaseURL(&net.TCPAddr{Port: 443}); got != "https://localhost" {
		t.Error(got)
	}
}

func TestEveryProblemIsToldAtOnceWithItsPlace(t *testing.T) {
	file := write(t, "c.toml", strings.Join([]string{
		`# a comment`,
		`lisen = "localhost:1"`,
		`log_level = 3`,
		`trusted_proxies = ["10.0.0.1/8", "10.0.0.7"]`,
		``,
		`[smtp]`,
		`url = "x"`,
		``,
	}, "\n"))
	_, err := Load(Inputs{File: file, Env: []string{
		"COUNTERSIGN_SMTP_FORM=a@example.com", "COUNTERSIGN_SERVICE_HOST=10.0.0.1", "COUNTERSIGN_PORT_8080_TCP=tcp://10.0.0.1:8080",
	}, Flags: map[string]string{"url": "https://example.com/app?x=1"}})
	want := strings.Join([]string{
		"COUNTERSIGN_SMTP_FORM: is not a setting; did you mean COUNTERSIGN_SMTP_FROM?",
		file + ":2: lisen is not a setting; did you mean listen?",
		file + ":3: log_level must be text in quotes, not a number",
		file + ":6: smtp is not a setting; `countersign config init -` lists them all",
		"--url: url has more than scheme, host and port; Countersign needs a host of its own, so leave out the rest",
		file + `:4: trusted_proxies "10.0.0.1/8" is not the beginning of a network; did you mean 10.0.0.0/8?`,
	}, "\n")
	if err == nil {
		t.Fatal("no error")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
}

func TestAFileThatIsNotTOMLNamesItsLineAndKeepsItsSecrets(t *testing.T) {
	file := write(t, "c.toml", "listen = \"localhost:1\"\nsmtp_password = hunter2\n")
	_, err := Load(Inputs{File: file})
	if err == nil || !strings.HasPrefix(err.Error(), file+":2: ") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

func TestANamedFileMustExist(t *testing.T) {
	if _, err := Load(Inputs{File: filepath.Join(t.TempDir(), "none.toml")}); err == nil {
		t.Error("no error")
	}
}
