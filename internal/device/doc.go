// Package device makes a phone one of a person's, and leads it through its life.
//
//	the person's page        the phone
//	Begin  ── a code ──►     Claim   (the code is used up, by whoever is first)
//	                         Join    (both its keys, and where to push to)
//	Confirm ◄── digits ──    or Send and ConfirmHere, by a mailed code
//	       ── a number ──►   the first question, a test
//	                         approve.Service.Decide ─► Tested: the device is active
//
// An active device signs out and in again, shows codes of its own, and is removed. It is
// a second factor from its activation to its removal: signing out in the app ends the
// questions, not the requirement. Questions themselves are of package approve.
package device
