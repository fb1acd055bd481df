package portal

import "countersign/internal/web"

// passkeySamples are the pages of passkeys.
func passkeySamples(in web.Page, user *web.User) []sample {
	options := `{"challenge":"AAAA","rpId":"id.example.com","allowCredentials":[]}`
	fresh := NewPasskeyView{Page: web.Page{User: user, Form: web.NewForm("name", "Passkey on Linux")}, Options: options, First: true, Leave: true}
	made, refused := fresh, fresh
	made.Form = web.NewForm("name", "Passkey on Linux")
	made.Form.Wrong("name", "name_taken")
	made.Made = `{"id":"AAAA"}`
	refused.Form = web.NewForm("name", "Passkey on Linux")
	refused.Form.Wrong("passkey", "passkey_model")
	refused.Unknown, refused.Models, refused.Leave = `{"rpId":"id.example.com","credentialId":"AAAA"}`, true, false
	asked := PasskeyView{Attempt: "att_1", Names: []string{"Pixel 9"}, Options: options, Others: []Other{{Kind: "push", Href: "/signin/att_1/phone"}, {Kind: "totp", Href: "/signin/att_1/code"}}, Recovers: true}
	wrongly := asked
	wrongly.Form, wrongly.Names = wrong("passkey", "passkey_wrong_left", "Count", 2), []string{"Pixel 9", "Tablet"}
	return []sample{
		{"enrol/passkey", "", fresh},
		{"enrol/passkey", "another name", made},
		{"enrol/passkey", "refused", refused},
		{"signin/passkey", "", asked},
		{"signin/passkey", "wrong", wrongly},
		{"signin/passkey", "alone", PasskeyView{Attempt: "att_1", Names: []string{"Pixel 9"}, Options: options}},
		{"signin/identifier", "passkey", IdentifierView{Page: web.Page{Form: web.NewForm("return", "/account")}, Passkey: options}},
		{"signin/identifier", "unknown passkey", IdentifierView{
			Page: web.Page{Form: wrong("passkey", "passkey_unknown")}, Passkey: options, Unknown: refused.Unknown, Phone: true,
		}},
		{"signin/recovery", "passkey", RecoveryView{AdminReset: "allowed", Attempt: "att_1", Workspace: "Acme", Passkey: true}},
		{"signin/identifier", "passkey refused, form gone", IdentifierView{Page: web.Page{Form: wrong("passkey", "passkey_stale")}}},
		{"signin/code", "passkey", CodeView{Workspace: "Acme", Devices: []string{"Pixel 9"}, Others: []Other{{Kind: "passkey", Href: "/signin/att_1/passkey"}}}},
		{"signin/ways", "passkey", WaysView{Ways: []Way{{Kind: "passkey", Devices: []string{"Pixel 9"}, Used: now, Href: "/signin/passkey", Why: "strongest"}}}},
		{"signin/proof", "passkey", ProofView{
			Page: in, Act: "rename:crd_4", Upon: &Upon{"Pixel 9", "passkey"}, Kind: "passkey", Options: options, Others: []string{"totp"}, Back: "/", Return: "/",
		}},
		{"signin/proof", "wrong passkey", ProofView{
			Page: web.Page{User: user, Form: wrong("passkey", "passkey_stale")}, Act: "turn_off", Kind: "passkey", Options: options, Back: "/", Return: "/",
		}},
		{"signin/proof", "not the passkey", ProofView{Page: in, Act: "turn_off", Kind: "totp", Others: []string{"passkey"}, Devices: []string{"Pixel 9"}, Back: "/", Return: "/"}},
		{"enrol/method", "passkey", MethodView{Page: in, Methods: []string{"totp", "push", "passkey"}, Leave: true}},
		{"enrol/remove", "passkey", RemoveView{Page: in, Kind: "passkey", Name: "Pixel 9"}},
		{"enrol/default", "passkey", DefaultView{Page: in, Workspace: "Acme", Kind: "passkey", Name: "Pixel 9"}},
		{"account/security", "passkeys", SecurityView{
			Page: web.Page{User: user, Section: "security", Notice: "notice.passkey"}, Workspace: "Acme", On: true, Since: now, Email: user.Email, EmailVerified: true,
			TOTPMax: 5, CanAdd: true, Passkeys: true, HasPasskey: true, Accepted: `{"rpId":"id.example.com","userId":"AAAA","allAcceptedCredentialIds":["AAAA"]}`,
			Steps: []SecondStep{
				{ID: "crd_1", Kind: "totp", Name: "Pixel 9", Added: now, Default: true},
				{ID: "crd_4", Kind: "passkey", Name: "Pixel 9", Added: now, Offered: true, Where: "bound"},
				{ID: "crd_5", Kind: "passkey", Name: "Passkey on macOS", Added: now, Used: now, Where: "synced"},
			},
		}},
		{"account/security", "no passkey", SecurityView{
			Page: web.Page{User: user, Section: "security"}, Workspace: "Acme", Email: user.Email, EmailVerified: true, TOTPMax: 5, Passkeys: true,
			Accepted: `{"rpId":"id.example.com","userId":"AAAA","allAcceptedCredentialIds":[]}`,
		}},
		{"account/company", "passkeys", CompanyView{
			Page: in, Workspace: "Acme", Require: "optional", TOTPMax: 5, RecoveryCodes: 10, Effect: "sign_in", Delivery: "screen", AdminReset: "allowed",
			TurnOff: "fresh_proof", Enrol: "wizard", RetentionDays: 365, Passkeys: true, PasskeyFirst: true, PasskeyModels: 2,
		}},
		{"account/company", "passkeys second", CompanyView{
			Page: in, Workspace: "Acme", Require: "optional", TOTPMax: 1, RecoveryCodes: 1, Effect: "sign_in", Delivery: "screen", AdminReset: "allowed",
			TurnOff: "fresh_proof", Enrol: "wizard", RetentionDays: 365, Passkeys: true,
		}},
		{"signin/ways", "elsewhere", WaysView{Workspace: "Acme", Elsewhere: []string{"Pixel 9", "YubiKey"}}},
		{"help", "passkeys", HelpView{AdminReset: "allowed", Workspace: "Acme", Address: "https://id.example.com", Passkeys: true, Apps: Apps()}},
	}
}
