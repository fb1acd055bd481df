package console

import (
	"time"

	"countersign"
	"countersign/internal/census"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/store"
	"countersign/internal/web"
	"countersign/internal/web/webtest"
)

// now is the moment at which the samples are shown.
var now = time.Date(2026, time.November, 21, 13, 32, 0, 0, time.UTC)

func shellOf(section string) Shell {
	return Shell{
		Page:       web.Page{Section: section, User: &web.User{Name: "Ngozi Adeyemi", Email: "ngozi.adeyemi@example.com", Manages: true, Console: true}},
		Navigation: navigation(),
	}
}

// pools are those of the samples.
func pools() []census.Pool {
	return []census.Pool{
		{ID: "pool_staff", Name: "Staff", Required: true, People: 1104, Protected: 951, Missing: 153, Totp: 300, Push: 640, Passkey: 210, SMS: 27, OnlyTexts: 27, Everybody: 1120, Never: 14, Owners: 1, Paused: 2},
		{ID: "pool_contractors", Name: "Contractors", People: 123, Protected: 83, Totp: 60, Push: 30, Everybody: 123},
		{ID: "pool_admins", Name: "Administrators", People: 21, Protected: 20, Push: 20, Passkey: 9, Everybody: 21, BareManagers: 1, NoCodes: 9},
	}
}

// days are those of a year in which the share rises.
func days() []census.Point {
	var out []census.Point
	for i := range 60 {
		p := census.Point{Day: now.Truncate(24*time.Hour).AddDate(0, 0, i-59), Of: map[countersign.PoolID]census.Share{}}
		for k, pool := range pools() {
			share := census.Share{People: pool.People, Protected: pool.Protected * int64(14+i*3/4+k*4) / int64(58+k*4)}
			share.Protected = min(share.Protected, share.People)
			p.Of[pool.ID] = share
			p.All.People += share.People
			p.All.Protected += share.Protected
		}
		out = append(out, p)
	}
	return out
}

