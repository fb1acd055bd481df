package e2e_test

import "countersign/internal/policy"

// s2Scenarios are those of the third document: an approval on the phone as the first or
// the second factor, and pairing one by the portal.
func s2Scenarios() []scenario {
	const preset under = "push-first"
	tap := preset.phone("S2-01", s2OneTap)
	tap.settings = policy.Document{"push.confirm": "tap"}
	number := preset.one("S2-08", s2Number)
	number.settings = policy.Document{"push.confirm": "type"}
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
		preset.one("S2-11", s2AllMethods),
		preset.shown("S2-12", s2Install),
		preset.shown("S2-13", s2ClickToReveal),
		preset.phone("S2-14", s2Scan),
		preset.phone("S2-15", s2ChooseConfirmation),
		preset.phone("S2-16", s2Confirm),
		preset.phone("S2-17", s2NotConfirmed),
		preset.shown("S2-18", s2Available),
		preset.phone("S2-22", s2Familiar),
	}
}
