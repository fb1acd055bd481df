package policy

import "slices"

// A Way is one kind of a person's second factors, as far as a sign-in sees it.
type Way struct {
	Kind string
	// Trouble is why it cannot be asked now, in a word; "" is for one that works. A phone
	// may be signed out, its app too old, its biometrics gone, or left in peace after too
	// many questions.
	Trouble string
}

// Choice is all that decides which second factor is asked first.
type Choice struct {
	// Ways are those that would be accepted, of each kind one.
	Ways []Way
	// Default is the person's own, set at DefaultAt; Last what this browser used last, at
	// LastAt. Times are unix milliseconds.
	Default, Last     string
	DefaultAt, LastAt int64
	Settings          Settings
}

// Why says what decided, in a word for which pages have a sentence.
type Why string

// The reasons, in the order in which they count.
const (
	WhyLast      Why = "last"      // this browser used it last
	WhyDefault   Why = "default"   // the person's default
	WhyPreferred Why = "preferred" // the pool prefers it
	WhyStrongest Why = "strongest" // the strongest there is
	WhyOnly      Why = "only"      // the pool does not use it any more, and nothing else works
	WhyNone      Why = "none"      // nothing works now
)

// Recovery codes are offered last, and never asked first.
const Recovery = "recovery"

// strongest are the second factors, the most secure first.
func strongest() []string { return []string{Passkey, Push, "totp", SMS, Recovery} }

// Chosen is what is asked first, what else is offered, and why.
type Chosen struct {
	First string // "" where nothing works but what Offered says
	Why   Why
	// Offered are the kinds that work now, First among them, the most secure first and
	// recovery last.
	Offered []string
	// Passed are those that would have been asked first and do not work now.
	Passed []Way
}

// Choose decides what a sign-in asks first: what this browser used last, unless the
// default was set since; the person's default; the pool's preferred; the strongest. What
// does not work now is passed over, and told.
func Choose(c Choice) Chosen {
	way := func(kind string) (Way, bool) {
		at := slices.IndexFunc(c.Ways, func(w Way) bool { return w.Kind == kind })
		if at < 0 {
			return Way{}, false
		}
		return c.Ways[at], true
	}
	chosen := Chosen{Why: WhyNone}
	for _, kind := range strongest() {
		if w, there := way(kind); there && w.Trouble == "" {
			chosen.Offered = append(chosen.Offered, kind)
		}
	}
	for _, wish := range c.wishes() {
		w, there := way(wish.kind)
		switch {
		case !there || wish.kind == Recovery || wish.why != WhyOnly && !c.Settings.asks(wish.kind):
		case w.Trouble == "":
			chosen.First, chosen.Why = wish.kind, wish.why
			return chosen
		case !slices.Contains(chosen.Passed, w):
			chosen.Passed = append(chosen.Passed, w)
		}
	}
	return chosen
}

type wish struct {
	kind string
	why  Why
}

// wishes are what could be asked first, in the order in which it counts.
func (c Choice) wishes() []wish {
	wishes := []wish{{c.Default, WhyDefault}, {c.Settings.Preferred, WhyPreferred}}
	if c.LastAt > c.DefaultAt {
		wishes = slices.Insert(wishes, 0, wish{c.Last, WhyLast})
	}
	for _, why := range []Why{WhyStrongest, WhyOnly} {
		for _, kind := range strongest() {
			wishes = append(wishes, wish{kind, why})
		}
	}
	return wishes
}

// asks tells whether the pool has people asked for this kind. One that it has not any more
// counts for those who have nothing else: no setting shuts them out.
func (s Settings) asks(kind string) bool {
	return s.Allows(kind) && slices.Contains(s.SecondFactors, kind)
}

// Takes tells whether a second factor of this kind is still accepted. An authenticator app
// always is: taking the method away keeps people from setting it up, and shuts nobody out.
func (s Settings) Takes(kind string) bool {
	switch kind {
	case Passkey:
		return s.Passkeys()
	case Push:
		return s.Allows(Push)
	case SMS:
		return s.Texts()
	}
	return true
}

// After is what is offered to somebody who cannot do kind: the most secure of the others.
// "" is for nobody who has another.
func (c Chosen) After(kind string) string {
	for _, other := range c.Offered {
		if other != kind {
			return other
		}
	}
	return ""
}
