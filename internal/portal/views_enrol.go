package portal

import (
	"time"

	"countersign/internal/web"
)

// SettingsView is enrol/settings: where a company leads people who must set up
// two-factor authentication by the words "Account settings".
type SettingsView struct {
	web.Page
	On bool
}

// MethodView is enrol/method: field "method" (radio).
type MethodView struct {
	web.Page
	Methods []string // totp
	Again   bool     // totp.max is 1 and reached: this replaces the one there is
	Leave   bool     // a Cancel link leads back; false while enrolment is forced
}

// AppView is enrol/app: fields "name" and "code".
type AppView struct {
	web.Page
	URI      string   // otpauth://…, also drawn as QR code
	Groups   []string // the key in groups of four
	Key      string   // the key without spaces
	Issuer   string
	Account  string
	Until    time.Time // when the pending secret ends
	First    bool      // turns two-factor on
	Replaces string    // name of the device that this one replaces
	Leave    bool
	Recovers bool     // a third step follows
	Apps     []string // that are known to work
}

// CodesView is enrol/codes: field "saved" (check box). Without Codes they went
// out by mail and there is nothing to tick.
type CodesView struct {
	web.Page
	Codes      []string
	Created    time.Time
	Workspace  string
	Address    string // of the installation, for the printed sheet
	Email      string
	File       string // name of the downloaded file
	Download   string // where it is fetched
	Wizard     bool   // the last step of setting up; else a renewal
	Resets     bool   // recovery.effect = reset
	AdminReset string // recovery.admin_reset
}

// FinishedView is enrol/finished.
type FinishedView struct {
	web.Page
	Name  string // of the device
	Email string
	Next  string // where Continue leads
}

// RenameView is enrol/rename: field "name".
type RenameView struct {
	web.Page
	Name string // until now
}

// ChangeView is enrol/change: a button that begins the replacement.
type ChangeView struct {
	web.Page
	Name     string
	Recovers bool
}

// DefaultView is enrol/default: a button.
type DefaultView struct {
	web.Page
	Workspace  string
	Kind, Name string // of the credential
}

// RemoveView is enrol/remove: a button. The last second factor shows
// enrol/turn_off instead.
type RemoveView struct {
	web.Page
	Kind, Name string
}

// RenewView is enrol/renew: a button that makes new recovery codes.
type RenewView struct {
	web.Page
	Leave  bool // a Cancel link leads back; false when the last code was used
	ByMail bool
	Email  string
	None   bool // no codes are left, so nothing stays valid meanwhile
}

// TurnOffView is enrol/turn_off: a button, or the reason why there is none.
type TurnOffView struct {
	web.Page
	RequiredBy string // workspace, pool, user, "" when it may be turned off
	Workspace  string
	ByMail     bool
	Email      string
	Removing   string // name of the last second factor, when that was the wish
}

// TurnOffSentView is enrol/turn_off_sent.
type TurnOffSentView struct {
	web.Page
	Email string
}
