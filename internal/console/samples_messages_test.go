package console

import (
	"time"

	"countersign/internal/people"
	"countersign/internal/picture"
	"countersign/internal/store/rows"
	"countersign/internal/web"
	"countersign/internal/web/webtest"
)

func messagesSample() MessagesView {
	v := MessagesView{Shell: shellOf("messages"), Here: messagesPath, MayAct: true, Tests: people.Tests{Email: "ngozi.adeyemi@example.com", Number: "•• 42", Phones: []rows.Device{{Name: "Pixel 9"}}}}
	v.Form = web.NewForm()
	v.Phones = []Option{{"dev_1", "Pixel 9", false}}
	v.States, v.Channels = messageFilter{}.chips()
	for i, m := range []MessageLine{
		{Text: "console.message_new_sign_in", Kind: "new_sign_in", Way: "console.messages_by_email", User: "usr_1", Name: "Nguyễn Thị Lan", To: "lan.nguyen@example.com", State: messageState("sent", 1), Tries: 1},
		{Text: "console.message_text_code", Kind: "text_code", Way: "console.messages_by_text", User: "usr_1", Name: "Nguyễn Thị Lan", To: "•• 42", State: messageState("failed", 3), Tries: 3, Problem: "‹503›", Again: true},
		{Text: "console.message_push", Kind: "push", Way: "console.messages_by_push", User: "usr_2", Name: "Yara Haddad", State: messageState("queued", 0)},
		{Text: "console.message_invitation", Kind: "invitation", Way: "console.messages_by_email", User: "usr_3", To: "zoe@example.com", State: messageState("queued", 2), Tries: 2, Problem: "‹421›", Next: now.Add(time.Minute)},
		{Text: "console.message_test_mail", Kind: "test_mail", Way: "console.messages_by_email", User: "usr_4", Name: "Ngozi Adeyemi", To: "ngozi.adeyemi@example.com", State: messageState("queued", 1), Tries: 1, Problem: "‹553›", SenderRefused: true, Next: now.Add(5 * time.Second)},
		{Text: "console.message_of_tomorrow", Kind: "of_tomorrow", Way: "console.messages_by_email", To: "gone@example.com", State: messageState("kept", 1), Tries: 1},
	} {
		m.ID, m.At = "msg_1", now.Add(-time.Duration(i)*time.Hour)
		v.Lines = append(v.Lines, m)
	}
	return v
}

func messagesSamples() []webtest.Sample {
	full, bare, none, wrong := messagesSample(), messagesSample(), messagesSample(), messagesSample()
	full.Older, full.Newest = messagesPath+"?before=msg_1", messagesPath
	bare.NoMail, bare.NoTexter, bare.NoCountry, bare.Tests, bare.Phones, bare.Lines = true, true, true, people.Tests{}, nil, nil
	none.Lines, none.Narrow, none.Tests.Number, none.MayAct = nil, true, "", false
	wrong.Form = web.NewForm()
	wrong.Form.Wrong("", "message_over")
	wrong.Tests.Number, wrong.Phones = "", nil
	country := messagesSample()
	country.NoCountry = true
	return append(workspacesSamples(),
		webtest.Sample{Page: "messages", Data: full}, webtest.Sample{Page: "messages", State: "nothing configured", Data: bare},
		webtest.Sample{Page: "messages", State: "none", Data: none}, webtest.Sample{Page: "messages", State: "wrong", Data: wrong},
		webtest.Sample{Page: "messages", State: "no country", Data: country},
	)
}

func workspacesSamples() []webtest.Sample {
	list := WorkspacesView{Shell: shellOf("workspaces"), MayChange: true, Workspaces: []WorkspaceLine{
		{Name: "Countersign", Href: workspaceAt("wsp_default"), Address: "https://signin.example.com", Default: true, People: 1248, Protected: 1054, Percent: 84, Created: now.AddDate(-1, 0, 0)},
		{Name: "Acme", Href: workspaceAt("wsp_1"), Address: "https://acme.example.com", Created: now},
	}}
	read := list
	read.MayChange = false
	fresh := WorkspaceView{Shell: shellOf("workspaces"), Action: workspacesPath + "/new"}
	fresh.Form = web.NewForm()
	wrong := fresh
	wrong.Form = web.NewForm("name", "", "host", "localhost", "language", "nonsense")
	wrong.Form.Wrong("name", "workspace_empty")
	wrong.Form.Wrong("host", "host_invalid")
	wrong.Form.Wrong("language", "language_unknown")
	change := WorkspaceView{Shell: shellOf("workspaces"), Of: "Acme", Action: workspaceAt("wsp_1"), HasLogo: true, Most: picture.MostOctets >> 10, MostSide: picture.MostPixels}
	change.Form = web.NewForm("name", "Acme", "host", "acme.example.com", "accent", "#0b6a8c", "sender", "Acme sign-in <no-reply@acme.example.com>")
	bound := change
	bound.Bound = true
	bound.Form = web.NewForm("name", "Acme", "host", "login.example.com", "accent", "#eeeeee", "sender", "Acme <no-reply@acme", "erase", "yes")
	bound.Form.Wrong("sender", "sender_malformed")
	bound.Form.Wrong("host", "host_in_use", "Passkeys", 3, "Phones", 4)
	bound.Form.Wrong("accent", "accent_pale")
	bound.Form.Wrong("logo", "logo_large", "Most", 100)
	shut := bound
	shut.Form = web.NewForm("name", "Acme", "host", "login.example.com", "accent", "#0b6a8c")
	shut.Form.Wrong("host", "host_shuts_out", "Passkeys", 3, "Phones", 4, "Owners", "Ada Lovelace, Ben Mason")
	last := change
	last.Form = web.NewForm("name", "Acme", "host", "login.example.com", "accent", "#0b6a8c")
	last.Form.Wrong("host", "host_owners_locked_out", "Owners", "Ada Lovelace")
	home := change
	home.Default, home.HasLogo = true, false
	return []webtest.Sample{
		{Page: "workspaces", Data: list},
		{Page: "workspaces", State: "read", Data: read},
		{Page: "workspace", State: "new", Data: fresh},
		{Page: "workspace", State: "new, wrong", Data: wrong},
		{Page: "workspace", Data: change},
		{Page: "workspace", State: "wrong", Data: bound},
		{Page: "workspace", State: "owners shut out", Data: shut},
		{Page: "workspace", State: "no owner left", Data: last},
		{Page: "workspace", State: "default", Data: home},
		{Page: "workspace_made", Data: WorkspaceMadeView{Shell: shellOf("workspaces"), Name: "Acme", Link: "https://acme.example.com/setup/q3x9m7k2w5t8r1p4n6v0"}},
	}
}
