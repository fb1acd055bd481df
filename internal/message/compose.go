package message

import (
	"net/url"
	"time"
	_ "time/tzdata" // a person's zone must be known on a machine without zone files

	"countersign/internal/agent"
	"countersign/internal/words"
)

// composer puts one mail together.
type composer struct {
	speaker *words.Speaker
	kind    Kind
	recipe  recipe
	to      string
	data    Data
	at      time.Time
	expires time.Time
	zone    *time.Location
}

// document makes the blocks: what happened, what to do with it, the facts, and
// what to do when it was somebody else.
func (c composer) document() document {
	d := document{
		Lang: c.speaker.Lang(), Dir: c.speaker.Dir(),
		From:    name(c.data.Workspace),
		Subject: parseRuns(c.say(c.own("subject"))).String(),
		Title:   parseRuns(c.say(c.own("title"))).String(),
	}
	if !c.recipe.blank && c.data.Name != "" {
		d.Blocks = append(d.Blocks, c.paragraph("mail.hello"))
	}
	d.Blocks = append(d.Blocks, c.paragraph(c.own("text")))
	d.Blocks = append(d.Blocks, c.purpose()...)
	facts := c.facts()
	if len(facts) > 0 {
		d.Blocks = append(d.Blocks, block{Facts: facts})
	}
	d.Blocks = append(d.Blocks, c.advice()...)
	if c.recipe.warns() {
		d.Footer = append(d.Footer, parseRuns(c.say("mail.footer_no_link")))
	}
	d.Footer = append(d.Footer, parseRuns(c.say("mail.footer_sent")))
	return d
}

// purpose is what the mail brings: the link, the code, the codes, the count.
func (c composer) purpose() []block {
	switch c.recipe.needs {
	case needsLink:
		return []block{
			{Button: &button{Label: c.say(c.own("button")), Link: c.data.Link}},
			c.paragraph("mail.link_once"), c.paragraph("mail.link_page"),
		}
	case needsCode:
		return []block{{Code: clean(c.data.Code)}, c.paragraph("mail.code_once"), c.paragraph("mail.code_secret")}
	case needsCodes:
		codes := make([]string, 0, len(c.data.Codes))
		for _, code := range c.data.Codes {
			codes = append(codes, clean(code))
		}
		return []block{{Codes: codes}, c.paragraph(c.own("keep")), c.paragraph(c.own("old"))}
	case needsWeek:
		return c.remarks()
	}
	switch {
	case c.kind == RecoveryUsed && c.data.Left <= 0:
		return []block{c.paragraph(c.own("none"))}
	case c.kind == RecoveryUsed:
		blocks := []block{{Paragraph: parseRuns(c.say(c.own("left"), "Count", c.data.Left))}}
		if c.data.Left <= fewLeft {
			blocks = append(blocks, c.paragraph(c.own("few")))
		}
		return blocks
	case c.kind == ResetsLoosened:
		return c.loosened()
	case c.kind == LogShortened:
		kept := c.say(c.own("days"), "Before", clean(c.data.KeptBefore), "After", clean(c.data.KeptAfter))
		return []block{{Paragraph: parseRuns(kept)}, c.paragraph(c.own("stays"))}
	case c.speaker.Has(c.own("more")):
		return []block{c.paragraph(c.own("more"))}
	}
	return nil
}

// fewLeft is the number of recovery codes at which to make new ones.
const fewLeft = 3

// advice says what to do if it was not the person.
func (c composer) advice() []block {
	if len(c.recipe.steps) == 0 {
		return []block{c.paragraph(c.own("not_you"))}
	}
	var steps []runs
	for _, step := range c.recipe.steps {
		id := "mail.step_" + step
		if step == "open" && c.recipe.needs == needsLink {
			// Spelled without its scheme: the mail has one link, and this is not it.
			id = "mail.step_open_host"
		}
		steps = append(steps, parseRuns(c.say(id)))
	}
	if c.recipe.report {
		return []block{{Heading: c.say(c.own("details"))}, {Steps: steps}}
	}
	you, notYou := "mail.you", "mail.not_you"
	if c.recipe.others {
		you, notYou = "mail.expected", "mail.not_expected"
	}
	blocks := []block{{Heading: c.say(notYou)}, {Steps: steps}}
	if c.recipe.needs != needsNothing {
		return blocks
	}
	return append([]block{{Heading: c.say(you)}, c.paragraph("mail.do_nothing")}, blocks...)
}

func (c composer) facts() []fact {
	var out []fact
	for _, what := range c.recipe.facts {
		value := c.fact(what)
		if value != "" {
			out = append(out, fact{Label: c.say("mail.fact_" + what), Value: parseRuns(value)})
		}
	}
	return out
}

