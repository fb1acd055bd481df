package bench_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"testing"
	"time"

	"countersign"
	"countersign/internal/audit"
	"countersign/internal/fold"
	"countersign/internal/message"
	"countersign/internal/notify"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/seal"
	"countersign/internal/store"
	"countersign/internal/store/rows"
)

// asking is what a page asks of the database.
type asking func(ctx context.Context) error

// consolePage is one address of a route, what the page is called, and what it asks.
type consolePage struct {
	name, path string
	asks       []asking
}

func (p consolePage) ask(ctx context.Context, w *world) error {
	err := w.asksSession(ctx)
	for _, one := range p.asks {
		err = errors.Join(err, one(ctx))
	}
	return err
}

// unmeasured are the routes that are no page, and why.
func unmeasured() map[string]string {
	return map[string]string{"GET /console/log/events": "a stream that stays open until something comes"}
}

// pages are the console's pages by their routes, with what each asks.
func (w *world) pages(t *testing.T) map[string][]consolePage {
	t.Helper()
	person, in := "/console/people/"+string(w.people[len(w.people)/2]), "/console/pools/"+string(w.pools[3])
	shown := w.shows(w.people[len(w.people)/2])
	all := map[string][]consolePage{
		"GET /console":                                 {{"overview, counted a moment ago", "/console", []asking{w.asksCount, w.asksWeek}}},
		"GET /console/people":                          w.lists(t),
		"GET /console/people/remind":                   w.reminders(),
		"GET /console/people/{user}":                   {{"one person", person, []asking{shown, w.asksActivity(8)}}},
		"GET /console/people/{user}/activity":          {{"one person's activity", person + "/activity", []asking{shown, w.asksActivity(51)}}},
		"GET /console/invite":                          {{"invite", "/console/invite", []asking{w.asksRules}}},
		"GET /console/confirmed":                       {{"confirmed in another tab", "/console/confirmed", nil}},
		"GET /console/invite/list":                     {{"invite a list", "/console/invite/list", []asking{w.asksRules}}},
		"GET /console/resets":                          {{"resets that wait", "/console/resets", []asking{w.asksResets}}},
		"GET /console/log":                             w.logs(t),
		"GET /console/log/live":                        {{"log, as its script reads it", "/console/log/live", []asking{w.asksLog(audit.Filter{}, "", "")}}},
		"GET /console/log/{event}":                     {{"log, one event", "/console/log/" + string(w.events[5].ID), []asking{w.asksEvent}}},
		"GET /console/messages":                        w.messagePages(),
		"GET /console/company":                         {{"company settings", "/console/company", []asking{w.asksRules, w.asksMissing("")}}},
		"GET /console/pools/{pool}/required":           {{"what a pool requires", in + "/required", []asking{w.asksRules, w.asksMissing(w.pools[3])}}},
		"GET /console/company/notify":                  w.notifyPages(t),
		"GET /console/campaigns":                       {{"campaigns", "/console/campaigns", []asking{w.asksRules, w.asksCampaigns}}},
		"GET /console/campaigns/{campaign}":            {{"a campaign to everybody", "/console/campaigns/" + string(w.campaign), []asking{w.asksRules, w.asksCampaign}}},
		"GET /console/authentication/presets":          {{"presets", "/console/authentication/presets", []asking{w.asksRules}}},
		"GET /console/authentication/presets/{preset}": w.presetPages(t),
		"GET /console/authentication/settings":         {{"settings", "/console/authentication/settings", []asking{w.asksRules}}},
		"GET /console/pools":                           {{"pools", "/console/pools", []asking{w.asksPools}}},
		"GET /console/pools/{pool}":                    {{"a pool", in, []asking{w.asksPool, w.asksRules}}},
		"GET /console/pools/{pool}/settings":           {{"a pool's settings", in + "/settings", []asking{w.asksPool, w.asksRules}}},
		"GET /console/pools/{pool}/rules":              {{"a pool's rules", in + "/rules", []asking{w.asksPool, w.asksRules}}},
		"GET /console/explain":                         w.explainPages(shown),
		"GET /console/workspaces":                      {{"workspaces", "/console/workspaces", []asking{w.asksWorkspaces}}},
		"GET /console/workspaces/new":                  {{"a new workspace", "/console/workspaces/new", nil}},
		"GET /console/workspaces/change":               {{"a workspace", "/console/workspaces/change?workspace=" + string(workspace), []asking{w.asksWorkspaces}}},
	}
	for act, whom := range map[string]countersign.UserID{
		"remind": w.bare, "invite": w.invited, "code": w.people[4], "sign_out": w.people[4], "lock": w.people[4], "unlock": w.disabled, "require": w.people[4],
		"move": w.people[4], "role": w.people[4], "reset": w.people[4], "delete": w.people[4],
	} {
		all["GET /console/people/{user}/"+act] = []consolePage{{"act: " + act, "/console/people/" + string(whom) + "/" + act, []asking{w.shows(whom)}}}
	}
	return all
}

