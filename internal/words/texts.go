package words

import (
	"strings"

	"golang.org/x/text/feature/plural"
)

// Texts are the texts whose ids begin with prefix, as they are written: a program
// that runs elsewhere, in a browser, fills in the placeholders itself. Each id has
// its plural forms by their CLDR names ("one", "other", …), most only "other". The
// terms of the workspace are filled in already. What a language lacks is there in
// Default.
func (s *Speaker) Texts(prefix string) map[string]map[string]string {
	out := map[string]map[string]string{}
	for _, texts := range []map[string]message{s.fallback, s.texts} {
		for id, m := range texts {
			if strings.HasPrefix(id, prefix) {
				out[id] = s.written(m)
			}
		}
	}
	return out
}

func (s *Speaker) written(m message) map[string]string {
	names := map[plural.Form]string{
		plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many", plural.Other: "other",
	}
	out := map[string]string{}
	for form, t := range m.forms {
		out[names[form]], _ = t.fill(func(name string) (string, bool) {
			if word, is := s.term(name); is {
				return word, true
			}
			return "{{." + name + "}}", true
		})
	}
	return out
}
