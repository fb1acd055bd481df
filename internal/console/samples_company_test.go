package console

import (
	"time"

	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/web"
	"countersign/internal/web/webtest"
)

// companySamples are the pages of what is required, and of the mails about it.
func companySamples() []webtest.Sample {
	sightOf := func(value any) policy.Sight { return sight(requirement, value) }
	company := CompanyView{
		Shell: shellOf("company"), Name: "Acme", Path: companyPath, Origin: policy.FromDefault, Sight: sightOf("optional"), Value: "optional", Version: 7, Missing: 153, Personal: 3, PersonalMissing: 1, MaySave: true,
		Pools: []RequiredLine{
			{ID: "pool_staff", Name: "Staff", Origin: policy.FromDefault, Sight: sightOf("optional"), Must: 3, Missing: 1, Personal: true},
			{ID: "pool_admins", Name: "Administrators", Origin: policy.FromPool, Sight: sightOf("required"), Must: 21, Missing: 1},
		},
	}
	company.Form = web.NewForm("require", "optional")
	dated := company
	dated.Origin, dated.Sight, dated.Value, dated.Missing = policy.FromWorkspace, sightOf("required from 2027-01-31"), "from", 1
	dated.Form = web.NewForm("require", "from", "from", "2026-11-20")
	dated.Form.Wrong("from", "requirement_past")
	reads := company
	reads.MaySave, reads.Missing, reads.Personal, reads.PersonalMissing = false, 0, 1, 0
	wrong := company
	wrong.Value, wrong.Form = "", web.NewForm()
	wrong.Form.Wrong("require", "requirement_unknown")
	pool := company
	pool.Shell, pool.Pool, pool.Name, pool.Path, pool.Tabs = shellOf("pools"), "pool_staff", "Staff", "/console/pools/pool_staff/required", poolTabs("pool_staff", "required")
	ask := NotifyView{
		Shell: shellOf("company"), Name: "Acme", Back: companyPath + "?value=required", Value: "required", Sight: sightOf("required"), Version: 7, Campaign: "cmp_1", Count: 3,
		Review: Review{Counted: true, Impact: people.Impact{MustSetUp: someImpact().MustSetUp}},
		People: []MissingLine{{"usr_1", "Nguyễn Thị Lan", "lan.nguyen@example.com"}, {"usr_2", "Þórdís Jónsdóttir", "thordis@example.com"}, {"usr_3", "", "zoe@example.com"}},
		First:  companyPath, Next: companyPath, Language: "en", Subject: "Set up two-factor authentication: Acme.", Text: "https://id.example.com",
		Languages: []LanguageLine{{"en", "English", companyPath + "/notify?language=en", 2, true}, {"de", "Deutsch", companyPath + "/notify?language=de", 1, false}},
	}
	again := ask
	again.InForce = true
	nobody := NotifyView{Shell: shellOf("company"), Pool: "pool_staff", Name: "Staff", Back: companyPath, Value: "required", Sight: sightOf("required"), Version: 7, Campaign: "cmp_1"}
	one := CampaignLine{Campaign: people.Campaign{
		ID: "cmp_1", CreatedBy: "usr_0", CreatedAt: now.Add(-50 * time.Hour), Round: 2, RoundAt: now.Add(-time.Hour), Finished: true, People: 153, Mailed: 153, Done: 120, Missing: 33, LeftOut: 4,
	}, Percent: 78}
	reminder := one
	reminder.Filter, reminder.Whom = &people.Filter{}, Whom{"console.filter_missing", "Staff", "account.role_auditor", "example.com"}
	running := one
	running.Finished, running.Whom.Pool, running.Round = false, "Staff", 1
	campaign := CampaignView{
		Shell: shellOf("company"), CampaignLine: one, By: "Ngozi Adeyemi", MayAgain: true, Next: campaignPath("cmp_1") + "?after=usr_3",
		Lacking: []LackingLine{{ask.People[0], now.Add(-time.Hour)}, {ask.People[2], time.Time{}}},
	}
	early := campaign
	early.Form = web.NewForm()
	early.Form.Wrong("", "campaign_running")
	finished := func(change func(*people.Campaign), mails people.CampaignMails) CampaignView {
		v := CampaignView{Shell: shellOf("company"), CampaignLine: one, First: true}
		change(&v.Campaign)
		return v.withMails(mails, now)
	}
	early = early.withMails(people.CampaignMails{}, now)
	campaign = campaign.withMails(people.CampaignMails{}, now)
	all := func(c *people.Campaign) { c.Round, c.Done, c.Missing, c.LeftOut = 1, c.People, 0, 0 }
	none := func(c *people.Campaign) { c.Round, c.People, c.Mailed, c.Done, c.Missing, c.LeftOut = 1, 0, 0, 0, 0, 0 }
	campaigns := []webtest.Sample{
		{Page: "campaign", Data: campaign},
		{Page: "campaign", State: "reminder", Data: CampaignView{Shell: shellOf("company"), CampaignLine: reminder, Lacking: campaign.Lacking}.withMails(people.CampaignMails{}, now)},
		{Page: "campaign", State: "early", Data: early},
		{Page: "campaign", State: "under way", Data: CampaignView{Shell: shellOf("company"), CampaignLine: running, First: true, Lacking: campaign.Lacking}.withMails(people.CampaignMails{Waiting: 7}, now)},
		{Page: "campaign", State: "under way again", Data: finished(func(c *people.Campaign) { c.Finished = false }, people.CampaignMails{})},
		{Page: "campaign", State: "done", Data: finished(all, people.CampaignMails{})},
		{Page: "campaign", State: "nobody", Data: finished(none, people.CampaignMails{})},
		{Page: "campaign", State: "waiting", Data: finished(func(c *people.Campaign) { c.Round = 1 }, people.CampaignMails{Waiting: 2})},
		{Page: "campaign", State: "failed", Data: finished(func(c *people.Campaign) { c.Round = 1 }, people.CampaignMails{Failed: 3})},
		{Page: "campaign", State: "kept", Data: finished(all, people.CampaignMails{Kept: 153})},
		{Page: "campaign", State: "all left out", Data: finished(func(c *people.Campaign) { c.Round, c.Mailed, c.LeftOut = 1, 0, 33 }, people.CampaignMails{})},
		{Page: "campaign", State: "today", Data: finished(func(c *people.Campaign) { c.AgainAt = now.Add(23 * time.Hour) }, people.CampaignMails{}).withAgain(now)},
		{Page: "campaign", State: "long ago", Data: finished(func(c *people.Campaign) { c.RoundAt = now.AddDate(0, -2, 0) }, people.CampaignMails{}).withAgain(now)},
	}
	remind := RemindView{
		Shell: shellOf("people"), Whom: reminder.Whom, Back: "/console/people", Fields: []Hidden{{"pool", "pool_staff"}}, Campaign: "cmp_1", Count: 3,
		Left: leftOut(people.Reminding{Guarded: 951, Asked: 1, Disabled: 2, Invited: 14}), People: ask.People, First: remindPath, Next: remindPath,
		Mails:    []MailLine{{ask.Languages[0], "console.remind_required", time.Time{}}, {ask.Languages[1], "console.remind_from", now.AddDate(0, 1, 0)}, {ask.Languages[1], "console.remind_free", time.Time{}}},
		Language: "en", Subject: ask.Subject, Text: ask.Text,
	}
	remindNobody := RemindView{Shell: shellOf("people"), Back: "/console/people", Campaign: "cmp_1", Left: leftOut(people.Reminding{Guarded: 1})}
	remindNobody.Form = web.NewForm()
	remindNobody.Form.Wrong("", "nobody_to_remind")
	return append([]webtest.Sample{
		{Page: "remind", Data: remind},
		{Page: "remind", State: "nobody", Data: remindNobody},
		{Page: "company", Data: company},
		{Page: "company", State: "dated", Data: dated},
		{Page: "company", State: "reads", Data: reads},
		{Page: "company", State: "wrong", Data: wrong},
		{Page: "company", State: "pool", Data: pool},
		{Page: "notify", Data: ask},
		{Page: "notify", State: "in force", Data: again},
		{Page: "notify", State: "nobody", Data: nobody},
		{Page: "campaigns", Data: CampaignsView{Shell: shellOf("company"), Campaigns: []CampaignLine{reminder, running, one}}},
		{Page: "campaigns", State: "none", Data: CampaignsView{Shell: shellOf("company")}},
	}, campaigns...)
}
