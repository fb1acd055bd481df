package portal

import "countersign/internal/web"

// ResetView is link/reset: field "password". With Rescue it came from an
// administrator.
type ResetView struct {
	web.Page
	Email  string
	Rescue bool
}

// InviteView is link/invite: fields "name" and "password".
type InviteView struct {
	web.Page
	Workspace string
	Email     string
}

// SetupView is link/setup: fields "workspace", "name", "email", "password".
type SetupView struct {
	web.Page

	Company string // whose workspace is set up; "" for the installation
}

// NewEmailView is link/email: a button.
type NewEmailView struct {
	web.Page
	New, Old string
}

// TurnOffLinkView is link/turn_off: the final button of turning off by mail.
type TurnOffLinkView struct {
	web.Page
	Email string
}

// DeadView is link/dead. Reason is expired, used, other or unknown; Kind is
// reset, invite, setup, email, turn_off or "".
type DeadView struct {
	web.Page
	Reason string
	Kind   string
	Email  string // who is signed in, for other
}
