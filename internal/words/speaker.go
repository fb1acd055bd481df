package words

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// A Speaker says texts in one language, with the workspace's terms. It may be
// used by any number of goroutines.
type Speaker struct {
	catalogue *Catalogue
	language  Language
	tag       language.Tag
	terms     Terms
	texts     map[string]message
	fallback  map[string]message
}

// Terms are the words that the settings of a workspace decide: "recovery" or
// "backup" codes, and whether there is one code or several.
type Terms struct {
	Backup bool // say "backup code" instead of "recovery code"
	Codes  int  // how many codes one set has; 0 counts as several
}

func newSpeaker(c *Catalogue, l Language, tag language.Tag) *Speaker {
	return &Speaker{
		catalogue: c, language: l, tag: tag,
		texts: c.texts[l.Tag], fallback: c.texts[Default],
	}
}

// With is the same speaker with the terms of a workspace.
func (s *Speaker) With(t Terms) *Speaker {
	other := *s
	other.terms = t
	return &other
}

// Lang is the BCP 47 tag for the lang attribute.
func (s *Speaker) Lang() string { return s.language.Tag }

// Dir is "ltr" or "rtl", for the dir attribute.
func (s *Speaker) Dir() string { return s.language.Dir }

// Terms answers what With was given.
func (s *Speaker) Terms() Terms { return s.terms }

// Has tells whether the id exists.
func (s *Speaker) Has(id string) bool {
	_, ok := s.find(id)
	return ok
}

// Say is the text of the id. The arguments alternate name and value; "Count",
// a whole number, selects the plural. The placeholders code, codes, Code and
// Codes are the workspace's word for a recovery code and need no argument. A
// value of type time.Duration is said as a length of time. An unknown id, or a
// placeholder without a value, gives "⟦id⟧".
func (s *Speaker) Say(id string, args ...any) string {
	m, ok := s.find(id)
	if !ok {
		return missing(id)
	}
	if m.only && len(m.forms[plural.Other].names) == 0 {
		return m.forms[plural.Other].pieces[0]
	}
	return s.say(id, m, func(name string) (any, bool) {
		for i := 0; i+1 < len(args); i += 2 {
			if args[i] == name {
				return args[i+1], true
			}
		}
		return nil, false
	})
}

// SayMap is Say with the arguments in a map, as errors carry them.
func (s *Speaker) SayMap(id string, args map[string]any) string {
	m, ok := s.find(id)
	if !ok {
		return missing(id)
	}
	return s.say(id, m, func(name string) (any, bool) {
		v, ok := args[name]
		return v, ok
	})
}

func (s *Speaker) say(id string, m message, arg func(string) (any, bool)) string {
	form := m.forms[plural.Other]
	if !m.only {
		chosen, ok := m.forms[s.form(arg)]
		if ok {
			form = chosen
		}
	}
	out, ok := form.fill(func(name string) (string, bool) {
		v, ok := arg(name)
		if ok {
			return s.value(v), true
		}
		return s.term(name)
	})
	if !ok {
		return missing(id)
	}
	return out
}

func (s *Speaker) find(id string) (message, bool) {
	m, ok := s.texts[id]
	if !ok {
		m, ok = s.fallback[id]
	}
	return m, ok
}

// form picks the plural by "Count", else by the number of recovery codes.
func (s *Speaker) form(arg func(string) (any, bool)) plural.Form {
	n := s.terms.Codes
	if n == 0 {
		n = 10
	}
	v, ok := arg("Count")
	if ok {
		count, err := strconv.Atoi(fmt.Sprint(v))
		if err != nil {
			return plural.Other
		}
		n = count
	}
	n %= 10_000_000 // before the sign: the smallest number has no positive one
	if n < 0 {
		n = -n
	}
	return plural.Cardinal.MatchPlural(s.tag, n, 0, 0, 0, 0)
}

func (s *Speaker) value(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int:
		return s.Number(v)
	case int64:
		return s.Number(int(v))
	case time.Duration:
		return s.Duration(v)
	}
	return fmt.Sprint(v)
}

// term is the workspace's word for code, codes, Code, Codes.
func (s *Speaker) term(name string) (string, bool) {
	lower := strings.ToLower(name)
	if lower != "code" && lower != "codes" {
		return "", false
	}
	kind := "recovery"
	if s.terms.Backup {
		kind = "backup"
	}
	m, ok := s.find("terms." + kind + "_" + lower)
	if !ok {
		return "", false
	}
	word := m.plain()
	if name != lower {
		first, size := utf8.DecodeRuneInString(word)
		word = string(unicode.ToUpper(first)) + word[size:]
	}
	return word, true
}

func missing(id string) string { return "⟦" + id + "⟧" }
