package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"countersign"
	"countersign/internal/census"
	"countersign/internal/people"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/web"
)

// companyPath is the page *Company settings*.
const companyPath = "/console/company"

// requirement is the setting *Two-Factor Authentication at Login*.
const requirement = "require_second_factor"

// companyRoutes are those of what is required, and of the mails about it.
func companyRoutes() []Route {
	return []Route{
		{"GET /console/company", policy.DeedSeeAll, func(c *Console) page { return c.company }},
		{"POST /console/company", policy.DeedSettings, func(c *Console) page { return c.decide }},
		{"GET /console/pools/{pool}/required", policy.DeedSeeAll, func(c *Console) page { return c.company }},
		{"POST /console/pools/{pool}/required", policy.DeedSettings, func(c *Console) page { return c.decide }},
		{"GET /console/company/notify", policy.DeedSettings, func(c *Console) page { return c.notify }},
		{"POST /console/company/notify", policy.DeedSettings, func(c *Console) page { return c.require }},
		{"GET /console/campaigns", policy.DeedSeeAll, func(c *Console) page { return c.campaigns }},
		{"GET /console/campaigns/{campaign}", policy.DeedSeeAll, func(c *Console) page { return c.campaign }},
		{"POST /console/campaigns/{campaign}/remind", policy.DeedCampaign, func(c *Console) page { return c.remindAgain }},
	}
}

// CompanyView is what is required at the sign-in: of everybody, or of one pool. Fields:
// "require" (optional, required, from) and "from", a day.
type CompanyView struct {
	Shell

	Pool countersign.PoolID // "" for everybody
	Name string             // the pool's, or the workspace's
	Path string
	Tabs []TabLine

	Origin  policy.Origin
	Sight   policy.Sight
	Value   string // what is chosen
	Version int64
	// Missing are those who can sign in and have no second factor.
	Missing int64
	// Personal counts those of whom it is required by what is set for them alone,
	// PersonalMissing those of them who have none: of everybody, or of the pool.
	Personal, PersonalMissing int64
	Pools                     []RequiredLine
	MaySave                   bool
}

// RequiredLine is what one pool sets, and what is in force in it.
type RequiredLine struct {
	ID     countersign.PoolID
	Name   string
	Origin policy.Origin
	Sight  policy.Sight
	// Must counts those of whom it is required now, by whomever, and Missing those of them
	// who have none. Where the pool does not require it, all are Personal.
	Must, Missing int64
	Personal      bool
}

// of adds what was counted.
func (l RequiredLine) of(pool census.Pool) RequiredLine {
	l.Must, l.Missing = pool.People, pool.Missing
	if !pool.Required {
		l.Must, l.Personal = pool.Personal, pool.Personal > 0
	}
	return l
}

// requiring is a requirement as it stands, for everybody or for one pool.
type requiring struct {
	pool    countersign.PoolID
	name    string
	was     people.Stored
	set     string // what is set here, "" for nothing
	current policy.Effective
}

// requiring reads what is required of a pool, or of everybody ("").
func (c *Console) requiring(r *http.Request, by session.Current, pool countersign.PoolID) (requiring, error) {
	was, err := c.People.Rules(r.Context(), by.WorkspaceID)
	if err != nil {
		return requiring{}, err
	}
	q := requiring{pool: pool, name: by.Account.Workspace.Name, was: was, set: spelled(was.Workspace, requirement)}
	if pool != "" {
		q.name = was.PoolName(pool)
		if q.name == "" {
			return q, countersign.Refuse(countersign.NotFound, "no_such_pool")
		}
		q.set = spelled(was.Pools[q.name], requirement)
	}
	q.current, err = requiredOf(was.Rules, pool != "", q.name)
	return q, err
}

// requiredOf is the requirement in force in a pool, or in the workspace itself.
func requiredOf(rules policy.Rules, ofPool bool, name string) (policy.Effective, error) {
	var doc policy.Document
	if ofPool {
		doc = rules.Pools[name]
	}
	all, err := policy.EffectiveOf(rules.Workspace, doc)
	for _, e := range all {
		if e.Key.Name == requirement {
			return e, err
		}
	}
	return policy.Effective{}, err
}

