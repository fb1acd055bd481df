package console

import (
	"testing"

	"countersign/internal/web"
)

// What a form about the requirement chooses, and how a value stands in one.
func TestRequirementInAForm(t *testing.T) {
	for _, row := range []struct{ what, word, day, value, wrong string }{
		{"optional", "optional", "", "optional", ""},
		{"optional, whatever day stands there", "optional", "tomorrow", "optional", ""},
		{"required", "required", "", "required", ""},
		{"from a day", "from", "2027-01-31", "required from 2027-01-31", ""},
		{"from tomorrow", "from", "2026-11-22", "required from 2026-11-22", ""},
		{"from today", "from", "2026-11-21", "", "requirement_past"},
		{"from a day that does not exist", "from", "2027-02-30", "", "requirement_day"},
		{"from no day", "from", "", "", "requirement_day"},
		{"nothing", "", "", "", "requirement_unknown"},
		{"something else", "never", "", "", "requirement_unknown"},
	} {
		form := web.NewForm("require", row.word, "from", row.day)
		value := valueOf(form, now)
		if value != row.value || form.Failed() != (row.wrong != "") || form.Failed() && form.Errors[0].Code != row.wrong {
			t.Errorf("%s: %q, %v", row.what, value, form.Errors)
		}
		if row.value == "" {
			continue
		}
		word, day := chosenOf(value, now)
		if word != row.word || word == "from" && day != row.day {
			t.Errorf("%s: the form says %q %q", row.what, word, day)
		}
	}
	if word, day := chosenOf("required from 2026-11-01", now); word != "required" || day != "" {
		t.Errorf("a day that has come stands as %q %q", word, day)
	}
}
