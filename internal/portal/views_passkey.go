package portal

import "countersign/internal/web"

// NewPasskeyView is enrol/passkey: field "name", and "passkey" from the browser.
type NewPasskeyView struct {
	web.Page
	Options string // for the browser, as JSON
	Made    string // what the browser made, while only its name is wrong
	Unknown string // what the browser need not keep, as JSON; "" for nothing
	First   bool   // turns two-factor on
	Models  bool   // only some makes are allowed
	Leave   bool
}

// PasskeyView is signin/passkey: field "passkey" from the browser.
type PasskeyView struct {
	web.Page
	Attempt  string   // the sign-in's own address is /signin/{Attempt}
	Names    []string // of the passkeys
	Options  string   // for the browser, as JSON
	Others   []Other  // what works instead, but for recovery codes
	Recovers bool
}
