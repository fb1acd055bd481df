package e2e_test

import (
	"testing"

	"countersign/internal/policy"
)

// s2Scenarios are those of the third document: an approval on the phone as the first or
// the second factor, and pairing one by the portal.
func s2Scenarios() []scenario {
	const preset under = "push-first"
	tap := preset.phone("S2-01", s2OneTap)
	tap.settings = policy.Document{"push.confirm": "tap"}
	number := preset.one("S2-08", s2Number)
	number.settings = policy.Document{"push.confirm": "type"}
	// What the workspace has before an administrator changes it.
	with := func(number string, settings policy.Document, test func(*testing.T, *house)) scenario {
		return scenario{number: number, preset: "standard", settings: settings, test: test}
	}
	without := policy.Document{"methods": []string{"totp", "recovery"}, "first_factors": []string{"password", "push"}, "second_factors": []string{"totp"}}
	enabled := policy.Document{"first_factors": []string{"password"}, "second_factors": []string{"totp"}, "push.requires": "none"}
	return []scenario{
		tap,
		preset.one("S2-02", s2SecondFactor),
		preset.one("S2-03", s2FirstFactor),
		preset.one("S2-04", s2Denied),
		preset.shown("S2-05", s2NoExtraClick),
		preset.phone("S2-06", s2OnTheNotification),
		preset.shown("S2-07", s2AnotherMethod),
		number,
		preset.one("S2-09", s2NotPaired),
		with("S2-10", without, s2SwitchedOff),
		preset.one("S2-11", s2AllMethods),
		preset.shown("S2-12", s2Install),
		preset.shown("S2-13", s2ClickToReveal),
		preset.phone("S2-14", s2Scan),
		preset.phone("S2-15", s2ChooseConfirmation),
		preset.phone("S2-16", s2Confirm),
		preset.phone("S2-17", s2NotConfirmed),
		preset.shown("S2-18", s2Available),
		with("S2-19", without.With(policy.Document{"second_factors": []string{"push", "totp"}, "push.requires": "none"}), s2Enable),
		with("S2-20", enabled, s2PoolMethods),
		with("S2-21", policy.Document{"preferred": "totp"}, s2MakePreferred),
		preset.phone("S2-22", s2Familiar),
	}
}
