package portal

import (
	"slices"
	"strings"
	"time"

	"countersign/internal/method"
	"countersign/internal/policy"
	"countersign/internal/web"
)

// SecurityView is account/security.
type SecurityView struct {
	web.Page
	Workspace string

	On         bool
	Since      time.Time
	RequiredBy string    // workspace, pool, user, ""
	From       time.Time // required from this date on, zero when not announced
	AdminWaits bool      // an administrator without a second factor

	Email             string
	EmailVerified     bool
	PasswordChangedAt time.Time

	Steps   []SecondStep
	TOTPMax int
	Pushes  bool // the workspace has approval on the phone
	// Texts tells that codes can be sent as texts, HasNumber that the person has a number.
	Texts, HasNumber bool
	// Passkeys tells that the workspace has passkeys, HasPasskey that the person has one;
	// Accepted are those that the browser may keep, as JSON.
	Passkeys, HasPasskey bool
	Accepted             string
	// HasTOTP and HasPhone tell what is on; FirstApp is the first authenticator app.
	HasTOTP, HasPhone bool
	FirstApp          string
	apps              int
	OneApp, CanAdd    bool           // there is exactly one, and there may be another
	Recovery          *RecoveryState // nil when the workspace has none or it is off

	Sessions []Session
	Activity []Activity

	// Trusted are the trusted browsers; MayTrust offers to trust this one.
	Trusted  []TrustedBrowser
	MayTrust bool

	TurnOffByMail bool
	Moves         bool // the person is about to move to a new phone
}

// MoveView is account/move: what is to be done for a new phone.
type MoveView struct {
	web.Page
	Workspace   string
	Begun, Lost bool
	Steps       []MoveStep
}

// Finished tells that nothing is left to do.
func (v MoveView) Finished() bool {
	return !slices.ContainsFunc(v.Steps, func(s MoveStep) bool { return !s.Done })
}

// A MoveStep is one thing to do; Do is policy.MoveStep's.
type MoveStep struct {
	Do, ID, Kind, Name string
	Done               bool
	Next               bool // the first that is not done
}

// Sentence is the step's text, without "move.step_".
func (s MoveStep) Sentence() string {
	switch {
	case s.Do == policy.MoveRemove && s.Kind == policy.Passkey:
		return "remove_passkey"
	case s.Do == policy.MoveRemove && s.Kind == string(method.SMS):
		return "remove_sms"
	case s.Do == policy.MoveRemove:
		return "remove_push"
	}
	return s.Do
}

// Href is where it is done.
func (s MoveStep) Href() string {
	switch s.Do {
	case policy.MovePair:
		return "/account/devices/new"
	case policy.MoveCodes:
		return "/account/recovery"
	}
	return "/account/two-factor/" + s.ID + "/" + s.Do
}

// A SecondStep is one enrolled second factor.
type SecondStep struct {
	ID       string
	Kind     string // totp, push, passkey, sms
	Terminal bool   // it is a command line
	Name     string
	Where    string // of a passkey: synced, bound
	// Elsewhere tells that it was set up under another address, where alone it works.
	Elsewhere bool
	Added     time.Time
	Used      time.Time
	UsedFrom  string
	Default   bool
	// Offered tells that there is a choice of kinds, and that this one can become the
	// default with the button that turns a method on. One of each kind has it.
	Offered bool
}

// RecoveryState is how many codes are left.
type RecoveryState struct {
	Left, Total int
	Created     time.Time
	Used        time.Time // the last one, zero when none
}

// Few tells whether new codes should be made soon: three or fewer of a set of
// several, or the only one used.
func (r RecoveryState) Few() bool {
	if r.Total == 1 {
		return r.Left == 0
	}
	return r.Left <= 3
}

// A Session is one browser that is signed in.
type Session struct {
	ID              string
	Browser, System string
	IP              string
	Started, Active time.Time
	Current         bool
}

// Activity is one event in the person's own words.
type Activity struct {
	Kind    string // of the event, "signin.completed"
	Refused bool
	At      time.Time
	Name    string // of what it was about
	IP      string
	Browser string
	System  string
}

// TextID is the catalogue's id for the sentence.
func (a Activity) TextID() string { return "activity." + strings.ReplaceAll(a.Kind, ".", "_") }