// with are the rules with another value of the requirement.
func (q requiring) with(value string) policy.Rules {
	doc := policy.Document{requirement: value}
	if q.pool == "" {
		return q.was.With(policy.Rules{Workspace: doc}, false)
	}
	return q.was.With(policy.Rules{Pools: map[string]policy.Document{q.name: doc}}, false)
}

// path is the page on which it is set.
func (q requiring) path() string {
	if q.pool == "" {
		return companyPath
	}
	return poolPath(q.pool) + "/required"
}

// draft is that page with a value chosen.
func (q requiring) draft(value string) string {
	return q.path() + "?" + url.Values{"value": {value}}.Encode()
}

// chosenOf are the fields of a value: the word for "require", and the day for "from".
func chosenOf(value string, now time.Time) (string, string) {
	day, dated := strings.CutPrefix(value, "required from ")
	at, err := time.Parse(time.DateOnly, day)
	switch {
	case dated && err == nil && now.Before(at):
		return "from", day
	case dated || value == "required":
		return "required", "" // the day has come
	}
	return "optional", ""
}

// valueOf is the value that a form chooses in a field, with the day in "from"; "" where the
// form says what is wrong with it.
func valueOf(form *web.Form, field string, now time.Time) string {
	switch word := form.Value(field); word {
	case "optional", "required":
		return word
	case "from":
		at, err := time.Parse(time.DateOnly, form.Value("from"))
		switch {
		case err != nil:
			form.Wrong("from", "requirement_day")
		case !now.Before(at):
			form.Wrong("from", "requirement_past")
		case policy.LastRequirement(now).Before(at):
			form.Wrong("from", "requirement_far", "Last", policy.LastRequirement(now).Format(time.DateOnly))
		default:
			return "required from " + at.Format(time.DateOnly)
		}
	default:
		form.Wrong(field, "requirement_unknown")
	}
	return ""
}

// dayUnused tells that a day to come was typed beside a choice that has none. It says what
// was meant as much as the choice does; the one that stood there already says nothing.
func dayUnused(form *web.Form, value, set string, now time.Time) bool {
	typed := "required from " + form.Value("from")
	word, _ := chosenOf(typed, now)
	return word == "from" && typed != value && typed != set
}

// isRequirement tells a value of the setting from anything else.
func isRequirement(value string) bool {
	_, err := policy.ParseValue(requirement, value)
	return value != "" && err == nil
}

func (c *Console) company(w http.ResponseWriter, r *http.Request, by session.Current) error {
	q, err := c.requiring(r, by, countersign.PoolID(r.PathValue("pool")))
	if err != nil {
		return err
	}
	value := q.set
	if carried := r.URL.Query().Get("value"); isRequirement(carried) {
		value = carried
	}
	word, from := chosenOf(value, c.Now())
	return c.showCompany(w, r, by, q, web.NewForm("require", word, "from", from), http.StatusOK)
}

func (c *Console) showCompany(w http.ResponseWriter, r *http.Request, by session.Current, q requiring, form *web.Form, status int) error {
	section := "company"
	if q.pool != "" {
		section = "pools"
	}
	missing, err := c.People.CountMissing(r.Context(), by.WorkspaceID, q.pool)
	if err != nil {
		return err
	}
	view := CompanyView{
		Shell: c.shell(r, by, section), Pool: q.pool, Name: q.name, Path: q.path(), Origin: q.current.Origin, Sight: policy.SightOf(q.current.Key, q.current.Value),
		Value: form.Value("require"), Version: q.was.Version, Missing: missing.People, MaySave: policy.MayAll(by.Account.User.Role, policy.DeedSettings),
	}
	view.Form = form
	now, err := c.Census.CountUnder(r.Context(), by.WorkspaceID, q.was.Version)
	if err != nil {
		return err
	}
	counted := map[countersign.PoolID]census.Pool{"": now.All}
	for _, pool := range now.Pools {
		counted[pool.ID] = pool
	}
	view.Personal, view.PersonalMissing = counted[q.pool].Personal, counted[q.pool].PersonalMissing
	if q.pool != "" {
		view.Tabs = poolTabs(q.pool, "required")
		return c.pages.Render(w, r, status, "company", view)
	}
	for _, name := range q.was.PoolNames() {
		e, err := requiredOf(q.was.Rules, true, name)
		if err != nil {
			return err
		}
		id := q.was.PoolNamed(name)
		view.Pools = append(view.Pools, RequiredLine{ID: id, Name: name, Origin: e.Origin, Sight: policy.SightOf(e.Key, e.Value)}.of(counted[id]))
	}
	return c.pages.Render(w, r, status, "company", view)
}

