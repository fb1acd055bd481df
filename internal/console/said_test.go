package console

import (
	"strings"
	"testing"

	"countersign/internal/web/webtest"
	"countersign/internal/words"
)

// What a page says of how things stand is true in each of its states.
func TestWhatPagesSayIsTrue(t *testing.T) {
	const agree, some, one, never, before = "Here two administrators have to agree", "In some identity pools two administrators have to agree",
		"no reset needs a second administrator", "Here nobody resets", "What waits was asked for before"
	for _, row := range []struct {
		page, state string
		says, not   []string
	}{
		{"resets", "", []string{agree}, []string{some, one, never, before}},
		{"resets", "read", []string{some}, []string{agree, one, never, before}},
		{"resets", "none", []string{one}, []string{agree, some, never, before}},
		{"resets", "never", []string{never}, []string{agree, some, one, before}},
		{"resets", "allowed since", []string{one, before}, []string{agree, some, never}},
	} {
		said := webtest.Fetch(t, gallery(t, words.Terms{}), webtest.Sample{Page: row.page, State: row.state}.At(), "language=en")
		for _, text := range row.says {
			if !strings.Contains(said, text) {
				t.Errorf("%s, %s does not say %q", row.page, row.state, text)
			}
		}
		for _, text := range row.not {
			if strings.Contains(said, text) {
				t.Errorf("%s, %s says %q", row.page, row.state, text)
			}
		}
	}
}
