package config

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestShownSettingsHoldNoSecret(t *testing.T) {
	t.Chdir(t.TempDir())
	c, err := Load(Inputs{Env: []string{
		"COUNTERSIGN_SMTP_URL=smtp://post@mail.example.com:25",
		"COUNTERSIGN_SMTP_PASSWORD=hunter2",
		"COUNTERSIGN_DATABASE_URL=postgres://u:hunter2@db.example.com/c?sslmode=require&sslpassword=hunter2",
	}})
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{}
	for _, s := range c.Show() {
		shown[s.Name] = s.Value
	}
	text, err := json.Marshal(c.Show())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "hunter2") {
		t.Errorf("a password is shown: %s", text)
	}
	want := map[string]string{
		"smtp_url":      "smtp://post@mail.example.com:25",
		"smtp_password": "********",
		"database_url":  "postgres://u:********@db.example.com/c?sslmode=require&sslpassword=hidden",
	}
	for name, value := range want {
		if diff := cmp.Diff(value, shown[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestAPasswordOnTheCommandLineIsWarnedOf(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, row := range []struct {
		name string
		in   Inputs
		want int
	}{
		{"in an address", Inputs{Flags: map[string]string{"database_url": "postgres://u:hunter2@h/d"}}, 1},
		{"in an option", Inputs{Flags: map[string]string{"database_url": "postgres://u@h/d?password=hunter2"}}, 1},
		{"in two addresses", Inputs{Flags: map[string]string{"database_url": "postgres://u:hunter2@h/d", "smtp_url": "smtp://u:hunter2@h"}}, 2},
		{"none", Inputs{Flags: map[string]string{"database_url": "postgres://u@h/d"}}, 0},
		{"in a file", Inputs{Flags: map[string]string{"database_url_file": write(t, "url", "postgres://u:hunter2@h/d")}}, 0},
		{"in the environment", Inputs{Env: []string{"COUNTERSIGN_DATABASE_URL=postgres://u:hunter2@h/d"}}, 0},
	} {
		c, err := Load(row.in)
		warnings := strings.Join(c.Warnings(), "\n")
		if err != nil || len(c.Warnings()) != row.want || strings.Contains(warnings, "hunter2") || strings.Count(warnings, "-url-file") != row.want {
			t.Errorf("%s: warned %q, %v; want %d", row.name, warnings, err, row.want)
		}
	}
}

func TestTheTemplateIsAValidFileAndNamesEverySetting(t *testing.T) {
	text := Template()
	if _, err := Load(Inputs{File: write(t, "as-it-is.toml", text)}); err != nil {
		t.Errorf("as it is: %v", err)
	}
	// Uncommented, every line is a setting of that name with a value that reads.
	var live []string
	for line := range strings.Lines(text) {
		if rest, found := strings.CutPrefix(line, "#"); found && !strings.HasPrefix(rest, " ") && strings.Contains(rest, " = ") {
			live = append(live, rest)
		}
	}
	if len(live) != len(Settings()) {
		t.Errorf("%d settings in the template, want %d", len(live), len(Settings()))
	}
	layer, problems := parseFile("live", strings.Join(live, ""))
	if len(problems) > 0 {
		t.Error(problems)
	}
	var c Config
	for _, s := range Settings() {
		if err := s.set(&c, layer[s.Name].value); err != nil {
			t.Errorf("the value in the template is refused: %s %v", s.Name, err)
		}
	}
}

func TestNearest(t *testing.T) {
	rows := map[string]string{
		"lisen": "listen", "smpt_url": "smtp_url", "tls_crt": "tls_cert", "colour": "", "ur": "url", "x": "",
		"smtp_pasword_file": "smtp_password_file",
	}
	for given, want := range rows {
		if got := nearest(given, names()); got != want {
			t.Errorf("nearest(%q) = %q, want %q", given, got, want)
		}
	}
}
