package portal

import (
	"slices"
	"time"

	"countersign/internal/web"
)

// now is the moment at which the samples are shown.
var now = time.Date(2026, time.November, 21, 13, 32, 0, 0, time.UTC)

// A sample is one page in one state.
type sample struct {
	page  string
	state string
	data  any
}

func wrong(field, code string, args ...any) *web.Form {
	f := web.NewForm()
	f.Wrong(field, code, args...)
	return f
}

// samples holds each page, in each state that looks different.
func samples() []sample {
	user := &web.User{Name: "Ngozi Adeyemi", Email: "ngozi.adeyemi@example.com", Manages: true}
	in := web.Page{User: user}
	account := web.Page{User: user, Section: "security"}
	with := func(f *web.Form) web.Page { return web.Page{User: user, Form: f} }
	codes := []string{
		"7k4mq-x9d2t", "2vh8n-c6prw", "9ezt3-5jybd", "g1qs7-m8ka4", "w5xr2-0fnh6",
		"3cp9v-tz7e1", "h8dm4-6wsq2", "n0ya5-v3kg9", "5rt1x-b7ce8", "q6jf2-9hpm3",
	}
	app := AppView{
		Page:   with(web.NewForm("name", "Phone of Ngozi")),
		URI:    "otpauth://totp/Acme:ngozi.adeyemi%40example.com?issuer=Acme&secret=K5QW2ZJTMNUG4YTFOBZXE3LBORUW63TT",
		Groups: []string{"K5QW", "2ZJT", "MNUG", "4YTF", "OBZX", "E3LB", "ORUW", "63TT"},
		Key:    "K5QW2ZJTMNUG4YTFOBZXE3LBORUW63TT", Issuer: "Acme", Account: user.Email, Apps: Apps(),
		Until: now.Add(15 * time.Minute), First: true, Leave: true, Recovers: true,
	}
	wrongApp, changeApp := app, app
	wrongApp.Form = web.NewForm("name", "Phone of Ngozi")
	wrongApp.Form.Wrong("name", "name_taken")
	wrongApp.Form.Wrong("code", "totp_wrong")
	changeApp.First, changeApp.Replaces, changeApp.Leave = false, "Pixel 9", false
	sheet := CodesView{
		Page: in, Codes: codes, Created: now, Workspace: "Acme", Address: "https://id.example.com", Email: user.Email,
		File: "countersign-recovery-codes-acme-ngozi.txt", Download: "/account/two-factor/codes.txt", Wizard: true, AdminReset: "allowed",
	}
	one, mailed, unsaved := sheet, sheet, sheet
	one.Codes, one.Resets, one.AdminReset, one.Wizard = []string{"7K4M-QX9D-2T2V-H8NC-6PRW"}, true, "never", false
	mailed.Codes = nil
	unsaved.Form = wrong("saved", "codes_not_saved")
	on := SecurityView{
		Page: account, Workspace: "Acme", On: true, Since: now.AddDate(0, -2, 0), Email: user.Email,
		EmailVerified: true, PasswordChangedAt: now.AddDate(0, -9, 0), TOTPMax: 5, CanAdd: true,
		Steps: []SecondStep{
			{ID: "crd_1", Kind: "totp", Name: "Pixel 9", Added: now.AddDate(0, -6, 0), Used: now.Add(-4 * time.Hour), UsedFrom: "203.0.113.84", Default: true},
			{ID: "crd_2", Kind: "totp", Name: "Tablet at home", Added: now.AddDate(0, -1, 0)},
			{ID: "crd_3", Kind: "push", Name: "Fairphone", Added: now.AddDate(0, -1, 0), Offered: true},
			{ID: "crd_4", Kind: "push", Terminal: true, Name: "Pixel 9", Added: now.AddDate(0, -1, 0)},
		},
		Recovery: &RecoveryState{Left: 3, Total: 10, Created: now.AddDate(0, -6, 0), Used: now.AddDate(0, 0, -7)},
		Sessions: []Session{
			{ID: "ses_1", Browser: "Firefox", System: "Linux", IP: "203.0.113.84", Started: now.Add(-4 * time.Hour), Active: now, Current: true},
			{ID: "ses_2", Browser: "Chrome", System: "Android", IP: "203.0.113.84", Started: now.AddDate(0, 0, -2), Active: now.Add(-17 * time.Hour)},
			{ID: "ses_3", Browser: "Safari", System: "macOS", IP: "2001:db8::17", Started: now.AddDate(0, 0, -6), Active: now.AddDate(0, 0, -3)},
		},
		Activity: activities(),
	}
	off, held, single := on, on, on
	off.On, off.Steps, off.Recovery, off.AdminWaits, off.EmailVerified = false, nil, nil, true, false
	off.Sessions, off.Activity, off.From, off.PasswordChangedAt = on.Sessions[:1], nil, now.AddDate(0, 0, 10), time.Time{}
	off.Notice = "notice.off"
	held.RequiredBy, held.TurnOffByMail, held.Recovery = "pool", true, &RecoveryState{Left: 10, Total: 10, Created: now}
	single.Steps, single.TOTPMax, single.OneApp, single.CanAdd = on.Steps[:1], 1, true, false
	single.Recovery, single.TurnOffByMail = &RecoveryState{Left: 0, Total: 1, Created: now, Used: now}, true

	return append(slices.Concat(phoneSamples(in, user), passkeySamples(in, user), moveSamples(in), trustSamples(in, user), textSamples(in, user), actsSamples(in, user)), []sample{
		{"signin/identifier", "", IdentifierView{Page: web.Page{Form: web.NewForm()}}},
		{"signin/identifier", "signed out", IdentifierView{Page: web.Page{Notice: "notice.signed_out"}}},
		{"signin/identifier", "wrong", IdentifierView{Page: web.Page{Form: wrong("identifier", "email_malformed")}}},
		{"signin/password", "", PasswordView{Identifier: user.Email}},
		{"signin/password", "wrong", PasswordView{Page: web.Page{Form: wrong("password", "wrong_credentials")}, Identifier: user.Email}},
		{"signin/code", "", CodeView{Workspace: "Acme", Devices: []string{"Pixel 9"}, Recovers: true}},
		{"signin/code", "of a phone", CodeView{Workspace: "Acme", Phones: []string{"Fairphone"}, Recovers: true}},
		{"signin/code", "of either", CodeView{Workspace: "Acme", Devices: []string{"Tablet"}, Phones: []string{"Fairphone", "Pixel 9"}, Recovers: true}},
		{"signin/code", "wrong", CodeView{Page: web.Page{Form: wrong("code", "totp_wrong")}, Workspace: "Acme", Devices: []string{"Pixel 9", "Tablet"}, Recovers: true}},
		{"signin/recovery", "", RecoveryView{Workspace: "Acme", AdminReset: "allowed"}},
		{"signin/recovery", "resets", RecoveryView{AdminReset: "two_admins", Workspace: "Acme", Resets: true, Required: true}},
		{"signin/ways", "", WaysView{Ways: []Way{
			{Kind: "totp", Devices: []string{"Pixel 9", "Tablet"}, Used: now.AddDate(0, 0, -1), Href: "/signin/code", Why: "last"},
			{Kind: "recovery", Href: "/signin/recovery"},
		}}},
		{"signin/locked", "password", LockedView{Kind: "password", Wait: time.Minute, Until: now.Add(time.Minute)}},
		{"signin/locked", "second", LockedView{Kind: "second", Wait: 15 * time.Minute, Until: now.Add(15 * time.Minute), Recovers: true}},
		{"signin/expired", "", ExpiredView{}},
		{"signin/forgot", "", ForgotView{}},
		{"signin/forgot", "wrong", ForgotView{Page: web.Page{Form: wrong("email", "email_empty")}}},
		{"signin/forgot_sent", "", ForgotSentView{Email: user.Email}},
		{"signin/required", "", web.RequiredView{Page: in, Workspace: "Acme", Source: "workspace"}},
		{"signin/required", "settings", web.RequiredView{Page: in, Workspace: "Acme", Source: "pool", Settings: true}},
		{"signin/proof", "totp", ProofView{Page: in, Act: "turn_off", Kind: "totp", Others: []string{"recovery"}, Back: "/account/security", Return: "/account/two-factor/off", Devices: []string{"Pixel 9"}, Workspace: "Acme"}},
		{"signin/proof", "recovery", ProofView{Page: with(wrong("recovery", "recovery_wrong")), Act: "codes", Kind: "recovery", Others: []string{"totp"}, Back: "/account/security", Return: "/account/recovery"}},
		{"signin/proof", "password", ProofView{Page: in, Act: "email", Kind: "password", Back: "/account/security", Return: "/account/email"}},
		{"signin/proof", "mailed", ProofView{Page: with(wrong("code", "email_code_wrong", "Count", 3)), Act: "second_factor", Kind: "mailed", Sent: true, Back: "/account/security", Return: "/account/two-factor"}},
		{"signin/proof", "to mail", ProofView{Page: in, Act: "second_factor", Kind: "mailed", Back: "/account/security", Return: "/account/two-factor"}},
		{"link/reset", "", ResetView{Page: web.Page{Form: wrong("password", "password_guessable")}, Email: user.Email}},
		{"link/reset", "rescue", ResetView{Email: user.Email, Rescue: true}},
		{"link/invite", "", InviteView{Workspace: "Acme", Email: user.Email}},
		{"link/setup", "", SetupView{}},
		{"link/setup", "of a company", SetupView{Company: "Acme"}},
		{"link/email", "", NewEmailView{New: "n.adeyemi@example.com", Old: user.Email}},
		{"link/turn_off", "", TurnOffLinkView{Page: in, Email: user.Email}},
		{"link/dead", "expired", DeadView{Reason: "expired", Kind: "reset"}},
		{"link/dead", "used", DeadView{Reason: "used", Kind: "invite"}},
		{"link/dead", "unknown", DeadView{Reason: "unknown", Kind: "setup"}},
		{"link/dead", "other", DeadView{Page: in, Reason: "other", Kind: "turn_off", Email: user.Email}},
		{"enrol/settings", "", SettingsView{Page: in}},
		{"enrol/method", "", MethodView{Page: in, Methods: []string{"totp", "push"}, Leave: true}},
		{"enrol/method", "again", MethodView{Page: in, Methods: []string{"totp"}, Again: true}},
		{"enrol/app", "", app},
		{"enrol/app", "wrong", wrongApp},
		{"enrol/app", "change", changeApp},
		{"enrol/codes", "", sheet},
		{"enrol/codes", "one", one},
		{"enrol/codes", "mailed", mailed},
		{"enrol/codes", "not saved", unsaved},
		{"enrol/finished", "", FinishedView{Page: in, Name: "Pixel 9", Email: user.Email, Next: "/account/security"}},
		{"enrol/rename", "", RenameView{Page: with(web.NewForm("name", "Pixel 9")), Name: "Pixel 9"}},
		{"enrol/change", "", ChangeView{Page: in, Name: "Pixel 9", Recovers: true}},
		{"enrol/default", "", DefaultView{Page: in, Workspace: "Acme", Kind: "totp", Name: "Pixel 9"}},
		{"enrol/default", "phone", DefaultView{Page: in, Workspace: "Acme", Kind: "push", Name: "Pixel 9"}},
		{"enrol/remove", "", RemoveView{Page: in, Kind: "totp", Name: "Pixel 9"}},
		{"enrol/remove", "phone", RemoveView{Page: in, Kind: "push", Name: "Pixel 9"}},
		{"enrol/remove", "command line", RemoveView{Page: in, Kind: "terminal", Name: "Pixel 9"}},
		{"enrol/renew", "", RenewView{Page: in, Leave: true}},
		{"enrol/renew", "none left", RenewView{Page: in, None: true}},
		{"enrol/renew", "by mail", RenewView{Page: in, ByMail: true, Email: user.Email}},
		{"enrol/turn_off", "", TurnOffView{Page: in, Email: user.Email}},
		{"enrol/turn_off", "last, by mail", TurnOffView{Page: in, ByMail: true, Email: user.Email, Removing: "Pixel 9"}},
		{"enrol/turn_off", "required", TurnOffView{Page: in, RequiredBy: "workspace", Workspace: "Acme"}},
		{"enrol/turn_off_sent", "", TurnOffSentView{Page: in, Email: user.Email}},
		{"account/security", "on", on},
		{"account/security", "off", off},
		{"account/security", "required", held},
		{"account/security", "one device, one code", single},
		{"account/profile", "", ProfileView{Page: with(web.NewForm("name", user.Name)), Email: user.Email, Role: "owner", Languages: []Choice{{"en", "English", true}, {"de", "Deutsch", false}}}},
		{"account/password", "", ChangePasswordView{Page: with(wrong("password", "password_too_short")), Email: user.Email}},
		{"account/email", "", ChangeEmailView{Page: in, Email: user.Email}},
		{"account/email_sent", "", EmailSentView{Page: in, New: "n.adeyemi@example.com"}},
		{"account/activity", "", ActivityView{Page: web.Page{User: user, Section: "activity"}, Days: 30, Activity: activities(), Older: "/account/activity?before=evt_1", Newest: "/account/activity"}},
		{"account/activity", "empty", ActivityView{Page: web.Page{User: user, Section: "activity"}, Days: 30}},
		{"account/company", "", CompanyView{Page: in, Workspace: "Acme", Require: "from", From: now.AddDate(0, 1, 0), TOTPMax: 5, RecoveryCodes: 10, Effect: "sign_in", Delivery: "screen", AdminReset: "allowed", TurnOff: "fresh_proof", Enrol: "wizard", RetentionDays: 365, Digest: true, Pushes: true, PushFirst: true, PushConfirm: "type6", PushLeast: "1.2.0"}},
		{"account/company", "closed", CompanyView{Page: in, Workspace: "Acme", Closed: true}},
		{"help", "", HelpView{Workspace: "Acme", Address: "https://id.example.com", Recovers: true, AdminReset: "allowed", TurnOff: true, Apps: Apps()}},
		{"help", "strict", HelpView{AdminReset: "never", Workspace: "Acme", Address: "https://id.example.com", Required: true, Recovers: true, Resets: true, Apps: Apps()}},
		{"dev/messages", "", DevMessagesView{Messages: []DevMessage{{
			ID: "msg_1", Kind: "password_reset", To: user.Email, Subject: "Set a new password", At: now,
			Parts: []DevPart{{Text: "Open this address:\n"}, {Text: "http://localhost:8080/link/abc", Href: "http://localhost:8080/link/abc"}},
		}}}},
		{"dev/messages", "none", DevMessagesView{}},
	}...)
}

func activities() []Activity {
	place := func(a Activity) Activity {
		a.IP, a.Browser, a.System = "203.0.113.84", "Firefox", "Linux"
		return a
	}
	return []Activity{
		place(Activity{Kind: "signin.completed", At: now.Add(-4 * time.Hour)}),
		place(Activity{Kind: "proof.refused_totp", Refused: true, At: now.Add(-28 * time.Hour)}),
		place(Activity{Kind: "recovery.used", At: now.AddDate(0, 0, -7)}),
		place(Activity{Kind: "credential.added", Name: "Pixel 9", At: now.AddDate(0, -6, 0)}),
		place(Activity{Kind: "never.heard_of", At: now.AddDate(0, -6, 0)}),
	}
}
