package console

import (
	"encoding/csv"
	"strings"
	"testing"
)

func TestNoCellIsAFormula(t *testing.T) {
	for cell, want := range map[string]string{
		"":                          "",
		"Ada":                       "Ada",
		"=1+1":                      "'=1+1",
		"+49 30 1":                  "'+49 30 1",
		"-1":                        "'-1",
		"@SUM(A1)":                  "'@SUM(A1)",
		"\tcmd":                     "'\tcmd",
		"x;=cmd|'/C calc'!A0":       "x;'=cmd|'/C calc'!A0",
		"Bert;=cmd|'/C calc'!A0":    "Bert;'=cmd|'/C calc'!A0",
		"x\t=1":                     "x\t'=1",
		"x\n=1":                     "x\n'=1",
		"x\r\n=1":                   "x\r'\n'=1",
		"x,=1":                      "x,'=1",
		"x\u2028=1":                 "x\u2028'=1",
		`x;"=1`:                     `x;'"=1`,
		`x; =1`:                     `x;' =1`,
		"x;;=1":                     "x;;'=1",
		"＝1":                        "'＝1",
		"a=b; c-d":                  "a=b; c-d",
		`{"a":"b","c":"2026-11-1"}`: `{"a":"b","c":"2026-11-1"}`,
	} {
		if got := inert(cell); got != want {
			t.Errorf("%q becomes %q, want %q", cell, got, want)
		}
	}
}

// What a reader of RFC 4180 reads is what was written, and every cell is quoted.
func TestATableIsRead(t *testing.T) {
	var b strings.Builder
	s, err := newSheet(&b)
	if err != nil {
		t.Fatal(err)
	}
	cells := []string{"Müller, Jörg", `"quoted"`, "", "two\nlines", "漢"}
	for range 2 {
		if err := s.line(cells...); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.end(); err != nil {
		t.Fatal(err)
	}
	text, marked := strings.CutPrefix(b.String(), "\ufeff")
	if !marked || !strings.HasSuffix(text, "\"\r\n") || !strings.Contains(text, `"Müller, Jörg","""quoted""","","two`) {
		t.Errorf("the table is %q", text)
	}
	read, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(read) != 2 || strings.Join(read[1], "|") != strings.Join(cells, "|") {
		t.Errorf("%q is read as %q: %v", text, read, err)
	}
}
