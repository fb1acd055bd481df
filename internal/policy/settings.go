package policy

import (
	"time"
)

// Settings are the effective settings of one identity pool: the workspace's
// document with what the pool overrides, over the defaults.
type Settings struct {
	Methods       []string
	FirstFactors  []string
	SecondFactors []string
	Preferred     string

	// Require is the workspace's requirement and PoolRequire the pool's; the
	// strictest wins, so neither overrides the other.
	Require     Requirement
	PoolRequire Requirement

	// PushRequires is what must be there before a phone is paired, PushConfirm how an
	// approval is tied to its sign-in, PushMinVersion the least version of the app ("" for
	// any), PairingConfirm the ways to confirm a pairing, in the order they are offered.
	PushRequires   string
	PushConfirm    string
	PushMinVersion string
	Terminals      bool // command lines may be paired as if they were phones
	PairingConfirm []string

	// PasskeyVerified tells that a passkey must verify its user also as a second factor,
	// PasskeyModels the AAGUIDs that may be added, none for all.
	PasskeyVerified bool
	PasskeyModels   []string

	// TextCountries are those whose numbers may have texts, by their two letters, none
	// until they are listed; TextsAHour are sent to one country within an hour at most, and
	// TextsADay in all within a day.
	TextCountries []string
	TextsAHour    int
	TextsADay     int

	TOTPMax      int
	TOTPKeyChars int

	RecoveryCodes    int
	RecoveryEffect   string
	RecoveryDelivery string
	AdminReset       string

	// TrustedDays is how long a browser may be trusted, 0 for not at all.
	TrustedDays int

	TurnOff       string
	EnrolAtSignIn string
	Digest        bool // administrators get the numbers of each week by mail
	RetentionDays int
	Words         string
}

// The values that rules ask for by name.
const (
	EffectSignIn = "sign_in"
	EffectReset  = "reset"
	ByScreen     = "screen"
	ByEmail      = "email"
	FreshProof   = "fresh_proof"
	ResetAllowed = "allowed"
	// ResetTwoAdmins wants a second administrator who confirms.
	ResetTwoAdmins = "two_admins"
	ResetNever     = "never"
	WizardFirst    = "wizard"
	SettingsFirst  = "account_settings"
	WordsBackup    = "backup"

	// HelpCode is a code that the help desk gave, in the place of the second factor. It is
	// good for one sign-in, and for replacing what was lost.
	HelpCode = "help_code"

	// Passkey is the method, and a proof by one that stays on its device; PasskeySynced
	// is a proof by one that does not.
	Passkey       = "passkey"
	PasskeySynced = "passkey_synced"

	// SMS is the method of codes in text messages.
	SMS = "sms"

	// Push is the method, and names it in lists.
	Push            = "push"
	RequiresBackup  = "any_backup"
	RequiresTOTP    = "totp"
	RequiresNothing = "none"
	ConfirmType     = "type"
	ConfirmType6    = "type6"
	ConfirmTap      = "tap"
	PairingByCode   = "code"
	PairingByEmail  = "email"
)

// Allows tells whether a method is enabled in the workspace.
func (s Settings) Allows(kind string) bool {
	for _, m := range s.Methods {
		if m == kind {
			return true
		}
	}
	return false
}

// Recovers tells whether recovery codes are part of the set-up.
func (s Settings) Recovers() bool { return s.Allows("recovery") }

// Backup tells whether the texts say "backup" instead of "recovery" codes.
func (s Settings) Backup() bool { return s.Words == WordsBackup }

// Requirement is the value of require_second_factor: optional, required, or
// required from a date on.
type Requirement struct {
	Required bool
	// From is zero when the requirement holds at once.
	From time.Time
}

// Holds tells whether a second factor is required at this time.
func (r Requirement) Holds(now time.Time) bool { return r.Required && !now.Before(r.From) }

// Source names who requires a second factor.
type Source string

// Where a requirement can come from; the page names it.
const (
	NotRequired Source = ""
	ByWorkspace Source = "workspace"
	ByPool      Source = "pool"
	ByUser      Source = "user"
)

// Required tells who requires a second factor of a user now: the strictest of
// workspace, pool and user wins. personal is the user's own value, as stored.
func (s Settings) Required(personal string, now time.Time) Source {
	switch {
	case s.Require.Holds(now):
		return ByWorkspace
	case s.PoolRequire.Holds(now):
		return ByPool
	case Personal(personal).Holds(now):
		return ByUser
	}
	return NotRequired
}

// AsksSetUp is the date that somebody is told of after signing in: without a second
// factor, before it is required of them, and once a day in a browser, in which they last
// said "later" at last. It is zero where nothing is to be said.
func (s Settings) AsksSetUp(personal string, factors int, last, now time.Time) time.Time {
	lately := !last.IsZero() && now.Sub(last) < askSetUpAgain && !last.After(now.Add(time.Minute))
	if factors > 0 || lately || s.Required(personal, now) != NotRequired {
		return time.Time{}
	}
	return s.Announced(personal, now)
}

// askSetUpAgain is how long "remind me later" holds.
const askSetUpAgain = 24 * time.Hour

// DaysLeft counts the days to a moment, the one that has begun included.
func DaysLeft(until, now time.Time) int {
	const day = 24 * time.Hour
	return int((max(until.Sub(now), 0) + day - 1) / day)
}

// Announced returns the nearest date from which a second factor will be
// required of a user, or zero. personal is the user's own value, as stored.
func (s Settings) Announced(personal string, now time.Time) time.Time {
	var nearest time.Time
	for _, r := range []Requirement{s.Require, s.PoolRequire, Personal(personal)} {
		if r.Required && now.Before(r.From) && (nearest.IsZero() || r.From.Before(nearest)) {
			nearest = r.From
		}
	}
	return nearest
}