// lists are the pages of the list of people.
func (w *world) lists(t *testing.T) []consolePage {
	t.Helper()
	lines, err := w.Engine.People.Search(t.Context(), workspace, people.Filter{}, "", "", 50)
	must(t, err)
	lines, err = w.Engine.People.Search(t.Context(), workspace, people.Filter{}, lines.Next, "", 50)
	must(t, err)
	at := lines.People[len(lines.People)-1].At
	all := []consolePage{
		{"the list after a cursor", "/console/people?after=" + lines.Next, []asking{w.asksList(store.Listing{From: at})}},
		{"the list before a cursor", "/console/people?before=" + lines.Next, []asking{w.asksList(store.Listing{From: at, Backward: true})}},
		{"the list of a pool", "/console/people?pool=" + string(w.pools[3]), []asking{w.asksList(store.Listing{Pool: w.pools[3]})}},
		{"the list of owners", "/console/people?role=owner", []asking{w.asksList(store.Listing{Role: countersign.Owner})}},
	}
	for _, standing := range store.Standings() {
		all = append(all, consolePage{"the list, " + string(standing), "/console/people?state=" + string(standing), []asking{w.asksList(store.Listing{Standing: standing})}})
	}
	for _, typed := range []string{"a", "lovelace", "person99", "dora euler", "nobody at all"} {
		for _, standing := range []store.Standing{store.Everybody, store.OnlyTexts} {
			all = append(all, consolePage{
				fmt.Sprintf("a search for %q %s", typed, standing), "/console/people?state=" + string(standing) + "&q=" + url.QueryEscape(typed),
				[]asking{w.asksList(store.Listing{Standing: standing, Terms: fold.Terms(typed)})},
			})
		}
	}
	return all
}

// reminders are the pages that ask whether to remind those of a list.
func (w *world) reminders() []consolePage {
	var all []consolePage
	for _, f := range []people.Filter{{}, {Standing: store.Without}, {Typed: "lovelace"}} {
		l := store.Listing{Workspace: workspace, Standing: f.Standing, Terms: fold.Terms(f.Typed), Now: w.Clock.Now()}
		due := l
		due.Due = true
		all = append(all, consolePage{
			fmt.Sprintf("a reminder, %s%s", f.Standing, f.Typed), "/console/people/remind?state=" + string(f.Standing) + "&q=" + f.Typed,
			[]asking{w.asksRules, func(ctx context.Context) error {
				_, err := w.Engine.Store.CountReminder(ctx, l)
				return err
			}, w.asksList(due)},
		})
	}
	return all
}

