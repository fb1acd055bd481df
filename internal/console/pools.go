package console

import (
	"maps"
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

// PoolsView lists the identity pools. Field: "name" of a new one.
type PoolsView struct {
	Shell

	Pools   []PoolLine
	MayMake bool
}

// PoolLine is one of them.
type PoolLine struct {
	ID        countersign.PoolID
	Name      string
	People    int64
	Required  policy.Source
	First     policy.Methods
	Second    policy.Methods
	Everybody bool // the one for everybody whom no rule puts elsewhere
}

func (c *Console) pools(w http.ResponseWriter, r *http.Request, by session.Current) error {
	return c.showPools(w, r, by, web.NewForm())
}

func (c *Console) showPools(w http.ResponseWriter, r *http.Request, by session.Current, form *web.Form) error {
	list, version, err := c.People.Pools(r.Context(), by.WorkspaceID)
	if err != nil {
		return err
	}
	view := PoolsView{Shell: c.shell(r, by, "pools"), MayMake: policy.MayAll(by.Account.User.Role, policy.DeedPools)}
	view.Form = form
	for _, pool := range list {
		settings, err := c.Accounts.SettingsAt(r.Context(), by.WorkspaceID, pool.ID, countersign.Number(version))
		if err != nil {
			return err
		}
		line := PoolLine{
			ID: pool.ID, Name: pool.Name, People: pool.People, Required: settings.Required("", c.Now()), First: enabled(settings.FirstFactors, settings),
			Second: enabled(settings.SecondFactors, settings), Everybody: pool.ID == countersign.DefaultPool,
		}
		view.Pools = append(view.Pools, line)
	}
	return c.pages.Render(w, r, form.Status(), "pools", view)
}

// enabled are those of a list that the workspace has.
func enabled(list []string, s policy.Settings) policy.Methods {
	idle := policy.Idle(list, s)
	return slices.DeleteFunc(slices.Clone(list), func(word string) bool { return slices.Contains(idle, word) })
}

func (c *Console) makePool(w http.ResponseWriter, r *http.Request, by session.Current) error {
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	made, err := c.People.CreatePool(r.Context(), by.WorkspaceID, form.Value("name"), people.Session(by.Holder(web.Place(r)), ""))
	if err == nil {
		return see(w, r, poolPath(made.ID)+"?done=pool")
	}
	if countersign.CodeOf(err) == "fresh_proof_required" || !form.Take(err, "name") {
		return err
	}
	return c.showPools(w, r, by, form)
}

func poolPath(id countersign.PoolID) string { return "/console/pools/" + string(id) }

// PoolView is *Sign-in and Sign-up* of one pool.
type PoolView struct {
	Shell
	Review

	ID      countersign.PoolID
	Name    string
	People  int64
	Tabs    []TabLine
	Lists   []MethodList
	Prefers Preferring
	Was     []Hidden
	Others  []Overridden
	MaySave bool
	Unsaved bool
}

// Hidden is one value that the form carries.
type Hidden struct{ Field, Value string }

// MethodList is one of the two lists of a pool.
type MethodList struct {
	Field, Key string
	Name       string // an id of the catalogue
	Origin     policy.Origin
	Methods    []Listed
	Add        []string
}

// Listed is one method in a list.
type Listed struct {
	Method     string
	Preferred  bool
	MayPrefer  bool
	Needed     bool // it cannot be removed
	SwitchedOn bool // in the workspace
}

// Preferring is the method that is asked first.
type Preferring struct {
	Sight  policy.Sight
	Origin policy.Origin
}

// Overridden is another setting that the pool sets. Then is what holds without that; Gone
// tells that it is to be taken back, and Shut that only owners can do so.
type Overridden struct {
	Key, Name   string
	Sight, Then policy.Sight
	Gone, Shut  bool
}

// pooled is one pool with how its settings are in force.
type pooled struct {
	pool people.Pool
	was  people.Stored
	// name is what the rules call it; set what it sets.
	name string
	set  policy.Document
	// inForce are the values of the pool, without those of the workspace alone.
	inForce, without func(policy.Key) any
}

func (c *Console) pooled(r *http.Request, by session.Current) (pooled, error) {
	pool, _, err := c.People.Pool(r.Context(), by.WorkspaceID, countersign.PoolID(r.PathValue("pool")))
	if err != nil {
		return pooled{}, err
	}
	was, err := c.People.Rules(r.Context(), by.WorkspaceID)
	if err != nil {
		return pooled{}, err
	}
	p := pooled{pool: pool, was: was, name: was.PoolName(pool.ID), without: inForceBy(was.Workspace)}
	p.set = was.Pools[p.name]
	p.inForce = func(key policy.Key) any {
		value, set := p.set[key.Name]
		if set {
			return value
		}
		return p.without(key)
	}
	return p, nil
}

// poolKeys are what the page of a pool changes.
func poolKeys() []policy.Key {
	return tab{keys: []string{policy.FirstFactorsKey, policy.SecondFactorsKey, policy.PreferredKey}}.settings()
}

func (c *Console) pool(w http.ResponseWriter, r *http.Request, by session.Current) error {
	p, err := c.pooled(r, by)
	if err != nil {
		return err
	}
	d := draftOf(r, poolKeys(), p.set, p.inForce)
	d.gone = goneOf(r.URL.Query(), p.set)
	return c.showPool(w, r, by, p, d, Review{}, http.StatusOK)
}

func (c *Console) showPool(w http.ResponseWriter, r *http.Request, by session.Current, p pooled, d draft, review Review, status int) error {
	workspace, err := policy.Resolve(p.was.Workspace, nil)
	if err != nil {
		return err
	}
	view := PoolView{
		Shell: c.shell(r, by, "pools"), Review: review, ID: p.pool.ID, Name: p.pool.Name, People: p.pool.People, Tabs: poolTabs(p.pool.ID, "signin"),
		MaySave: policy.MayAll(by.Account.User.Role, policy.DeedSettings), Unsaved: d.touched(p.inForce) || len(d.gone) > 0,
	}
	view.Form = d.form
	for _, name := range slices.Sorted(maps.Keys(d.gone)) {
		view.Was = append(view.Was, Hidden{goneField, name + "=" + d.gone[name]})
	}
	preferred := policy.Spell(d.chosen[policy.PreferredKey])
	for _, key := range d.keys {
		view.Was = append(view.Was, Hidden{wasOf(key.Name), d.was[key.Name]})
		if !key.List {
			view.Was = append(view.Was, Hidden{fieldOf(key.Name), preferred})
			view.Prefers = Preferring{policy.SightOf(key, d.chosen[key.Name]), originOf(key, p.was.Workspace, p.set)}
			continue
		}
		view.Lists = append(view.Lists, methodList(key, d, preferred, workspace, originOf(key, p.was.Workspace, p.set)))
	}
	view.Others = overridden(p.was.Workspace, p.set, d.gone, by.Account.User.Role)
	return c.pages.Render(w, r, status, "pool", view)
}

func methodList(key policy.Key, d draft, preferred string, workspace policy.Settings, origin policy.Origin) MethodList {
	list := MethodList{Field: fieldOf(key.Name), Key: key.Name, Name: "console." + key.Name, Origin: origin}
	words := listed(d.chosen[key.Name])
	idle := policy.Idle(words, workspace)
	prefers, _ := policy.KeyNamed(policy.PreferredKey)
	for _, word := range words {
		list.Methods = append(list.Methods, Listed{
			Method: word, Preferred: word == preferred, MayPrefer: slices.Contains(prefers.Words, word), Needed: word == key.Needs, SwitchedOn: !slices.Contains(idle, word),
		})
	}
	list.Add = policy.Addable(key.Name, words, workspace)
	return list
}

// originOf is where a value comes from that a pool may override whole.
func originOf(key policy.Key, workspace, pool policy.Document) policy.Origin {
	if _, own := pool[key.Name]; own {
		return policy.FromPool
	}
	if _, set := workspace[key.Name]; set {
		return policy.FromWorkspace
	}
	return policy.FromDefault
}

func listed(value any) []string { return strings.Split(policy.Spell(value), ",") }

func poolTabs(id countersign.PoolID, current string) []TabLine {
	return []TabLine{
		{"console.pool_signin", poolPath(id), current == "signin"},
		{"console.pool_required", poolPath(id) + "/required", current == "required"},
		{"console.pool_rules", poolPath(id) + "/rules", current == "rules"},
		{"console.pool_people", "/console/people?" + url.Values{"pool": {string(id)}}.Encode(), false},
	}
}

// savePool does what the button says: it changes the draft, which is shown again, or saves it.
func (c *Console) savePool(w http.ResponseWriter, r *http.Request, by session.Current) error {
	p, err := c.pooled(r, by)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	d := readDraft(r, form, poolKeys(), p.set, p.inForce)
	d.gone = goneOf(r.PostForm, p.set)
	if form.Value("do") != "save" {
		d.do(form.Value("do"), p.without)
		d.takeBack(form.Value("do"), p.set)
		return see(w, r, d.address(poolPath(p.pool.ID), url.Values{}, p.inForce))
	}
	var review Review
	review.Meanwhile = append(d.meet(p.set, p.inForce, spelledBefore(p.without)), d.meetGone(p.set, spelledBefore(p.without))...)
	if len(review.Meanwhile) > 0 {
		form.Wrong("", "settings_meanwhile")
	}
	if form.Failed() {
		return c.showPool(w, r, by, p, d, review, http.StatusConflict)
	}
	next := p.was.With(policy.Rules{}, false)
	next.Pools[p.name] = d.left(d.over(p.set, p.without, p.inForce), p.without)
	if len(policy.Changes(p.was.Rules, next)) == 0 {
		return see(w, r, poolPath(p.pool.ID)+"?done=settings_same")
	}
	review, saved, err := c.save(r, by, p.was, next, form, r.PostForm["accept"])
	switch {
	case countersign.CodeOf(err) == "fresh_proof_required":
		return proofFirst(w, r, err, d.address(poolPath(p.pool.ID), url.Values{}, p.inForce))
	case err != nil:
		return err
	case !saved:
		return c.showPool(w, r, by, p, d, review, http.StatusUnprocessableEntity)
	}
	return see(w, r, poolPath(p.pool.ID)+"?done=settings")
}

// do changes the draft as a button says: add, remove, prefer or inherit, and what. What is
// none of them changes nothing.
func (d draft) do(what string, without func(policy.Key) any) {
	verb, rest, _ := strings.Cut(what, ":")
	name, word, _ := strings.Cut(rest, ":")
	for _, key := range d.keys {
		if key.Name != name {
			continue
		}
		list := listed(d.chosen[name])
		switch {
		case verb == "add" && slices.Contains(key.Words, word) && !slices.Contains(list, word):
			d.chosen[name] = append(list, word)
		case verb == "remove" && word != key.Needs && len(list) > 1:
			d.chosen[name] = slices.DeleteFunc(list, func(w string) bool { return w == word })
		case verb == "prefer" && !key.List && slices.Contains(key.Words, word):
			d.chosen[name] = word
		case verb == "inherit":
			d.chosen[name] = without(key)
		}
	}
}