func samples() []webtest.Sample {
	count := census.Count{At: now, Pools: pools()}
	for _, p := range count.Pools {
		count.All.People += p.People
		count.All.Protected += p.Protected
		count.All.Missing += p.Missing
		count.All.Paused += p.Paused
		count.All.Everybody += p.Everybody
		count.All.Totp, count.All.Push, count.All.Passkey, count.All.SMS = count.All.Totp+p.Totp, count.All.Push+p.Push, count.All.Passkey+p.Passkey, count.All.SMS+p.SMS
		count.All.OnlyTexts, count.All.Never, count.All.NoCodes = count.All.OnlyTexts+p.OnlyTexts, count.All.Never+p.Never, count.All.NoCodes+p.NoCodes
		count.All.Owners, count.All.BareManagers = count.All.Owners+p.Owners, count.All.BareManagers+p.BareManagers
	}
	week := census.Week{Approved: 1520, Denied: 4, Reported: 2, Expired: 31, Median: 7400 * time.Millisecond, Mails: 812, FailedMails: 3, RefusedSenders: 2, Pushes: 1557, Texts: 43, FailedTexts: 1, SilentPhones: 12}
	s := policy.Settings{Methods: []string{"totp", "push", "recovery"}}
	overview := OverviewView{
		Shell: shellOf("overview"), Workspace: "Acme", At: now, Percent: count.All.Percent(), Protected: count.All.Protected, People: count.All.People,
		Missing: count.All.Missing, Median: seconds(week.Median), Denied: week.Denied, Reported: week.Reported, Approved: week.Approved, Answered: week.Answered(),
		Chart: chartOf(days(), count.Pools), Attention: attention(count, week, 1, s), Methods: methods(count.All), Outcomes: outcomes(week), Deliveries: deliveries(week),
		Costs: []Cost{{Amount: "3.44", Currency: "EUR", Texts: 43}},
	}
	for _, pool := range count.Pools {
		overview.Pools = append(overview.Pools, PoolRow{ID: pool.ID, Name: pool.Name, People: pool.People, Protected: pool.Protected, Percent: pool.Percent(), Required: pool.Required})
	}
	fresh := OverviewView{
		Shell: shellOf("overview"), Workspace: "Acme", At: now, Percent: 100, Protected: 1, People: 1,
		Pools: []PoolRow{{ID: "pool_default", Name: "Everybody", People: 1, Protected: 1, Percent: 100}}, Costs: []Cost{{Texts: 1}},
	}
	list, none, nobody, part := listSample(count), listSample(count), listSample(count), listSample(count)
	none.Lines, none.Filter = nil, people.Filter{Typed: "nobody"}
	nobody.Lines = nil
	unread := nobody
	unread.Form = web.NewForm("q", "nonsense")
	unread.Form.Wrong("q", "people_search")
	part.Previous, part.Next, part.Filter.Standing, part.MayExport, part.Waiting = "/console/people?before=1", "/console/people?after=1", store.Missing, false, 2
	person := personSample()
	bare := PersonView{
		Shell: shellOf("people"), ID: "usr_2", Name: "zoe@example.com", Email: "zoe@example.com", Role: countersign.Member, Pool: PoolRow{ID: "pool_staff", Name: "Staff"},
		State: State{"console.state_invited", "", "mail"}, Created: now,
	}
	person.Acts = []string{"remind", "code", "sign_out", "lock", "unlock", "require", "move", "role", "reset", "delete"}
	bare.Acts, bare.NoReset = []string{"invite", "delete"}, true
	shut := bare
	shut.Acts, shut.UnlockedBy, shut.OwnersOnly, shut.State = []string{"move"}, countersign.Administrator, true, State{"console.state_locked", "bad", "lock"}
	over := shut
	over.UnlockedBy, over.LocksOver, over.Acts = "", true, []string{"lock", "unlock"}
	shutByOwner := shut
	shutByOwner.Acts, shutByOwner.UnlockedBy = nil, countersign.Owner
	announced, alone := bare, bare
	announced.RequiredFrom = time.Date(2027, time.January, 31, 0, 0, 0, 0, time.UTC)
	alone.RequiredFrom, alone.FromAlone = announced.RequiredFrom, true
	return append(actSamples(), []webtest.Sample{
		{Page: "overview", Data: overview},
		{Page: "overview", State: "new", Data: fresh},
		{Page: "people", Data: list},
		{Page: "people", State: "in between", Data: part},
		{Page: "people", State: "none", Data: none},
		{Page: "people", State: "nobody", Data: nobody},
		{Page: "people", State: "wrong", Data: unread},
		{Page: "person", Data: person},
		{Page: "person", State: "bare", Data: bare},
		{Page: "person", State: "announced", Data: announced},
		{Page: "person", State: "announced alone", Data: alone},
		{Page: "person", State: "locked above", Data: shut},
		{Page: "person", State: "locked below", Data: over},
		{Page: "person", State: "locked by an owner", Data: shutByOwner},
		{Page: "activity", Data: ActivityView{Shell: shellOf("people"), ID: "usr_1", Name: "Nguyễn Thị Lan", Events: person.Events, Older: "/console/people/usr_1/activity?before=1", Newest: "/console/people/usr_1/activity"}},
		{Page: "required", Data: web.RequiredView{Workspace: "Acme", Source: "workspace"}},
		{Page: "required", State: "settings", Data: web.RequiredView{Workspace: "Acme", Source: "user", Settings: true}},
		{Page: "closed", State: "none", Data: ClosedView{Shell: shellOf(""), Why: "none"}},
		{Page: "closed", State: "another", Data: ClosedView{Shell: shellOf(""), Why: "another"}},
	}...)
}

