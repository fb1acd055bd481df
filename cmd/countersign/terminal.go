package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/mattn/go-isatty"

	"countersign/internal/words"
)

// terminal is where a command reads and writes: results on out, messages on
// messages, so that a pipe gets results only. It prints no colour, so NO_COLOR
// is always kept.
type terminal struct {
	in       io.Reader
	out      io.Writer
	messages io.Writer // silent with --quiet
	errors   io.Writer // never silent
	env      []string
	speaker  func() *words.Speaker
	json     bool
	noInput  bool
}

// print prints a result as it is.
func (t *terminal) print(text string) error {
	_, err := io.WriteString(t.out, text)
	return err
}

// printJSON prints a result for a program.
func (t *terminal) printJSON(value any) error {
	encoder := json.NewEncoder(t.out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// harmless escapes what a terminal would obey, or would not show: names come from files and
// from people. Lines may end.
func harmless(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\n' || r == '\t':
			b.WriteRune(r)
		case r > 0xffff && unicode.Is(unicode.Cf, r):
			fmt.Fprintf(&b, `\U%08X`, r)
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// table prints rows under a heading: aligned for a person, and separated by
// one tab, without the heading, for a pipe.
func (t *terminal) table(heading []string, rows [][]string) error {
	for _, row := range rows {
		for i := range row {
			row[i] = strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(harmless(row[i]))
		}
	}
	if !isTerminal(t.out) {
		for _, row := range rows {
			if err := t.print(strings.Join(row, "\t") + "\n"); err != nil {
				return err
			}
		}
		return nil
	}
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{heading}, rows...) {
		if _, err := fmt.Fprintln(w, strings.Join(row, "\t")); err != nil {
			return err
		}
	}
	return w.Flush()
}

// isTerminal tells whether a person sits at the other end.
func isTerminal(stream any) bool {
	f, isFile := stream.(*os.File)
	return isFile && isatty.IsTerminal(f.Fd())
}
