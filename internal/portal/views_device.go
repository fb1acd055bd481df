package portal

import (
	"time"

	"countersign/internal/web"
)

// PhoneView is signin/phone: the page that waits for an approval on the phone.
type PhoneView struct {
	web.Page
	Base        string // the sign-in's own address
	Ask, Events string
	State       string // "" where nothing was asked yet
	Number      string // "" in the mode of a plain tap
	Devices     []string
	Troubled    []TroubledDevice
	Left        int // seconds until it ends
	Waited      int // seconds since it was asked
	Expires     time.Time
	First       bool // in the password's place
	// Browser, System and IP are what the phone shows of this browser.
	Browser, System, IP string
	Next                *Other // what is offered when nobody answers
	OnPhone             bool   // this browser is on a phone itself
}

// TroubledDevice is a phone that is not asked, and why.
type TroubledDevice struct {
	Name    string
	Trouble string // signed_out, version, biometrics, terminal
}

// DevicesView is account/devices.
type DevicesView struct {
	web.Page
	Workspace string
	Off       bool // the workspace does not have the method
	Devices   []Device
}

// Device is one paired phone.
type Device struct {
	ID                              string // its credential's
	Name, Platform, Client, Version string
	Terminal                        bool
	Trouble                         string // "" or why it is not asked
	Least                           string // the least version of the app
	Reach                           string // on, off, gone, refused, none
	Synced                          bool   // its verifying key may be copied to the person's other devices
	Quiet                           bool   // it has said nothing for long
	Added, Seen                     time.Time
}

// NewDeviceView is enrol/device: before the code is revealed.
type NewDeviceView struct {
	web.Page
	Workspace string
	Missing   string // push_off, push_needs_totp, push_needs_backup, too_many_devices, or ""
	Insecure  bool   // the address is not https
	Local     bool   // the address is this machine's own name
	Host      string
	Leave     bool
}

// PairingView is enrol/pairing, in each of its states. Field "code".
type PairingView struct {
	web.Page
	State     string // open, claimed, joined, confirmed, active
	Workspace string
	Leave     bool

	URI, Short string // while it is open

	// What the device says it is, and where its request came from.
	Name, Platform, Client string
	Browser, System, IP    string
	Terminal               bool
	ByCode, ByEmail        bool
	Until                  time.Time
	Left                   int // seconds

	Request, Number string // the first question's state, and its number
}

// DeviceOverView is enrol/device_over.
type DeviceOverView struct {
	web.Page
	Leave bool
}
