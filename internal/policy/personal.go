package policy

import "time"

// Personal reads what is required of one person whatever their pool and workspace say, as it
// is stored with them: "" for nothing, else a value of require_second_factor. What cannot be
// read is required: no slip in the database opens what was shut.
func Personal(stored string) Requirement {
	if stored == "" {
		return Requirement{}
	}
	r, err := parseRequirement(stored)
	if err != nil {
		return Requirement{Required: true}
	}
	return r
}

// SpellRequirement writes a requirement as settings do: "optional", "required", or "required
// from 2027-01-31" with the day in UTC.
func SpellRequirement(r Requirement) string {
	switch {
	case !r.Required:
		return "optional"
	case r.From.IsZero():
		return "required"
	}
	return requiredFrom + r.From.UTC().Format(time.DateOnly)
}

// ReadRequirement reads what [SpellRequirement] writes.
func ReadRequirement(text string) (Requirement, error) { return parseRequirement(text) }