// logs are the pages of the audit log: its parts, each filter, and searches that find
// something and nothing.
func (w *world) logs(t *testing.T) []consolePage {
	t.Helper()
	const path = "/console/log"
	middle, user := w.events[len(w.events)/2], w.events[7].UserID
	day := time.UnixMilli(int64(middle.At)).UTC().Truncate(24 * time.Hour)
	week := day.AddDate(0, 0, -7)
	days := "from=" + week.Format(time.DateOnly) + "&to=" + day.Format(time.DateOnly)
	refused := []string{"proof.refused"}
	named := func(id countersign.UserID) string { return url.QueryEscape(w.emailOf(t, id)) }
	page := func(name, query string, f audit.Filter, more ...asking) consolePage {
		return consolePage{"log, " + name, path + "?" + query, append(more, w.asksLog(f, "", ""))}
	}
	found := func(name, typed string, terms store.EventTerms, more ...asking) consolePage {
		return page("search "+name, "q="+url.QueryEscape(typed), audit.Filter{Terms: &terms}, more...)
	}
	seeks := func(typed string) asking { return w.asksSearch(typed) }
	return []consolePage{
		{"log, the latest", path, []asking{w.asksLog(audit.Filter{}, "", "")}},
		{"log, after a cursor", path + "?older=" + string(middle.ID), []asking{w.asksLog(audit.Filter{}, middle.ID, "")}},
		{"log, before a cursor", path + "?newer=" + string(middle.ID), []asking{w.asksLog(audit.Filter{}, "", middle.ID)}},
		page("one kind", "kind=proof.refused", audit.Filter{Kinds: refused}),
		page("a rare kind", "kind=user.disabled", audit.Filter{Kinds: []string{"user.disabled"}}),
		page("a group of kinds", "kind=second_step", audit.Filter{Kinds: []string{"two_factor.reset", "two_factor.off", "number.added", "help_code.given"}}),
		page("what was refused", "outcome=refused", audit.Filter{Outcome: audit.Refused}),
		page("refused of one kind that never is", "outcome=refused&kind=signin.completed", audit.Filter{Outcome: audit.Refused, Kinds: []string{"signin.completed"}}),
		page("about one person, by identifier", "person="+string(user), audit.Filter{Users: []countersign.UserID{user}}),
		page("about one person, by address", "person="+named(user), audit.Filter{Users: []countersign.UserID{user}}, seeks(w.emailOf(t, user))),
		page("by an administrator", "actor="+string(w.owner.ID), audit.Filter{Actors: []countersign.UserID{w.owner.ID}}),
		page("by one person", "actor="+string(user), audit.Filter{Actors: []countersign.UserID{user}}),
		page("from an office", "ip=198.51.100.7", audit.Filter{IP: "198.51.100.7"}),
		page("from an address that never was", "ip=192.0.2.99", audit.Filter{IP: "192.0.2.99"}),
		page("refused from an office", "ip=198.51.100.7&outcome=refused", audit.Filter{IP: "198.51.100.7", Outcome: audit.Refused}),
		page("of one day", "from="+day.Format(time.DateOnly)+"&to="+day.Format(time.DateOnly), audit.Filter{Since: day, Until: day.AddDate(0, 0, 1)}),
		page("a rare kind, of many days", "kind=user.disabled&"+days, audit.Filter{Kinds: []string{"user.disabled"}, Since: week, Until: day.AddDate(0, 0, 1)}),
		page("from an office, of many days", "ip=198.51.100.7&"+days, audit.Filter{IP: "198.51.100.7", Since: week, Until: day.AddDate(0, 0, 1)}),
		page("refused until a day", "outcome=refused&to="+day.Format(time.DateOnly), audit.Filter{Outcome: audit.Refused, Until: day.AddDate(0, 0, 1)}),
		page("of one kind and person", "kind=proof.accepted&person="+string(user), audit.Filter{Kinds: []string{"proof.accepted"}, Users: []countersign.UserID{user}}),
		found("for a session", string(w.events[3].SessionID), store.EventTerms{IDs: []string{string(w.events[3].SessionID)}}, seeks(string(w.events[3].SessionID))),
		found("for a request", middle.RequestID, store.EventTerms{IDs: []string{middle.RequestID}}, seeks(middle.RequestID)),
		found("for an address of the network", "198.51.100.7", store.EventTerms{IDs: []string{"198.51.100.7"}}, seeks("198.51.100.7")),
		found("for a person", w.emailOf(t, user), store.EventTerms{IDs: []string{w.emailOf(t, user)}, People: []countersign.UserID{user}}, seeks(w.emailOf(t, user))),
		found("for a name that many have", "lovelace", store.EventTerms{IDs: []string{"lovelace"}}, seeks("lovelace")),
		found("for nothing that is there", "zyxwv", store.EventTerms{IDs: []string{"zyxwv"}}, seeks("zyxwv")),
	}
}

