package message

// Loosened is one place where fewer people are needed for a reset than before.
type Loosened struct {
	// Pool is the name of an identity pool, Person that of somebody who was moved. Where
	// both are "", it holds for everybody in pools that set nothing themselves.
	Pool   string `json:"pool,omitempty"`
	Person string `json:"person,omitempty"`
	// Before and After are values of recovery.admin_reset.
	Before string `json:"before"`
	After  string `json:"after"`
}

// MostLoosened is how many places a mail names.
const MostLoosened = 10

// loosened says where, one place in each paragraph; Left are those that are not named.
func (c composer) loosened() []block {
	by := func(value string) string {
		if id := "mail.reset_by_" + value; c.speaker.Has(id) {
			return c.say(id)
		}
		return clean(value)
	}
	var blocks []block
	for _, one := range c.data.Loosened[:min(len(c.data.Loosened), MostLoosened)] {
		id := c.own("all")
		switch {
		case one.Person != "":
			id = c.own("person")
		case one.Pool != "":
			id = c.own("pool")
		}
		said := c.say(id, "Person", strong(name(one.Person)), "Pool", strong(name(one.Pool)), "After", by(one.After), "Before", by(one.Before))
		blocks = append(blocks, block{Paragraph: parseRuns(said)})
	}
	if c.data.Left > 0 {
		blocks = append(blocks, block{Paragraph: parseRuns(c.say(c.own("more_pools"), "Count", c.data.Left))})
	}
	return blocks
}
