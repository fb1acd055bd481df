package e2e_test

import (
	"context"
	"testing"
	"time"

	"countersign/internal/terminal"
)

// TestAProofByPhoneIsForOneChange proves on the phone that one may rename a device, in a
// browser, and is asked again for the next change, which the phone names too.
func TestAProofByPhoneIsForOneChange(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.policy("push-after-authenticator", nil)
	ada := h.guarded("Ada Lovelace")
	d := ada.withPhone()
	page := h.session(ada)
	h.Clock.Advance(11 * time.Minute)

	page.Open("/account/two-factor/" + string(ada.Device) + "/rename")
	page.See("Confirm that it is you", "Rename Phone")
	page.See("What you approve on your phone is this change alone.")
	page.Click("Send a request")
	page.See("Open the request on your phone")
	if act := d.shown(t); act != "Rename Phone (authenticator app)" {
		t.Errorf("the phone shows %q", act)
	}
	if state := d.answer(terminal.Approve, ""); state != "approved" {
		t.Errorf("the approval is %s", state)
	}
	page.See("Rename Phone")
	page.Type("Name of this device", "Work phone")
	page.Click("Save name")
	page.See("Work phone")

	page.Open("/account/two-factor/off")
	page.See("Confirm that it is you", "Turn off two-factor authentication")
	page.Click("Send a request")
	page.See("Open the request on your phone")
	if act := d.shown(t); act != "Turn off two-factor authentication" {
		t.Errorf("the phone shows %q", act)
	}
	if state := d.answer(terminal.Deny, ""); state != "denied" {
		t.Errorf("the answer is %s", state)
	}
	page.See("It was denied on your phone.")
	// What was approved before still is.
	page.Open("/account/two-factor/" + string(ada.Device) + "/rename")
	page.See("Rename Work phone", "Save name")
}

// shown is the act that the newest request names on this phone.
func (d *goPhone) shown(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := d.First(ctx)
	must(t, err)
	shown, err := r.Shown()
	must(t, err)
	return shown.Act
}
