package password_test

import (
	"strings"
	"testing"
	"time"

	"countersign/internal/password"
)

func about() []string {
	return []string{"ada.lovelace@analytical-engines.example", "Ada King Lovelace", "Acme Engines"}
}

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		name, password string
		want           password.Problem
	}{
		{"nothing is too short", "", password.TooShort},
		{"seven characters are too short", "kX7#qz!", password.TooShort},
		{"seven characters of three bytes are too short", "漢字仮名交文", password.TooShort},
		{"an accent of its own code point is no character more", "kX7#qze\u0301", password.TooShort},
		{"eight random characters are enough", "kX7#qz!m", password.Fine},
		{"200 characters are allowed", strings.Repeat("correct horse battery staple ", 7)[:200], password.Fine},
		{"201 characters are too long", strings.Repeat("correct horse battery staple ", 7)[:201], password.TooLong},
		{"a megabyte is too long", strings.Repeat("aB3$", 1<<18), password.TooLong},
		{"200 characters of four bytes are allowed", longest("𠀀𠀱𠁆𡿺𢀸字仮名"), password.Fine},
		{"four words are enough", "correct horse battery staple", password.Fine},
		{"a German sentence is enough", "Der Mond scheint über Buxtehude", password.Fine},
		{"letters of another script are enough", "ключ под ковриком лежит", password.Fine},
		{"characters of one code point each are enough", "山川海空星月風雨", password.Fine},
		{"the most used password is common", "password", password.Common},
		{"with a capital it is common", "Password", password.Common},
		{"with digits for letters it is common", "P4$$w0rd", password.Common},
		{"with an accent it is common", "pässword", password.Common},
		{"in full-width letters it is common", "ｐａｓｓｗｏｒｄ", password.Common},
		{"digits in order are common", "12345678", password.Common},
		{"a word of the dictionary is common", "understanding", password.Common},
		{"a known password of letters and digits is common", "password1", password.Common},
		{"a word and a year are guessable", "sunshine2024", password.Guessable},
		{"a row of the keyboard is guessable", "qwertyuiop[]", password.Guessable},
		{"one character again and again is guessable", "aaaaaaaaaaaaaaaa", password.Guessable},
		{"one character of another script again and again is guessable", "жжжжжжжжжжжж", password.Guessable},
		{"an alphabet of another script is guessable", "абвгдежзийкл", password.Guessable},
		{"a date is guessable", "24.12.1999", password.Guessable},
		{"one's name and some digits are guessable", "lovelace1815!", password.Guessable},
		{"one's whole name is guessable", "Ada Lovelace", password.Guessable},
		{"one's e-mail address is guessable", "ada.lovelace@analytical-engines.example", password.Guessable},
		{"its first half is guessable", "Ada.Lovelace", password.Guessable},
		{"its domain is guessable", "analyticalengines", password.Guessable},
		{"the workspace is guessable", "AcmeEngines7!x", password.Guessable},
		{"one's name backwards is guessable", "ecalevol.7", password.Guessable},
		{"one's name with digits for letters is guessable", "10v3l4c3#k", password.Guessable},
		{"one's name inside a long sentence is fine", "lovelace paints violet herons at midnight", password.Fine},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := password.Judge(c.password, about()...); got != c.want {
				t.Errorf("Judge(%.60q) = %q, want %q", c.password, got, c.want)
			}
		})
	}
}

func TestJudgeWithoutKnowingAnything(t *testing.T) {
	for _, words := range [][]string{nil, {""}, {"", " ", "@"}, {"a", "b@c"}, {strings.Repeat("x", 1<<20)}} {
		if got := password.Judge("kX7#qz!m", words...); got != password.Fine {
			t.Errorf("a good password is %q about %.40q", got, words)
		}
	}
}

// What a stranger sends as a new password must not cost more than a hash.
func TestJudgeIsFastOnHostileInput(t *testing.T) {
	many := make([]string, 200)
	for i := range many {
		many[i] = strings.Repeat(string(rune('a'+i%26)), 50) + "@" + strings.Repeat("b.", 40)
	}
	for name, text := range hostile() {
		start := time.Now()
		password.Judge(text, many...)
		// A machine under load and the race detector included; without a cap
		// these take from seconds to for ever.
		if took := time.Since(start); took > time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
}

func hostile() map[string]string {
	return map[string]string{
		"signs that stand for letters": longest("4@8({[<3691!|705$+%2"),
		"one letter":                   strings.Repeat("a", 200),
		"digits":                       longest("19992012"),
		"keyboard rows":                longest("qwertyuiopasdfghjkl"),
		"words":                        longest("passwordmonkeydragon"),
		"dates":                        longest("1.1.99-12/12/2012 "),
		"four-byte characters":         longest("𠀀𠀱"),
		"characters that grow":         strings.Repeat("ﷺ", 11),
		"marks":                        "a" + strings.Repeat("\u0301", 199),
	}
}

// longest repeats s up to the most characters that a password may have.
func longest(s string) string {
	return string([]rune(strings.Repeat(s, password.MaxLength))[:password.MaxLength])
}

func FuzzJudge(f *testing.F) {
	for _, text := range hostile() {
		f.Add(text, "Ada Lovelace")
	}
	f.Add("\xff\xfe\x00abcdefgh", "\xff@\x00")
	f.Add("İıſK12.12.2012", "İ")
	f.Fuzz(func(t *testing.T, text, known string) {
		switch got := password.Judge(text, known); got {
		case password.Fine, password.TooShort, password.TooLong, password.Common, password.Guessable:
		default:
			t.Fatalf("problem %q", got)
		}
	})
}

func BenchmarkJudge(b *testing.B) {
	all := hostile()
	all["a usual one"] = "Winter is coming 2027"
	for name, text := range all {
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
			for b.Loop() {
				password.Judge(text, about()...)
			}
		})
	}
}
