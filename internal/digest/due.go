package digest

import "time"

const (
	day  = 24 * time.Hour
	week = 7 * day
	// hour is when the digest is due on a Monday, in UTC, and late how long after the
	// week's beginning it is still news.
	hour = 7 * time.Hour
	late = 3 * day
)

// Due tells whether a digest is due, and where the week that it tells of begins. since
// is when the installation began, zero where nobody is there yet: the first week told
// of is the first whole one. taken is the end of the turn that was taken last, zero for
// none; one that ends later than this week's can was taken while the clock was wrong.
//
// A server that was off over the first days of a week leaves that digest out.
func Due(now, since, taken time.Time) (time.Time, bool) {
	this := monday(now)
	from := this.Add(-week)
	into := now.Sub(this)
	if into < hour || into >= late {
		return time.Time{}, false
	}
	if since.IsZero() || since.After(from) {
		return time.Time{}, false
	}
	if !taken.Before(turn(from)) && !taken.After(latest(from)) {
		return time.Time{}, false
	}
	return from, true
}

// turn is until when the turn lasts of whoever tells of the week that begins at from:
// the end of the week in which it is told of.
func turn(from time.Time) time.Time { return from.Add(2 * week) }

// latest is the end of the latest turn that clocks which differ a little can have taken.
func latest(from time.Time) time.Time { return turn(from).Add(week) }

// monday is where the week of a moment begins, in UTC.
func monday(t time.Time) time.Time {
	t = t.UTC()
	back := (int(t.Weekday()) + 6) % 7
	return time.Date(t.Year(), t.Month(), t.Day()-back, 0, 0, 0, 0, time.UTC)
}
