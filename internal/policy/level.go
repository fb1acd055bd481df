package policy

import "time"

// Level is how far a session reaches.
type Level int

const (
	// LevelNone is nobody.
	LevelNone Level = iota
	// LevelFirst has one factor of two: it can finish or cancel, nothing else.
	LevelFirst
	// LevelEnrol reaches the set-up of a second factor and signing out.
	LevelEnrol
	// LevelFull reaches everything that the role allows.
	LevelFull
)

// Standing is what decides a session's level, read anew each time: never a
// cached flag (security.md 4).
type Standing struct {
	// First and Second name the proofs this session has given, "" for none.
	First, Second string
	// SecondFactors counts the person's active second factors, Others those of them
	// that are no phone.
	SecondFactors, Others int64
	// CodesLeft counts unused recovery codes; Recovers tells that the
	// workspace uses them.
	CodesLeft int64
	Recovers  bool
	Required  Source
	// Trusts tells that browsers may be trusted at all.
	Trusts bool
	// SSO counts after single sign-on alone.
	SSO SSO
}

// Reason says why a level is below full; pages and tests read it.
type Reason string

// The reasons.
const (
	ReasonNone     Reason = ""
	ReasonSecond   Reason = "second_factor_missing"
	ReasonRequired Reason = "required"
	ReasonCodes    Reason = "codes_unsaved"
)

// LevelOf computes a session's level.
func LevelOf(s Standing) (Level, Reason) {
	if s.Second == TrustedBrowser && !s.Trusts {
		s.Second = "" // what let this session in is not allowed any more
	}
	switch {
	case s.First == "":
		return LevelNone, ReasonNone
	case s.First == FirstTap && s.Second != Recovery && s.Second != HelpCode && s.Others == 0 && s.Required != NotRequired:
		// Taps are one factor, however many: where two are required, another kind is set up.
		return LevelEnrol, ReasonRequired
	case s.SecondFactors > 0 && s.Second == "" && !s.SSO.excuses(s.First) && (s.First != FirstTap || s.Others > 0):
		return LevelFirst, ReasonSecond
	case s.SecondFactors == 0 && s.Required != NotRequired && !s.SSO.excuses(s.First):
		return LevelEnrol, ReasonRequired
	case s.SecondFactors > 0 && s.Recovers && s.CodesLeft == 0 && s.Second != HelpCode:
		// (Whoever came by the help desk proves their new second factor first.)
		// On at the confirmed code, finished at Done: until the codes are
		// saved (or when the last was used) every page leads to them.
		return LevelEnrol, ReasonCodes
	}
	return LevelFull, ReasonNone
}

// FreshFor is how long a proof stays fresh (NIST SP 800-63B section 4.1.2
// asks for a recent authentication before a binding).
const FreshFor = 10 * time.Minute

// Proofs are the moments that decide whether a session's proof is fresh.
type Proofs struct {
	FirstAt, SecondAt, MailedAt time.Time
	// KnownSince is when this browser first signed in to this account.
	KnownSince time.Time
	// Entry says how the session came to be, StartedAt when.
	Entry     string
	StartedAt time.Time
}

// Fresh tells whether a sensitive change may go on: for ten minutes after a
// second factor where the person has one, else after the password.
func Fresh(p Proofs, secondFactors int64, now time.Time) bool {
	at := p.FirstAt
	if secondFactors > 0 {
		at = p.SecondAt
	}
	return !at.IsZero() && now.Sub(at) < FreshFor && !at.After(now.Add(time.Minute))
}

// Entries of a session that came by a link made for this person.
const (
	EntryForm       = "form"
	EntryInvitation = "invitation"
	EntrySetup      = "setup"
	EntryRescue     = "rescue"
)

// linkTrust is how long an invitation, set-up or rescue link vouches for the
// person after it was used.
const linkTrust = 30 * time.Minute

// knownAfter is how long a browser must have known an account to vouch for it.
const knownAfter = 24 * time.Hour

// MayEnrolFirst tells whether the first second factor may be enrolled without
// a code sent to the account's address. A stolen password alone must not let
// a thief enrol a phone of his own.
func MayEnrolFirst(p Proofs, now time.Time) bool {
	if !p.KnownSince.IsZero() && now.Sub(p.KnownSince) > knownAfter {
		return true
	}
	switch p.Entry {
	case EntryInvitation, EntrySetup, EntryRescue:
		if now.Sub(p.StartedAt) <= linkTrust {
			return true
		}
	}
	return !p.MailedAt.IsZero() && now.Sub(p.MailedAt) < FreshFor
}
