package portal

import (
	"time"

	"countersign/internal/web"
)

// IdentifierView is signin/identifier: field "identifier".
type IdentifierView struct {
	web.Page
}

// PasswordView is signin/password: fields "identifier" (hidden, for password
// managers) and "password".
type PasswordView struct {
	web.Page
	Identifier string
}

// CodeView is signin/code: field "code".
type CodeView struct {
	web.Page
	Attempt   string // the sign-in's own address is /signin/{Attempt}
	Workspace string
	Devices   []string // names of the authenticator apps that may answer
	Recovers  bool     // the workspace uses recovery codes
}

// RecoveryView is signin/recovery: field "recovery". It says what the code
// will do before it is typed.
type RecoveryView struct {
	web.Page
	Attempt    string // the sign-in's own address is /signin/{Attempt}
	Workspace  string
	Resets     bool // recovery.effect = reset
	Required   bool // a second factor is required, so set-up follows a reset
	AdminReset bool // recovery.admin_reset = allowed
}

// WaysView is signin/ways: what this person has set up, strongest first.
type WaysView struct {
	web.Page
	Attempt string // the sign-in's own address is /signin/{Attempt}
	Ways    []Way
}

// A Way is one method to finish the sign-in with.
type Way struct {
	Kind    string   // totp, recovery
	Devices []string // their names, for totp
	Used    time.Time
	Href    string
}

// LockedView is signin/locked.
type LockedView struct {
	web.Page
	Attempt  string // the sign-in's own address is /signin/{Attempt}
	Kind     string // password, second
	Wait     time.Duration
	Until    time.Time
	Recovers bool // a recovery code still works
}

// ExpiredView is signin/expired.
type ExpiredView struct {
	web.Page
}

// ForgotView is signin/forgot: field "email".
type ForgotView struct {
	web.Page
}

// ForgotSentView is signin/forgot_sent; it is the same for known and unknown
// addresses.
type ForgotSentView struct {
	web.Page
	Email string // as typed
}

// RequiredView is signin/required: the session reaches nothing but enrolment.
// "Set it up now" leads to the choice of a method.
type RequiredView struct {
	web.Page
	Workspace string
	Source    string // workspace, pool, user
	Settings  bool   // enrol_at_sign_in = account_settings: lead there first
}

// ProofView is signin/proof: prove again who one is, for one act. Fields:
// "code" for totp and mailed, "recovery", "password".
type ProofView struct {
	web.Page
	Act    string   // a text id without "proof.act_": second_factor, turn_off, …
	Kind   string   // totp, recovery, password, mailed
	Others []string // further kinds, as links ?with=KIND
	Back   string   // where Cancel leads
	Return string   // where the act goes on
	Sent   bool     // mailed: a code is on its way
	// Devices names the authenticator apps; Workspace their entry.
	Devices   []string
	Workspace string
}
