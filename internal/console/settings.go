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

// SettingsView is one tab of the settings.
type SettingsView struct {
	Shell
	Review

	Tab      string
	Tabs     []TabLine
	Settings []Setting
	MaySave  bool
	Unsaved  bool
}

// Setting is one of them, as it is chosen, or in force.
type Setting struct {
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
}

// Choice is one value that can be chosen.
type Choice struct {
	ID, Value string
	Chosen    bool
	Fixed     bool // it cannot be taken out
	Shut      bool // only owners can choose it
	Method    bool // the value is a method, or the like, with a name
	Sight     policy.Sight
}

func (c *Console) settings(w http.ResponseWriter, r *http.Request, by session.Current) error {
	g, err := c.groundOf(r, by)
	if err != nil {
		return err
	}
	t := tabOf(r)
	return c.showSettings(w, r, by, g, t, draftOf(r, t.settings(), g), Review{}, http.StatusOK)
}

func (c *Console) showSettings(w http.ResponseWriter, r *http.Request, by session.Current, g ground, t tab, d draft, review Review, status int) error {
	view := SettingsView{
		Shell: c.shell(r, by, "authentication"), Review: review, Tab: t.ID,
		MaySave: policy.MayAll(by.Account.User.Role, policy.DeedSettings), Unsaved: d.touched(g),
	}
	view.Form = d.form
	for _, one := range tabs() {
		view.Tabs = append(view.Tabs, TabLine{one.Name, settingsPath + "?tab=" + one.ID, one.ID == t.ID})
	}
	for _, key := range d.keys {
		s := settingOf(key, d, g)
		if view.MaySave && key.Name == policy.AdminResetKey && !policy.MayLoosenReset(by.Account.User.Role) {
			s.shut(policy.Spell(g.value(key)))
		}
		if view.MaySave && key.Name == policy.RetentionKey && !policy.MayShortenLog(by.Account.User.Role) {
			s.Owners = "console.owners_shorten"
		}
		view.Settings = append(view.Settings, s)
	}
	return c.pages.Render(w, r, status, "settings", view)
}

// settingOf shows one setting of a draft.
func settingOf(key policy.Key, d draft, g ground) Setting {
	value, inForce := d.chosen[key.Name], g.value(key)
	s := Setting{
		Field: fieldOf(key.Name), WasField: wasOf(key.Name), Was: d.was[key.Name], Name: nameOf(key), Origin: g.origin(key), Sight: policy.SightOf(key, inForce),
		List: key.List, Value: policy.Spell(value), Number: key.Most > 0,
	}
	if d.form.Has(s.Field) && key.Words == nil {
		s.Value = d.form.Value(s.Field)
	}
	if key.Words == nil && !s.Number {
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
		}
		s.Options = append(s.Options, one)
	}
	s.Tell = len(s.Options) == 0 || s.Options[0].Method || policy.Spell(value) != policy.Spell(inForce)
	return s
}

// shut leaves what makes it easier to reset others for owners to choose. A draft that has
// chosen it, from before a role was lost, goes back to what is in force.
func (s *Setting) shut(inForce string) {
	for i, one := range s.Options {
		if !policy.LooserReset(inForce, one.Value) {
			continue
		}
		s.Options[i].Shut, s.Owners = true, "console.owners_loosen"
		if one.Chosen {
			s.Options[i].Chosen = false
			for j := range s.Options {
				s.Options[j].Chosen = s.Options[j].Value == inForce
			}
		}
	}
}

func (c *Console) saveSettings(w http.ResponseWriter, r *http.Request, by session.Current) error {
	g, err := c.groundOf(r, by)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	t := tabOf(r)
	d := readDraft(r, form, t.settings(), g)
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
	back := settingsPath + "?" + url.Values{"tab": {t.ID}}.Encode()
	if len(policy.Changes(g.was.Rules, next)) == 0 {
		return see(w, r, back+"&done=settings_same")
	}
	review, saved, err := c.save(r, by, g.was, next, d.form, r.PostForm["accept"])
	switch {
	case countersign.CodeOf(err) == "fresh_proof_required":
		return proofFirst(w, r, err, d.address(settingsPath, url.Values{"tab": {t.ID}}, g))
	case err != nil:
		return err
	case !saved:
		return c.showSettings(w, r, by, g, t, d, review, http.StatusUnprocessableEntity)
	}
	return see(w, r, back+"&done=settings")
}
