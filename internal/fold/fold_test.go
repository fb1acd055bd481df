package fold

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"
)

func read(t *testing.T, texts []string) string {
	t.Helper()
	var out []string
	for _, text := range texts {
		plain, err := hex.DecodeString(text)
		if err != nil || !Is(text) {
			t.Fatalf("%q is not hexadecimal", text)
		}
		out = append(out, string(plain))
	}
	return strings.Join(out, "|")
}

func TestKey(t *testing.T) {
	for _, row := range []struct{ sentence, name, email, want string }{
		{"small letters", "Ada Lovelace", "ada@example.org", "ada lovelace"},
		{"accents do not count", "Þórdís Jónsdóttir", "t@example.org", "thordis jonsdottir"},
		{"nor letters with a stroke", "Łukasz Wiśniewski", "l@example.org", "lukasz wisniewski"},
		{"a sharp s is two", "Groß", "g@example.org", "gross"},
		{"signs are spaces", "Jean-Pierre  O’Neil", "j@example.org", "jean pierre o neil"},
		{"other scripts stay", "佐藤 美咲", "m@example.org", "佐藤 美咲"},
		{"wide letters are narrow", "ＡＤＡ", "a@example.org", "ada"},
		{"nobody's name is the address", "", "Ada@Example.org", "ada@example.org"},
		{"nor is one of signs alone", "!!", "ada@example.org", "ada@example.org"},
		{"a long one is cut between letters", strings.Repeat("é漢", 40), "a@example.org", strings.Repeat("e漢", 15)},
	} {
		if got := read(t, []string{Key(row.name, row.email)}); got != row.want {
			t.Errorf("%s: %q, want %q", row.sentence, got, row.want)
		}
	}
	if Key("", "") == "" {
		t.Error("a key is empty: it stands for somebody whom nobody has sorted yet")
	}
}

func TestWords(t *testing.T) {
	for _, row := range []struct{ sentence, name, email, want string }{
		{"name, address, domain, and what stands before it", "Ada King", "ada.lovelace@example.org", "ada|king|ada.lovelace@example.org|example.org|lovelace"},
		{"each once", "Ada Ada", "ada@example.org", "ada|ada@example.org|example.org"},
		{"without a name", "", "x@example.org", "x@example.org|example.org|x"},
	} {
		if got := read(t, Words(row.name, row.email)); got != row.want {
			t.Errorf("%s: %q, want %q", row.sentence, got, row.want)
		}
	}
	if n := len(Words(strings.Repeat("a b c d e f g h i j k l m n o p q r s t u v w x y z ", 3), "a@b.c")); n != mostWords {
		t.Errorf("a name of many words has %d", n)
	}
}

func TestTerms(t *testing.T) {
	for _, row := range []struct{ sentence, typed, want string }{
		{"nothing", "  ", ""},
		{"the longest comes first", "a lovelace", "lovelace|a"},
		{"signs are no words", "o'neil !", "neil|o"},
		{"a piece of an address stays whole", "Ada.Love", "ada.love"},
		{"an address too", "ada@ex", "ada@ex"},
		{"a full stop at the end is none", "J.", "j"},
		{"each once", "ada ADA Ádá", "ada"},
		{"not too many", "a b c d e f g h", "a|b|c|d|e|f"},
	} {
		if got := read(t, Terms(row.typed)); got != row.want {
			t.Errorf("%s: %q, want %q", row.sentence, got, row.want)
		}
	}
}

// A term is found by a range of the words, and by nothing else.
func TestARangeIsWhatBeginsSo(t *testing.T) {
	words := []string{"a", "ad", "ada", "adb", "b", "ä", "é漢", "漢", "漢字", "\u00ff", "zz", "0", "9"}
	for _, typed := range words {
		from := hex.EncodeToString([]byte(typed))
		for _, word := range words {
			at := hex.EncodeToString([]byte(word))
			if got, want := at >= from && at < After(from), strings.HasPrefix(word, typed); got != want {
				t.Errorf("%q is in the range of %q: %v", word, typed, got)
			}
		}
	}
}

func FuzzTermsFindTheirOwnWord(f *testing.F) {
	f.Add("Ada Lovelace", "ada@example.org")
	f.Add("佐藤 ẞ", "ß@ﬁ.example")
	f.Fuzz(func(t *testing.T, name, email string) {
		words := Words(name, email)
		for _, part := range strings.Fields(name) {
			for _, term := range Terms(part) {
				if len(words) < mostWords && !strings.ContainsAny(plain(part), "@.") &&
					!slices.ContainsFunc(words, func(w string) bool { return w >= term && w < After(term) }) {
					t.Errorf("%q is not found by its own word %q", name, part)
				}
			}
		}
		if Key(name, email) == "" {
			t.Errorf("%q has no key", name)
		}
	})
}
