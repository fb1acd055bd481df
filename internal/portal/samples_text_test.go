package portal

import (
	"time"

	"countersign/internal/web"
)

// textSamples are the pages of text messages.
func textSamples(in web.Page, user *web.User) []sample {
	with := func(f *web.Form) web.Page { return web.Page{User: user, Form: f} }
	until := now.Add(3 * time.Minute)
	first := NumberView{Page: with(web.NewForm()), Countries: []string{"Germany", "United States"}, Leave: true, Recovers: true}
	refused := first
	refused.Page, refused.Leave = with(wrong("number", "number_country")), false
	changing := NumberView{Page: with(web.NewForm()), Countries: []string{"Germany"}, Old: "•••• 89", Leave: true, HasApp: true}
	code := NumberCodeView{Page: with(web.NewForm()), Number: "+49 1512 3456789", State: textSent, Until: until, First: true, Leave: true, Recovers: true}
	wrongly, failed, over := code, code, code
	wrongly.Page, wrongly.First, wrongly.Old = with(wrong("code", "sms_wrong")), false, "•••• 32"
	failed.State, over.State, over.Leave, failed.Recovers = textFailed, textOver, false, false
	over.Page = with(wrong("", "text_again", "Wait", 30*time.Second))
	sent := TextView{Attempt: "att_1", Number: "•••• 89", State: textSent, Until: until, Others: []Other{{Kind: "totp", Href: "/signin/code"}, {Kind: "push", Href: "/signin/phone"}}, Recovers: true}
	mistyped, asked, down, late := sent, sent, sent, sent
	mistyped.Form = wrong("code", "sms_wrong_left", "Count", 2)
	asked.State, down.State, late.State = textToSend, textFailed, textOver
	asked.Form = wrong("", "texts_capped", "Wait", 40*time.Minute)
	down.Others = nil
	proof := func(state string, f *web.Form) ProofView {
		return ProofView{Page: with(f), Act: "rename:crd_6", Upon: &Upon{"•••• 89", "sms"}, Kind: "sms", Others: []string{"totp", "recovery"}, Back: "/", Return: "/", Text: &ProofText{"•••• 89", state, until}}
	}
	return []sample{
		{"enrol/number", "", first},
		{"enrol/number", "refused", refused},
		{"enrol/number", "changing", changing},
		{"enrol/number_code", "", code},
		{"enrol/number_code", "wrong", wrongly},
		{"enrol/number_code", "failed", failed},
		{"enrol/number_code", "over", over},
		{"signin/text", "", sent},
		{"signin/text", "wrong", mistyped},
		{"signin/text", "to send, capped", asked},
		{"signin/text", "failed, alone", down},
		{"signin/text", "over", late},
		{"signin/code", "text", CodeView{Workspace: "Acme", Devices: []string{"Pixel 9"}, Others: []Other{{Kind: "sms", Href: "/signin/text"}}}},
		{"signin/ways", "text", WaysView{Ways: []Way{{Kind: "sms", Devices: []string{"•••• 89"}, Used: now, Href: "/signin/text"}}}},
		{"signin/ways", "no texts", WaysView{Ways: []Way{{Kind: "recovery", Href: "/signin/recovery"}}, TextsOff: true}},
		{"signin/proof", "text to send", proof(textToSend, web.NewForm())},
		{"signin/proof", "text sent", proof(textSent, wrong("code", "sms_wrong"))},
		{"signin/proof", "text failed", proof(textFailed, web.NewForm())},
		{"signin/proof", "text over", proof(textOver, web.NewForm())},
		{"signin/proof", "not the text", ProofView{Page: in, Act: "turn_off", Kind: "totp", Others: []string{"sms"}, Devices: []string{"Pixel 9"}, Back: "/", Return: "/"}},
		{"enrol/method", "text", MethodView{Page: in, Methods: []string{"totp", "push", "passkey", "sms"}, Leave: true}},
		{"enrol/remove", "text", RemoveView{Page: in, Kind: "sms", Name: "•••• 89"}},
		{"enrol/default", "text", DefaultView{Page: in, Workspace: "Acme", Kind: "sms", Name: "•••• 89"}},
		{"account/security", "texts", SecurityView{
			Page: web.Page{User: user, Section: "security", Notice: "notice.texts"}, Workspace: "Acme", On: true, Since: now, Email: user.Email, EmailVerified: true,
			TOTPMax: 5, OneApp: true, CanAdd: true, HasTOTP: true, HasNumber: true, Texts: true,
			Steps: []SecondStep{
				{ID: "crd_6", Kind: "sms", Name: "•••• 89", Added: now, Used: now, UsedFrom: "192.0.2.7", Default: true},
				{ID: "crd_1", Kind: "totp", Name: "Pixel 9", Added: now, Offered: true},
			},
		}},
		{"account/security", "texts switched off", SecurityView{
			Page: web.Page{User: user, Section: "security"}, Workspace: "Acme", On: true, Since: now, Email: user.Email, EmailVerified: true,
			TOTPMax: 5, OneApp: true, CanAdd: true, HasTOTP: true, HasNumber: true,
			Steps: []SecondStep{
				{ID: "crd_1", Kind: "totp", Name: "Pixel 9", Added: now, Default: true},
				{ID: "crd_6", Kind: "sms", Name: "•••• 89", Added: now, Offered: true},
			},
		}},
		{"account/security", "no number", SecurityView{Page: web.Page{User: user, Section: "security"}, Workspace: "Acme", Email: user.Email, EmailVerified: true, TOTPMax: 5, Texts: true}},
		{"account/company", "texts", CompanyView{
			Page: in, Workspace: "Acme", Require: "optional", TOTPMax: 5, RecoveryCodes: 10, Effect: "sign_in", Delivery: "screen", AdminReset: "allowed",
			TurnOff: "fresh_proof", Enrol: "wizard", RetentionDays: 365, Texts: true, TextCountries: []string{"Germany", "United States"}, TextsAHour: 100, TextsADay: 1000,
		}},
		{"account/company", "texts nowhere", CompanyView{
			Page: in, Workspace: "Acme", Require: "optional", TOTPMax: 5, RecoveryCodes: 10, Effect: "sign_in", Delivery: "screen", AdminReset: "allowed",
			TurnOff: "fresh_proof", Enrol: "wizard", RetentionDays: 365, Texts: true,
		}},
		{"help", "texts", HelpView{AdminReset: "differs", Workspace: "Acme", Address: "https://id.example.com", Texts: true, Apps: Apps()}},
	}
}
