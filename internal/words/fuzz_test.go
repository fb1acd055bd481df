package words

import (
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/feature/plural"
)

// Whatever a browser asks for, it is spoken to in a language that there is, and
// soon.
func FuzzMatch(f *testing.F) {
	c, err := Load(Pseudo())
	if err != nil {
		f.Fatal(err)
	}
	for _, header := range []string{
		"de", "de-AT,de;q=0.9,en;q=0.8", "*", "", "en;q=x", strings.Repeat("en-;q=x,", 500), strings.Repeat("x-a-", 60), "und", "zh-Hant-TW-u-ca-roc", "i-klingon", "\xff", "de;q=0",
		"en-" + strings.Repeat("abcdefgh-", 27), "a;b;c", "de\x00",
	} {
		f.Add(header, "de")
		f.Add("fr", header)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		start := time.Now()
		tag := c.Match(first, second)
		if took := time.Since(start); took > time.Second {
			t.Fatalf("%q, %q took %v", first, second, took)
		}
		if !slices.ContainsFunc(c.Languages(), func(l Language) bool { return l.Tag == tag }) || c.Speaker(tag).Lang() != tag {
			t.Fatalf("%q, %q are spoken to in %q", first, second, tag)
		}
	})
}

// A text of the catalogue is cut into pieces that make it again, or refused.
func FuzzText(f *testing.F) {
	for _, source := range []string{
		"plain", "{{.Name}}", "Hello {{.Name}}, {{.Count}} left", "{{", "{{.}}", "{{.A", "}}", "{{.A}}{{.A}}", "{{.A B}}", "{{.A|html}}", "{{{.A}}}", "{{.A}}{{", "⟦x⟧", "{{.\xff}}",
	} {
		f.Add(source, "value")
		f.Add(source, "{{.Name}}")
	}
	f.Fuzz(func(t *testing.T, source, value string) {
		cut, err := cutText(source)
		if err != nil {
			return
		}
		same, ok := cut.fill(func(name string) (string, bool) { return "{{." + name + "}}", true })
		if !ok || same != source {
			t.Fatalf("%q is cut into %+v, which makes %q", source, cut, same)
		}
		// A value is never read as a text: its own placeholders stay as they are.
		filled, _ := cut.fill(func(string) (string, bool) { return value, true })
		if strings.Count(filled, value) < len(cut.names) && value != "" && !strings.Contains(value+value, value[1:]+value[:1]) {
			t.Fatalf("%q with %q is %q", source, value, filled)
		}
		_, ok = cut.fill(func(string) (string, bool) { return "", false })
		if ok != (len(cut.names) == 0) {
			t.Fatalf("%q is said without its values", source)
		}
	})
}

// Whatever stands in a number or a length of time, something is said.
func FuzzSay(f *testing.F) {
	c, err := Load(Pseudo())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(int64(0), "en", "code")
	f.Add(int64(-1)<<63, "de", "Codes")
	f.Add(int64(1)<<62, "ar", "⟦")
	f.Fuzz(func(t *testing.T, n int64, tag, item string) {
		for _, l := range c.Languages() {
			s := c.Speaker(l.Tag).With(Terms{Codes: int(n % 20)})
			said := []string{s.Number(int(n)), s.Duration(time.Duration(n)), s.Ago(time.UnixMilli(n%(1<<45)), time.UnixMilli(0)), s.List(tag, item, "x"), s.Time(time.UnixMilli(n%(1<<45)), nil)}
			for _, text := range said {
				if text == "" || strings.Contains(text, "⟦") && !strings.Contains(tag+item, "⟦") {
					t.Fatalf("in %s, %d gives %q", l.Tag, n, said)
				}
			}
			form := s.form(func(string) (any, bool) { return n, true })
			if form < plural.Other || form > plural.Many {
				t.Fatalf("in %s, %d has the form %v", l.Tag, n, form)
			}
		}
		if !strings.HasPrefix(c.Speaker(Default).Say(item), "⟦") && !c.Speaker(Default).Has(item) {
			t.Fatalf("%q is said and is not there", item)
		}
	})
}
