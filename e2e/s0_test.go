package e2e_test

import (
	"net/http"
	"testing"

	"countersign/internal/method"
	"countersign/internal/policy"
)

// s0Scenarios are those of the first document: an approval in the company's app, for
// people who have an authenticator app already.
func s0Scenarios() []scenario {
	const preset under = "push-after-authenticator"
	old := preset.phone("S0-04", s0OldApp)
	old.settings = policy.Document{"push.min_app_version": "16.8.0"}
	compared := preset.one("S0-05", s0NewEnough)
	compared.settings = old.settings
	needed := preset.shown("S0-02", s0AppFirst)
	needed.settings = policy.Document{"push.requires": "totp"}
	required := preset.one("S0-07", s0CannotTurnOff)
	required.settings = policy.Document{"require_second_factor": "required"}
	return amid([]scenario{
		preset.shown("S0-01", s0NoCode),
		needed,
		preset.shown("S0-03", s0CanTurnOn),
		old,
		compared,
		preset.phone("S0-06", s0WithBiometrics),
		required,
		preset.shown("S0-08", s0Links),
		preset.phone("S0-09", s0Notified),
		preset.phone("S0-10", s0InTheApp),
		preset.shown("S0-11", s0Path),
		preset.shown("S0-12", s0Picture),
		preset.one("S0-13", s0NotBefore),
		preset.shown("S0-14", s0BecomesDefault),
		preset.phone("S0-15", s0WithoutBiometrics),
		preset.one("S0-16", s0AppByDefault),
		preset.shown("S0-17", s0NotConfirmed),
		preset.one("S0-18", s0SixDigits),
		preset.shown("S0-19", s0Backup),
		preset.shown("S0-20", s0SignedOut),
		preset.phone("S0-21", s0TapApprove),
		preset.shown("S0-22", s0TapDeny),
		preset.shown("S0-25", s0NoNotification),
		preset.phone("S0-26", s0NotificationsOff),
		preset.shown("S0-27", s0Prefers),
		preset.one("S0-28", s0EitherIsEnough),
		preset.phone("S0-29", s0NothingHappens),
		preset.phone("S0-30", s0BiometricsLost),
		preset.phone("S0-31", s0CodeInstead),
		preset.one("S0-32", s0OnTheWeb),
	}, "S0-16", "S0-17", "S0-18", "S0-19", "S0-20", "S0-27", "S0-28", "S0-30", "S0-31")
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
