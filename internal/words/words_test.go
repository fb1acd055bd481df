package words

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func load(t *testing.T, options ...Option) *Catalogue {
	t.Helper()
	c, err := Load(options...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func sample(t *testing.T) *Catalogue {
	return load(t, Pseudo(), Extra(fstest.MapFS{
		"en/x.toml": {Data: []byte(`
x.plain = "Plain"
x.name = "Hello {{.Name}}."
x.word = "Save your {{.codes}}. {{.Code}} ready."
[x.left]
one = "{{.Count}} try left"
other = "{{.Count}} tries left"
[x.save]
one = "Save your {{.code}}"
other = "Save your {{.codes}}"
`)},
	}))
}

func TestSay(t *testing.T) {
	c := sample(t)
	en := c.Speaker("en")
	for _, row := range []struct {
		sentence, got, want string
	}{
		{"a plain text comes as it is", en.Say("x.plain"), "Plain"},
		{"a placeholder gets its value", en.Say("x.name", "Name", "Ada"), "Hello Ada."},
		{"a value is never read as a template", en.Say("x.name", "Name", "{{.Name}}"), "Hello {{.Name}}."},
		{"a missing argument shows the id", en.Say("x.name"), "⟦x.name⟧"},
		{"an unknown id shows itself", en.Say("x.nothing"), "⟦x.nothing⟧"},
		{"one takes the singular", en.Say("x.left", "Count", 1), "1 try left"},
		{"zero takes the plural", en.Say("x.left", "Count", 0), "0 tries left"},
		{"numbers are grouped", en.Say("x.left", "Count", 12345), "12,345 tries left"},
		{"a map of arguments works alike", en.SayMap("x.left", map[string]any{"Count": 3}), "3 tries left"},
		{"the workspace's word is recovery", en.Say("x.word"), "Save your recovery codes. Recovery code ready."},
		{"or backup", en.With(Terms{Backup: true}).Say("x.word"), "Save your backup codes. Backup code ready."},
		{"without a count, the number of codes decides", en.With(Terms{Codes: 1}).Say("x.save"), "Save your recovery code"},
		{"ten codes are several", en.With(Terms{Codes: 10}).Say("x.save"), "Save your recovery codes"},
		{"a language without the text falls back to English", c.Speaker("de").Say("x.plain"), "Plain"},
		{"an unknown language speaks English", c.Speaker("xx").Say("x.plain"), "Plain"},
		{"the pseudo language wraps", c.Speaker(PseudoTag).Say("x.name", "Name", "Ada"), "‹Hello Ada.›"},
		{"the pseudo language has every plural", c.Speaker(PseudoTag).Say("x.left", "Count", 2), "‹2 tries left›"},
		{"a length of time is said", en.Say("x.name", "Name", 15*time.Minute), "Hello 15 minutes."},
	} {
		if row.got != row.want {
			t.Errorf("%s: got %q, want %q", row.sentence, row.got, row.want)
		}
	}
}

func TestMatch(t *testing.T) {
	c := load(t)
	for _, row := range []struct {
		sentence  string
		preferred []string
		want      string
	}{
		{"nothing asked is English", nil, "en"},
		{"a header is understood", []string{"fr-CH, de;q=0.7, en;q=0.3"}, "de"},
		{"a region is close enough", []string{"de-AT"}, "de"},
		{"the choice beats the header", []string{"en", "de"}, "en"},
		{"an unknown choice is passed over", []string{"xx", "de"}, "de"},
		{"a broken header is passed over", []string{";;;=", "de-DE"}, "de"},
		{"a huge header is passed over", []string{strings.Repeat("de,", 200)}, "en"},
		{"the pseudo language is not offered", []string{"ar-XB"}, "en"},
	} {
		got := c.Match(row.preferred...)
		if got != row.want {
			t.Errorf("%s: got %q, want %q", row.sentence, got, row.want)
		}
	}
}

func TestTimes(t *testing.T) {
	c := load(t)
	en, de := c.Speaker("en"), c.Speaker("de")
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	kathmandu, err := time.LoadLocation("Asia/Kathmandu")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, time.November, 21, 13, 32, 0, 0, time.UTC)
	for _, row := range []struct{ sentence, got, want string }{
		{"English date", en.Date(at, berlin), "21 November 2026"},
		{"German date", de.Date(at, berlin), "21. November 2026"},
		{"a short date", en.ShortDate(at, berlin), "21 Nov"},
		{"a short date in German", de.ShortDate(at, nil), "21. Nov."},
		{"a large number of another size", en.Say("time.days", "Count", int64(12345)), "12,345 days"},
		{"clock with its zone", en.Clock(at, berlin), "14:32 CET"},
		{"no zone is UTC", en.Clock(at, nil), "13:32 UTC"},
		{"a zone without a name says its distance", en.Clock(at, kathmandu), "19:17 UTC+5:45"},
		{"English moment", en.Time(at, berlin), "21 November 2026 at 14:32 CET"},
		{"German moment", de.Time(at, berlin), "21. November 2026, 14:32 CET"},
		{"today", en.Near(at, at.Add(time.Hour), berlin), "Today at 14:32 CET"},
		{"yesterday is by the person's zone", en.Near(at, at.Add(10*time.Hour), berlin), "Yesterday at 14:32 CET"},
		{"ago", en.Ago(at, at.Add(3*time.Minute+20*time.Second)), "3 minutes ago"},
		{"just now", de.Ago(at, at), "gerade eben"},
		{"a wait is rounded up", en.Duration(61 * time.Second), "2 minutes"},
		{"a whole hour stays an hour", en.Duration(time.Hour), "1 hour"},
		{"ninety minutes stay minutes", en.Duration(90 * time.Minute), "90 minutes"},
		{"a day stays a day", en.Duration(24 * time.Hour), "1 day"},
		{"half a minute is seconds", de.Duration(30 * time.Second), "30 Sekunden"},
		{"nothing is no seconds", en.Duration(0), "0 seconds"},
		{"two are joined", en.List("a", "b"), "a and b"},
		{"three are joined", de.List("a", "b", "c"), "a, b und c"},
		{"thousands", de.Number(-1234567), "−1.234.567"},
	} {
		if row.got != row.want {
			t.Errorf("%s: got %q, want %q", row.sentence, row.got, row.want)
		}
	}
}

// Every language has every text, with the same placeholders.
func TestLanguagesAgree(t *testing.T) {
	c := load(t)
	want := c.IDs(Default)
	if len(want) < 50 {
		t.Fatalf("only %d messages in %s", len(want), Default)
	}
	for _, l := range c.Languages() {
		if diff := cmp.Diff(want, c.IDs(l.Tag)); diff != "" {
			t.Errorf("%s has other ids than %s (-%s +%s):\n%s", l.Tag, Default, Default, l.Tag, diff)
		}
		for _, id := range want {
			if diff := cmp.Diff(placeholders(c, Default, id), placeholders(c, l.Tag, id)); diff != "" {
				t.Errorf("%s in %s has other placeholders:\n%s", id, l.Tag, diff)
			}
		}
	}
}

// placeholders leaves out the terms, which a language may bend as it needs.
func placeholders(c *Catalogue, tag, id string) []string {
	var out []string
	for _, name := range c.Placeholders(tag, id) {
		lower := strings.ToLower(name)
		if lower != "code" && lower != "codes" {
			out = append(out, name)
		}
	}
	return out
}

// Tone: a typographic apostrophe, no exclamation mark, no double space.
func TestTone(t *testing.T) {
	c := load(t)
	for _, l := range c.Languages() {
		for _, id := range c.IDs(l.Tag) {
			for _, form := range c.texts[l.Tag][id].forms {
				text := strings.Join(form.pieces, "x")
				for _, bad := range []string{"'", "!", "  ", "email", "Email", "invalid", "Oops", "\""} {
					if strings.Contains(text, bad) && (id != "enrol.important" || bad != "!") {
						t.Errorf("%s in %s contains %q: %s", id, l.Tag, bad, text)
					}
				}
			}
		}
	}
}

func TestBrokenFilesAreNamed(t *testing.T) {
	for sentence, data := range map[string]string{
		"an open placeholder": `x.a = "Hello {{.Name"`,
		"another template":    `x.a = "Hello {{ .Name | html }}"`,
		"not TOML":            `x.a = `,
	} {
		_, err := Load(Extra(fstest.MapFS{"en/broken.toml": {Data: []byte(data)}}))
		if err == nil || !strings.Contains(err.Error(), "en/broken.toml") {
			t.Errorf("%s: got %v, want an error that names the file", sentence, err)
		}
	}
}

func BenchmarkSay(b *testing.B) {
	c, err := Load()
	if err != nil {
		b.Fatal(err)
	}
	s := c.Speaker("de")
	b.Run("plain", func(b *testing.B) {
		for b.Loop() {
			s.Say("common.help")
		}
	})
	b.Run("plural", func(b *testing.B) {
		for b.Loop() {
			s.Say("time.minutes", "Count", 3)
		}
	})
}
