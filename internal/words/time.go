package words

import (
	"strconv"
	"strings"
	"time"
)

// Number writes a whole number with the language's own thousands sign; from
// 10,000 on, because years and four-digit counts read better without.
func (s *Speaker) Number(n int) string {
	digits := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, digits = "−", digits[1:]
	}
	if len(digits) < 5 {
		return sign + digits
	}
	separator := s.Say("time.thousands")
	var groups []string
	for len(digits) > 3 {
		groups = append([]string{digits[len(digits)-3:]}, groups...)
		digits = digits[:len(digits)-3]
	}
	return sign + strings.Join(append([]string{digits}, groups...), separator)
}

// Date is the day in the zone: "21 November 2026".
func (s *Speaker) Date(t time.Time, zone *time.Location) string {
	t = in(t, zone)
	return s.Say("time.date",
		"Day", strconv.Itoa(t.Day()),
		"Month", s.Say("time.month_"+strconv.Itoa(int(t.Month()))),
		"Year", strconv.Itoa(t.Year()))
}

// ShortDate is the day without its year, as a chart names it: "21 Nov".
func (s *Speaker) ShortDate(t time.Time, zone *time.Location) string {
	t = in(t, zone)
	return s.Say("time.short_date", "Day", strconv.Itoa(t.Day()), "Month", s.Say("time.short_month_"+strconv.Itoa(int(t.Month()))))
}

// Clock is the time of day with the name of the zone: "14:32 CET".
func (s *Speaker) Clock(t time.Time, zone *time.Location) string {
	t = in(t, zone)
	return t.Format("15:04") + " " + zoneName(t)
}

// Time is date and clock: "21 November 2026 at 14:32 CET".
func (s *Speaker) Time(t time.Time, zone *time.Location) string {
	return s.Say("time.moment", "Date", s.Date(t, zone), "Clock", s.Clock(t, zone))
}

// Near is Time, but says "Today" or "Yesterday" for the last two days in the
// zone. The clock and the zone always stand beside it.
func (s *Speaker) Near(t, now time.Time, zone *time.Location) string {
	day, today := in(t, zone), in(now, zone)
	switch {
	case sameDay(day, today):
		return s.Say("time.today", "Clock", s.Clock(t, zone))
	case sameDay(day, today.AddDate(0, 0, -1)):
		return s.Say("time.yesterday", "Clock", s.Clock(t, zone))
	}
	return s.Time(t, zone)
}

// Ago is how long before now t was, in its largest unit: "3 minutes ago". It
// stands beside a time, never instead of one.
func (s *Speaker) Ago(t, now time.Time) string {
	d := now.Sub(t)
	if d < time.Minute {
		return s.Say("time.just_now")
	}
	if d >= 48*time.Hour {
		// A text of its own: German bends the word for days after "vor".
		return s.Say("time.days_ago", "Count", int(d/(24*time.Hour)))
	}
	return s.Say("time.ago", "Length", s.length(d, false))
}

// Duration is a length of time in its largest fitting unit, rounded up, so
// that nobody who waits that long comes too early: "15 minutes".
func (s *Speaker) Duration(d time.Duration) string {
	return s.length(d, true)
}

func (s *Speaker) length(d time.Duration, up bool) string {
	units := []struct {
		id   string
		unit time.Duration
		from time.Duration // the unit is used from this length on
	}{
		{"time.days", 24 * time.Hour, 48 * time.Hour},
		{"time.hours", time.Hour, 2 * time.Hour},
		{"time.minutes", time.Minute, time.Minute},
		{"time.seconds", time.Second, 0},
	}
	d = max(d, 0)
	for _, u := range units {
		exact := d > 0 && d%u.unit == 0 && d < u.from && d >= u.unit
		if d < u.from && !exact {
			continue
		}
		n := int(d / u.unit)
		if up && d%u.unit != 0 {
			n++
		}
		return s.Say(u.id, "Count", n)
	}
	return ""
}

// List joins words: "a", "a and b", "a, b and c".
func (s *Speaker) List(items ...string) string {
	switch len(items) {
	case 0:
		return ""
	case 1:
		return items[0]
	}
	last := len(items) - 1
	return s.Say("common.list_end", "First", strings.Join(items[:last], s.Say("common.list_comma")), "Last", items[last])
}

func in(t time.Time, zone *time.Location) time.Time {
	if zone == nil {
		return t.UTC()
	}
	return t.In(zone)
}

func sameDay(a, b time.Time) bool {
	return a.Year() == b.Year() && a.YearDay() == b.YearDay()
}

// zoneName is the zone's abbreviation; zones that have none are called by
// their distance, "UTC+3".
func zoneName(t time.Time) string {
	name, offset := t.Zone()
	if name == "" || name[0] == '+' || name[0] == '-' {
		sign := "+"
		if offset < 0 {
			sign, offset = "−", -offset
		}
		name = "UTC" + sign + strconv.Itoa(offset/3600)
		minutes := offset % 3600 / 60
		if minutes != 0 {
			name += ":" + strconv.Itoa(minutes)
		}
	}
	return name
}
