package policy

import (
	"slices"
	"time"
)

// Somebody is one person who can sign in, as far as a change of settings can shut them
// out.
type Somebody struct {
	// Personal is the person's own requirement, as stored.
	Personal string
	// Password tells that they have one, Passkey a passkey, Phone a phone.
	Password, Passkey, Phone bool
	// SecondFactors counts their active second factors; Before and After are those that a
	// sign-in would accept by the settings of before and of after.
	SecondFactors int64
	Before, After []Way
}

// Effect is what a change of settings does to somebody.
type Effect string

// The effects, the gravest first.
const (
	Unaffected Effect = ""
	LockedOut  Effect = "locked_out" // nothing that they have lets them in any more
	CodesOnly  Effect = "codes_only" // recovery codes alone still do
	MustSetUp  Effect = "must_set_up"
)

// Affect tells what a change from one set of effective settings to another does to a
// person. Whom the settings of before shut out already is not affected by those of after.
func Affect(p Somebody, before, after Settings, now time.Time) Effect {
	was, is := p.reach(p.Before, before), p.reach(p.After, after)
	required := func(s Settings) bool { return s.Required(p.Personal, now) != NotRequired }
	switch {
	case is == reachNothing && was != reachNothing:
		return LockedOut
	case is == reachCodes && was == reachAll:
		return CodesOnly
	case is == reachAll && p.SecondFactors == 0 && required(after) && !required(before):
		return MustSetUp
	}
	return Unaffected
}

// GetsIn tells whether somebody can still sign in by some settings: with what they have, or
// by setting it up on the way.
func (p Somebody) GetsIn(ways []Way, s Settings) bool { return p.reach(ways, s) != reachNothing }

type reach int

const (
	reachNothing reach = iota
	reachCodes
	reachAll
)

func (p Somebody) reach(ways []Way, s Settings) reach {
	begins := p.Password && slices.Contains(s.FirstFactors, firstPassword) || p.Passkey && s.PasskeyFirst() || p.Phone && s.PushFirst()
	if !begins {
		return reachNothing
	}
	if p.SecondFactors == 0 || p.Passkey && s.PasskeyFirst() {
		return reachAll // there is nothing to ask, or it is both factors in one
	}
	chosen := Choose(Choice{Ways: ways, Settings: s})
	switch {
	case chosen.First != "":
		return reachAll
	case len(chosen.Offered) > 0:
		return reachCodes
	}
	return reachNothing
}
