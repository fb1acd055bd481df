package console

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// sheet writes a table as CSV (RFC 4180): every cell quoted, lines ended by CRLF. It begins
// with a byte order mark, without which programs for tables take UTF-8 for something else.
type sheet struct{ to *bufio.Writer }

func newSheet(to io.Writer) (*sheet, error) {
	s := &sheet{bufio.NewWriter(to)}
	_, err := s.to.WriteString("\ufeff")
	if err != nil {
		return nil, fmt.Errorf("begin a table: %w", err)
	}
	return s, nil
}

// line writes one line.
func (s *sheet) line(cells ...string) error {
	var b strings.Builder
	for i, cell := range cells {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		b.WriteString(strings.ReplaceAll(inert(cell), `"`, `""`))
		b.WriteByte('"')
	}
	b.WriteString("\r\n")
	_, err := s.to.WriteString(b.String())
	if err != nil {
		return fmt.Errorf("write a line of a table: %w", err)
	}
	return nil
}

// end writes what is still held back.
func (s *sheet) end() error {
	err := s.to.Flush()
	if err != nil {
		return fmt.Errorf("end a table: %w", err)
	}
	return nil
}

// inert keeps a cell from being a formula, or from having one in it: people choose their
// names, anybody at all the name of a browser, and a program for tables runs what begins
// so (OWASP, CSV injection). Where it separates cells by something else than a comma, it
// forgets the quotes at the first one, and what follows the next separator is a cell of
// its own. An apostrophe makes text of it.
func inert(cell string) string {
	var b strings.Builder
	begins := true // a cell could begin here
	for i, r := range cell {
		if begins && formula(cell[i:]) {
			b.WriteByte('\'')
		}
		begins = strings.ContainsRune(separators, r)
		b.WriteRune(r)
	}
	return b.String()
}

// separators are what programs take for the end of a cell or of a line.
const separators = ",;|\t\r\n\v\f\u0085\u2028\u2029"

// formula tells whether a program would calculate what begins so; quotes and spaces before
// it are not there for all of them.
func formula(text string) bool {
	text = strings.TrimLeft(text, "\"' \u00a0")
	return text != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", firstRune(text))
}

func firstRune(text string) rune {
	for _, r := range text {
		return r
	}
	return 0
}
