package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"countersign"
	"countersign/internal/census"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/store"
	"countersign/internal/store/rows"
	"countersign/internal/web"
)

// peopleOnPage is how many people a page lists.
const peopleOnPage = 50

// longestSearch is how long a search or an identifier in a filter may be, in octets.
const longestSearch = 200

// filterOf reads a filter out of an address or a form. What cannot be read stands on the
// form, and then nobody is listed: a list that is longer than was meant would be taken for
// the answer, and exported.
func filterOf(value func(string) string) (people.Filter, *web.Form) {
	form := web.NewForm()
	wrong := func(field, code string) {
		if !form.Failed() {
			form.Wrong(field, code)
		}
	}
	f := people.Filter{Typed: value("q"), Pool: countersign.PoolID(value("pool")), Role: countersign.Role(value("role"))}
	f.Standing = store.Standing(value("state"))
	if !slices.Contains(store.Standings(), f.Standing) {
		f.Standing = ""
		wrong("", "people_state")
	}
	if f.Role != "" && !f.Role.Valid() {
		f.Role = ""
		wrong("", "people_role")
	}
	if len(f.Pool) > longestSearch {
		f.Pool = ""
		wrong("", "people_pool")
	}
	if len(f.Typed) > longestSearch {
		f.Typed = strings.ToValidUTF8(f.Typed[:longestSearch], "")
		wrong("q", "people_search")
	}
	form.Values["q"] = f.Typed
	return f, form
}

// queryOf writes a filter as it stands in an address.
func queryOf(f people.Filter) url.Values {
	query := url.Values{}
	for name, value := range map[string]string{"q": f.Typed, "state": string(f.Standing), "pool": string(f.Pool), "role": string(f.Role)} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return query
}

// addressOf is the list's address with a filter and perhaps a cursor.
func addressOf(f people.Filter, name, cursor string) string {
	query := queryOf(f)
	if cursor != "" {
		query.Set(name, cursor)
	}
	if len(query) == 0 {
		return "/console/people"
	}
	return "/console/people?" + query.Encode()
}

// PeopleView is a list of people.
type PeopleView struct {
	Shell

	Filter people.Filter
	Chips  []Chip
	Pools  []Option
	Roles  []Option
	Lines  []PersonLine
	// Previous and Next are addresses, "" where there is no more.
	Previous, Next string
	// First tells that the list is shown from its beginning.
	First     bool
	MayExport bool
	MayInvite bool
	// Remind is the address of a reminder to all of them, "" where there is nobody, or the
	// role does not reach it.
	Remind string
	// Waiting counts resets that wait for a second administrator.
	Waiting int
}

// Chip is one state that the list can be filtered by; Counted tells that Count is known.
type Chip struct {
	Text, Href string
	Count      int64
	Counted    bool
	Current    bool
}

// Option is one of a choice.
type Option struct {
	Value, Name string
	Chosen      bool
}

// PersonLine is one person of the list.
type PersonLine struct {
	ID          string
	Name, Email string
	State       State
	Methods     []string // kinds
	Pool        string
	Role        countersign.Role
	SignedIn    time.Time
}

// State is how somebody stands, as a badge: Text is an id, Kind good, warn, bad or "".
type State struct{ Text, Kind, Icon string }

// stateOf names the gravest thing that is to be said of somebody.
func stateOf(l people.Line) State {
	switch {
	case l.State == countersign.Disabled:
		return State{"console.state_locked", "bad", "lock"}
	case l.State == countersign.Invited:
		return State{"console.state_invited", "", "mail"}
	case l.Paused:
		return State{"console.state_paused", "bad", "lock"}
	case l.Missing:
		return State{"console.state_missing", "warn", "warning"}
	case len(l.Methods) == 0:
		return State{"console.state_off", "", "info"}
	case slices.Equal(l.Methods, []string{policy.SMS}):
		return State{"console.state_texts", "warn", "warning"}
	}
	return State{"console.state_on", "good", "check"}
}