// messagePages are those of the delivery log.
func (w *world) messagePages() []consolePage {
	const path = "/console/messages"
	before := countersign.MessageID(seal.SortableID("msg", w.Clock.Now().Add(-3*24*time.Hour), 0))
	page := func(name, query, channel, state string, before countersign.MessageID) consolePage {
		return consolePage{"messages, " + name, path + "?" + query, []asking{w.asksMessages(channel, state, before)}}
	}
	return []consolePage{
		page("the latest", "", "", "", ""),
		page("after a cursor", "before="+string(before), "", "", before),
		page("that failed", "state=failed", "", "failed", ""),
		page("that failed, after a cursor", "state=failed&before="+string(before), "", "failed", before),
		page("that wait", "state=queued", "", "queued", ""),
		page("by text", "channel=text", "text", "", ""),
		page("by phone that failed", "channel=push&state=failed", "push", "failed", ""),
	}
}

// notifyPages ask whether to write to those without a second factor: of everybody, of one
// pool, and further down the list.
func (w *world) notifyPages(t *testing.T) []consolePage {
	t.Helper()
	rules, err := w.Engine.People.Rules(t.Context(), workspace)
	must(t, err)
	path := fmt.Sprintf("/console/company/notify?version=%d&value=required", rules.Version)
	of := func(pool countersign.PoolID) []asking {
		return []asking{w.asksRules, w.asksBare, w.asksMissing(pool), w.asksMissingList(pool)}
	}
	return []consolePage{
		{"whether to write to everybody without", path, of("")},
		{"whether to write to a pool's without", path + "&pool=" + string(w.pools[3]), of(w.pools[3])},
	}
}

// presetPages show what a preset changes, and whom that affects: everybody is looked at
// where it may shut somebody out, and those without a second factor where it only requires.
func (w *world) presetPages(t *testing.T) []consolePage {
	t.Helper()
	was, err := w.Engine.People.Rules(t.Context(), workspace)
	must(t, err)
	var all []consolePage
	for _, name := range policy.Presets() {
		preset, err := policy.Preset(name)
		must(t, err)
		asks := []asking{w.asksRules}
		switch changes := policy.Changes(was.Rules, was.With(policy.Rules{Workspace: preset}, false)); {
		case !policy.MayShutOut(changes):
		case policy.OnlyRequires(changes):
			asks = append(asks, w.asksBare)
		default:
			asks = append(asks, w.asksImpact)
		}
		all = append(all, consolePage{"preset " + name, "/console/authentication/presets/" + name, asks})
	}
	return all
}

func (w *world) explainPages(shown asking) []consolePage {
	return []consolePage{
		{"what happens when, not asked", "/console/explain", []asking{w.asksRules}},
		{"what happens when a person signs in", "/console/explain?person=" + url.QueryEscape(emailOf(len(w.people)/2)) + "&address=192.0.2.7", []asking{shown, w.asksRules}},
	}
}

// asksSession is what every page asks: who it is.
func (w *world) asksSession(ctx context.Context) error {
	_, err := w.Engine.Store.Read().LoadSession(ctx, workspace, seal.Hash("nobody"), w.Clock.Now().UnixMilli())
	if store.NotFound(err) {
		return nil
	}
	return err
}

