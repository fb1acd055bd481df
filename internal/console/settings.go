package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"countersign"
	"countersign/internal/people"
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

// tab is one part of the settings: Name is an id of the catalogue.
type tab struct {
	ID, Name string

	keys []string
}

// tabs are the parts of the page, the documents' *Methods* first. Whether a second factor
// is required stands on a page of its own.
func tabs() []tab {
	return []tab{
		{"methods", "console.tab_methods", []string{"methods"}},
		{"signin", "console.tab_signin", []string{"first_factors", "second_factors", "preferred", "trusted_browser_days", "turn_off", "enrol_at_sign_in"}},
		{"phones", "console.tab_phones", []string{"push.confirm", "push.requires", "pairing.confirm", "push.min_app_version", "push.terminal_devices"}},
		{"codes", "console.tab_codes", []string{"totp.max", "totp.key_chars", "recovery.codes", "recovery.effect", "recovery.delivery", "recovery.admin_reset", "words"}},
		{"others", "console.tab_others", []string{"passkey.verify", "passkey.aaguids", "sms.countries", "sms.per_hour", "sms.per_day"}},
		{"records", "console.tab_records", []string{"audit.retention_days", "admin_digest"}},
	}
}

func tabOf(r *http.Request) tab {
	all := tabs()
	at := slices.IndexFunc(all, func(t tab) bool { return t.ID == r.FormValue("tab") })
	return all[max(at, 0)]
}

func (t tab) settings() []policy.Key {
	var keys []policy.Key
	for _, name := range t.keys {
		key, known := policy.KeyNamed(name)
		if known {
			keys = append(keys, key)
		}
	}
	return keys
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

	Workspace string
	Tab       string
	Tabs      []TabLine
	Settings  []Setting
	MaySave   bool
	Unsaved   bool
}

// Setting is one of them, as it is chosen, or in force.
type Setting struct {
	Field, WasField string // the names of the inputs
	Was             string // what was set when the page was made
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

// rulesOf reads the rules, and how settings of the workspace are in force.
func (c *Console) rulesOf(r *http.Request, by session.Current) (people.Stored, func(policy.Key) any, error) {
	was, err := c.People.Rules(r.Context(), by.WorkspaceID)
	return was, inForceBy(was.Workspace), err
}

// inForceBy is what a setting's value is under a document.
func inForceBy(doc policy.Document) func(policy.Key) any {
	return func(key policy.Key) any {
		value, set := doc[key.Name]
		if set {
			return value
		}
		return key.Default
	}
}

func standard(key policy.Key) any { return key.Default }

// spelledBefore is the value that a setting had, by what a form says was set.
func spelledBefore(without func(policy.Key) any) func(policy.Key, string) any {
	return func(key policy.Key, was string) any {
		value, err := policy.ParseValue(key.Name, was)
		if was == "" || err != nil {
			return without(key)
		}
		return value
	}
}

func (c *Console) settings(w http.ResponseWriter, r *http.Request, by session.Current) error {
	was, inForce, err := c.rulesOf(r, by)
	if err != nil {
		return err
	}
	t := tabOf(r)
	d := draftOf(r, t.settings(), was.Workspace, inForce)
	return c.showSettings(w, r, by, t, d, was, Review{}, http.StatusOK)
}

func (c *Console) showSettings(w http.ResponseWriter, r *http.Request, by session.Current, t tab, d draft, was people.Stored, review Review, status int) error {
	inForce := inForceBy(was.Workspace)
	view := SettingsView{
		Shell: c.shell(r, by, "authentication"), Review: review, Workspace: by.Account.Workspace.Name, Tab: t.ID,
		MaySave: policy.MayAll(by.Account.User.Role, policy.DeedSettings), Unsaved: d.touched(inForce),
	}
	view.Form = d.form
	for _, one := range tabs() {
		view.Tabs = append(view.Tabs, TabLine{one.Name, settingsPath + "?tab=" + one.ID, one.ID == t.ID})
	}
	for _, key := range d.keys {
		s := settingOf(key, d, originOf(key, was.Workspace, nil), inForce(key))
		if view.MaySave && key.Name == policy.AdminResetKey && !policy.MayLoosenReset(by.Account.User.Role) {
			s.shut(policy.Spell(inForce(key)))
		}
		if view.MaySave && key.Name == policy.RetentionKey && !policy.MayShortenLog(by.Account.User.Role) {
			s.Owners = "console.owners_shorten"
		}
		view.Settings = append(view.Settings, s)
	}
	return c.pages.Render(w, r, status, "settings", view)
}

// settingOf shows one setting of a draft.
func settingOf(key policy.Key, d draft, origin policy.Origin, inForce any) Setting {
	value := d.chosen[key.Name]
	s := Setting{
		Field: fieldOf(key.Name), WasField: wasOf(key.Name), Was: d.was[key.Name], Name: nameOf(key), Origin: origin, Sight: policy.SightOf(key, inForce),
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
	was, inForce, err := c.rulesOf(r, by)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	t := tabOf(r)
	d := readDraft(r, form, t.settings(), was.Workspace, inForce)
	var review Review
	review.Meanwhile = d.meet(was.Workspace, inForce, spelledBefore(standard))
	if d.form.Failed() {
		return c.showSettings(w, r, by, t, d, was, review, http.StatusUnprocessableEntity)
	}
	if len(review.Meanwhile) > 0 {
		d.form.Wrong("", "settings_meanwhile")
		return c.showSettings(w, r, by, t, d, was, review, http.StatusConflict)
	}
	next := was.With(policy.Rules{Workspace: d.over(was.Workspace, standard, inForce)}, true)
	back := settingsPath + "?" + url.Values{"tab": {t.ID}}.Encode()
	if len(policy.Changes(was.Rules, next)) == 0 {
		return see(w, r, back+"&done=settings_same")
	}
	review, saved, err := c.save(r, by, was, next, d.form, r.PostForm["accept"])
	switch {
	case countersign.CodeOf(err) == "fresh_proof_required":
		return proofFirst(w, r, err, d.address(settingsPath, url.Values{"tab": {t.ID}}, inForce))
	case err != nil:
		return err
	case !saved:
		return c.showSettings(w, r, by, t, d, was, review, http.StatusUnprocessableEntity)
	}
	return see(w, r, back+"&done=settings")
}