// decide is *OK*. What nobody has to be told of is stored; else the question comes first
// whether to write to those who have no second factor, and the answer stores it.
func (c *Console) decide(w http.ResponseWriter, r *http.Request, by session.Current) error {
	q, err := c.requiring(r, by, countersign.PoolID(r.PathValue("pool")))
	if err != nil {
		return err
	}
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	value := valueOf(form, "require", c.Now())
	if !form.Failed() && dayUnused(form, value, q.set, c.Now()) {
		form.Wrong("from", "requirement_day_unused")
	}
	if form.Failed() {
		return c.showCompany(w, r, by, q, form, http.StatusUnprocessableEntity)
	}
	if form.Value("version") != versionText(q.was.Version) {
		form.Wrong("", "settings_meanwhile")
		return c.showCompany(w, r, by, q, form, http.StatusConflict)
	}
	missing, err := c.People.CountMissing(r.Context(), by.WorkspaceID, q.pool)
	if err != nil {
		return err
	}
	if value != "optional" && missing.People > 0 {
		return see(w, r, questionOf(q, value, nil))
	}
	return c.setRequirement(w, r, by, q, people.Requiring{Pool: q.pool, Value: value, Version: q.was.Version}, form)
}

// questionOf is the address of the question about a value.
func questionOf(q requiring, value string, more url.Values) string {
	query := url.Values{"value": {value}, "version": {versionText(q.was.Version)}}
	if q.pool != "" {
		query.Set("pool", string(q.pool))
	}
	for name, values := range more {
		query[name] = values
	}
	return companyPath + "/notify?" + query.Encode()
}

// setRequirement stores it, with the mails that were wished.
func (c *Console) setRequirement(w http.ResponseWriter, r *http.Request, by session.Current, q requiring, next people.Requiring, form *web.Form) error {
	err := c.People.SetRequirement(r.Context(), by.WorkspaceID, next, people.Session(by.Holder(web.Place(r)), ""))
	switch {
	case err == nil && next.Campaign != "":
		return see(w, r, campaignPath(next.Campaign)+"?done=campaign")
	case err == nil:
		return see(w, r, q.path()+"?done=settings")
	case untimely(err):
		return c.showUntimely(w, r, by, q, next.Value, err)
	case countersign.CodeOf(err) == "changed_meanwhile":
		form.Wrong("", "settings_meanwhile")
	case !form.Take(err, ""):
		return err
	}
	word, from := chosenOf(next.Value, c.Now())
	form.Values = web.NewForm("require", word, "from", from).Values
	return c.showCompany(w, r, by, q, form, http.StatusConflict)
}

// untimely tells whether a rule refuses a day: see people.Service.InTime.
func untimely(err error) bool {
	code := countersign.CodeOf(err)
	return code == "requirement_past" || code == "requirement_far"
}

// showUntimely is the page with a day that is over, or in years, and what to choose instead.
func (c *Console) showUntimely(w http.ResponseWriter, r *http.Request, by session.Current, q requiring, value string, err error) error {
	form := web.NewForm("require", "from", "from", strings.TrimPrefix(value, "required from "))
	form.Wrong("from", countersign.CodeOf(err), "Last", policy.LastRequirement(c.Now()).Format(time.DateOnly))
	return c.showCompany(w, r, by, q, form, http.StatusUnprocessableEntity)
}

// versionOf reads a version that a form or an address carries, -1 for none.
func versionOf(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return -1
	}
	return n
}
