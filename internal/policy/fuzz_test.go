package policy

import (
	"reflect"
	"testing"
	"time"
)

// A document that is taken has effective settings, and is the same after it was
// stored and read.
func FuzzParseDocument(f *testing.F) {
	for _, text := range []string{
		`{}`, `null`, `{"require_second_factor":"required from 2027-01-31"}`, `{"totp.max":5}`, `{"totp.max":1e0}`, `{"totp.max":5.5}`, `{"totp.max":1e300}`,
		`{"methods":["totp","recovery"]}`, `{"methods":["recovery"]}`, `{"methods":[]}`, `{"methods":["totp","totp"]}`, `{"methods":null}`, `{"preferred":"totp"}`,
		`{"push":1}`, `{"words":"backup","words":"recovery"}`, `{"require_second_factor":null}`, `[1]`, `{"totp.key_chars":16,"recovery.codes":1}`, `{"methods":"totp"}`,
		`{"require_second_factor":"required from 0000-01-01"}`, `{"require_second_factor":"required from 9999-12-31"}`, `{"":1}`, "\xff", `{"a":{"b":{}}}`,
	} {
		f.Add([]byte(text), true)
		f.Add([]byte(text), false)
	}
	for _, text := range []string{
		"totp.max = 5", "[totp]\nmax = 5", "require_second_factor = \"required\"", "methods = [\"totp\"]", "[totp.max]\na=1", "totp.max = 2027-01-31", "totp.max = inf",
		"\"totp.max\" = 3\n[totp]\nmax = 4",
	} {
		f.Add([]byte(text), false)
	}
	f.Fuzz(func(t *testing.T, text []byte, isJSON bool) {
		parse := ParseTOML
		if isJSON {
			parse = ParseDocument
		}
		d, err := parse(text)
		if err != nil {
			return
		}
		settings, err := Resolve(d, nil)
		if err != nil {
			t.Fatalf("%q is taken and has no settings: %v", text, err)
		}
		if !settings.Allows("totp") || len(settings.SecondFactors) == 0 || len(settings.FirstFactors) == 0 || settings.TOTPMax < 1 ||
			settings.TOTPKeyChars < 16 || settings.RecoveryCodes < 1 {
			t.Fatalf("%q would lock people out: %+v", text, settings)
		}
		stored, err := d.JSON()
		if err != nil {
			t.Fatalf("%q is taken and cannot be stored: %v", text, err)
		}
		read, err := ParseDocument([]byte(stored))
		if err != nil {
			t.Fatalf("%q is stored as %s, and that is refused: %v", text, stored, err)
		}
		again, err := Resolve(read, nil)
		if err != nil || !reflect.DeepEqual(settings, again) {
			t.Fatalf("%q is %+v, and after it was stored %+v, %v", text, settings, again, err)
		}
		now := time.Date(2026, time.November, 21, 0, 0, 0, 0, time.UTC)
		if required := settings.Required("", now); settings.Require.Required && settings.Require.From.IsZero() != (required == ByWorkspace) && !settings.Require.From.Before(now) && required == ByWorkspace {
			t.Fatalf("%q requires a second factor of %q", text, required)
		}
	})
}

// A value that is taken from a command line can be stored and means the same.
func FuzzParseValue(f *testing.F) {
	for _, key := range Table() {
		for _, text := range []string{"totp", "totp,recovery", " totp , recovery ", ",", "", "5", "05", "+5", "1e1", "99999999999999999999", "required", "required from 2027-01-31", "optional", "\x00", "push"} {
			f.Add(key.Name, text)
		}
	}
	f.Add("sms.countries", "DE")
	f.Add("nothing", "x")
	f.Fuzz(func(t *testing.T, name, text string) {
		value, err := ParseValue(name, text)
		if err != nil {
			return
		}
		stored, err := Document{name: value}.JSON()
		if err != nil {
			t.Fatalf("%s = %q is taken and cannot be stored: %v", name, text, err)
		}
		before, err := Resolve(Document{name: value}, nil)
		if err != nil {
			t.Fatalf("%s = %q is taken and has no settings: %v", name, text, err)
		}
		read, err := ParseDocument([]byte(stored))
		if err != nil {
			t.Fatalf("%s = %q is stored as %s, and that is refused: %v", name, text, stored, err)
		}
		after, err := Resolve(read, nil)
		if err != nil || !reflect.DeepEqual(before, after) {
			t.Fatalf("%s = %q is %+v, and after it was stored %+v, %v", name, text, before, after, err)
		}
	})
}
