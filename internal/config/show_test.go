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
