package policy

import (
	"slices"
	"time"
)

// TrustedBrowser stands in the place of the second factor of a session that a browser's
// trust let in. Nothing was proven by it, so it has no moment and is never fresh.
const TrustedBrowser = "trusted_browser"

// MostTrustedDays is how long a browser can be trusted at most, whatever the settings say.
const MostTrustedDays = 90

// askTrustAgain is how long somebody who said "not now" is left alone.
const askTrustAgain = 30 * 24 * time.Hour

// Trust is what is stored of a browser for one person. Zero times are those that never came.
type Trust struct {
	// At is when it was trusted, Until for how long by the settings of that day.
	At, Until time.Time
	// AskedAt is when the person last said "not now".
	AskedAt time.Time
}

// TrustedUntil is when a browser's trust ends: by the settings of the day on which it was
// given, or by those of now, whichever is earlier. It is zero where there is none.
func (s Settings) TrustedUntil(t Trust) time.Time {
	if s.TrustedDays <= 0 || t.At.IsZero() {
		return time.Time{}
	}
	until := t.At.Add(time.Duration(s.TrustedDays) * 24 * time.Hour)
	if t.Until.Before(until) {
		return t.Until
	}
	return until
}

// Trusts tells whether a browser is trusted now. One that was trusted on a day that has
// not come was trusted while the clock was wrong.
func (s Settings) Trusts(t Trust, now time.Time) bool {
	return now.Before(s.TrustedUntil(t)) && !t.At.After(now.Add(time.Minute))
}

// MayTrust tells whether a session of this kind may make its browser a trusted one: only
// where somebody typed the password and gave a second factor. Links, recovery codes and
// trust itself give none. Kinds that are not named here give none either.
func (s Settings) MayTrust(entry, first, second string) bool {
	gives := []string{"totp", "sms", Push, "terminal", Passkey, PasskeySynced}
	return s.TrustedDays > 0 && entry == EntryForm && first == firstPassword && slices.Contains(gives, second)
}

// AsksTrust tells whether such a sign-in is followed by the question.
func (s Settings) AsksTrust(entry, first, second string, t Trust, now time.Time) bool {
	lately := !t.AskedAt.IsZero() && now.Sub(t.AskedAt) < askTrustAgain
	return s.MayTrust(entry, first, second) && !s.Trusts(t, now) && !lately
}

// TrustLetsIn tells whether the browser's trust stands in the place of the second factor
// of a sign-in that began so. A first factor other than the password keeps its own rules.
func (s Settings) TrustLetsIn(entry, first string, t Trust, now time.Time) bool {
	return entry == EntryForm && first == firstPassword && s.Trusts(t, now)
}

// firstPassword is the password as a first factor.
const firstPassword = "password"

// strictestTrust is the number of days where workspace and pool both say one: the smaller
// counts, so that a pool does not widen what the workspace allows.
func strictestTrust(layers ...Document) (int, bool, error) {
	least, set := 0, false
	for _, layer := range layers {
		value, found := layer[trustKey]
		if !found {
			continue
		}
		days, err := whole(value)
		if err != nil {
			return 0, false, err
		}
		if !set || days < least {
			least = days
		}
		set = true
	}
	return least, set, nil
}
