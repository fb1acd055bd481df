package portal

import "countersign/internal/web"

// trustSamples are the pages of trusted browsers.
func trustSamples(in web.Page, user *web.User) []sample {
	asked := TrustView{Page: in, Days: 30, Browser: "Firefox", System: "Linux", Return: "/account/security"}
	day := asked
	day.Days, day.Browser, day.System = 1, "", ""
	security := SecurityView{
		Page: web.Page{User: user, Section: "security", Notice: "notice.untrusted"}, Workspace: "Acme", On: true, Since: now, Email: user.Email, EmailVerified: true,
		TOTPMax: 5, OneApp: true, CanAdd: true, Steps: []SecondStep{{ID: "crd_1", Kind: "totp", Name: "Pixel 9", Added: now, Default: true}},
		Sessions: []Session{{ID: "ses_1", Browser: "Firefox", System: "Linux", IP: "203.0.113.84", Started: now, Active: now, Current: true}},
		Trusted: []TrustedBrowser{
			{ID: "brw_1", Browser: "Firefox", System: "Linux", Since: now, Until: now.AddDate(0, 0, 30), Current: true},
			{ID: "brw_2", Browser: "Chrome", System: "Windows", Since: now.AddDate(0, 0, -10), Until: now.AddDate(0, 0, 20)},
		},
	}
	none := security
	none.Trusted, none.MayTrust, none.Notice = nil, true, ""
	return []sample{
		{"signin/trust", "", asked},
		{"signin/trust", "one day, unknown browser", day},
		{"account/security", "trusted browsers", security},
		{"account/security", "no trusted browser", none},
		{"signin/proof", "trust", ProofView{Page: in, Act: "trust", Kind: "totp", Devices: []string{"Pixel 9"}, Back: "/", Return: "/account/trust"}},
		{"help", "trusted browsers", HelpView{AdminReset: "two_admins", Workspace: "Acme", Address: "https://id.example.com", TrustedDays: 30, Apps: Apps()}},
		{"account/company", "trusted browsers", CompanyView{
			Page: in, Workspace: "Acme", Require: "optional", TOTPMax: 5, RecoveryCodes: 10, Effect: "sign_in", Delivery: "screen", AdminReset: "allowed",
			TurnOff: "fresh_proof", Enrol: "wizard", RetentionDays: 365, TrustedDays: 30,
		}},
	}
}
