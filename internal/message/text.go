package message

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// lineWidth is where lines of the text form are broken, in characters.
const lineWidth = 76

// text is the plain form of the mail.
func (d document) text() string {
	var b strings.Builder
	part := func(lines ...string) {
		if b.Len() > 0 {
			b.WriteString("\n")
		}
		for _, line := range lines {
			b.WriteString(line + "\n")
		}
	}
	part(d.From)
	part(d.Title, strings.Repeat("=", min(lineWidth, utf8.RuneCountInString(d.Title))))
	for _, block := range d.Blocks {
		part(block.lines()...)
	}
	footer := []string{"--"}
	for _, sentence := range d.Footer {
		footer = append(footer, wrap(sentence.String(), ""))
	}
	part(footer...)
	return b.String()
}

func (b block) lines() []string {
	var lines []string
	switch {
	case b.Paragraph != nil:
		lines = []string{wrap(b.Paragraph.String(), "")}
	case b.Heading != "":
		lines = []string{b.Heading}
	case b.Button != nil:
		// Alone on its line and never broken, or it cannot be followed.
		lines = []string{b.Button.Label + ":", b.Button.Link}
	case b.Code != "":
		lines = []string{"    " + b.Code}
	}
	for _, fact := range b.Facts {
		lines = append(lines, wrap(fact.Label+": "+fact.Value.String(), "  "))
	}
	for i, step := range b.Steps {
		lines = append(lines, wrap(strconv.Itoa(i+1)+". "+step.String(), "   "))
	}
	for _, code := range b.Codes {
		lines = append(lines, "    "+code)
	}
	return lines
}

// wrap breaks a line between words; the later lines begin with indent.
func wrap(line, indent string) string {
	var b strings.Builder
	width := 0
	for i, word := range strings.Split(line, " ") {
		length := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case width+1+length > lineWidth:
			b.WriteString("\n" + indent)
			width = len(indent)
		default:
			b.WriteString(" ")
			width++
		}
		b.WriteString(word)
		width += length
	}
	return b.String()
}
