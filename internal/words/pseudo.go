package words

import "golang.org/x/text/feature/plural"

// PseudoTag is the language that Pseudo adds.
const PseudoTag = "ar-XB"

// Pseudo adds a right-to-left language made from the English texts, each
// between ‹ and ›. A page shown in it exposes text that did not come from the
// catalogue and styles that only work from left to right. It is for tests; the
// product never asks for it.
func Pseudo() Option {
	return func(l *loading) { l.pseudo = true }
}

func (c *Catalogue) addPseudo() {
	texts := map[string]message{}
	for id, m := range c.texts[Default] {
		wrapped := message{forms: map[plural.Form]text{}, only: m.only}
		for form, t := range m.forms {
			wrapped.forms[form] = wrap(t)
		}
		// Arabic has six plural forms; English has two.
		if !m.only {
			for _, form := range []plural.Form{plural.Zero, plural.Two, plural.Few, plural.Many} {
				wrapped.forms[form] = wrapped.forms[plural.Other]
			}
		}
		texts[id] = wrapped
	}
	texts["language.name"] = single("‹Pseudo›")
	texts["language.dir"] = single("rtl")
	c.texts[PseudoTag] = texts
}

func wrap(t text) text {
	pieces := append([]string(nil), t.pieces...)
	pieces[0] = "‹" + pieces[0]
	pieces[len(pieces)-1] += "›"
	return text{pieces: pieces, names: t.names}
}

func single(s string) message {
	return message{forms: map[plural.Form]text{plural.Other: {pieces: []string{s}}}, only: true}
}
