package e2e_test

import (
	"net/http"
	"testing"

	"countersign/internal/method"
	"countersign/internal/policy"
)

// s0Scenarios are those of the first document: what it says of turning off
// while two-factor authentication is required. The rest is about phones.
func s0Scenarios() []scenario {
	return []scenario{
		{number: "S0-07", preset: "standard", settings: policy.Document{"require_second_factor": "required"}, test: s0CannotTurnOff},
	}
}

func s0CannotTurnOff(t *testing.T, h *house) {
	ada := h.guarded("Ada Lovelace")
	page := h.session(ada)
	page.Open("/account/security")
	page.See("Acme requires it.", "You cannot turn it off: Acme requires it for everybody.")
	if page.In("#off").Has("Turn off") {
		t.Error("there is a button to turn off what is required")
	}
	// Nor by the ways around the button: the page itself, its form, and the
	// removal of the last device, which is the same act.
	page.Open("/account/two-factor/off")
	page.See("You cannot turn it off", "Acme requires it for everybody")
	page.Open("/account/security")
	page.In("#mfa").Click("Actions for Phone")
	page.Click("Remove")
	page.See("You cannot turn it off", "Acme requires it for everybody")
	c := h.client()
	c.signIn(ada)
	for _, path := range []string{"/account/two-factor/off", "/account/two-factor/" + string(ada.Device) + "/remove"} {
		if answer := c.post(path); answer.Status != http.StatusForbidden {
			t.Errorf("posting to %s is answered %d", path, answer.Status)
		}
	}
	if ada.has(method.TOTP) != 1 {
		t.Error("two-factor authentication is off")
	}
}
