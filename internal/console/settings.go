package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"countersign"
	"countersign/internal/policy"
	"countersign/internal/session"
	"countersign/internal/web"
)

// settingsPath is the page of the workspace's settings.
const settingsPath = "/console/authentication/settings"

// settingsRoutes are those of the settings, the pools, and of how a sign-in goes.
func settingsRoutes() []Route {
	return []Route{
		{"GET /console/authentication/settings", policy.DeedSeeAll, func(c *Console) page { return c.settings }},
		{"POST /console/authentication/settings", policy.DeedSettings, func(c *Console) page { return c.saveSettings }},
		{"GET /console/authentication/presets", policy.DeedSeeAll, func(c *Console) page { return c.presets }},
		{"GET /console/authentication/presets/{preset}", policy.DeedSeeAll, func(c *Console) page { return c.preset }},
		{"POST /console/authentication/presets/{preset}", policy.DeedSettings, func(c *Console) page { return c.applyPreset }},
		{"GET /console/pools", policy.DeedSeeAll, func(c *Console) page { return c.pools }},
		{"POST /console/pools", policy.DeedPools, func(c *Console) page { return c.makePool }},
		{"GET /console/pools/{pool}", policy.DeedSeeAll, func(c *Console) page { return c.pool }},
		{"POST /console/pools/{pool}", policy.DeedSettings, func(c *Console) page { return c.savePool }},
		{"GET /console/pools/{pool}/settings", policy.DeedSeeAll, func(c *Console) page { return c.settings }},
		{"POST /console/pools/{pool}/settings", policy.DeedSettings, func(c *Console) page { return c.saveSettings }},
		{"GET /console/pools/{pool}/rules", policy.DeedSeeAll, func(c *Console) page { return c.poolRules }},
		{"POST /console/pools/{pool}/rules", policy.DeedPools, func(c *Console) page { return c.savePoolRules }},
		{"GET /console/explain", policy.DeedSeeAll, func(c *Console) page { return c.explain }},
	}
}

// TabLine is one tab of a page.
type TabLine struct {
	Name, Href string
	Current    bool
}

// SettingsView is one tab of the settings, of the workspace or of a pool.
type SettingsView struct {
	Shell
	Review

	// Pool is the name of the pool, "" for the workspace; Pages are the pool's.
	Pool     string
	Pages    []TabLine
	Path     string
	Tab      string
	Tabs     []TabLine
	Settings []Setting
	MaySave  bool
	Unsaved  bool
}

// Setting is one of them, as it is chosen, or in force.
type Setting struct {
	Key             string
	Field, WasField string // the names of the inputs
	Was             string // how it stood when the page was made
	Name            string // an id of the catalogue
	Origin          policy.Origin
	Sight           policy.Sight
	Tell            bool // what is in force does not stand beside the choice already
	List            bool
	Options         []Choice
	Value           string // as it is typed, where there is nothing to choose from
	Number          bool
	Hint            string // an id of the catalogue, for what may be typed
	Owners          string // an id of the catalogue, where some of it only owners can choose

	// Own tells that a pool sets it itself, Then what would hold without that, and Idle that
	// this holds anyway. Back tells that it can be given up, Gone that it is to be.
	Own, Idle, Back, Gone bool
	// Pin tells that a pool does not set it, and can keep what it has, Pinned that it is to.
	Pin, Pinned bool
	Then        policy.Sight
}

// Choice is one value that can be chosen.
type Choice struct {
	ID, Value string
	Chosen    bool
	Fixed     bool // it cannot be taken out
	Shut      bool // only owners can choose it
	Method    bool // the value is a method, or the like, with a name
	Idle      bool // the workspace has not enabled that method
	Sight     policy.Sight
}

func (c *Console) settings(w http.ResponseWriter, r *http.Request, by session.Current) error {
	g, err := c.groundOf(r, by)
	if err != nil {
		return err
	}
	t := g.tabOf(r)
	return c.showSettings(w, r, by, g, t, draftOf(r, t.settings(), g), Review{}, http.StatusOK)
}

func (c *Console) showSettings(w http.ResponseWriter, r *http.Request, by session.Current, g ground, t tab, d draft, review Review, status int) error {
	view, err := settingsView(g, t, d, by.Account.User.Role)
	if err != nil {
		return err
	}
	view.Review, view.Shell = review, c.shell(r, by, "authentication")
	if g.ofPool() {
		view.Shell = c.shell(r, by, "pools")
	}
	view.Form = d.form
	return c.pages.Render(w, r, status, "settings", view)
}

// settingsView is one tab as somebody of a role sees it.
func settingsView(g ground, t tab, d draft, role countersign.Role) (SettingsView, error) {
	view := SettingsView{Pool: g.pool.Name, Path: g.path(), Tab: t.ID, MaySave: policy.MayAll(role, policy.DeedSettings), Unsaved: d.touched(g)}
	if g.ofPool() {
		view.Pages = poolTabs(g.pool.ID, "settings")
	}
	for _, one := range g.tabs() {
		view.Tabs = append(view.Tabs, TabLine{one.Name, g.at(one), one.ID == t.ID})
	}
	workspace, err := policy.Resolve(g.was.Workspace, nil)
	if err != nil {
		return view, err
	}
	inForce, err := g.inForce()
	if err != nil {
		return view, err
	}
	for _, key := range d.keys {
		s := settingOf(key, d, g, inForce[key.Name], workspace)
		if view.MaySave && key.Name == policy.AdminResetKey && !policy.MayLoosenReset(role) {
			s.shut(policy.Spell(g.value(key)), policy.Spell(g.without(key)))
		}
		if view.MaySave && key.Name == policy.RetentionKey && !policy.MayShortenLog(role) {
			s.Owners = "console.owners_shorten"
		}
		view.Settings = append(view.Settings, s)
	}
	return view, nil
}

