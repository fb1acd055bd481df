package console

import (
	"net/http/httptest"
	"testing"

	"countersign"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/web"
	"countersign/internal/web/webtest"
)

// tabSample is one tab of the settings over a document.
func tabSample(id string, doc policy.Document, query string) SettingsView {
	r := httptest.NewRequest("GET", settingsPath+"?tab="+id+query, nil)
	t := tabOf(r)
	inForce := inForceBy(doc)
	d := draftOf(r, t.settings(), doc, inForce)
	view := SettingsView{Shell: shellOf("authentication"), Workspace: "Acme", Tab: t.ID, MaySave: true, Unsaved: d.touched(inForce)}
	view.Form = d.form
	for _, one := range tabs() {
		view.Tabs = append(view.Tabs, TabLine{one.Name, settingsPath + "?tab=" + one.ID, one.ID == t.ID})
	}
	for _, key := range d.keys {
		view.Settings = append(view.Settings, settingOf(key, d, originOf(key, doc, nil), inForce(key)))
	}
	return view
}

func someImpact() people.Impact {
	some := func(n int, emails ...string) people.Group {
		g := people.Group{Count: n}
		for _, e := range emails {
			g.First = append(g.First, people.Affected{ID: "usr_1", Email: e, Role: countersign.Member})
		}
		return g
	}
	return people.Impact{
		LockedOut: some(2, "lan.nguyen@example.com", "thordis@example.com"), Managers: some(1, "thordis@example.com"),
		CodesOnly: some(1, "zoe@example.com"), MustSetUp: some(153, "free@example.com", "no.name@example.com"),
	}
}

func sight(name string, value any) policy.Sight {
	key, _ := policy.KeyNamed(name)
	return policy.SightOf(key, value)
}

// poolSample is *Sign-in and Sign-up* of a pool that sets a document over a workspace's.
func poolSample(t *testing.T, workspace, set policy.Document, query string) PoolView {
	t.Helper()
	settings, err := policy.Resolve(workspace, nil)
	if err != nil {
		t.Fatal(err)
	}
	without := inForceBy(workspace)
	inForce := func(key policy.Key) any {
		if value, own := set[key.Name]; own {
			return value
		}
		return without(key)
	}
	d := draftOf(httptest.NewRequest("GET", "/console/pools/pool_staff"+query, nil), poolKeys(), set, inForce)
	view := PoolView{Shell: shellOf("pools"), ID: "pool_staff", Name: "Staff", Tabs: poolTabs("pool_staff", "signin"), MaySave: true, Unsaved: d.touched(inForce)}
	view.Form = d.form
	for _, key := range d.keys {
		if !key.List {
			view.Prefers = Preferring{policy.SightOf(key, d.chosen[key.Name]), originOf(key, workspace, set)}
			continue
		}
		view.Lists = append(view.Lists, methodList(key, d, policy.Spell(d.chosen[policy.PreferredKey]), settings, originOf(key, workspace, set)))
	}
	return view
}

