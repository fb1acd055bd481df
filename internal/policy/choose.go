package policy

import "slices"

// A Way is one of a person's second factors, as far as a sign-in sees it.
type Way struct {
	Kind string
	// Usable tells that it works now. A phone may be signed out, its app too old, its
	// biometrics gone, or left in peace after too many questions.
	Usable bool
}

// Choice is all that decides which second factor is asked first.
type Choice struct {
	Ways []Way
	// Default is the person's own, set at DefaultAt; Last what this browser used last, at
	// LastAt. Times are unix milliseconds.
	Default, Last     string
	DefaultAt, LastAt int64
	Settings          Settings
}

// Why says what decided, for pages and tests.
type Why string

// The reasons, in the order in which they count.
const (
	WhyLast      Why = "this browser used it last"
	WhyDefault   Why = "the person's default"
	WhyPreferred Why = "the pool prefers it"
	WhyStrongest Why = "the strongest there is"
	WhyNone      Why = "nothing else works"
)

// strongest are the second factors, the most secure first.
func strongest() []string { return []string{Passkey, Push, "totp", "sms"} }

// First chooses the second factor that a sign-in asks first: what this browser used
// last, unless the default was set since; the person's default; the pool's preferred;
// the strongest. What is not allowed, not there or not usable now is passed over.
// Recovery codes are never asked first.
func First(c Choice) (string, Why) {
	usable := func(kind string) bool {
		return slices.ContainsFunc(c.Ways, func(w Way) bool {
			return w.Kind == kind && w.Usable && kind != "recovery" && c.Settings.Allows(kind) && slices.Contains(c.Settings.SecondFactors, kind)
		})
	}
	switch {
	case c.LastAt > c.DefaultAt && usable(c.Last):
		return c.Last, WhyLast
	case usable(c.Default):
		return c.Default, WhyDefault
	case usable(c.Settings.Preferred):
		return c.Settings.Preferred, WhyPreferred
	}
	for _, kind := range strongest() {
		if usable(kind) {
			return kind, WhyStrongest
		}
	}
	return "", WhyNone
}