// fact is the value of one fact, "" when it is not known.
func (c composer) fact(what string) string {
	switch what {
	case "when":
		return c.moment(c.at)
	case "until":
		if c.data.Minutes <= 0 {
			return c.say("mail.until_reset")
		}
		return c.moment(c.at.Add(time.Duration(c.data.Minutes) * time.Minute))
	case "required_from":
		if c.data.From > 0 {
			return c.moment(time.UnixMilli(c.data.From))
		}
	case "trusted_until", "waits_until", "works_until":
		return c.moment(c.at.Add(time.Duration(c.data.Minutes) * time.Minute))
	case "where":
		return mark(ltr, clean(c.data.IP))
	case "browser":
		return c.browser()
	case "method":
		if id := "mail.method_" + c.data.Method; c.speaker.Has(id) {
			return c.say(id)
		}
	case "sent":
		return c.say("mail.texts_sent", "Count", c.data.Left, "Hours", c.data.Minutes/int(time.Hour/time.Minute))
	case "service", "capped":
		return mark(ltr, clean(c.data.Device))
	case "device":
		return mark(strong, name(c.data.Device))
	case "device_old":
		return mark(strong, name(c.data.OldDevice))
	case "by":
		return name(c.data.Actor)
	case "reason":
		return reason(c.data.Reason)
	case "role":
		return c.role(c.data.Role)
	case "role_old":
		return c.role(c.data.OldRole)
	case "email_new":
		return mark(ltr, clean(c.data.Email))
	case "email_old":
		return mark(ltr, clean(c.data.OldEmail))
	case "email_to":
		return mark(ltr, clean(c.to))
	}
	return c.number(what)
}

// role is a role by its name, "" for one that has none.
func (c composer) role(role string) string {
	id := "account.role_" + role
	if !c.speaker.Has(id) {
		return ""
	}
	return c.say(id)
}

func mark(with func(string) string, value string) string {
	if value == "" {
		return ""
	}
	return with(value)
}

// moment is a time in the person's zone and, where that is another, in UTC.
func (c composer) moment(t time.Time) string {
	local := c.speaker.Time(t, c.zone)
	in, utc := t.In(c.zone), t.UTC()
	if _, offset := in.Zone(); offset == 0 {
		return local
	}
	other := c.speaker.Clock(utc, time.UTC)
	if in.YearDay() != utc.YearDay() {
		other = c.speaker.Time(utc, time.UTC)
	}
	return c.speaker.Say("mail.moment", "Local", local, "UTC", other)
}

func (c composer) browser() string {
	browser, system := agent.Describe(c.data.UserAgent)
	switch {
	case browser == "":
		return system
	case system == "":
		return browser
	}
	return c.speaker.Say("mail.browser_on", "Browser", browser, "System", system)
}

func (c composer) paragraph(id string) block { return block{Paragraph: parseRuns(c.say(id))} }

// own is the id of a sentence that only this kind of mail has. A lock after
// wrong passwords is told in other words than one after wrong codes: the
// second means that somebody knows the password. A phone that was paired is named so
// in the subject.
func (c composer) own(part string) string {
	kind := string(c.kind)
	switch {
	case c.kind == TooManyTries && c.data.Method == "password":
		kind = "too_many_passwords"
	case c.kind == SetUp && c.data.Required:
		kind = "set_up_now"
	case c.kind == SetUp && c.data.From > 0:
		kind = "set_up_from"
	case c.kind == RequirementBegan && c.data.From > 0:
		kind = "requirement_from"
	case c.kind == MethodAdded && c.data.Method == "push":
		kind = "phone_paired"
	}
	return "mail." + kind + "_" + part
}

// say is a sentence with whatever it asks for.
func (c composer) say(id string, more ...any) string {
	return c.speaker.Say(id, append(more,
		"Workspace", strong(name(c.data.Workspace)),
		"Name", name(c.data.Name),
		"Address", ltr(clean(c.data.Address)),
		"Host", ltr(clean(c.host())),
		"To", ltr(clean(c.to)),
		"Until", c.moment(c.expires),
		"Begin", c.day(0), "End", c.day(6),
		"From", c.speaker.Date(time.UnixMilli(c.data.From), c.zone),
	)...)
}

// host is the place of the link, or of the sign-in page.
func (c composer) host() string {
	link := c.data.Link
	if link == "" {
		link = c.data.Address
	}
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	return u.Host
}

// zone finds a time zone by its name. "Local" would be the server's.
func zone(name string) *time.Location {
	if name == "" || name == "Local" {
		return time.UTC
	}
	location, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return location
}
