package console

import (
	"net/http/httptest"
	"testing"

	"countersign"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/store/rows"
	"countersign/internal/web"
	"countersign/internal/web/webtest"
)

// storedOf are rules of a workspace, and of one pool, that were not read from anywhere.
func storedOf(workspace, pool policy.Document) people.Stored {
	return people.Stored{Rules: policy.Rules{Workspace: workspace, Pools: map[string]policy.Document{"Staff": pool}}, Version: 1}
}

// overOf is the ground of a pool that sets a document over a workspace's.
func overOf(workspace, pool policy.Document) ground {
	return poolGround(storedOf(workspace, pool), people.Pool{Pool: rows.Pool{ID: "pool_staff", Name: "Staff"}}, "Staff")
}

// tabSample is one tab of the settings on a ground, as somebody of a role sees it.
func tabSample(t *testing.T, g ground, id, query string, role countersign.Role) SettingsView {
	t.Helper()
	r := httptest.NewRequest("GET", g.path()+"?tab="+id+query, nil)
	one := g.tabOf(r)
	d := draftOf(r, one.settings(), g)
	view, err := settingsView(g, one, d, role)
	if err != nil {
		t.Fatal(err)
	}
	view.Shell = shellOf("authentication")
	if g.ofPool() {
		view.Shell = shellOf("pools")
	}
	view.Form = d.form
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
func poolSample(t *testing.T, workspace, set policy.Document, query string, role countersign.Role) PoolView {
	t.Helper()
	g := overOf(workspace, set)
	d := draftOf(httptest.NewRequest("GET", poolPath(g.pool.ID)+query, nil), poolKeys(), g)
	view, err := poolView(g, d, role)
	if err != nil {
		t.Fatal(err)
	}
	view.Shell, view.Form = shellOf("pools"), d.form
	return view
}

// poolTabSamples are the tabs of what a pool sets otherwise.
func poolTabSamples(t *testing.T, workspace policy.Document) []webtest.Sample {
	t.Helper()
	set := policy.Document{"trusted_browser_days": 60, "turn_off": policy.FreshProof, "push.confirm": "type6", "recovery.effect": "reset", "totp.max": 2, policy.AdminResetKey: policy.ResetNever}
	var all []webtest.Sample
	for _, one := range overOf(workspace, set).tabs() {
		all = append(all, webtest.Sample{Page: "settings", State: "pool, " + one.ID, Data: tabSample(t, overOf(workspace, set), one.ID, "", countersign.Owner)})
	}
	gone := tabSample(t, overOf(workspace, set), "codes", "&gone=totp.max&gone=recovery.effect", countersign.Owner)
	pinned := tabSample(t, overOf(workspace, set), "codes", "&pin=recovery.codes", countersign.Owner)
	asked := tabSample(t, overOf(workspace, set), "phones", "&gone=push.confirm", countersign.Owner)
	asked.Review = Review{Warnings: []Warning{{ID: "accept.0", Value: "pool.Staff.push.confirm=tap", Name: "policy.name_push_confirm", Text: "policy.warn_confirm_tap"}}}
	asked.Form.Wrong("accept.0", "settings_accept")
	met := tabSample(t, overOf(workspace, set), "phones", "&set.push.confirm=type", countersign.Owner)
	met.Review = Review{Meanwhile: []Meanwhile{{"policy.name_push_confirm", sight("push.confirm", "tap"), sight("push.confirm", "type6")}}}
	met.Form.Wrong("", "settings_meanwhile")
	wrong := tabSample(t, overOf(workspace, set), "codes", "", countersign.Owner)
	wrong.Form.Wrong("set.totp.max", "setting_number", "Least", "1", "Most", "5")
	return append(all,
		webtest.Sample{Page: "settings", State: "pool, taken back", Data: gone},
		webtest.Sample{Page: "settings", State: "pool, kept", Data: pinned},
		webtest.Sample{Page: "settings", State: "pool, asked", Data: asked},
		webtest.Sample{Page: "settings", State: "pool, meanwhile", Data: met},
		webtest.Sample{Page: "settings", State: "pool, wrong", Data: wrong},
		webtest.Sample{Page: "settings", State: "pool, for owners", Data: tabSample(t, overOf(workspace, set), "codes", "", countersign.Administrator)},
		webtest.Sample{Page: "settings", State: "pool, reads", Data: tabSample(t, overOf(workspace, set), "codes", "&gone=totp.max", countersign.Auditor)},
	)
}

func settingsSamples(t *testing.T) []webtest.Sample {
	t.Helper()
	doc := policy.Document{"methods": []string{"totp", "push", "recovery"}, "push.confirm": "tap", "totp.max": 1, "trusted_browser_days": 30, "sms.countries": []string{"DE", "US"}}
	var all []webtest.Sample
	over := func(doc policy.Document) ground { return workspaceGround(storedOf(doc, nil)) }
	for _, one := range tabs() {
		all = append(all, webtest.Sample{Page: "settings", State: one.ID, Data: tabSample(t, over(doc), one.ID, "", countersign.Owner)})
	}
	asked := tabSample(t, over(doc), "methods", "&set.methods=totp", countersign.Owner)
	asked.Review = Review{Counted: true, Impact: someImpact(), Warnings: []Warning{{ID: "accept." + shutOut, Value: shutOut, Name: "console.settings_shut_out", Text: "console.settings_shut_out_text"}}}
	asked.Form.Wrong("accept."+shutOut, "settings_accept")
	met := tabSample(t, over(doc), "phones", "&set.push.confirm=type6", countersign.Owner)
	met.Review = Review{Meanwhile: []Meanwhile{{"policy.name_push_confirm", sight("push.confirm", "type"), sight("push.confirm", "tap")}}}
	met.Form.Wrong("", "settings_meanwhile")
	wrong := tabSample(t, over(doc), "others", "", countersign.Owner)
	wrong.Form.Wrong("set.sms.per_day", "setting_number", "Least", "5", "Most", "1000000")
	wrong.Form.Wrong("set.sms.countries", "setting_sms_countries")
	owners := tabSample(t, over(policy.Document{policy.AdminResetKey: policy.ResetTwoAdmins}), "codes", "&set.recovery.admin_reset=allowed", countersign.Administrator)
	days := tabSample(t, over(doc), "records", "", countersign.Administrator)
	reads := tabSample(t, over(doc), "codes", "", countersign.Auditor)
	pools := PoolsView{Shell: shellOf("pools"), MayMake: true, Pools: []PoolLine{
		{ID: "pool_default", Name: "Staff", People: 1120, Required: policy.ByWorkspace, First: policy.Methods{"password", "passkey"}, Second: policy.Methods{"push", "totp"}, Everybody: true},
		{ID: "pool_2", Name: "Contractors", People: 123, First: policy.Methods{"password"}, Second: policy.Methods{"totp"}},
	}}
	taken := pools
	taken.Form = web.NewForm("name", "Staff")
	taken.Form.Wrong("name", "pool_name_taken")
	own := policy.Document{"first_factors": []string{"password", "push"}, "second_factors": []string{"push", "totp", "passkey"}, "preferred": "push"}
	own["recovery.effect"], own["totp.max"], own[policy.AdminResetKey], own["trusted_browser_days"] = "reset", 2, policy.ResetNever, 60
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
	bent := ask
	bent.Browsers, bent.Form = browsers[:2], web.NewForm("person", "lan.nguyen@example.com")
	bent.Form.Wrong("browser", "explain_untrusted")
	told := ExplainView{Shell: shellOf("explain"), Browsers: browsers, Asked: true, Who: "Nguyễn Thị Lan", Explanation: policy.Explanation{Required: policy.ByWorkspace, Paths: []policy.Path{
		{First: "password", Step: policy.StepSecond, Starts: "push", Chosen: policy.Chosen{First: "push", Why: policy.WhyDefault, Offered: []string{"push", "totp", "recovery"}}, Ends: []policy.End{{By: "push", Level: policy.LevelFull}}},
		{First: "passkey", Step: policy.StepDone, Ends: []policy.End{{Level: policy.LevelFull}}},
	}}}
	told.Form = web.NewForm("person", "lan.nguyen@example.com", "address", "203.0.113.7")
	return append(append(all, poolTabSamples(t, doc)...),
		webtest.Sample{Page: "settings", State: "asked", Data: asked},
		webtest.Sample{Page: "settings", State: "meanwhile", Data: met},
		webtest.Sample{Page: "settings", State: "wrong", Data: wrong},
		webtest.Sample{Page: "settings", State: "for owners", Data: owners},
		webtest.Sample{Page: "settings", State: "days for owners", Data: days},
		webtest.Sample{Page: "settings", State: "reads", Data: reads},
		webtest.Sample{Page: "pools", Data: pools},
		webtest.Sample{Page: "pools", State: "taken", Data: taken},
		webtest.Sample{Page: "pool", Data: poolSample(t, nil, nil, "", countersign.Owner)},
		webtest.Sample{Page: "pool", State: "own", Data: poolSample(t, doc, own, "", countersign.Owner)},
		webtest.Sample{Page: "pool", State: "taken back", Data: poolSample(t, doc, own, "?gone=first_factors&gone=preferred", countersign.Owner)},
		webtest.Sample{Page: "pool", State: "draft", Data: poolSample(t, nil, nil, "?set.first_factors=password,push&set.preferred=push", countersign.Owner)},
		webtest.Sample{Page: "pool", State: "reads", Data: poolSample(t, doc, own, "", countersign.Auditor)},
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
		webtest.Sample{Page: "explain", State: "no such browser", Data: bent},
	)
}
