package policy

import (
	"slices"
	"strings"
	"time"

	"countersign/internal/words"
)

// Sight is what people will see of a value that is in force: a text of the catalogue and
// what it is filled with.
type Sight struct {
	ID string
	// Methods are said by their names, Text as it is.
	Methods []string
	Text    string
	Count   int
	Date    time.Time
}

// SightOf is what people will see of a setting's value. A value that cannot be has none.
func SightOf(key Key, value any) Sight {
	id := "policy.see_" + strings.ReplaceAll(key.Name, ".", "_")
	_, err := key.read(value)
	if err != nil {
		return Sight{}
	}
	if n, err := whole(value); err == nil {
		if n == 0 {
			id += "_0"
		}
		return Sight{ID: id, Count: n}
	}
	if list, err := listOf(value); err == nil {
		if key.Words == nil && len(list) == 1 && (list[0] == anyModel || list[0] == noCountry) {
			return Sight{ID: id + "_" + list[0]}
		}
		if key.Words == nil {
			return Sight{ID: id, Text: strings.Join(list, ", "), Count: len(list)}
		}
		return Sight{ID: id, Methods: list}
	}
	word := Spell(value)
	switch key.Name {
	case requireKey:
		r, err := parseRequirement(word)
		if err == nil && !r.From.IsZero() {
			return Sight{ID: id + "_from", Date: r.From}
		}
	case PreferredKey:
		if word != nothing {
			return Sight{ID: id, Methods: []string{word}}
		}
	case versionName:
		if word != nothing {
			return Sight{ID: id, Text: word}
		}
	}
	return Sight{ID: id + "_" + word}
}

// SightUnder is what people will see of a setting's value in a workspace of these settings:
// what it has not enabled is offered nowhere, and nobody is asked for it first.
func SightUnder(key Key, value any, workspace Settings) Sight {
	list := strings.Split(Spell(value), ",")
	idle := Idle(list, workspace)
	switch {
	case !key.UsesMethods() || len(idle) == 0:
		return SightOf(key, value)
	case !key.List:
		return SightOf(key, nothing)
	}
	return SightOf(key, slices.DeleteFunc(list, func(word string) bool { return slices.Contains(idle, word) }))
}

// Say says it.
func (s Sight) Say(speaker *words.Speaker) string {
	if s.ID == "" {
		return ""
	}
	return speaker.Say(s.ID, "List", MethodList(speaker, s.Methods), "Text", s.Text, "Count", s.Count, "Date", speaker.Date(s.Date, time.UTC))
}

// Methods are methods that say their names as words of a sentence.
type Methods []string

// Say joins them.
func (m Methods) Say(speaker *words.Speaker) string { return MethodList(speaker, m) }

// MethodList names methods within a sentence.
func MethodList(speaker *words.Speaker, methods []string) string {
	names := make([]string, len(methods))
	for i, kind := range methods {
		names[i] = speaker.Say("policy.method_" + kind)
	}
	return speaker.List(names...)
}

// versionName is the key of the least version of the app.
const versionName = "push.min_app_version"
