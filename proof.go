package countersign

import "time"

// Proof is what a finished sign-in hands over: who proved what, when. Package
// signin makes it once for each attempt; session, and later the protocols for
// applications, redeem it.
type Proof struct {
	Workspace WorkspaceID
	User      UserID
	Attempt   AttemptID
	// Entry says how the sign-in began: by form, or by a link of which kind.
	Entry string
	// First and Second name the methods; Second is "" when none was asked.
	First, Second     string
	FirstAt, SecondAt time.Time
	// Browser is the row of this browser and person; BrowserToken is its cookie
	// when it has to be set anew, else "".
	Browser      BrowserID
	BrowserToken string
	KnownSince   time.Time
	// Effect is "reset" when a recovery code turned two-factor authentication
	// off, "recovered" when it only signed in, "helped" when a code of the help
	// desk did, else "".
	Effect string
	// AskTrust tells that the person may be asked whether to trust this browser.
	AskTrust bool
	// SetUpBy is the date from which a second factor will be required, where the person has
	// none and is to be told so; else it is zero.
	SetUpBy time.Time
	// ReturnTo is the inside path that the person was heading for, or "".
	ReturnTo string
}
