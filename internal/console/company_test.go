package console

import (
	"net/url"
	"strings"
	"testing"

	"countersign/internal/census"
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
		{"from the last day that can be", "from", "2031-11-21", "required from 2031-11-21", ""},
		{"from the day after that", "from", "2031-11-22", "", "requirement_far"},
		{"from the end of the calendar", "from", "9999-12-31", "", "requirement_far"},
		{"from a day that does not exist", "from", "2027-02-30", "", "requirement_day"},
		{"from no day", "from", "", "", "requirement_day"},
		{"nothing", "", "", "", "requirement_unknown"},
		{"something else", "never", "", "", "requirement_unknown"},
	} {
		form := web.NewForm("require", row.word, "from", row.day)
		value := valueOf(form, "require", now)
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

// A day beside a choice that has none is asked about, unless it stood there or is none to come.
func TestADayBesideAnotherChoice(t *testing.T) {
	const day = "2027-01-31"
	for _, row := range []struct {
		what, day, value, set string
		unused                bool
	}{
		{"optional, and a day", day, "optional", "", true},
		{"required, and a day", day, "required", "", true},
		{"required, and another day than before", "2027-02-01", "required", "required from " + day, true},
		{"the day that was set before", day, "optional", "required from " + day, false},
		{"from this day", day, "required from " + day, "", false},
		{"no day", "", "optional", "", false},
		{"no date", "tomorrow", "optional", "", false},
		{"a day that is over", "2020-01-01", "required", "", false},
	} {
		if got := dayUnused(web.NewForm("from", row.day), row.value, row.set, now); got != row.unused {
			t.Errorf("%s: %t", row.what, got)
		}
	}
}

// A line about a pool counts those of whom a second step is required, by whomever.
func TestWhoIsAffectedByWhat(t *testing.T) {
	pool := census.Pool{People: 20, Protected: 12, Missing: 1, Personal: 3, PersonalMissing: 1}
	if l := (RequiredLine{}).of(pool); l.Must != 3 || l.Missing != 1 || !l.Personal {
		t.Errorf("of a pool that requires nothing: %+v", l)
	}
	pool.Required, pool.Missing = true, 8
	if l := (RequiredLine{}).of(pool); l.Must != 20 || l.Missing != 8 || l.Personal {
		t.Errorf("of a pool that requires it: %+v", l)
	}
	if l := (RequiredLine{}).of(census.Pool{People: 20}); l.Must != 0 || l.Missing != 0 || l.Personal {
		t.Errorf("of a pool in which it is required of nobody: %+v", l)
	}
}

// Where a list would be longer than was meant, nobody is written to.
func TestAFilterToTheLetter(t *testing.T) {
	for _, row := range []struct {
		query string
		known bool
	}{
		{"", true},
		{"state=missing&pool=pool_1&role=user&q=lov", true},
		{"state=mising", false},
		{"role=boss", false},
		{"q=" + strings.Repeat("a", 201), false},
		{"pool=" + strings.Repeat("a", 201), false},
		{"state=on&after=x", true},
		{"q=%21%21", false},
	} {
		values, err := url.ParseQuery(row.query)
		if err != nil {
			t.Fatal(err)
		}
		if _, known := exactly(values.Get); known != row.known {
			t.Errorf("%.40s: known is %v", row.query, known)
		}
	}
}
