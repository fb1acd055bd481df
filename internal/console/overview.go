package console

import (
	"net/http"
	"strconv"
	"time"

	"countersign/internal/account"
	"countersign/internal/census"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/store/rows"
)

// chartDays is how far back the chart goes.
const chartDays = 90

// fewOwners is how many owners are too few: when one leaves, or loses phone and codes,
// another has to be there.
const fewOwners = 2

func (c *Console) overview(w http.ResponseWriter, r *http.Request, by session.Current) error {
	if !may(by, policy.DeedSeeAll) {
		return see(w, r, "/console/people") // the help desk's first page
	}
	now, err := c.Census.CountUnder(r.Context(), by.WorkspaceID, int64(by.Account.Workspace.SettingsVersion))
	if err != nil {
		return err
	}
	days, err := c.Census.Days(r.Context(), by.WorkspaceID, chartDays, now)
	if err != nil {
		return err
	}
	week, err := c.Census.Week(r.Context(), by.WorkspaceID)
	if err != nil {
		return err
	}
	waiting, err := c.waiting(r, by)
	if err != nil {
		return err
	}
	all := now.All
	view := OverviewView{
		Shell: c.shell(r, by, "overview"), Workspace: by.Account.Workspace.Name, At: now.At,
		Percent: all.Percent(), Protected: all.Protected, People: all.People, Missing: all.Missing,
		Median: seconds(week.Median), Denied: week.Denied, Reported: week.Reported, Approved: week.Approved, Answered: week.Answered(),
		Chart: chartOf(days, now.Pools), Attention: attention(now, week, int64(len(waiting)), by.Account.Settings), Methods: methods(all), Outcomes: outcomes(week),
		Deliveries: deliveries(week),
	}
	for _, pool := range now.Pools {
		view.Pools = append(view.Pools, PoolRow{ID: pool.ID, Name: pool.Name, People: pool.People, Protected: pool.Protected, Percent: pool.Percent(), Required: pool.Required})
	}
	view.Costs, err = c.costs(r, by)
	if err != nil {
		return err
	}
	return c.pages.Render(w, r, http.StatusOK, "overview", view)
}

// seconds writes a length of time in seconds with one digit, "" for none.
func seconds(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 1, 64)
}

// attention lists what somebody has to do something about, the gravest first; resets are
// those that wait for a second administrator.
func attention(now census.Count, week census.Week, resets int64, s policy.Settings) []Alert {
	all := now.All
	noCodes := all.NoCodes
	if !s.Recovers() {
		noCodes = 0
	}
	var out []Alert
	for _, a := range []Alert{
		{"warning", "console.alert_bare_owners", "console.alert_bare_owners_more", all.BareOwners, "/console/people?state=off&role=owner"},
		{"warning", "console.alert_bare_managers", "console.alert_bare_managers_more", all.BareManagers, "/console/people?state=off"},
		{"phone", "console.alert_reported", "console.alert_reported_more", week.Reported, logPath + "?kind=request.reported"},
		{"users", "console.alert_missing", "console.alert_missing_more", all.Missing, "/console/people?state=missing"},
		{"clock", "console.resets_wait", "console.alert_resets_more", resets, "/console/resets"},
		{"mail", "console.alert_senders", "console.alert_senders_more", week.RefusedSenders, messagesPath + "?channel=email&state=queued"},
		{"mail", "console.alert_mails", "console.alert_mails_more", week.FailedMails, messagesPath + "?state=failed&channel=email"},
		{"message", "console.alert_texts", "console.alert_texts_more", week.FailedTexts + week.Undelivered, messagesPath + "?channel=text"},
		{"bell", "console.alert_silent", "console.alert_silent_more", week.SilentPhones, ""},
		{"log", "console.alert_no_codes", "console.alert_no_codes_more", noCodes, "/console/people?state=no_codes"},
	} {
		if a.Count > 0 {
			out = append(out, a)
		}
	}
	if all.Owners > 0 && all.Owners < fewOwners {
		out = append(out, Alert{"user", "console.alert_one_owner", "console.alert_one_owner_more", all.Owners, "/console/people?role=owner"})
	}
	return out
}

// methods are the second steps that people have.
func methods(all census.Pool) []Bar {
	var out []Bar
	for _, m := range []struct {
		kind  string
		count int64
	}{{"push", all.Push}, {"passkey", all.Passkey}, {"totp", all.Totp}, {"sms", all.SMS}} {
		if m.count > 0 {
			out = append(out, Bar{Text: "console.method_" + m.kind, Count: m.count, Percent: percent(m.count, all.People)})
		}
	}
	return out
}

func percent(part, whole int64) int {
	if whole == 0 {
		return 0
	}
	return int(part * 100 / whole)
}

// outcomes are how the requests of the week ended.
func outcomes(w census.Week) []Bar {
	if w.Answered() == 0 {
		return nil
	}
	var out []Bar
	for _, o := range []struct {
		name  string
		count int64
	}{{"approved", w.Approved}, {"denied", w.Denied}, {"reported", w.Reported}, {"expired", w.Expired}} {
		out = append(out, Bar{Text: "console.outcome_" + o.name, Count: o.count, Percent: percent(o.count, w.Answered())})
	}
	return out
}

// deliveries are the channels that something was sent by, or not.
func deliveries(w census.Week) []Delivery {
	var out []Delivery
	for _, d := range []Delivery{
		{"console.delivery_mail", w.Mails, w.FailedMails},
		{"console.delivery_push", w.Pushes, w.FailedPushes},
		{"console.delivery_text", w.Texts, w.FailedTexts + w.Undelivered},
	} {
		if d.Sent+d.Failed > 0 {
			out = append(out, d)
		}
	}
	return out
}

// costs are what texts cost in the last days, by currency, the first one first.
func (c *Console) costs(r *http.Request, by session.Current) ([]Cost, error) {
	totals, err := c.Accounts.TextTotals(r.Context(), by.WorkspaceID, census.WeekDays)
	if err != nil {
		return nil, err
	}
	var order []string
	sums := map[string]rows.TextTotal{}
	for _, t := range totals {
		sum, known := sums[t.Currency]
		if !known {
			order = append(order, t.Currency)
		}
		sum.Currency, sum.Cost, sum.Texts = t.Currency, sum.Cost+t.Cost, sum.Texts+t.Texts
		sums[t.Currency] = sum
	}
	var out []Cost
	for _, currency := range order {
		out = append(out, Cost{Amount: account.Cost(sums[currency]), Currency: currency, Texts: sums[currency].Texts})
	}
	return out, nil
}