func (w *world) asksRules(ctx context.Context) error {
	_, err := w.Engine.Store.Read().GetWorkspace(ctx, workspace)
	if err == nil {
		_, err = w.Engine.Store.Read().ListPools(ctx, workspace)
	}
	return err
}

func (w *world) asksList(l store.Listing) asking {
	return func(ctx context.Context) error {
		l.Workspace, l.Now, l.Most = workspace, w.Clock.Now(), 51
		found, err := w.Engine.Store.ListPeople(ctx, l)
		if err != nil {
			return err
		}
		ids := make([]countersign.UserID, len(found))
		for i, p := range found {
			ids[i] = p.ID
		}
		_, err = w.Engine.Store.ListHeld(ctx, workspace, ids)
		if err == nil {
			_, err = w.Engine.Store.ListLocked(ctx, workspace, ids, w.Clock.Now())
		}
		return errors.Join(err, w.asksRules(ctx), w.asksResets(ctx))
	}
}

func (w *world) asksResets(ctx context.Context) error {
	_, err := w.Engine.Store.Read().ListWaitingResets(ctx, workspace, w.Clock.Now().UnixMilli())
	return err
}

func (w *world) asksCount(ctx context.Context) error {
	_, err := w.Engine.Store.Read().CountStanding(ctx, store.PersonalBy(time.Now()), workspace)
	if err == nil {
		_, err = w.Engine.Store.Read().CountLocked(ctx, workspace, w.Clock.Now().UnixMilli())
	}
	return err
}

func (w *world) asksWeek(ctx context.Context) error {
	read, since := w.Engine.Store.Read(), w.Clock.Now().AddDate(0, 0, -7)
	_, err := read.ListPoolDays(ctx, workspace, since.UnixMilli())
	if err == nil {
		_, err = read.CountOutcomes(ctx, workspace, since.UnixMilli())
	}
	if err == nil {
		_, err = read.CountDeliveries(ctx, workspace, message.FirstAt(since), notify.SenderRefused+"%")
	}
	return err
}

func (w *world) shows(id countersign.UserID) asking {
	return func(ctx context.Context) error {
		_, err := w.Engine.People.Show(ctx, workspace, id)
		return err
	}
}

func (w *world) asksActivity(most int) asking {
	return func(ctx context.Context) error {
		_, err := w.Engine.People.Activity(ctx, workspace, w.people[len(w.people)/2], "", 0, most)
		return err
	}
}

func (w *world) asksPools(ctx context.Context) error {
	_, err := w.Engine.Store.Read().CountPools(ctx, workspace)
	return errors.Join(err, w.asksRules(ctx))
}

func (w *world) asksPool(ctx context.Context) error {
	_, err := w.Engine.Store.Read().CountPool(ctx, workspace, w.pools[3])
	return err
}

func (w *world) emailOf(t *testing.T, id countersign.UserID) string {
	t.Helper()
	u, err := w.Engine.Store.Read().GetUser(t.Context(), workspace, id)
	must(t, err)
	return u.Email
}

// asksLog reads a part of the log, and how to call whom it names.
func (w *world) asksLog(f audit.Filter, older, newer countersign.EventID) asking {
	log := &audit.Log{Store: w.Engine.Store}
	return func(ctx context.Context) error {
		_, err := log.Latest(ctx, workspace)
		if err != nil {
			return err
		}
		part, err := log.Page(ctx, workspace, f, older, newer, 50)
		if err != nil {
			return err
		}
		var ids []countersign.UserID
		for _, e := range part.Events {
			ids = append(ids, e.UserID, countersign.UserID(e.ActorID))
		}
		_, err = w.Engine.People.Names(ctx, workspace, ids)
		return err
	}
}

