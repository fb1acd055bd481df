package message

import "time"

// Week are the numbers of seven days for those who manage: no names, because a mail is
// read where others look on.
type Week struct {
	// From is where the week begins, in unix milliseconds: a Monday, 00:00 UTC.
	From int64 `json:"from"`
	// People are those who can sign in now, Protected those of them with a second factor,
	// Required those without who are required to have one.
	People    int64 `json:"people"`
	Protected int64 `json:"protected"`
	Required  int64 `json:"required"`
	// SignedIn counts people, Refused sign-ins whose second step was wrong or locked, if
	// only once, the rest acts.
	SignedIn  int64 `json:"signed_in"`
	Refused   int64 `json:"refused"`
	Denied    int64 `json:"denied"`
	Reported  int64 `json:"reported"`
	Recovered int64 `json:"recovered"`
	Reset     int64 `json:"reset"`
	Settings  int64 `json:"settings"`
}

// Numbers are what the week's mail lists, by the names of its facts.
func (w Week) Numbers() map[string]int64 {
	return map[string]int64{
		"people": w.People, "protected": w.Protected, "unprotected": w.People - w.Protected, "required": w.Required,
		"signed_in": w.SignedIn, "refused": w.Refused, "denied": w.Denied, "reported": w.Reported,
		"recovered": w.Recovered, "reset": w.Reset, "settings": w.Settings,
	}
}

// quiet tells that nothing happened to look into.
func (w Week) quiet() bool {
	return w.Refused+w.Denied+w.Reported+w.Recovered+w.Reset+w.Settings == 0
}

// weekFacts is the order in which the numbers are listed.
func weekFacts() []string {
	return []string{
		"people", "protected", "unprotected", "required",
		"signed_in", "refused", "denied", "reported", "recovered", "reset", "settings",
	}
}

// number is one of the week's numbers; none where it is nothing and says nothing.
func (c composer) number(what string) string {
	if c.data.Week == nil {
		return ""
	}
	n, known := c.data.Week.Numbers()[what]
	says := n != 0 || what == "people" || what == "protected" || what == "signed_in"
	if !known || !says {
		return ""
	}
	return c.speaker.Number(int(n))
}

// remarks say what the list of numbers leaves out.
func (c composer) remarks() []block {
	switch week := c.data.Week; {
	case week == nil:
		return nil
	case week.quiet():
		return []block{c.paragraph(c.own("quiet"))}
	}
	return nil
}

// day is a day of the week that is told of, from 0; "" in other mails.
func (c composer) day(n int) string {
	if c.data.Week == nil {
		return ""
	}
	return c.speaker.Date(time.UnixMilli(c.data.Week.From).UTC().AddDate(0, 0, n), time.UTC)
}

// warns tells that the mail brings nothing to use, and so no link.
func (r recipe) warns() bool { return r.needs == needsNothing || r.needs == needsWeek }
