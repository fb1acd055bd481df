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
	Own, Gone  bool // the pool sets it; that is to be taken back
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
	Sight     policy.Sight
	Origin    policy.Origin
	Own, Gone bool // the pool sets it; that is to be taken back
}

// Overridden is another setting that the pool sets: what is in force, what would be without
// that, whether the two are the same, and where it is changed.
type Overridden struct {
	Name, Href  string // Name is an id of the catalogue
	Sight, Then policy.Sight
	Idle        bool
}

func (c *Console) pool(w http.ResponseWriter, r *http.Request, by session.Current) error {
	g, err := c.groundOf(r, by)
	if err != nil {
		return err
	}
	return c.showPool(w, r, by, g, draftOf(r, poolKeys(), g), Review{}, http.StatusOK)
}

func (c *Console) showPool(w http.ResponseWriter, r *http.Request, by session.Current, g ground, d draft, review Review, status int) error {
	view, err := poolView(g, d, by.Account.User.Role)
	if err != nil {
		return err
	}
	view.Review, view.Shell = review, c.shell(r, by, "pools")
	view.Form = d.form
	return c.pages.Render(w, r, status, "pool", view)
}

// poolView is the first page of a pool as somebody of a role sees it.
func poolView(g ground, d draft, role countersign.Role) (PoolView, error) {
	view := PoolView{
		ID: g.pool.ID, Name: g.pool.Name, People: g.pool.People, Tabs: poolTabs(g.pool.ID, "signin"),
		MaySave: policy.MayAll(role, policy.DeedSettings), Unsaved: d.touched(g),
	}
	workspace, err := policy.Resolve(g.was.Workspace, nil)
	if err != nil {
		return view, err
	}
	inForce, err := g.inForce()
	if err != nil {
		return view, err
	}
	for _, name := range slices.Sorted(maps.Keys(d.gone)) {
		view.Was = append(view.Was, Hidden{goneField, name})
	}
	preferred := policy.Spell(d.chosen[policy.PreferredKey])
	for _, key := range d.keys {
		view.Was = append(view.Was, Hidden{wasOf(key.Name), d.was[key.Name]})
		if !key.List {
			view.Was = append(view.Was, Hidden{fieldOf(key.Name), preferred})
			view.Prefers = Preferring{policy.SightUnder(key, d.chosen[key.Name], workspace), inForce[key.Name].Origin, g.own(key), d.gone[key.Name]}
			continue
		}
		list := methodList(key, d, preferred, workspace)
		list.Origin, list.Own, list.Gone = inForce[key.Name].Origin, g.own(key), d.gone[key.Name]
		view.Lists = append(view.Lists, list)
	}
	view.Others = g.overridden(inForce)
	return view, nil
}

// overridden are the settings that a pool sets beside its lists of methods and what is
// required of its people, in the order of the tabs where they are changed.
func (g ground) overridden(inForce map[string]policy.Effective) []Overridden {
	var all []Overridden
	for _, t := range g.tabs() {
		for _, key := range t.settings() {
			if g.own(key) {
				all = append(all, Overridden{
					Name: nameOf(key), Href: g.at(t) + headOf(key.Name), Idle: inForce[key.Name].Origin != policy.FromPool,
					Sight: policy.SightOf(key, inForce[key.Name].Value), Then: policy.SightOf(key, g.without(key)),
				})
			}
		}
	}
	return all
}

func methodList(key policy.Key, d draft, preferred string, workspace policy.Settings) MethodList {
	list := MethodList{Field: fieldOf(key.Name), Key: key.Name, Name: "console." + key.Name}
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

func listed(value any) []string { return strings.Split(policy.Spell(value), ",") }

func poolTabs(id countersign.PoolID, current string) []TabLine {
	return []TabLine{
		{"console.pool_signin", poolPath(id), current == "signin"},
		{"console.settings", poolPath(id) + "/settings", current == "settings"},
		{"console.pool_required", poolPath(id) + "/required", current == "required"},
		{"console.pool_rules", poolPath(id) + "/rules", current == "rules"},
		{"console.pool_people", "/console/people?" + url.Values{"pool": {string(id)}}.Encode(), false},
	}
}

// savePool does what the button says: it changes the draft, which is shown again, or saves it.
func (c *Console) savePool(w http.ResponseWriter, r *http.Request, by session.Current) error {
	g, err := c.groundOf(r, by)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(r)
	if err != nil {
		return err
	}
	d := readDraft(r, form, poolKeys(), g)
	if do := form.Value("do"); do != "save" {
		if _, pressed := d.takeBack(do, g); !pressed {
			d.do(do)
		}
		return see(w, r, d.address(poolPath(g.pool.ID), url.Values{}, g))
	}
	var review Review
	review.Meanwhile = d.meet(g)
	if len(review.Meanwhile) > 0 {
		form.Wrong("", "settings_meanwhile")
	}
	if form.Failed() {
		return c.showPool(w, r, by, g, d, review, http.StatusConflict)
	}
	next := g.next(d.over(g))
	if len(policy.Changes(g.was.Rules, next)) == 0 {
		return see(w, r, poolPath(g.pool.ID)+"?done=settings_same")
	}
	review, saved, err := c.save(r, by, g.was, next, form, r.PostForm["accept"])
	switch {
	case countersign.CodeOf(err) == "fresh_proof_required":
		return proofFirst(w, r, err, d.address(poolPath(g.pool.ID), url.Values{}, g))
	case err != nil:
		return err
	case !saved:
		return c.showPool(w, r, by, g, d, review, http.StatusUnprocessableEntity)
	}
	return see(w, r, poolPath(g.pool.ID)+"?done=settings")
}

// do changes the draft as a button says: add, remove or prefer, and what. What is none of
// them changes nothing. A setting that was to be given up is then chosen after all.
func (d draft) do(what string) {
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
		default:
			continue
		}
		delete(d.gone, name)
	}
}
