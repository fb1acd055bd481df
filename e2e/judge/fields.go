package judge

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	"countersign/e2e/browser"
)

// pastes are ways in which a code of six digits comes from the clipboard.
var pastes = []string{"123456", "123 456", " 123-456 "}

// PasteLands fails when a code that is pasted into the field with this label does
// not arrive whole. Without texts it pastes codes of six digits, with blanks and
// dashes as apps and messages have them.
func PasteLands(tb testing.TB, p *browser.Page, label string, texts ...string) {
	tb.Helper()
	if len(texts) == 0 {
		texts = pastes
	}
	complain(tb, p, "paste", pasteInto(p, label, texts))
}

func pasteInto(p *browser.Page, label string, texts []string) []string {
	var all []string
	for _, text := range texts {
		got := p.Paste(label, text)
		if bare(got) != bare(text) {
			all = append(all, fmt.Sprintf("%q, pasted into the field %q, arrives as %q", text, label, got))
		}
	}
	return all
}

// bare is a code without what people and apps put between its characters.
func bare(code string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, code)
}

// pasteCodes pastes into every field for a one-time code.
func pasteCodes(p *browser.Page) []string {
	var labels []string
	p.Evaluate(`[...document.querySelectorAll("input[autocomplete~=one-time-code]")].filter(e => e.checkVisibility()).map(e => e.labels?.[0]?.textContent || e.getAttribute("aria-label") || "")`, &labels)
	var all []string
	for _, label := range labels {
		if strings.TrimSpace(label) == "" {
			all = append(all, "a field for a code has no label")
			continue
		}
		all = append(all, pasteInto(p, label, pastes)...)
	}
	return all
}
