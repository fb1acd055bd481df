package policy

import "time"

// PastRequirements are the changes that newly require a second factor from a day before
// today, the day in UTC of now: a slip of the pen, more likely than not, which would hold at
// once though it reads like an announcement. A day that is set already and has come stays
// what it is.
func PastRequirements(before, after Rules, now time.Time) []Change {
	return newDays(before, after, func(day time.Time) bool { return day.Before(dayOf(now)) })
}

// FarRequirements are the changes that newly require a second factor from a day after
// [LastRequirement]: a slip of the pen too, by which nobody would ever be required to have
// one though the pages say so. A day that is set already stays what it is.
func FarRequirements(before, after Rules, now time.Time) []Change {
	last := LastRequirement(now)
	return newDays(before, after, last.Before)
}

// announcedYears is how long before its day a requirement is announced at most.
const announcedYears = 5

// LastRequirement is the latest day, 00:00 UTC, from which a second factor can be required.
func LastRequirement(now time.Time) time.Time { return dayOf(now).AddDate(announcedYears, 0, 0) }

func dayOf(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// newDays are the changes that set another day of which something is true.
func newDays(before, after Rules, is func(day time.Time) bool) []Change {
	var out []Change
	for _, c := range Changes(before, after) {
		if c.Setting != requireKey {
			continue
		}
		value := Spell(c.After)
		r, err := parseRequirement(value)
		if err == nil && r.Required && value != "required" && is(r.From) {
			out = append(out, c)
		}
	}
	return out
}
