package words

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/feature/plural"
)

// A message is one text, cut into pieces once at load, so that saying it costs
// a few string joins and a text without placeholders costs nothing.
type message struct {
	forms map[plural.Form]text
	only  bool // just one form
}

// A text alternates literal pieces and placeholder names: pieces[0],
// names[0], pieces[1], names[1], …, the last piece.
type text struct {
	pieces []string
	names  []string
}

func compile(m *i18n.Message) (message, error) {
	sources := map[plural.Form]string{
		plural.Zero: m.Zero, plural.One: m.One, plural.Two: m.Two,
		plural.Few: m.Few, plural.Many: m.Many, plural.Other: m.Other,
	}
	out := message{forms: map[plural.Form]text{}}
	for form, source := range sources {
		if source == "" {
			continue
		}
		cut, err := cutText(source)
		if err != nil {
			return message{}, fmt.Errorf("message %q: %w", m.ID, err)
		}
		out.forms[form] = cut
	}
	if _, ok := out.forms[plural.Other]; !ok {
		return message{}, fmt.Errorf("message %q: has no text", m.ID)
	}
	out.only = len(out.forms) == 1
	return out, nil
}

func cutText(source string) (text, error) {
	var t text
	rest := source
	for {
		before, after, found := strings.Cut(rest, "{{.")
		t.pieces = append(t.pieces, before)
		if strings.Contains(before, "{{") {
			return text{}, fmt.Errorf("only {{.Name}} is understood, not %q", source)
		}
		if !found {
			return t, nil
		}
		name, after, found := strings.Cut(after, "}}")
		if !found || name == "" || strings.ContainsAny(name, " {}|") {
			return text{}, fmt.Errorf("placeholder is not closed in %q", source)
		}
		t.names = append(t.names, name)
		rest = after
	}
}

// plain is the text of a message without placeholders, else "".
func (m message) plain() string {
	t := m.forms[plural.Other]
	if len(t.pieces) != 1 {
		return ""
	}
	return t.pieces[0]
}

func (m message) names() []string {
	var all []string
	for _, t := range m.forms {
		all = append(all, t.names...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// fill joins the pieces with the values; a name without a value answers false.
func (t text) fill(value func(name string) (string, bool)) (string, bool) {
	var b strings.Builder
	for i, name := range t.names {
		v, ok := value(name)
		if !ok {
			return "", false
		}
		b.WriteString(t.pieces[i])
		b.WriteString(v)
	}
	b.WriteString(t.pieces[len(t.pieces)-1])
	return b.String(), true
}
