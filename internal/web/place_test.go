package web

import (
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"
)

// Both databases must keep what Place returns, whatever bytes a client sent.
func TestPlaceIsAlwaysText(t *testing.T) {
	for sentence, agent := range map[string]string{
		"bytes that are no UTF-8":          "caf\xe9",
		"a cut in the middle of a letter":  strings.Repeat("a", longestUserAgent-1) + "é",
		"a long header of nothing but é":   strings.Repeat("é", 1000),
		"what browsers send":               "Mozilla/5.0",
		"a lone half of a surrogate":       "\xed\xa0\x80",
		"nothing":                          "",
		"a header that is all broken text": strings.Repeat("\xff", 2000),
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("User-Agent", agent)
		got := Place(r).UserAgent
		if !utf8.ValidString(got) || len(got) > longestUserAgent {
			t.Errorf("%s: %q", sentence, got)
		}
	}
}
