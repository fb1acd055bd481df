package account_test

import (
	"testing"

	"countersign"
	"countersign/internal/account"
)

func TestWhatANameCanBe(t *testing.T) {
	for name, fine := range map[string]bool{
		"Ada Lovelace":             true,
		"Nguyễn Thị Lan":           true,
		"עדה לאבלייס":              true,
		"آدا":                      true,
		"می\u200cخواهم":            true, // Persian joins no further
		"क्\u200dष":                true, // Devanagari
		"Phone of 👩\u200d💻":        true,
		"❤\ufe0f\u200d🔥":           true,
		"Desk ☎\ufe0e":             true,
		"葛\ufe00城":                 true,
		"Ada\ufe0f":                false,
		"A\ufe0eda":                false,
		"Ada \ufe0fLovelace":       false,
		"❤\ufe0f\ufe0f":            false,
		"Olga\u200b Owner":         false,
		"Olga\u200c Owner":         false,
		"Ol\u200dga":               false,
		"Оль\u200dга":              false,
		"آدا\u200c":                false,
		"\u200dAda":                false,
		"Ax\u0301\u200dda":         false,
		"👩\u200d\u200d💻":           false,
		"Ada \u202eecalevoL":       false,
		"Ada \u2066Lovelace\u2069": false,
		"Ada\u200e":                false,
		"Ada\u200f":                false,
		"Ada\u061c":                false,
		"Ada\ufeff":                false,
		"A\u00adda":                false,
		"Ada\u2060":                false,
		"\u3164":                   false,
		"\u2800":                   false,
		"Ada\U000e0041":            false,
		"Ada\U000e0101":            false,
		"Ada\u0000":                false,
		"<Ada>":                    false,
	} {
		_, err := account.CheckName("name", name, 0)
		if (err == nil) != fine {
			t.Errorf("%+q: %v", name, err)
		}
		if err != nil && countersign.KindOf(err) != countersign.Invalid {
			t.Errorf("%+q: %v is not about what was typed", name, err)
		}
	}
}
