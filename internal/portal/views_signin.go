package portal

import (
	"time"

	"countersign/internal/account"
	"countersign/internal/web"
)

// IdentifierView is signin/identifier: field "identifier".
type IdentifierView struct {
	web.Page
	Phone     bool // an approval on the phone may take the password's place
	Preferred bool // and the pool prefers it
	// Passkey is for the browser, as JSON, where a passkey may take the place of both
	// factors; Unknown is one that nobody has any more.
	Passkey, Unknown string
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
	Devices   []string         // names of the authenticator apps that may answer
	Phones    []string         // and of phones that show codes of their own
	Recovers  bool             // the workspace uses recovery codes
	Others    []Other          // what works instead, but for recovery codes
	Troubled  []TroubledDevice // phones that would have been asked first, and why they are not
}

// RecoveryView is signin/recovery: field "recovery". It says what the code
// will do before it is typed.
type RecoveryView struct {
	web.Page
	Attempt    string // the sign-in's own address is /signin/{Attempt}
	Workspace  string
	Resets     bool   // recovery.effect = reset
	Required   bool   // a second factor is required, so set-up follows a reset
	AdminReset string // recovery.admin_reset
	Passkey    bool   // a passkey is asked for, and no code
	Helped     bool   // a code of the help desk waits
	HelpOnly   bool   // or did, a moment ago, and there are no recovery codes
}

// Other is a way in the place of the one that a page asks for.
type Other struct{ Kind, Href string }

// WaysView is signin/ways: what this person has set up, strongest first.
type WaysView struct {
	web.Page
	Attempt      string // the sign-in's own address is /signin/{Attempt}
	Workspace    string
	Ways         []Way
	PhoneMissing bool             // the workspace has approval on the phone, and this person no phone
	Troubled     []TroubledDevice // phones, where none can be asked now
	TextsOff     bool             // the person has a number, and nobody sends texts to it
	Elsewhere    []string         // passkeys and phones that were set up under another address
}

// A Way is one method to finish the sign-in with.
type Way struct {
	Kind    string   // passkey, push, totp, sms, recovery
	Devices []string // their names, for push and totp; the masked number for sms
	Used    time.Time
	Href    string
	Why     string // of the one that is asked first: last, default, preferred, strongest, only
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

// ProofPhone is a fresh proof that was asked on the phone.
type ProofPhone struct {
	State, Number string
	Left, Waited  int // seconds
}

// ProofView is signin/proof: prove again who one is, for one act. Fields:
// "code" for totp and mailed, "recovery", "password".
type ProofView struct {
	web.Page
	Act     string   // as addresses name it: turn_off, rename:crd_…, …
	Upon    *Upon    // what the act is upon, nil for nothing
	Kind    string   // push, totp, sms, recovery, password, mailed
	Others  []string // further kinds, as links ?with=KIND
	Back    string   // where Cancel leads
	Return  string   // where the act goes on
	Sent    bool     // mailed: a code is on its way
	Phone   *ProofPhone
	Text    *ProofText
	Options string // for the browser, of a passkey
	// Devices names the authenticator apps; Workspace their entry.
	Devices   []string
	Workspace string
}

// Upon is the credential that an act is upon. Its kind stands in the words: an app and a
// phone may have one name.
type Upon struct{ Name, Kind string }

// ActName is the name of the act, as the texts have it.
func (v ProofView) ActName() string {
	name, _ := account.Act(v.Act).Parts()
	return name
}
