package policy

import (
	"os"
	"strings"
	"testing"
)

// A preset sets what its document needs, and nothing else.
func TestPresetsReproduceTheirDocuments(t *testing.T) {
	handbook, err := os.ReadFile("../../doc/presets.md")
	if err != nil {
		t.Fatal(err)
	}
	for preset, needs := range map[string]map[string]string{
		"push-after-authenticator": {
			"second_factors": "push,totp", // S0-16, S0-28
			"push.requires":  "totp",      // S0-02
			"push.confirm":   "tap",       // S0-21
		},
		"code-or-text": {
			"methods":           "totp,sms,recovery", // S1-02
			"first_factors":     "password",          // S1-01
			"second_factors":    "totp,sms",          // S1-02
			"totp.max":          "1",                 // S1-13
			"recovery.codes":    "1",                 // S1-16
			"recovery.effect":   "sign_in",           // S1-27
			"recovery.delivery": "screen",            // S1-26
			"words":             "recovery",
		},
		"push-first": {
			"first_factors":   "password,push", // S2-03
			"second_factors":  "push,totp",     // S2-02
			"preferred":       "push",          // S2-21
			"push.requires":   "none",          // S2-02
			"push.confirm":    "tap",           // S2-01
			"pairing.confirm": "code,email",    // S2-15, S2-16
		},
		"company-required": {
			"require_second_factor": "required",         // S3-15
			"enrol_at_sign_in":      "account_settings", // S3-18
			"recovery.codes":        "1",                // S3-06
			"recovery.effect":       "reset",            // S3-10
			"recovery.delivery":     "screen",           // S3-06
			"words":                 "backup",
		},
		"mailed-codes": {
			"totp.key_chars":       "16",      // S4-08
			"recovery.codes":       "10",      // S4-09
			"recovery.effect":      "sign_in", // S4-15
			"recovery.delivery":    "email",   // S4-09
			"recovery.admin_reset": "never",   // S4-17
			"turn_off":             "email",   // S4-13
			"words":                "backup",
		},
	} {
		doc, err := Preset(preset)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range needs {
			if got := Spell(doc[name]); got != want {
				t.Errorf("%s: %s is %q, and the document needs %q", preset, name, got, want)
			}
		}
		for _, name := range doc.Keys() {
			if _, needed := needs[name]; !needed {
				t.Errorf("%s sets %s, which the document does not need", preset, name)
			}
		}
		text, err := presets.ReadFile("presets/" + preset + ".toml")
		if err != nil || !strings.Contains(string(handbook), strings.TrimSpace(string(text))) {
			t.Errorf("doc/presets.md does not have %s as it is, %v", preset, err)
		}
	}
}