func (c *Console) people(w http.ResponseWriter, r *http.Request, by session.Current) error {
	query := r.URL.Query()
	f, form := filterOf(query.Get)
	var lines people.Lines
	err := c.poolOf(r, by, &f, form)
	if err == nil && !form.Failed() {
		lines, err = c.People.Search(r.Context(), by.WorkspaceID, f, query.Get("after"), query.Get("before"), peopleOnPage)
	}
	if err != nil {
		return err
	}
	now, err := c.Census.CountUnder(r.Context(), by.WorkspaceID, int64(by.Account.Workspace.SettingsVersion))
	if err != nil {
		return err
	}
	view := PeopleView{
		Shell: c.shell(r, by, "people"), Filter: f, Chips: chips(f, now), First: lines.Previous == "", MayExport: may(by, policy.DeedSeeAll),
		MayInvite: may(by, policy.DeedInvite),
	}
	view.Form = form
	waiting, err := c.waiting(r, by)
	if err != nil {
		return err
	}
	view.Waiting = len(waiting)
	names := map[countersign.PoolID]string{}
	for _, pool := range now.Pools {
		names[pool.ID] = pool.Name
		view.Pools = append(view.Pools, Option{string(pool.ID), pool.Name, pool.ID == f.Pool})
	}
	for _, role := range countersign.Roles() {
		view.Roles = append(view.Roles, Option{string(role), "account.role_" + string(role), role == f.Role})
	}
	for _, l := range lines.People {
		view.Lines = append(view.Lines, PersonLine{
			ID: string(l.ID), Name: l.Name, Email: l.Email, State: stateOf(l), Methods: l.Methods, Pool: names[l.PoolID], Role: l.Role, SignedIn: moment(l.SignedInAt),
		})
	}
	if len(lines.People) > 0 && may(by, policy.DeedCampaign) {
		view.Remind = remindAt(f)
	}
	if form.Failed() {
		view.MayExport = false // what could not be read is left out of it: that would be more people
		for i := range view.Chips {
			view.Chips[i].Current = false // none of them is what is shown
		}
	}
	if lines.Previous != "" {
		view.Previous = addressOf(f, "before", lines.Previous)
	}
	if lines.Next != "" {
		view.Next = addressOf(f, "after", lines.Next)
	}
	return c.pages.Render(w, r, form.Status(), "people", view)
}

// poolOf puts it on the form that the pool of a filter is none: it was deleted, or the address
// is mistyped.
func (c *Console) poolOf(r *http.Request, by session.Current, f *people.Filter, form *web.Form) error {
	if f.Pool == "" {
		return nil
	}
	pools, err := c.People.ListPools(r.Context(), by.WorkspaceID)
	if err != nil || slices.ContainsFunc(pools, func(p rows.Pool) bool { return p.ID == f.Pool }) {
		return err
	}
	f.Pool = ""
	if !form.Failed() {
		form.Wrong("", "people_pool")
	}
	return nil
}

// chips are the states, each with how many there are where that is counted: of all, or of
// one pool.
func chips(f people.Filter, now census.Count) []Chip {
	of, counted := now.All, f.Typed == "" && f.Role == ""
	if f.Pool != "" {
		of = census.Pool{}
		for _, pool := range now.Pools {
			if pool.ID == f.Pool {
				of = pool
			}
		}
	}
	var out []Chip
	for _, standing := range store.Standings() {
		count := map[store.Standing]int64{
			store.Everybody: of.Everybody, store.WithSecond: of.Protected, store.Without: of.Bare(), store.Missing: of.Missing,
			store.OnlyTexts: of.OnlyTexts, store.Locked: of.Locked(), store.NoCodes: of.NoCodes, store.Never: of.Never,
		}[standing]
		other := f
		other.Standing = standing
		name := string(standing)
		if name == "" {
			name = "all"
		}
		out = append(out, Chip{
			Text: "console.filter_" + name, Href: addressOf(other, "", ""), Count: count,
			Counted: counted, Current: f.Standing == standing,
		})
	}
	return out
}
