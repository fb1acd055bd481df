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
)

// ground is what a page of settings stands on: the document that it changes, the workspace's
// own or that of a pool over it, and what holds where the document sets nothing.
type ground struct {
	was people.Stored
	// pool is whose document it is, and name what the rules call it; both are empty for the
	// workspace's own.
	pool people.Pool
	name string
	// set is what the document sets, without what holds where it sets nothing.
	set     policy.Document
	without func(policy.Key) any
}

// workspaceGround is that of the workspace's own settings, over the defaults.
func workspaceGround(was people.Stored) ground {
	return ground{was: was, set: was.Workspace, without: standard}
}

// poolGround is that of a pool, over what the workspace has.
func poolGround(was people.Stored, pool people.Pool, name string) ground {
	return ground{was: was, pool: pool, name: name, set: was.Pools[name], without: inForceBy(was.Workspace)}
}

// groundOf is the ground of the page that a request is for: of the pool that its address
// names, else of the workspace.
func (c *Console) groundOf(r *http.Request, by session.Current) (ground, error) {
	id := countersign.PoolID(r.PathValue("pool"))
	var pool people.Pool
	if id != "" {
		var err error
		pool, _, err = c.People.Pool(r.Context(), by.WorkspaceID, id)
		if err != nil {
			return ground{}, err
		}
	}
	was, err := c.People.Rules(r.Context(), by.WorkspaceID)
	switch {
	case err != nil:
		return ground{}, err
	case id == "":
		return workspaceGround(was), nil
	case was.PoolName(id) == "": // deleted between the two
		return ground{}, countersign.Refuse(countersign.NotFound, "no_such_pool")
	}
	return poolGround(was, pool, was.PoolName(id)), nil
}

func (g ground) ofPool() bool { return g.pool.ID != "" }

// value is what the document sets, or what holds where it sets nothing.
func (g ground) value(key policy.Key) any {
	value, set := g.set[key.Name]
	if set {
		return value
	}
	return g.without(key)
}

// next are the rules with another document in the place of this one.
func (g ground) next(doc policy.Document) policy.Rules {
	if !g.ofPool() {
		return g.was.With(policy.Rules{Workspace: doc}, true)
	}
	next := g.was.With(policy.Rules{}, false)
	next.Pools[g.name] = doc
	return next
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

// inherits stands before the value of a setting that a pool does not set.
const inherits = "="

// stands is how a setting is, as forms carry it, to be compared with how it is when they come
// back: what the document sets, spelled. Where a pool sets nothing it is what holds there, after
// "="; else a form that was made before the workspace's value changed would set the former value
// for the pool, which nobody chose. Of the workspace it is "" then: defaults do not change.
func (g ground) stands(key policy.Key) string {
	set := spelled(g.set, key.Name)
	if set == "" && g.ofPool() {
		return inherits + policy.Spell(g.without(key))
	}
	return set
}

// spelled is what a document sets, "" for nothing.
func spelled(doc policy.Document, key string) string {
	value, set := doc[key]
	if !set {
		return ""
	}
	return policy.Spell(value)
}

// stood is the value of a setting that stood so. What cannot be is none.
func stood(key policy.Key, was string) (any, bool) {
	value, err := policy.ParseValue(key.Name, strings.TrimPrefix(was, inherits))
	return value, err == nil && strings.TrimPrefix(was, inherits) != ""
}

// before is the value that a setting had, by what a form says of how it stood.
func (g ground) before(key policy.Key, was string) any {
	value, known := stood(key, was)
	if !known {
		return g.without(key)
	}
	return value
}

// inForce are the settings as they are in force here, by their keys. Of a pool they are not
// always what it sets: of the days of trust the smaller number counts.
func (g ground) inForce() (map[string]policy.Effective, error) {
	var pool policy.Document
	if g.ofPool() {
		pool = g.set
	}
	all, err := policy.EffectiveOf(g.was.Workspace, pool)
	by := map[string]policy.Effective{}
	for _, e := range all {
		by[e.Key.Name] = e
	}
	return by, err
}

// own tells whether a pool sets a value itself, which it can then give up.
func (g ground) own(key policy.Key) bool {
	_, set := g.set[key.Name]
	return set && g.ofPool()
}

// path is the page of the settings.
func (g ground) path() string {
	if g.ofPool() {
		return poolPath(g.pool.ID) + "/settings"
	}
	return settingsPath
}

// at is one tab of that page.
func (g ground) at(t tab) string { return g.path() + "?" + url.Values{"tab": {t.ID}}.Encode() }

// tabs are those of the page: of a pool those that have something which pools may set, and
// which has no page of its own.
func (g ground) tabs() []tab {
	if !g.ofPool() {
		return tabs()
	}
	var some []tab
	for _, t := range tabs() {
		t.keys = slices.DeleteFunc(t.keys, func(name string) bool {
			key, known := policy.KeyNamed(name)
			return !known || !key.OfPools() || slices.ContainsFunc(poolKeys(), func(k policy.Key) bool { return k.Name == name })
		})
		if t.ID == "others" {
			t.Name = "console.tab_passkeys" // text messages are the workspace's
		}
		if len(t.keys) > 0 {
			some = append(some, t)
		}
	}
	return some
}

// tabOf is the tab that a request names, else the first.
func (g ground) tabOf(r *http.Request) tab {
	all := g.tabs()
	at := slices.IndexFunc(all, func(t tab) bool { return t.ID == r.FormValue("tab") })
	return all[max(at, 0)]
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

// poolKeys are what the first page of a pool changes, by buttons.
func poolKeys() []policy.Key {
	return tab{keys: []string{policy.FirstFactorsKey, policy.SecondFactorsKey, policy.PreferredKey}}.settings()
}