// actSamples is the page of each act, and what comes of them.
func actSamples() []webtest.Sample {
	var out []webtest.Sample
	for _, a := range acts() {
		view := ActView{
			Shell: shellOf("people"), Act: a.Name, ID: "usr_1", Name: "Nguyễn Thị Lan", Email: "lan.nguyen@example.com", Danger: a.danger,
			NeedsReason: a.deed.NeedsReason(), ReasonHint: reasonHint(a.deed), Choice: a.choice, TwoAdmins: a.Name == "reset",
		}
		view.Form = web.NewForm()
		view.Options = map[string][]Option{
			"role":     {{"user", "account.role_user", true}, {"auditor", "account.role_auditor", false}},
			"required": {{"optional", "console.not_required", false}, {"required", "console.required_user", true}},
			"minutes":  {{"10", "time.minutes", true}, {"30", "time.minutes", false}},
			"pool":     {{"pool_staff", "Staff", true}, {"pool_contractors", "Contractors", false}},
		}[a.choice]
		out = append(out, webtest.Sample{Page: "act", State: a.Name, Data: view})
		if a.Name == "move" {
			view.Shut = []string{"Contractors"}
			out = append(out, webtest.Sample{Page: "act", State: "move for owners", Data: view})
			view.Nothing = true
			out = append(out, webtest.Sample{Page: "act", State: "move for owners alone", Data: view})
			view.Nothing, view.Shut = false, nil
			for _, effect := range []policy.Effect{policy.LockedOut, policy.CodesOnly, policy.MustSetUp} {
				view.Effect, view.Form = effect, web.NewForm()
				view.Form.Wrong("accept", "move_accept")
				out = append(out, webtest.Sample{Page: "act", State: "move to accept, " + string(effect), Data: view})
			}
		}
		if a.Name == "lock" {
			view.Over = true
			out = append(out, webtest.Sample{Page: "act", State: "lock over another", Data: view})
		}
		if a.Name == "reset" {
			view.Form = web.NewForm()
			view.Form.Wrong("reason", "reason_short")
			out = append(out, webtest.Sample{Page: "act", State: "wrong", Data: view})
		}
	}
	waiting := people.WaitingReset{
		ID: "rst_1", User: "usr_1", Name: "Nguyễn Thị Lan", Email: "lan.nguyen@example.com", Asker: "Łukasz Wiśniewski", Reason: "‹Lost phone›",
		AskedAt: now.Add(-time.Hour), ExpiresAt: now.Add(23 * time.Hour),
	}
	one, two := []string{policy.ResetAllowed}, []string{policy.ResetTwoAdmins}
	invite := InviteView{Shell: shellOf("people"), Most: people.MostInvitees, Roles: []Option{{"user", "account.role_user", true}}, Pools: []Option{{"pool_staff", "Staff", false}}}
	invite.Form = web.NewForm()
	plain := invite
	plain.NoRoles = true
	wrong := invite
	wrong.Form = web.NewForm("email", "nonsense", "list", "nonsense")
	wrong.Form.Wrong("email", "email_malformed")
	wrong.Form.Wrong("name", "name_empty")
	long := invite
	long.Form = web.NewForm("list", "nonsense")
	long.Form.Wrong("list", "list_long", "Most", people.MostInvitees)
	listed := ListedView{Shell: shellOf("people"), Invited: 1, Others: 3, Rows: []ListedRow{
		{Line: 1, Email: "ada@example.com", Name: "Ngozi Adeyemi"},
		{Line: 2, Email: "lukasz@example.com", Known: true, Code: "email_taken"},
		{Line: 3, Email: "nonsense", Code: "email_malformed"},
		{Line: 4, Email: "a@example.com", Code: "name_long", Args: []any{"Most", 100}},
	}}
	return append(out,
		webtest.Sample{Page: "invite", Data: invite}, webtest.Sample{Page: "invite", State: "wrong", Data: wrong},
		webtest.Sample{Page: "invite_list", Data: invite}, webtest.Sample{Page: "invite", State: "without roles", Data: plain}, webtest.Sample{Page: "invite_list", State: "wrong", Data: long},
		webtest.Sample{Page: "invited", Data: listed},
		webtest.Sample{Page: "code", Data: CodeView{Shell: shellOf("people"), ID: "usr_1", Name: "Nguyễn Thị Lan", Code: "7k4mq-x9d2t", Minutes: 10}},
		webtest.Sample{Page: "code", State: "sent again", Data: CodeView{Shell: shellOf("people"), ID: "usr_1", Name: "Nguyễn Thị Lan"}},
		webtest.Sample{Page: "resets", Data: resetsView(shellOf("people"), two, []Waiting{{waiting, false, true}, {waiting, true, true}})},
		webtest.Sample{Page: "resets", State: "read", Data: resetsView(shellOf("people"), append(one, two...), []Waiting{{waiting, false, false}})},
		webtest.Sample{Page: "resets", State: "none", Data: resetsView(shellOf("people"), append(one, policy.ResetNever), nil)},
		webtest.Sample{Page: "resets", State: "never", Data: resetsView(shellOf("people"), []string{policy.ResetNever}, nil)},
		webtest.Sample{Page: "resets", State: "allowed since", Data: resetsView(shellOf("people"), one, []Waiting{{waiting, false, true}})},
	)
}