// asksSearch is whom a text means.
func (w *world) asksSearch(typed string) asking {
	return func(ctx context.Context) error {
		if len(fold.Terms(typed)) == 0 {
			return nil
		}
		_, err := w.Engine.People.Search(ctx, workspace, people.Filter{Typed: typed}, "", "", 20)
		return err
	}
}

func (w *world) asksEvent(ctx context.Context) error {
	e, err := w.Engine.Store.Read().GetEvent(ctx, workspace, w.events[5].ID)
	if err == nil {
		_, err = w.Engine.People.Names(ctx, workspace, []countersign.UserID{e.UserID})
	}
	return err
}

func (w *world) asksMessages(channel, state string, before countersign.MessageID) asking {
	return func(ctx context.Context) error {
		_, err := w.Engine.Outbox.Told(ctx, workspace, channel, state, before, 51)
		if err == nil {
			_, err = w.Engine.Store.Read().ListCredentials(ctx, workspace, w.owner.ID)
		}
		if err == nil {
			_, err = w.Engine.Store.Read().ListDevices(ctx, workspace, w.owner.ID)
		}
		return err
	}
}

func (w *world) asksMissing(pool countersign.PoolID) asking {
	return func(ctx context.Context) error {
		_, err := w.Engine.Store.Read().CountMissing(ctx, workspace, string(pool))
		return err
	}
}

func (w *world) asksMissingList(pool countersign.PoolID) asking {
	return func(ctx context.Context) error {
		_, err := w.Engine.Store.Read().ListMissing(ctx, rows.ListMissingParams{WorkspaceID: workspace, PoolID: string(pool), Most: 50})
		return err
	}
}

func (w *world) asksCampaigns(ctx context.Context) error {
	list, err := w.Engine.Store.Read().ListCampaigns(ctx, workspace, 20)
	for _, one := range list {
		_, counted := w.Engine.Store.Read().CountCampaign(ctx, one.Round, workspace, one.ID)
		err = errors.Join(err, counted)
	}
	return err
}

func (w *world) asksCampaign(ctx context.Context) error {
	one, err := w.Engine.Store.Read().GetCampaign(ctx, workspace, w.campaign)
	if err == nil {
		_, err = w.Engine.Store.Read().CountCampaign(ctx, one.Round, workspace, w.campaign)
	}
	if err == nil {
		_, err = w.Engine.Store.Read().CountCampaignMails(ctx, rows.CountCampaignMailsParams{
			WorkspaceID: workspace, CampaignID: w.campaign, Kind: string(message.SetUp), Since: message.FirstAt(time.UnixMilli(one.CreatedAt)),
		})
	}
	if err == nil {
		_, err = w.Engine.Store.Read().ListCampaignPeople(ctx, rows.ListCampaignPeopleParams{WorkspaceID: workspace, CampaignID: w.campaign, Most: 50})
	}
	return err
}

// asksImpact is what tells whom a change of settings affects.
func (w *world) asksImpact(ctx context.Context) error {
	after := ""
	for {
		users, err := w.Engine.Store.Read().ListConcerned(ctx, workspace, after, 500)
		if err != nil || len(users) == 0 {
			return err
		}
		until := users[len(users)-1].EmailKey
		_, err = w.Engine.Store.Read().ListProofsBetween(ctx, workspace, after, until)
		if err == nil {
			_, err = w.Engine.Store.Read().ListPhonesBetween(ctx, workspace, after, until)
		}
		if err != nil {
			return err
		}
		after = until
	}
}

// asksBare is the same of those without a second factor.
func (w *world) asksBare(ctx context.Context) error {
	after := ""
	for {
		users, err := w.Engine.Store.Read().ListMissing(ctx, rows.ListMissingParams{WorkspaceID: workspace, After: after, Most: 500})
		if err != nil || len(users) == 0 {
			return err
		}
		after = users[len(users)-1].EmailKey
	}
}

func (w *world) asksWorkspaces(ctx context.Context) error {
	_, err := w.Engine.Store.Read().ListWorkspaces(ctx)
	return err
}
