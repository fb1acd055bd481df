package policy

import "time"

// PastRequirements are the changes that newly require a second factor from a day before
// today, the day in UTC of now: a slip of the pen, more likely than not, which would hold at
// once though it reads like an announcement. A day that is set already and has come stays
// what it is.
func PastRequirements(before, after Rules, now time.Time) []Change {
	today := now.UTC().Truncate(24 * time.Hour)
	var past []Change
	for _, c := range Changes(before, after) {
		if c.Setting != requireKey {
			continue
		}
		value := Spell(c.After)
		r, err := parseRequirement(value)
		if err == nil && r.Required && value != "required" && r.From.Before(today) {
			past = append(past, c)
		}
	}
	return past
}