// settingOf shows one setting of a draft, and what is in force in a workspace of these
// settings.
func settingOf(key policy.Key, d draft, g ground, inForce policy.Effective, workspace policy.Settings) Setting {
	value := d.chosen[key.Name]
	s := Setting{
		Key: key.Name, Field: fieldOf(key.Name), WasField: wasOf(key.Name), Was: d.was[key.Name], Name: nameOf(key), Origin: inForce.Origin,
		Sight: policy.SightUnder(key, inForce.Value, workspace), List: key.List, Value: policy.Spell(value), Number: key.Most > 0,
		Own: g.own(key), Idle: g.own(key) && inForce.Origin != policy.FromPool, Back: g.own(key), Gone: d.gone[key.Name], Then: policy.SightOf(key, g.without(key)),
		Pin: g.ofPool() && !g.own(key), Pinned: d.pinned[key.Name],
	}
	if d.form.Has(s.Field) && key.Words == nil {
		s.Value = d.form.Value(s.Field)
	}
	if key.Words == nil && !s.Number || g.ofPool() && key.Bounds(g.was.Workspace) {
		s.Hint = "console.setting_hint_" + strings.ReplaceAll(key.Name, ".", "_")
	}
	chosen := strings.Split(policy.Spell(value), ",")
	for i, word := range key.Words {
		one := Choice{ID: s.Field + "." + word, Value: word, Chosen: slices.Contains(chosen, word), Fixed: word == key.Needs}
		if i == 0 {
			one.ID = s.Field // what an error leads to
		}
		if of, err := policy.ParseValue(key.Name, word); err == nil && !key.List && key.Name != policy.PreferredKey {
			one.Sight = policy.SightOf(key, of)
		} else {
			one.Method = true
			one.Idle = key.UsesMethods() && len(policy.Idle([]string{word}, workspace)) > 0
		}
		s.Options = append(s.Options, one)
	}
	s.Tell = s.Gone || s.Pinned || len(s.Options) == 0 || s.Options[0].Method || policy.Spell(value) != policy.Spell(inForce.Value)
	return s
}

// shut leaves what makes it easier to reset others for owners to choose: by a value, or by
// giving up a pool's own for the workspace's. A draft that has chosen it, from before a role
// was lost, goes back to what is set.
func (s *Setting) shut(set, without string) {
	if policy.LooserReset(set, without) {
		s.Back, s.Gone = false, false
	}
	for i, one := range s.Options {
		if !policy.LooserReset(set, one.Value) {
			continue
		}
		s.Options[i].Shut, s.Owners = true, "console.owners_loosen"
		if one.Chosen {
			s.Options[i].Chosen = false
			for j := range s.Options {
				s.Options[j].Chosen = s.Options[j].Value == set
			}
		}
	}
}

// saveSettings does what the button says: it gives up what a pool sets, or leaves it, in the
// draft, which is shown again; everything else saves it.
func (c *Console) saveSettings(w http.ResponseWriter, r *http.Request, by session.Current) error {
	g, err := c.groundOf(r, by)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	t := g.tabOf(r)
	d := readDraft(r, form, t.settings(), g)
	if name, pressed := d.takeBack(form.Value("do"), g); pressed && !d.form.Failed() {
		to := d.address(g.path(), url.Values{"tab": {t.ID}}, g) + headOf(name)
		if web.Inside(to, "") == "" { // lists that are too long for an address
			return c.showSettings(w, r, by, g, t, d, Review{}, http.StatusOK)
		}
		return see(w, r, to)
	}
	var review Review
	review.Meanwhile = d.meet(g)
	if d.form.Failed() {
		return c.showSettings(w, r, by, g, t, d, review, http.StatusUnprocessableEntity)
	}
	if len(review.Meanwhile) > 0 {
		d.form.Wrong("", "settings_meanwhile")
		return c.showSettings(w, r, by, g, t, d, review, http.StatusConflict)
	}
	next := g.next(d.over(g))
	back := g.at(t)
	if len(policy.Changes(g.was.Rules, next)) == 0 {
		return see(w, r, back+"&done=settings_same")
	}
	review, saved, err := c.save(r, by, g.was, next, d.form, r.PostForm["accept"])
	switch {
	case countersign.CodeOf(err) == "fresh_proof_required" && !d.written(g):
		return proofFirst(w, r, err, d.address(g.path(), url.Values{"tab": {t.ID}}, g))
	case err != nil:
		return err
	case !saved:
		return c.showSettings(w, r, by, g, t, d, review, http.StatusUnprocessableEntity)
	}
	return see(w, r, back+"&done=settings")
}
