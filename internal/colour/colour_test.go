package colour_test

import (
	"math"
	"testing"

	"countersign/internal/colour"
)

func TestParse(t *testing.T) {
	for _, row := range []struct {
		text, want string
	}{
		{"#0b6a8c", "#0b6a8c"},
		{"#FFFFFF", "#ffffff"},
		{"", ""},
		{"0b6a8c", ""},
		{"#0b6a8", ""},
		{"#0b6a8cf", ""},
		{"#0b6a8g", ""},
		{"#fff", ""},
		{"red", ""},
		{"#00;}a{", ""},
	} {
		c, ok := colour.Parse(row.text)
		if ok != (row.want != "") || ok && c.String() != row.want {
			t.Errorf("%q: %s, %v; want %q", row.text, c, ok, row.want)
		}
	}
}

// The figures are well known: they stand in many guides to the same text.
func TestContrast(t *testing.T) {
	for _, row := range []struct {
		a, b string
		want float64
	}{
		{"#000000", "#ffffff", 21},
		{"#ffffff", "#ffffff", 1},
		{"#777777", "#ffffff", 4.48},
		{"#767676", "#ffffff", 4.54},
		{"#ff0000", "#ffffff", 4},
		{"#0000ff", "#ffffff", 8.59},
	} {
		a, _ := colour.Parse(row.a)
		b, _ := colour.Parse(row.b)
		got, turned := colour.Contrast(a, b), colour.Contrast(b, a)
		if math.Abs(got-row.want) > 0.01 || got != turned {
			t.Errorf("%s on %s: %.3f and %.3f, want %.2f", row.a, row.b, got, turned, row.want)
		}
	}
}

func TestAColourIsLitUntilItStandsOutOnTheDark(t *testing.T) {
	ground, _ := colour.Parse("#141b20")
	for _, text := range []string{"#000000", "#0c3140", "#7a0c3e", "#0b6a8c", "#00ff00", "#ffffff"} {
		c, _ := colour.Parse(text)
		lit := c.Lit(ground, 7)
		if colour.Contrast(lit, ground) < 7 {
			t.Errorf("%s becomes %s, which has a contrast of %.2f", text, lit, colour.Contrast(lit, ground))
		}
		if colour.Contrast(c, ground) >= 7 && lit != c {
			t.Errorf("%s stands out, and is changed to %s", text, lit)
		}
	}
}
