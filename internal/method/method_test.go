package method_test

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"countersign/internal/method"
)

func TestEveryRefusalIsWrong(t *testing.T) {
	if !errors.Is(method.ErrUsed, method.ErrWrong) || !errors.Is(method.ErrMalformed, method.ErrWrong) {
		t.Error("a refusal that does not wrap ErrWrong would be taken for a fault")
	}
	if errors.Is(method.ErrUsed, method.ErrMalformed) || errors.Is(method.ErrWrong, method.ErrUsed) {
		t.Error("the refusals cannot be told apart")
	}
}

func TestClean(t *testing.T) {
	for _, c := range []struct{ name, typed, want string }{
		{"plain digits stay", "123456", "123456"},
		{"spaces of all widths go", " 123\u00a0456\t\n\u2009\u3000", "123456"},
		{"hyphens, dashes and the minus sign go", "1-2‐3‑4–5—6−", "123456"},
		{"invisible characters go", "\u200e1\u200b2\u00ad3\ufeff4\u206956", "123456"},
		{"Arabic-Indic digits become ASCII", "٠١٢٣٤٥٦٧٨٩", "0123456789"},
		{"Persian digits become ASCII", "۰۱۲۳۴۵۶۷۸۹", "0123456789"},
		{"full-width digits become ASCII", "０１２３４５６７８９", "0123456789"},
		{"full-width letters become ASCII and keep their case", "ａＺ", "aZ"},
		{"Devanagari digits become ASCII", "०१२३४५६७८९", "0123456789"},
		{"bold mathematical digits become ASCII", "𝟎𝟏𝟐𝟗", "0129"},
		{"letters and signs stay", "Ab_!", "Ab_!"},
		{"superscript and circled numbers are no digits", "²①", "²①"},
		{"nothing stays nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := method.Clean(c.typed); got != c.want {
				t.Errorf("Clean(%q) = %q, want %q", c.typed, got, c.want)
			}
		})
	}
}

// The digits of a script are ten in a row, from 0 to 9, in every table of
// Unicode that Go may ship.
func TestDigitsOfEveryScriptComeInTens(t *testing.T) {
	var all []rune
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if unicode.Is(unicode.Nd, r) {
			all = append(all, r)
		}
	}
	if len(all)%10 != 0 {
		t.Fatalf("%d digits", len(all))
	}
	for i := 0; i < len(all); i += 10 {
		if got := method.Clean(string(all[i : i+10])); got != "0123456789" {
			t.Errorf("%q becomes %q", string(all[i:i+10]), got)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("１２３ 456")
	f.Add("\xff\u2066٣-")
	f.Fuzz(func(t *testing.T, typed string) {
		got := method.Clean(typed)
		if again := method.Clean(got); again != got {
			t.Fatalf("%q, cleaned again %q", got, again)
		}
		if strings.ContainsAny(got, " -\t\n") {
			t.Fatalf("%q still has separators", got)
		}
	})
}
