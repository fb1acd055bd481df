package policy

import (
	"fmt"
	"regexp"
	"slices"

	"golang.org/x/mod/semver"
)

// Pushes tells whether people may be asked on their phones, as a second factor.
func (s Settings) Pushes() bool { return s.Allows(Push) && slices.Contains(s.SecondFactors, Push) }

// PushFirst tells whether an approval on the phone may take the password's place.
func (s Settings) PushFirst() bool { return s.Allows(Push) && slices.Contains(s.FirstFactors, Push) }

// TypesAsMuch tells whether an approval by these settings is typed with as many digits as
// by others, or more.
func (s Settings) TypesAsMuch(as Settings) bool {
	digits := map[string]int{ConfirmTap: 0, ConfirmType: 2, ConfirmType6: 6}
	here, known := digits[s.PushConfirm]
	there, knownToo := digits[as.PushConfirm]
	return known && knownToo && here >= there
}

// Backups are the ways in that a person has beside the phone.
type Backups struct {
	TOTP  int   // active authenticator apps
	Codes int64 // recovery codes left
}

// MayPair tells whether a person may pair a phone now; what is missing otherwise:
// "totp" or "backup". Somebody whose phone is the only key is stranded without it.
func (s Settings) MayPair(have Backups) string {
	switch {
	case s.PushRequires == RequiresTOTP && have.TOTP == 0:
		return "totp"
	case s.PushRequires == RequiresBackup && have.TOTP == 0 && have.Codes == 0:
		return "backup"
	}
	return ""
}

// plainVersion is a semantic version as people write it, without the v.
var plainVersion = regexp.MustCompile(`^[0-9]{1,6}(\.[0-9]{1,6}){0,2}$`)

// TooOld tells whether an app is older than the workspace allows. 16.10.0 is newer than
// 16.8.0 (Semantic Versioning 2.0.0, section 11); what is no version is too old for any.
func (s Settings) TooOld(version string) bool {
	if s.PushMinVersion == "" {
		return false
	}
	return !semver.IsValid("v"+version) || semver.Compare("v"+version, "v"+s.PushMinVersion) < 0
}

func versionKey() Key {
	return Key{
		Name: versionName, Default: "none", Values: "none, or a version such as 1.4.0",
		read: func(v any) (put, error) {
			text, ok := v.(string)
			if !ok {
				return nil, fmt.Errorf("%v is not a word", v)
			}
			if text == "none" {
				return func(s *Settings) { s.PushMinVersion = "" }, nil
			}
			if !plainVersion.MatchString(text) {
				return nil, fmt.Errorf("%q is neither none nor a version such as 1.4.0", text)
			}
			return func(s *Settings) { s.PushMinVersion = text }, nil
		},
	}
}
