package portal

import "countersign/internal/web"

// phoneSamples are the pages of phones: waiting for one, pairing one, the list.
func phoneSamples(in web.Page, user *web.User) []sample {
	pending := PhoneView{
		Base: "/signin/att_1", Ask: "/signin/att_1/phone/ask", Events: "/signin/att_1/phone/events", State: "pending", Number: "47",
		Devices: []string{"Pixel 9"}, Left: 112, Waited: 8, Browser: "Firefox", System: "Linux", IP: "203.0.113.84", Next: &Other{Kind: "totp", Href: "/signin/att_1/code"},
	}
	with := func(change func(v *PhoneView)) PhoneView {
		v := pending
		change(&v)
		return v
	}
	ended := func(state string) PhoneView { return with(func(v *PhoneView) { v.State = state }) }
	troubled := []TroubledDevice{{"Pixel 9", "signed_out"}, {"Tablet", "version"}, {"Old phone", "biometrics"}, {"build server", "terminal"}}
	devices := DevicesView{Page: web.Page{User: user, Section: "devices"}, Workspace: "Acme", Devices: []Device{
		{ID: "crd_1", Name: "Pixel 9", Platform: "Android", Client: "Chrome", Version: "1.0.0", Reach: "on", Added: now.AddDate(0, -1, 0), Seen: now},
		{ID: "crd_2", Name: "iPhone", Platform: "iOS", Client: "Safari", Version: "1.0.0", Reach: "off", Added: now.AddDate(0, -1, 0), Seen: now.AddDate(0, 0, -1)},
		{ID: "crd_3", Name: "Tablet", Platform: "Android", Version: "0.9.0", Trouble: "version", Least: "1.0.0", Added: now.AddDate(-1, 0, 0), Seen: now.AddDate(0, -2, 0)},
		{ID: "crd_4", Name: "Old phone", Platform: "Android", Trouble: "signed_out", Added: now.AddDate(-1, 0, 0), Seen: now.AddDate(0, -3, 0)},
		{ID: "crd_5", Name: "Work phone", Platform: "Android", Trouble: "biometrics", Added: now.AddDate(-1, 0, 0), Seen: now.AddDate(0, -3, 0)},
		{ID: "crd_6", Name: "build server", Platform: "Linux", Client: "countersign", Terminal: true, Trouble: "terminal", Added: now, Seen: now},
		{ID: "crd_7", Name: "Spare", Platform: "Android", Reach: "gone", Added: now, Seen: now},
		{ID: "crd_8", Name: "Other", Platform: "Android", Reach: "refused", Added: now, Seen: now},
		{ID: "crd_9", Name: "Laptop", Platform: "Linux", Reach: "none", Added: now, Seen: now},
	}}
	pairing := PairingView{
		Page: in, State: "open", Workspace: "Acme", Leave: true, URI: "https://id.example.com/authenticator/#pair=7Zb1kTq0XWmC5vYd2hNe8A", Short: "K7Q2-9FMX",
		Until: now, Left: 290,
	}
	at := func(state, question string) PairingView {
		v := pairing
		v.State, v.URI, v.Short, v.Request = state, "", "", question
		v.Name, v.Platform, v.Client, v.IP, v.ByCode, v.ByEmail = "Pixel 9", "Android", "Chrome", "203.0.113.84", true, true
		if question == "pending" {
			v.Number = "47"
		}
		return v
	}
	wrongDigits := at("joined", "")
	wrongDigits.Form = wrong("code", "confirm_wrong", "Count", 2)
	terminal := at("joined", "")
	terminal.Terminal, terminal.ByCode = true, false
	proof := func(phone *ProofPhone) ProofView {
		return ProofView{
			Page: in, Act: "remove:crd_1", Upon: &Upon{"Pixel 9", "push"}, Kind: "push", Others: []string{"totp", "recovery"}, Back: "/account/security", Return: "/account/security", Phone: phone,
		}
	}
	return []sample{
		{"signin/identifier", "phone", IdentifierView{Page: web.Page{Form: web.NewForm()}, Phone: true, Preferred: true}},
		{"signin/phone", "", pending},
		{"signin/phone", "tap", with(func(v *PhoneView) { v.Number = "" })},
		{"signin/phone", "six", with(func(v *PhoneView) { v.Number = "048213" })},
		{"signin/phone", "on a phone", with(func(v *PhoneView) { v.OnPhone, v.System, v.Browser = true, "Android", "Chrome" })},
		{"signin/phone", "late", with(func(v *PhoneView) { v.Left, v.Waited, v.Browser = 20, 100, "" })},
		{"signin/phone", "first", with(func(v *PhoneView) { v.First, v.Devices, v.Next = true, nil, nil })},
		{"signin/phone", "first, tap", with(func(v *PhoneView) { v.First, v.Devices, v.Next, v.Number = true, nil, nil, "" })},
		{"signin/phone", "first, expired", with(func(v *PhoneView) {
			v.First, v.Devices, v.Next, v.State, v.Number = true, nil, nil, "expired", ""
		})},
		{"signin/phone", "approved", ended("approved")},
		{"signin/phone", "denied", ended("denied")},
		{"signin/phone", "reported", ended("reported")},
		{"signin/phone", "mismatch", ended("mismatch")},
		{"signin/phone", "expired", ended("expired")},
		{"signin/phone", "cancelled", ended("cancelled")},
		{"signin/phone", "superseded", ended("superseded")},
		{"signin/phone", "to ask", with(func(v *PhoneView) { v.State, v.Number, v.Next = "", "", nil })},
		{"signin/phone", "troubled", with(func(v *PhoneView) { v.State, v.Number, v.Devices, v.Troubled = "", "", nil, troubled })},
		{"signin/phone", "in peace", with(func(v *PhoneView) { v.Form, v.State, v.Number = wrong("", "push_locked"), "", "" })},
		{"signin/ways", "phone", WaysView{Ways: []Way{
			{Kind: "push", Devices: []string{"Pixel 9"}, Used: now.AddDate(0, 0, -1), Href: "/signin/phone", Why: "default"},
			{Kind: "totp", Devices: []string{"Pixel 9", "Tablet"}, Href: "/signin/code"},
			{Kind: "recovery", Href: "/signin/recovery"},
		}}},
		{"signin/code", "troubled", CodeView{Attempt: "att_1", Workspace: "Acme", Devices: []string{"Tablet"}, Recovers: true, Troubled: troubled[:1]}},
		{"signin/ways", "no phone", WaysView{Workspace: "Acme", PhoneMissing: true, Ways: []Way{{Kind: "totp", Devices: []string{"Tablet"}, Href: "/signin/code", Why: "preferred"}}}},
		{"signin/ways", "troubled", WaysView{Troubled: troubled, Ways: []Way{{Kind: "totp", Devices: []string{"Tablet"}, Href: "/signin/code", Why: "only"}}}},
		{"signin/ways", "nothing", WaysView{Troubled: troubled[:1]}},
		{"signin/proof", "phone", proof(nil)},
		{"signin/proof", "phone pending", proof(&ProofPhone{State: "pending", Number: "47", Left: 100, Waited: 20})},
		{"signin/proof", "phone approved", proof(&ProofPhone{State: "approved"})},
		{"signin/proof", "phone denied", proof(&ProofPhone{State: "denied"})},
		{"account/devices", "", devices},
		{"account/devices", "none", DevicesView{Page: web.Page{User: user, Section: "devices"}, Workspace: "Acme"}},
		{"account/devices", "off", DevicesView{Page: web.Page{User: user, Section: "devices"}, Workspace: "Acme", Off: true}},
		{"enrol/device", "", NewDeviceView{Page: in, Workspace: "Acme", Leave: true}},
		{"enrol/device", "local", NewDeviceView{Page: in, Workspace: "Acme", Insecure: true, Local: true, Host: "localhost:8080"}},
		{"enrol/device", "insecure", NewDeviceView{Page: in, Workspace: "Acme", Leave: true, Insecure: true, Host: "id.example.com"}},
		{"enrol/device", "missing", NewDeviceView{Page: in, Workspace: "Acme", Leave: true, Missing: "push_needs_totp"}},
		{"enrol/pairing", "open", pairing},
		{"enrol/pairing", "claimed", at("claimed", "")},
		{"enrol/pairing", "joined", at("joined", "")},
		{"enrol/pairing", "wrong digits", wrongDigits},
		{"enrol/pairing", "terminal, by e-mail", terminal},
		{"enrol/pairing", "trying", at("confirmed", "pending")},
		{"enrol/pairing", "not approved", at("confirmed", "denied")},
		{"enrol/pairing", "paired", at("active", "")},
		{"enrol/device_over", "", DeviceOverView{Page: in, Leave: true}},
	}
}
