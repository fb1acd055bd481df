package portal

import (
	"time"

	"countersign/internal/web"
)

// actsSamples are the pages of what administrators and the help desk do to somebody.
func actsSamples(in web.Page, user *web.User) []sample {
	person := &Upon{Name: "Ben Reed (ben@example.com)", Kind: "person"}
	proof := func(act string, upon *Upon) ProofView {
		return ProofView{Page: in, Act: act, Upon: upon, Kind: "totp", Devices: []string{"Pixel 9"}, Back: "/", Return: "/console/people"}
	}
	helped := SecurityView{
		Page: web.Page{User: user, Section: "security", Notice: "notice.helped", Heed: true}, Workspace: "Acme", On: true, Since: now, Email: user.Email,
		EmailVerified: true, TOTPMax: 5, OneApp: true, CanAdd: true, Steps: []SecondStep{{ID: "crd_1", Kind: "totp", Name: "Pixel 9", Added: now.Add(-time.Hour), Default: true}},
		Sessions: []Session{{ID: "ses_1", Browser: "Firefox", System: "Linux", IP: "203.0.113.84", Started: now, Active: now, Current: true}},
	}
	return []sample{
		{"signin/recovery", "a code of the help desk", RecoveryView{Workspace: "Acme", AdminReset: "allowed", Helped: true, HelpOnly: true}},
		{"signin/recovery", "a code of the help desk that is over", RecoveryView{Page: web.Page{Form: wrong("recovery", "help_code_over")}, Workspace: "Acme", AdminReset: "allowed", HelpOnly: true, Resets: true}},
		{"signin/recovery", "a code of the help desk beside others", RecoveryView{Workspace: "Acme", AdminReset: "allowed", Helped: true, Resets: true}},
		{"signin/ways", "a code of the help desk", WaysView{Attempt: "att_1", Workspace: "Acme", Ways: []Way{
			{Kind: "totp", Devices: []string{"Pixel 9"}, Used: now, Href: "/signin/att_1/code", Why: "only"}, {Kind: "help_code", Href: "/signin/att_1/recovery"},
		}}},
		{"account/security", "after a code of the help desk", helped},
		{"signin/announced", "", AnnouncedView{Page: in, Workspace: "Acme", From: now.AddDate(0, 0, 9), Days: 9, Return: "/account/security"}},
		{"signin/announced", "the last day", AnnouncedView{Page: in, Workspace: "Acme", From: now.AddDate(0, 0, 1), Days: 1, Return: "/account/security"}},
		{"signin/proof", "an act upon somebody", proof("reset_person:usr_1", person)},
		{"signin/proof", "an act upon the workspace", proof("settings", nil)},
	}
}