// Icon is the drawing beside it.
func (a Activity) Icon() string {
	switch {
	case a.Refused:
		return "cross"
	case strings.HasPrefix(a.Kind, "signin.") || strings.HasPrefix(a.Kind, "session."):
		return "check"
	case strings.HasPrefix(a.Kind, "browser."):
		return "browser"
	case strings.HasPrefix(a.Kind, "passkey."):
		return "passkey"
	case strings.HasPrefix(a.Kind, "number.") || strings.HasPrefix(a.Kind, "text."):
		return "mail"
	case strings.HasPrefix(a.Kind, "recovery."):
		return "log"
	case strings.HasPrefix(a.Kind, "password.") || strings.HasPrefix(a.Kind, "lock."):
		return "key"
	case strings.HasPrefix(a.Kind, "email"):
		return "mail"
	case strings.HasPrefix(a.Kind, "credential.") || strings.HasPrefix(a.Kind, "two_factor."):
		return "shield"
	}
	return "user"
}

// ProfileView is account/profile: fields "name" and "language".
type ProfileView struct {
	web.Page
	Email     string
	Role      string
	Languages []Choice
}

// A Choice is one option of a list.
type Choice struct {
	Value, Text string
	Chosen      bool
}

// ChangePasswordView is account/password: field "password", after a fresh
// proof.
type ChangePasswordView struct {
	web.Page
	Email string
}

// ChangeEmailView is account/email: field "email".
type ChangeEmailView struct {
	web.Page
	Email string
}

// EmailSentView is account/email_sent.
type EmailSentView struct {
	web.Page
	New string
}

// ActivityView is account/activity.
type ActivityView struct {
	web.Page
	Days     int
	Activity []Activity
	Older    string // link to the next page, "" at the end
	Newest   string // link to the first page, "" when there
}

// CompanyView is account/company. Closed: an administrator without a second
// factor sees only why.
type CompanyView struct {
	web.Page
	Workspace     string
	Closed        bool
	Require       string // optional, required, from
	From          time.Time
	TOTPMax       int
	RecoveryCodes int
	Effect        string
	Delivery      string
	AdminReset    string
	TurnOff       string
	Enrol         string
	RetentionDays int
	TrustedDays   int  // for which a browser may be trusted, 0 for not at all
	Digest        bool // administrators get the numbers of each week by mail
	// Passkeys tells that passkeys are on, PasskeyFirst also without a password, and
	// PasskeyModels counts the makes that are allowed, 0 for all.
	Passkeys, PasskeyFirst bool
	PasskeyModels          int
	// Texts tells that codes in texts are on, for whom and how many stands beside it.
	Texts                 bool
	TextCountries         []string
	TextsAHour, TextsADay int
	// Pushes tells that approval on the phone is on; how, stands in the other three.
	Pushes      bool
	PushFirst   bool
	PushConfirm string // type, type6, tap
	PushLeast   string // the least version of the app, "" for any
}

// HelpView is help; its texts follow the settings, so that help never promises
// what they do not keep.
type HelpView struct {
	web.Page
	Workspace  string
	Address    string
	Required   bool
	Recovers   bool
	Resets     bool
	AdminReset string // recovery.admin_reset, or differs
	TurnOff    bool   // may be turned off at all
	Pushes     bool   // the workspace has approval on the phone
	Passkeys   bool   // the workspace has passkeys
	// TrustedDays is how long a browser may be trusted, 0 for not at all.
	TrustedDays int
	Texts       bool // codes can be sent as texts
	Apps        []string
}

// DevMessagesView is dev/messages.
type DevMessagesView struct {
	web.Page
	Messages []DevMessage
}

// A DevMessage is one mail that was not sent.
type DevMessage struct {
	ID, Kind, To, Subject string
	At                    time.Time
	Parts                 []DevPart
}

// A DevPart is a piece of the text; the link in it can be followed.
type DevPart struct {
	Text string
	Href string
}

// Apps are authenticator apps that are known to work.
func Apps() []string {
	return []string{
		"Google Authenticator", "Microsoft Authenticator", "Duo Mobile", "Twilio Authy",
		"1Password", "Bitwarden",
	}
}