func listSample(count census.Count) PeopleView {
	v := PeopleView{
		Shell: shellOf("people"), Chips: chips(people.Filter{}, count), First: true, MayExport: true, MayInvite: true, Remind: remindPath,
		Pools: []Option{{"pool_staff", "Staff", false}, {"pool_contractors", "Contractors", true}},
		Roles: []Option{{"owner", "account.role_owner", false}, {"user", "account.role_user", false}},
	}
	for i, l := range []struct {
		name, email string
		line        people.Line
		pool        string
	}{
		{"Ngozi Adeyemi", "ngozi.adeyemi@example.com", people.Line{Listed: store.Listed{State: countersign.Active, Role: countersign.Owner}, Methods: []string{"push", "totp"}}, "Staff"},
		{"Łukasz Wiśniewski", "lukasz@example.com", people.Line{Listed: store.Listed{State: countersign.Active, Role: countersign.Administrator}, Methods: []string{"passkey", "push"}}, "Administrators"},
		{"Nguyễn Thị Lan", "lan.nguyen@example.com", people.Line{Listed: store.Listed{State: countersign.Active, Role: countersign.Member}, Methods: []string{"sms"}}, "Staff"},
		{"Þórdís Jónsdóttir", "thordis@example.com", people.Line{Listed: store.Listed{State: countersign.Active, Role: countersign.Auditor}, Missing: true}, "Administrators"},
		{"Yara Haddad", "yara.haddad@example.org", people.Line{Listed: store.Listed{State: countersign.Disabled, Role: countersign.Member}, Methods: []string{"push"}}, "Contractors"},
		{"Zoë van den Berg", "zoe@example.com", people.Line{Listed: store.Listed{State: countersign.Invited, Role: countersign.Member}}, "Staff"},
		{"", "no.name@example.com", people.Line{Listed: store.Listed{State: countersign.Active, Role: countersign.Member}, Paused: true, Methods: []string{"totp"}}, "Staff"},
		{"", "free@example.com", people.Line{Listed: store.Listed{State: countersign.Active, Role: countersign.Member}}, "Contractors"},
	} {
		line := PersonLine{ID: "usr_1", Name: l.name, Email: l.email, State: stateOf(l.line), Methods: l.line.Methods, Pool: l.pool, Role: l.line.Role}
		if l.line.State != countersign.Invited {
			line.SignedIn = now.Add(-time.Duration(i*i*i) * time.Hour)
		}
		v.Lines = append(v.Lines, line)
	}
	return v
}

func personSample() PersonView {
	return PersonView{
		Shell: shellOf("people"), ID: "usr_1", Name: "Nguyễn Thị Lan", Email: "lan.nguyen@example.com", EmailVerified: true, Role: countersign.Member,
		Pool: PoolRow{ID: "pool_staff", Name: "Staff"}, State: State{"console.state_texts", "warn", "warning"}, Created: now.AddDate(-1, 0, 0), SignedIn: now.Add(-20 * time.Hour),
		RequiredBy: "workspace", Default: "sms",
		Steps: []Step{
			{Kind: "sms", Name: "•• 42", Added: now.AddDate(0, -8, 0), Used: now.Add(-20 * time.Hour), UsedFrom: "203.0.113.7", Default: true},
			{Kind: "push", Name: "Pixel 9", Added: now.AddDate(0, -1, 0)},
			{Kind: "passkey", Name: "YubiKey", Added: now.AddDate(0, -9, 0), Elsewhere: true},
			{Kind: "terminal", Name: "Pixel 9", Added: now.AddDate(0, -1, 0)},
		},
		Codes: &Codes{Left: 8, Created: now.AddDate(0, -8, 0)},
		Devices: []Device{
			{Name: "Pixel 9", Platform: "Android", Client: "Chrome", Version: "1.0.0", Added: now.AddDate(0, -1, 0), Seen: now.Add(-time.Hour)},
			{Name: "Pixel 9", Platform: "Linux", Terminal: true, Trouble: "signed_out", Seen: now.Add(-time.Hour)},
		},
		Browsers: []Browser{{Browser: "Firefox", System: "Linux", Since: now.AddDate(0, 0, -3), Until: now.AddDate(0, 0, 27)}},
		Sessions: []Session{{Browser: "Firefox", System: "Linux", IP: "203.0.113.7", Started: now.Add(-20 * time.Hour), Active: now.Add(-2 * time.Hour)}, {IP: "2001:db8::17", Started: now, Active: now}},
		Events: []Event{
			{Text: "event.signin_completed", At: now.Add(-20 * time.Hour), IP: "203.0.113.7", Browser: "Firefox", System: "Linux"},
			{Text: "event.proof_refused_sms", Refused: true, At: now.Add(-21 * time.Hour), IP: "203.0.113.7"},
			{Text: "event.two_factor_reset", By: "Łukasz Wiśniewski", Reason: "‹Lost phone›", At: now.AddDate(0, -8, 0), IP: "203.0.113.84"},
			{Text: "event.user_rescue_link_made", ByShell: true, At: now.AddDate(0, -8, 0)},
			{Text: "event.of_tomorrow", Kind: "of.tomorrow", At: now.AddDate(0, -8, 0)},
		},
	}
}
