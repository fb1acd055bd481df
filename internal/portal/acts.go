package portal

// act is something that needs a fresh proof, as the page that asks for it names
// it ("proof.act_<name>").
type act struct {
	name string
	// owner marks the acts by which a stolen password could become a second
	// factor of the thief's; the rules themselves ask the same of them.
	owner bool
}

// acts lists them by the path that they are done at.
func acts() map[string]act {
	return map[string]act{
		"/account/two-factor":              {name: "second_factor", owner: true},
		"/account/two-factor/app":          {name: "second_factor", owner: true},
		"/account/two-factor/codes":        {name: "codes"},
		"/account/two-factor/codes.txt":    {name: "codes"},
		"/account/recovery":                {name: "codes"},
		"/account/two-factor/off":          {name: "turn_off"},
		"/account/two-factor/{id}/default": {name: "default"},
		"/account/two-factor/{id}/rename":  {name: "rename"},
		"/account/two-factor/{id}/change":  {name: "change_device"},
		"/account/two-factor/{id}/remove":  {name: "remove"},
		"/account/password":                {name: "password"},
		"/account/email":                   {name: "email", owner: true},
		"/account/email/confirm":           {name: confirmEmail},
		"/account/data":                    {name: "export"},
	}
}

// confirmEmail needs the mailed code and nothing else.
const confirmEmail = "confirm_email"

// actNamed returns the act of a name that an address carries; any other name
// is read as the most demanding one.
func actNamed(name string) act {
	for _, one := range acts() {
		if one.name == name {
			return one
		}
	}
	return act{name: "second_factor", owner: true}
}