func settingsSamples(t *testing.T) []webtest.Sample {
	t.Helper()
	doc := policy.Document{"methods": []string{"totp", "push", "recovery"}, "push.confirm": "tap", "totp.max": 1, "trusted_browser_days": 30, "sms.countries": []string{"DE", "US"}}
	var all []webtest.Sample
	for _, one := range tabs() {
		all = append(all, webtest.Sample{Page: "settings", State: one.ID, Data: tabSample(one.ID, doc, "")})
	}
	asked := tabSample("methods", doc, "&set.methods=totp")
	asked.Review = Review{Counted: true, Impact: someImpact(), Warnings: []Warning{{ID: "accept." + shutOut, Value: shutOut, Name: "console.settings_shut_out", Text: "console.settings_shut_out_text"}}}
	asked.Form.Wrong("accept."+shutOut, "settings_accept")
	met := tabSample("phones", doc, "&set.push.confirm=type6")
	met.Review = Review{Meanwhile: []Meanwhile{{"policy.name_push_confirm", sight("push.confirm", "type"), sight("push.confirm", "tap")}}}
	met.Form.Wrong("", "settings_meanwhile")
	wrong := tabSample("others", doc, "")
	wrong.Form.Wrong("set.sms.per_day", "setting_number", "Least", "5", "Most", "1000000")
	wrong.Form.Wrong("set.sms.countries", "setting_sms_countries")
	owners := tabSample("codes", policy.Document{policy.AdminResetKey: policy.ResetTwoAdmins}, "&set.recovery.admin_reset=allowed")
	for i := range owners.Settings {
		if owners.Settings[i].Field == fieldOf(policy.AdminResetKey) {
			owners.Settings[i].shut(policy.ResetTwoAdmins)
		}
	}
	days := tabSample("records", doc, "")
	days.Settings[0].Owners = "console.owners_shorten"
	reads := tabSample("codes", doc, "")
	reads.MaySave = false
	pools := PoolsView{Shell: shellOf("pools"), MayMake: true, Pools: []PoolLine{
		{ID: "pool_default", Name: "Staff", People: 1120, Required: policy.ByWorkspace, First: policy.Methods{"password", "passkey"}, Second: policy.Methods{"push", "totp"}, Everybody: true},
		{ID: "pool_2", Name: "Contractors", People: 123, First: policy.Methods{"password"}, Second: policy.Methods{"totp"}},
	}}
	taken := pools
	taken.Form = web.NewForm("name", "Staff")
	taken.Form.Wrong("name", "pool_name_taken")
	own := policy.Document{"first_factors": []string{"password", "push"}, "second_factors": []string{"push", "totp", "passkey"}, "preferred": "push"}
	others := poolSample(t, doc, own, "")
	set := policy.Document{"recovery.effect": "reset", "totp.max": 2, policy.AdminResetKey: policy.ResetNever}
	others.Others = overridden(doc, set, map[string]string{"totp.max": "2"}, countersign.Administrator)
	readsPool := poolSample(t, nil, nil, "")
	readsPool.MaySave = false
	who := PoolRulesView{Shell: shellOf("pools"), ID: "pool_2", Name: "Contractors", People: 12, Tabs: poolTabs("pool_2", "rules"), WasDomains: "example.org", MaySave: true}
	who.Form = web.NewForm("domains", "example.org\nexample.net", "name", "Contractors")
	badWho := who
	badWho.MayErase = true
	badWho.Form = web.NewForm("domains", "example", "name", "Contractors")
	badWho.Form.Wrong("domains", "domain_bad", "Domain", "example")
	defaultWho := PoolRulesView{Shell: shellOf("pools"), ID: "pool_default", Name: "Staff", Tabs: poolTabs("pool_default", "rules"), Default: true}
	defaultWho.Form = web.NewForm()
	presets := PresetsView{Shell: shellOf("authentication")}
	for i, name := range policy.Presets() {
		presets.Presets = append(presets.Presets, PresetLine{name, presetText(name), i == 5})
	}
	preset := PresetView{Shell: shellOf("authentication"), Name: "push-first", Text: presetText("push-first"), Version: 3, MaySave: true, Review: Review{
		Counted: true, Impact: someImpact(),
		Changes: []ChangeLine{
			{Name: "policy.name_first_factors", Was: sight("first_factors", []string{"password"}), Is: sight("first_factors", []string{"password", "push"})},
			{Name: "policy.name_preferred", Pool: "Staff", Was: sight("preferred", "none"), Is: sight("preferred", "push")},
		},
		Warnings: []Warning{{ID: "accept.push.confirm", Value: "push.confirm=tap", Name: "policy.name_push_confirm", Text: "policy.warn_confirm_tap", Accepted: true}},
	}}
	calm := PresetView{Shell: shellOf("authentication"), Name: "standard", Text: presetText("standard"), Review: Review{Counted: true, Changes: preset.Changes}}
	ownersPreset := calm
	ownersPreset.MaySave, ownersPreset.Owners = true, true
	browsers := []Choice{{ID: "browser", Value: "unknown", Chosen: true}, {ID: "browser.known", Value: "known"}, {ID: "browser.trusted", Value: "trusted"}}
	ask := ExplainView{Shell: shellOf("explain"), Browsers: browsers}
	ask.Form = web.NewForm()
	nobody := ask
	nobody.Form = web.NewForm("person", "nobody@example.com")
	nobody.Form.Wrong("person", "no_such_user")
	told := ExplainView{Shell: shellOf("explain"), Browsers: browsers, Asked: true, Who: "Nguyễn Thị Lan", Explanation: policy.Explanation{Required: policy.ByWorkspace, Paths: []policy.Path{
		{First: "password", Step: policy.StepSecond, Starts: "push", Chosen: policy.Chosen{First: "push", Why: policy.WhyDefault, Offered: []string{"push", "totp", "recovery"}}, Ends: []policy.End{{By: "push", Level: policy.LevelFull}}},
		{First: "passkey", Step: policy.StepDone, Ends: []policy.End{{Level: policy.LevelFull}}},
	}}}
	told.Form = web.NewForm("person", "lan.nguyen@example.com", "address", "203.0.113.7")
	return append(all,
		webtest.Sample{Page: "settings", State: "asked", Data: asked},
		webtest.Sample{Page: "settings", State: "meanwhile", Data: met},
		webtest.Sample{Page: "settings", State: "wrong", Data: wrong},
		webtest.Sample{Page: "settings", State: "for owners", Data: owners},
		webtest.Sample{Page: "settings", State: "days for owners", Data: days},
		webtest.Sample{Page: "settings", State: "reads", Data: reads},
		webtest.Sample{Page: "pools", Data: pools},
		webtest.Sample{Page: "pools", State: "taken", Data: taken},
		webtest.Sample{Page: "pool", Data: poolSample(t, nil, nil, "")},
		webtest.Sample{Page: "pool", State: "own", Data: others},
		webtest.Sample{Page: "pool", State: "draft", Data: poolSample(t, nil, nil, "?set.first_factors=password,push&set.preferred=push")},
		webtest.Sample{Page: "pool", State: "reads", Data: readsPool},
		webtest.Sample{Page: "pool_rules", Data: who},
		webtest.Sample{Page: "pool_rules", State: "wrong", Data: badWho},
		webtest.Sample{Page: "pool_rules", State: "default", Data: defaultWho},
		webtest.Sample{Page: "presets", Data: presets},
		webtest.Sample{Page: "preset", Data: preset},
		webtest.Sample{Page: "preset", State: "calm", Data: calm},
		webtest.Sample{Page: "preset", State: "for owners", Data: ownersPreset},
		webtest.Sample{Page: "preset", State: "same", Data: PresetView{Shell: shellOf("authentication"), Name: "standard", Text: presetText("standard"), Same: true}},
		webtest.Sample{Page: "explain", Data: ask},
		webtest.Sample{Page: "explain", State: "nobody", Data: nobody},
		webtest.Sample{Page: "explain", State: "told", Data: told},
	)
}
