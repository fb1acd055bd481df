package store

import "time"

// PersonalBy is the last value of users.require_second_factor that holds at a moment: what is
// required of one person is "required", or "required from 2027-01-31", and these stand in the
// order of their days, with "required" before them all and the empty one before that.
func PersonalBy(now time.Time) string { return "required from " + now.UTC().Format(time.DateOnly) }
